"""What people of a county do in a random order: clerks, hospitals, the bank, reviewers, courts; each act is one step of a history."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

import httpx

from devstack.county import credit_code, resident_id
from devstack.his_client import HisClient, HisError, Institution, Line
from devstack.mock_hospital import Item, MockHospital, Patient, Settled
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from shared.clock import SystemClock, local
from shared.settings import read_settings
from tests.simulation.county.processes import Processes

REGION: Final = "990101"
CATALOGUE: Final = (
    "code,name,charge_class,in_work_injury_catalogue,valid_from\n"
    "A1,甲类项目,A,1,2024-01-01\nB1,乙类项目,B,1,2024-01-01\nC1,丙类项目,C,0,2024-01-01\nW1,工伤用药,C,1,2024-01-01\n"
)
PRICES: Final = ("12.34", "80.00", "333.33", "1999.99", "6000.00")
ENROLLED: Final = {"material": ("identity", "photo"), "injury": ("identity", "injury-application", "diagnosis")}
Json = dict[str, Any]
T = TypeVar("T")


@dataclass(eq=False)
class Person:
    """Somebody who came to the window to enrol."""

    certno: str
    name: str
    scheme: str
    matter_id: str
    person_id: str
    paid: bool = False

    @property
    def patient(self) -> Patient:
        """As a hospital knows the person."""
        return Patient(certno=self.certno, scheme=self.scheme, use_account=self.scheme == "310")


@dataclass(eq=False)
class Injury:
    """A work-injury bundle at the window."""

    person: Person
    matter_id: str
    accident_on: date
    outcome: str = ""


@dataclass(eq=False)
class Stay:
    """What a hospital settled, and with which desk it would take it back."""

    hospital: MockHospital
    person: Person
    settled: Settled
    refunded: bool = False


class CountyClock:
    """The day in the county."""

    def __init__(self, county: Processes) -> None:
        self._county = county

    def now(self) -> datetime:
        """See ``Clock``."""
        return self._county.now

    def today(self) -> date:
        """See ``Clock``."""
        return local(self._county.now).date()


class People:
    """The cast of one history. ``history`` says what was done, for whoever has to find out why something broke."""

    def __init__(self, county: Processes, seed: int) -> None:
        self.history: list[str] = []
        self._county = county
        self._dice = random.Random(f"people of {seed}")
        self._serial = 0
        self._clock = CountyClock(county)
        self._line = Line(random.Random(f"line of {seed}"))
        self._clients = {name: county.client(name) for name in county.services}
        signer = build_signer(read_settings("gateway", {"ONEWINDOW_ENV": "test"}))
        office = Principal("system", "系统", frozenset({"*"}), frozenset({"*"}), service=True)
        self._office = signer.sign(office, audience=AUDIENCE, ttl_s=3600)
        self._tokens: dict[str, str] = {}
        self._employer = ""
        self._persons: list[Person] = []
        self._injuries: list[Injury] = []
        self._stays: list[Stay] = []
        self._hospitals: list[MockHospital] = []
        self._injury_desk: MockHospital

    # Before the first day

    async def open_doors(self) -> None:
        """Designate three hospitals, load a catalogue, register an employer, sign everybody in."""
        self._hospitals = [await self._hospital(n, scheme, level) for n, scheme, level in ((1, "x-tif", 2), (2, "csb", 1))]
        self._injury_desk = await self._hospital(3, "x-tif", 2, receiver="GSXT")
        body = {"content": CATALOGUE.encode(), "headers": {"Content-Type": "text/csv"}}
        await self._send("claims", "/v1/catalogue/imports", self._office, **body)
        employer = {"credit_code": credit_code(REGION, 1), "name": "演示机械厂", "region": REGION, "industry_class": 4}
        self._employer = (await self._command("enrollment", "/v1/employers", employer))["employer_id"]
        for name in ("wangfang", "lijing", "zhaoming", "bank"):
            reply = await self._clients["gateway"].post("/v1/auth/login", json={"username": name, "password": "onewindow"})
            self._tokens[name] = reply.json()["access_token"]
        await self._county.drain()
        for hospital in (*self._hospitals, self._injury_desk):
            await hospital.open()
        self._line.mishaps_of_100 = 15

    async def _hospital(self, number: int, signature: str, level: int, receiver: str = "99") -> MockHospital:
        institution = Institution(
            code=f"H{REGION}{number:05d}",
            name=f"演示县第{number}医院",
            level=level,
            region=REGION,
            signature=signature,
            access_key=f"key-{number}",
            secret=f"secret of hospital {number}",
            infcode_number=False,
        )
        names = ("code", "name", "level", "region", "signature", "access_key", "secret")
        await self._command("claims", "/v1/institutions", {name: getattr(institution, name) for name in names})
        his = HisClient(
            self._clients["gateway"], institution, self._line, SystemClock(), receiver=receiver, patience_s=5
        )  # hospitals sign with real time
        return MockHospital(his, [], self._dice, self._clock)

    # One step of a history

    async def act(self) -> None:
        """Somebody does something that can be done; the first who come enrol and pay."""
        acts: list[tuple[int, Callable[[], Awaitable[str | None]]]] = [
            (1, self.enrol),
            (3, self.pay),
            (1, self.credit_account),
            (2, self.visit),
            (4, self.stay),
            (3, self.refund),
            (1, self.report_injury),
            (4, self.decide),
            (14, self.check),
            (14, self.approve),
            (1, self.approve_alone),
            (3, self.send_back),
            (2, self.revoke),
            (1, self.contest),
            (3, self.settle_directly),
            (1, self.wait),
        ]
        if len(self._persons) < 3 or len([i for i in self._injuries if i.outcome]) < 2:
            acts = [(1, self.enrol if len(self._persons) < 3 else self.decide), (1, self.pay), (1, self.credit_account)]
            acts += [(1, self.report_injury)] if len(self._injuries) < 2 else []
        done = None
        while done is None:
            act = self._dice.choices([act for _, act in acts], [weight for weight, _ in acts])[0]
            self.history.append(f"{act.__name__} …")
            done = await act()
            self.history.pop()
        self.history.append(f"{local(self._county.now):%m-%d %H:%M} {act.__name__}: {done}")

    async def enrol(self) -> str:
        """Somebody new enrols over the one window."""
        self._serial += 1
        scheme = self._dice.choice(("310", "310", "390"))
        certno, name = (
            resident_id(REGION, date(1980, 1, 1), 2 * self._serial + 1),
            f"张{'一二三四五六七八九十'[self._serial % 10]}",
        )
        form: Json = {"scheme": scheme, "begins_on": "2026-01-01", "year": 2026, "region": REGION}
        if scheme == "310":
            form |= {"person_category": "11", "employer_id": self._employer, "monthly_base_fen": 500_000}
        else:
            form |= {"person_category": "15", "ends_on": "2026-12-31"}
        person = {"cert_type": "01", "certno": certno, "name": name, "sex": "1", "born_on": "1980-01-01", "region": REGION}
        matter = await self._matter("enrol-and-pay", form, "material", person=person)
        self._persons.append(Person(certno, name, scheme, matter["matter_id"], matter["person_id"]))
        if scheme == "390" and self._dice.random() < 0.4:
            path = f"/v1/persons/{matter['person_id']}/classes"
            await self._command("enrollment", path, {"code": "dibao", "begins_on": "2026-01-01"})
        return f"no. {len(self._persons)} {scheme} {matter['person_id']}"

    async def pay(self) -> str | None:
        """The bank reports a premium."""
        person = self._one([p for p in self._persons if not p.paid])
        if person is None:
            return None
        return await self._pay(person)

    async def _pay(self, person: Person) -> str:
        matter = await self._get(f"/v1/matters/{person.matter_id}")
        if "premium_id" not in matter["references"]:
            return "not declared yet"
        await self._on_task(
            "bank",
            person.matter_id,
            "pay-premium",
            action="pay",
            amount_fen=int(matter["references"]["amount_fen"]),
            paid_on=self._clock.today().isoformat(),
            channel="bank",
            receipt_no=f"R{person.certno}",
        )
        person.paid = True
        return f"{person.person_id} {matter['references']['amount_fen']}"

    async def credit_account(self) -> str | None:
        """The month's share arrives on a personal account."""
        person = self._one([p for p in self._persons if p.scheme == "310"])
        if person is None:
            return None
        self._serial += 1
        body = {"amount_fen": self._dice.randint(1, 200_000), "reference": f"credit {self._serial}"}
        await self._command("claims", f"/v1/accounts/{person.person_id}/credits", body)
        return f"{person.person_id} {body['amount_fen']}"

    async def visit(self) -> str | None:
        """An outpatient visit over HIS messages."""
        person = self._one([p for p in self._persons if p.paid])
        if person is None:
            return None
        hospital = self._dice.choice(self._hospitals)
        return await self._settled(hospital, person, hospital.outpatient_visit(person.patient, self._bill(3)))

    async def stay(self) -> str | None:
        """A stay over HIS messages, mostly after an injury."""
        injured = [i.person for i in self._injuries if i.person.paid]
        covered = [p for p in self._persons if p.paid]
        person = self._one(injured if injured and self._dice.random() < 0.7 else covered)
        if person is None:
            return None
        hospital, injury = self._dice.choice(self._hospitals), self._dice.random() < 0.5
        stay = hospital.stay(person.patient, self._bill(8), days=self._dice.randint(1, 20), injury=injury)
        return await self._settled(hospital, person, stay)

    async def settle_directly(self) -> str | None:
        """A stay under the work-injury rule set, of somebody recognised (B4) or not."""
        granted = [i.person for i in self._injuries if i.outcome == "granted"]
        person = self._one(granted if granted and self._dice.random() < 0.8 else [i.person for i in self._injuries])
        return None if person is None else await self._settle_directly(person)

    async def _settle_directly(self, person: Person) -> str:
        stay = self._injury_desk.stay(person.patient, self._bill(4), days=2, injury=True)
        entitled = self._entitled(person, self._clock.today() - timedelta(days=3))
        try:
            return await self._settled(self._injury_desk, person, stay)
        except HisError as refused:
            if entitled or "不能按工伤结算" not in str(refused):
                raise
            return f"{person.person_id} is not entitled"

    async def _settled(self, hospital: MockHospital, person: Person, stay: Awaitable[Settled]) -> str:
        version = "SELECT version FROM {} WHERE person_id = $1"
        known = await self._county.rows("claims", version.format("insured_person"), person.person_id)
        stated = await self._county.rows("enrollment", version.format("person"), person.person_id)
        try:
            settled = await stay
        except HisError as refused:
            if "有效参保" in str(refused) and known != stated:
                return f"{person.person_id}: the cover is not known yet"
            raise
        # Between the trial and the settlement the saga may have given a year's deductible or an account back.
        assert [fault for fault in settled.faults if ": trial " not in fault] == []
        assert not self._line.answered_differently, self._line.answered_differently
        self._stays.append(Stay(hospital, person, settled))
        stored = await self._county.rows(
            "claims", "SELECT total_fen, cash_fen FROM settlement WHERE msgid = $1 AND reverses IS NULL", settled.msgid
        )
        assert [(row["total_fen"], row["cash_fen"]) for row in stored] == [(fen(settled.total), fen(settled.cash))]
        return f"{person.person_id} {settled.settlement_id} total {settled.total} funds {settled.funds} account {settled.account} cash {settled.cash}"

    async def refund(self) -> str | None:
        """A hospital takes a settlement back; it is refused when, and only when, the settlement does not stand any more."""
        direct = [stay for stay in self._stays if stay.hospital is self._injury_desk and not stay.refunded]
        stay = self._one(direct if direct and self._dice.random() < 0.4 else self._stays)
        if stay is None:
            return None
        settlement_id = stay.settled.settlement_id
        try:
            info = await stay.hospital.refund(stay.settled)
        except HisError as refused:
            if await self._state(settlement_id) == "valid":
                raise
            return f"{settlement_id} refused: {refused}"
        assert not stay.refunded, f"{settlement_id} was reversed twice"
        assert Decimal(info["medfee_sumamt"]) == -stay.settled.total
        assert await self._state(settlement_id) == "reversed"
        stay.refunded = True
        return settlement_id

    async def report_injury(self) -> str | None:
        """The bundle 工伤一件事 is opened at the window."""
        person = self._one(self._persons)
        if person is None:
            return None
        accident_on = self._clock.today() - timedelta(days=self._dice.randint(0, 40))
        form = {"accident_on": accident_on.isoformat(), "body_parts": ["左手"], "description": "操作机床时受伤"}
        matter = await self._matter("work-injury", form, "injury", person_id=person.person_id)
        self._injuries.append(Injury(person, matter["matter_id"], accident_on))
        return f"{person.person_id} on {accident_on}: {matter['matter_id']}"

    async def decide(self) -> str | None:
        """The office recognises an injury or does not."""
        injury = self._one([i for i in self._injuries if not i.outcome])
        return None if injury is None else await self._decide(injury)

    async def _decide(self, injury: Injury) -> str:
        matter = await self._get(f"/v1/matters/{injury.matter_id}")
        if "case_id" not in matter["references"]:
            return "the case is not opened yet"
        injury.outcome = self._dice.choices(("granted", "denied"), (4, 1))[0]
        self._serial += 1
        await self._on_task(
            "lijing",
            injury.matter_id,
            "recognition",
            action="decide",
            decision_no=f"N{self._serial}",
            outcome=injury.outcome,
            decided_on=self._clock.today().isoformat(),
        )
        return f"{matter['references']['case_id']} {injury.outcome}"

    async def check(self) -> str | None:
        """The first pair of eyes."""
        return await self._review("proposed", "check", "lijing")

    async def approve(self) -> str | None:
        """The second."""
        return await self._review("checked", "approve", "zhaoming")

    async def send_back(self) -> str | None:
        """Something is looked at again, or dismissed."""
        return await self._review(self._dice.choice(("checked", "proposed")), "send-back", "zhaoming")

    async def _review(self, state: str, action: str, user: str) -> str | None:
        """Through the matter where it has heard of the conversion. Refused only when the conversion has moved meanwhile."""
        conversion = self._one(await self._conversions(state))
        if conversion is None:
            return None
        conversion_id, matter_id = conversion["conversion_id"], conversion["matter_id"]
        matter = await self._get(f"/v1/matters/{matter_id}")
        task = next(t for t in matter["tasks"] if t["code"] == "conversion")
        heard = conversion_id in {part["part_id"] for part in task["parts"]}
        if heard and task["state"] == "running" and matter["state"] == "open":
            path, body = f"/v1/matters/{matter_id}/tasks/conversion/actions", {"action": action, "conversion_id": conversion_id}
        else:
            path, body = f"/v1/conversions/{conversion_id}/{action}", {}
        reply = await self._send("gateway", path, self._tokens[user], json=body)
        if not reply.is_success:
            assert reply.status_code == 409, reply.text
            assert conversion_id not in {row["conversion_id"] for row in await self._conversions(state)}, reply.text
            return f"{conversion_id} has moved"
        return str(conversion_id)

    async def approve_alone(self) -> str | None:
        """Who checked tries to approve, which must change nothing."""
        conversion = self._one(await self._conversions("checked"))
        if conversion is None:
            return None
        path = f"/v1/conversions/{conversion['conversion_id']}/approve"
        reply = await self._send("workinjury-bridge", path, self._office, json={"actor": conversion["maker"]})
        assert (reply.status_code, reply.json()["code"]) == (409, "workinjury-bridge.conversion.same-hand"), reply.text
        return f"{conversion['conversion_id']} refused"

    async def revoke(self) -> str | None:
        """A court revokes a recognition for good, or grants it anew (B3)."""
        settled = {row["matter_id"] for row in await self._conversions("settled")}
        decided = [i for i in self._injuries if i.outcome in ("granted", "revoked")]
        injury = self._one([i for i in decided if i.matter_id in settled] or decided)
        if injury is None:
            return None
        case_id = (await self._get(f"/v1/matters/{injury.matter_id}"))["references"]["case_id"]
        self._serial += 1
        today = self._clock.today().isoformat()
        said = {"decision_no": f"J{self._serial}", "decided_by": "法院"}
        if injury.outcome == "granted":
            await self._command("workinjury-bridge", f"/v1/injury-cases/{case_id}/revocations", {**said, "final_on": today})
            injury.outcome = "revoked"
        else:
            body = {**said, "outcome": "granted", "decided_on": today}
            await self._command("workinjury-bridge", f"/v1/injury-cases/{case_id}/recognition-decisions", body)
            injury.outcome = "granted"
        return f"{case_id} {injury.outcome}"

    async def contest(self) -> str | None:
        """A lawsuit begins; nothing is paid back for it."""
        injury = self._one([i for i in self._injuries if i.outcome == "granted"])
        if injury is None:
            return None
        case_id = (await self._get(f"/v1/matters/{injury.matter_id}"))["references"]["case_id"]
        body = {"opened_on": self._clock.today().isoformat()}
        await self._command("workinjury-bridge", f"/v1/injury-cases/{case_id}/contests", body)
        return str(case_id)

    async def wait(self) -> str:
        """Time passes."""
        hours = self._dice.randint(1, 30)
        self._county.advance(timedelta(hours=hours))
        return f"{hours} hours"

    # The last day

    async def finish(self) -> None:
        """Whatever waits for a person is done, until nothing waits any more; matters with nothing to do are waived."""
        for person in self._persons:
            if not person.paid:
                await self._pay(person)
        for injury in self._injuries:
            if not injury.outcome:
                await self._decide(injury)
        await self._county.drain()
        await self._review("proposed", "send-back", "zhaoming")  # what chance may have left out comes about in the end
        await self._approve_all()
        await self.revoke()
        await self._approve_all()
        for injury in self._injuries:
            if injury.outcome == "granted":
                await self._settle_directly(injury.person)
        self._county.advance(timedelta(days=2))
        await self._county.drain()
        for person in self._persons:
            assert (await self._get(f"/v1/matters/{person.matter_id}"))["state"] == "done"
        for injury in self._injuries:
            await self._close(injury)
        await self._county.drain()
        headers = {"Authorization": f"Bearer {self._office}"}
        found = (await self._clients["workinjury-bridge"].get("/v1/invariants", headers=headers)).json()
        assert (found["in_flight"], found["inter_fund"], found["breaches"]) == (0, "equal", [])

    async def _approve_all(self) -> None:
        for _ in range(3):
            await self._county.drain()
            while await self._conversions("proposed"):
                await self.check()
            while await self._conversions("checked"):
                await self.approve()

    async def _close(self, injury: Injury) -> None:
        matter = await self._get(f"/v1/matters/{injury.matter_id}")
        case_id = matter["references"]["case_id"]
        running = {task["code"] for task in matter["tasks"] if task["state"] == "running"}
        bridge = partial(self._county.rows, "workinjury-bridge")
        decisions = await bridge("SELECT outcome FROM recognition_decision WHERE case_id = $1 ORDER BY version", case_id)
        conversions = await bridge("SELECT state, meals_fen, paid FROM conversion WHERE case_id = $1", case_id)
        directs = await bridge("SELECT meals_fen, meals_paid FROM direct_settlement WHERE case_id = $1", case_id)
        meals = any(c["paid"] and c["meals_fen"] for c in conversions) or any(
            d["meals_paid"] and d["meals_fen"] for d in directs
        )
        granted = decisions[0]["outcome"] == "granted"
        nothing_to_do = {code for code, done in (("benefit", meals), ("conversion", conversions)) if granted and not done}
        assert running == nothing_to_do, f"{case_id}: still running {running}, without anything to do {nothing_to_do}"
        for code in sorted(running):
            await self._on_task("zhaoming", injury.matter_id, code, action="waive", reason="无相关费用")
        closed = await self._get(f"/v1/matters/{injury.matter_id}")
        assert closed["state"] in ("done", "partial"), closed
        assert closed["closed_at"] is not None

    # How they reach the services

    async def _matter(self, code: str, form: Json, papers: str, **who: Any) -> Json:
        brought = [{"code": paper} for paper in ENROLLED[papers]]
        body = {"matter_code": code, "form": form, "materials": brought, "defer": True, **who}
        return await self._post("wangfang", "/v1/matters", body)

    async def _on_task(self, user: str, matter_id: str, task: str, **fields: Any) -> None:
        await self._post(user, f"/v1/matters/{matter_id}/tasks/{task}/actions", fields)

    async def _post(self, user: str, path: str, body: Json) -> Json:
        reply = await self._send("gateway", path, self._tokens[user], json=body)
        assert reply.is_success, f"{path}: {reply.status_code} {reply.text}"
        answer: Json = reply.json()
        return answer

    async def _get(self, path: str) -> Json:
        headers = {"Authorization": f"Bearer {self._tokens['lijing']}"}
        reply = await self._insist(lambda: self._clients["gateway"].get(path, headers=headers))
        assert reply.is_success, f"{path}: {reply.status_code} {reply.text}"
        answer: Json = reply.json()
        return answer

    async def _command(self, service: str, path: str, body: Json) -> Json:
        reply = await self._send(service, path, self._office, json=body)
        assert reply.is_success, f"{service} {path}: {reply.status_code} {reply.text}"
        answer: Json = reply.json()
        return answer

    async def _send(self, service: str, path: str, token: str, **request: Any) -> httpx.Response:
        """A command, repeated under its key until there is an answer, and now and then once more for nothing."""
        self._serial += 1
        own = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key {self._serial}", **request.pop("headers", {})}

        async def send() -> httpx.Response:
            return await self._clients[service].post(path, headers=own, **request)

        reply = await self._insist(send)
        if self._dice.random() < 0.1:
            again = await self._insist(send)
            assert again.status_code in (reply.status_code, 200), (path, reply.text, again.text)
        return reply

    async def _insist(self, send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        for _ in range(30):
            try:
                reply = await send()
            except httpx.TransportError:
                continue
            if reply.status_code != 503:
                return reply
        raise AssertionError("no answer")

    async def _conversions(self, state: str) -> list[Any]:
        return await self._county.rows(
            "workinjury-bridge",
            "SELECT * FROM conversion WHERE state = $1 AND work_injury_fen IS NOT NULL ORDER BY conversion_id",
            state,
        )

    async def _state(self, settlement_id: str) -> str:
        rows = await self._county.rows("claims", "SELECT state FROM settlement WHERE settlement_id = $1", settlement_id)
        return str(rows[0]["state"])

    def _entitled(self, person: Person, on: date) -> bool:
        cases = [i for i in self._injuries if i.person is person and i.outcome == "granted" and i.accident_on <= on]
        return bool(cases)

    def _bill(self, most_lines: int) -> list[Item]:
        codes = self._dice.choices(("A1", "B1", "C1", "W1"), (5, 3, 1, 1), k=self._dice.randint(1, most_lines))
        return [
            Item(code=code, name=code, quantity=self._dice.randint(1, 3), price=Decimal(self._dice.choice(PRICES)))
            for code in codes
        ]

    def _one(self, of: Sequence[T]) -> T | None:
        return self._dice.choice(of) if of else None


def fen(amount: Decimal) -> int:
    """Yuan as fen."""
    return int(amount.scaleb(2))
