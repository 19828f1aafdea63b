"""The story of the demo (docs/demo.md): acts played through public interfaces only, each with what was expected of it.

An act returns one sentence of what came out, or raises; what it raises is its failure, and the next act is played all the same.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import httpx

from devstack.county_folder import CountyFolder
from devstack.his_client import HisClient, HisError, Institution, Line
from devstack.mock_hospital import MockHospital, Patient, Settled
from devstack.window import Json, Window, WindowError
from shared.clock import Clock, local
from shared.ids import IdFactory
from shared.money import format_yuan

VISITS: Final = 200
_STAY_EVERY: Final = 10
_MISHAPS_OF_100: Final = 12
_COVER_ARRIVES_S: Final = 90
_DESKS: Final = 6
"""Hospitals at work at the same time."""


class Unexpected(Exception):
    """Something came out otherwise than the act says it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One act: what it was, whether it came out as expected, what came out, how long it took."""

    name: str
    ok: bool
    text: str
    seconds: float


@dataclass(slots=True)
class Tally:
    """What the hospitals settled, in yuan as they were told."""

    settled: list[Settled] = field(default_factory=list)
    refunded: list[Settled] = field(default_factory=list)

    def owed(self) -> Decimal:
        """What the funds owe the hospitals for all of it."""
        return sum((s.funds + s.account for s in self.settled), Decimal(0)) - sum(
            (s.funds + s.account for s in self.refunded), Decimal(0)
        )


class Story:
    """The cast and the acts. ``tell`` is called with every settled visit; ``visits`` is the length of the hospitals' day."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        county: CountyFolder,
        clock: Clock,
        ids: IdFactory,
        tell: Callable[[Settled], None],
        visits: int = VISITS,
    ) -> None:
        self.line = Line(random.Random(2026), _MISHAPS_OF_100)
        self.tally = Tally()
        self.results: list[Result] = []
        self._county = county
        self._clock = clock
        self.tell = tell
        self._visits = visits
        # A second start tells the story again with other people in the waiting rooms.
        self._dice = random.Random(ids.new())
        self._window = {name: Window(http, ids, name) for name in ("wangfang", "lijing", "zhaoming", "chenhui", "bank")}
        self._hospitals = [
            MockHospital(HisClient(http, Institution.of(row), self.line, clock), county.tables["catalogue"], self._dice, clock)
            for row in county.tables["institutions"]
        ]
        self._employees, self._residents, self._assisted, self._uncovered = self._cast()
        listed = {row["certno"]: number for number, row in enumerate(county.tables["persons"])}
        self._first = min(self._residents, key=lambda patient: listed[patient.certno])
        """Stands first in the roll, so is loaded first."""
        self._residents.remove(self._first)

    async def play(self, name: str, act: Callable[[], Awaitable[str]]) -> Result:
        """Play one act and keep its result."""
        started = time.monotonic()
        try:
            text, ok = await act(), True
        except (Unexpected, HisError, WindowError, httpx.HTTPError) as cause:
            text, ok = f"{type(cause).__name__}: {cause}", False
        except Exception as cause:  # an act that breaks must not take the rest of the story with it
            text, ok = f"{type(cause).__name__}: {cause!r}", False
        self.results.append(Result(name=name, ok=ok, text=text, seconds=time.monotonic() - started))
        return self.results[-1]

    async def open_doors(self) -> str:
        """Everybody signs in: five people at the window, a cashier in every hospital."""
        await asyncio.gather(*(window.sign_in() for window in self._window.values()))
        deadline = time.monotonic() + 30
        for hospital in self._hospitals:
            while True:  # the gateway learns of an institution by event
                try:
                    await hospital.open()
                except HisError:
                    if time.monotonic() > deadline:
                        raise
                    await asyncio.sleep(0.2)
                else:
                    break
        return f"{len(self._window)} people and {len(self._hospitals)} hospitals signed in"

    async def first_settlement(self) -> str:
        """One resident, one outpatient visit, settled."""
        settled = await self._visit(self._hospitals[1], self._first)
        return f"total {settled.total}, funds {settled.funds}, cash {settled.cash}"

    async def hospital_day(self) -> str:
        """200 visits, every tenth a stay, over a line that loses, doubles and delays."""
        before = await self._owed_by_books()
        already = self.tally.owed()
        numbers = iter(enumerate([self._patient(number) for number in range(self._visits)]))

        async def desk(hospitals: list[MockHospital]) -> None:
            for number, patient in numbers:
                hospital = hospitals[number % len(hospitals)]
                await self._visit(hospital, patient, stay=number % _STAY_EVERY == 0)

        await asyncio.gather(*(desk(self._hospitals[start::_DESKS]) for start in range(_DESKS)))
        faults = [fault for settled in self.tally.settled for fault in settled.faults]
        _expect(not faults, f"{len(faults)} identities broken: {faults[:3]}")
        _expect(not self.line.answered_differently, f"retries answered differently: {self.line.answered_differently[:3]}")
        told, booked = self.tally.owed() - already, await self._owed_by_books() - before
        _expect(told == booked, f"hospitals were told {told}, the books owe them {booked}")
        unlucky = sum(self.line.mishaps.values())
        return f"{self._visits} visits settled, {unlucky} mishaps, every retry answered word for word, books = answers = {told}"

    async def reversal(self) -> str:
        """A patient gets the money back; the second time it is refused."""
        settled = next((s for s in self.tally.settled if not s.inpatient), None)
        if settled is None:
            raise Unexpected("nothing was settled that could be reversed")
        hospital = self._hospital(settled.institution_code)
        before = await self._owed_by_books()
        info = await hospital.refund(settled)
        self.tally.refunded.append(settled)
        _expect(Decimal(info["medfee_sumamt"]) == -settled.total, f"taken back {info['medfee_sumamt']} of {settled.total}")
        _expect(Decimal(info["psn_cash_pay"]) == -settled.cash, f"cash back {info['psn_cash_pay']} of {settled.cash}")
        booked = before - await self._owed_by_books()
        _expect(booked == settled.funds + settled.account, f"the books gave back {booked}")
        try:
            await hospital.refund(settled)
        except HisError:
            return f"{settled.total} taken back, cash {settled.cash} returned; a second reversal is refused"
        raise Unexpected("a second reversal was accepted")

    async def work_injury(self) -> str:
        """A stay settled by the medical fund is recognised as work injury and re-settled between the funds (reference F1)."""
        patient = await self._somebody_new()
        came = local(self._clock.now()).date() - timedelta(days=13)
        settled = await self._hospitals[1].stay(patient, self._injury_bill(), days=12, injury=True)
        _expect(not settled.faults, str(settled.faults))
        _expect(
            settled.total == 16_000 and settled.funds == 11_985, f"total {settled.total}, funds {settled.funds}, not 11985.00"
        )
        clerk, reviewer, approver = (self._window[name] for name in ("wangfang", "lijing", "zhaoming"))
        form = {"accident_on": came.isoformat(), "body_parts": ["左小腿"], "description": "车间搬运时被砸伤"}
        matter = await clerk.command("/v1/matters", self._matter("work-injury", settled.person_id, form, _INJURY_PAPERS))
        path = f"/v1/matters/{matter['matter_id']}"
        decision = {"decision_no": f"演人社工伤〔{came.year}〕{matter['receipt_no'][-6:]}号", "outcome": "granted"}
        today = local(self._clock.now()).date().isoformat()
        await reviewer.until(path, lambda m: _task(m, "recognition")["state"] == "running", "recognition under way")
        await reviewer.act(matter["matter_id"], "recognition", "decide", **decision, decided_on=today)
        seen = await reviewer.until(path, lambda m: bool(_task(m, "conversion")["parts"]), "conversion proposed")
        conversion_id = _task(seen, "conversion")["parts"][0]["part_id"]
        await reviewer.until(
            f"/v1/conversions/{conversion_id}", lambda c: c["work_injury_fen"] is not None, "conversion assessed"
        )
        await reviewer.act(matter["matter_id"], "conversion", "check", conversion_id=conversion_id, note="金额核对无误")
        await approver.act(matter["matter_id"], "conversion", "approve", conversion_id=conversion_id, note="同意")
        closed = await reviewer.until(path, lambda m: m["state"] != "open", "the matter closing by itself")
        _expect(closed["state"] == "done", f"the matter ended as {closed['state']}")
        return await self._converted(conversion_id, settled)

    async def enrol_and_pay(self) -> str:
        """Somebody without cover enrols at the window, the bank pays, cover begins, the matter closes, a hospital settles."""
        row, person = await self._somebody_uncovered()
        clerk, bank = self._window["wangfang"], self._window["bank"]
        today = local(self._clock.now()).date()
        form = {
            "scheme": "390",
            "person_category": "15",
            "begins_on": today.isoformat(),
            "ends_on": date(today.year, 12, 31).isoformat(),
            "year": today.year,
            "region": row["region"],
        }
        matter = await clerk.command("/v1/matters", self._matter("enrol-and-pay", person, form, _ENROL_PAPERS))
        path = f"/v1/matters/{matter['matter_id']}"
        ready = await clerk.until(path, lambda m: _task(m, "pay-premium")["state"] == "running", "premium to pay")
        amount = int(ready["references"]["amount_fen"])
        receipt = f"B{matter['receipt_no'][-12:]}"
        await bank.act(
            matter["matter_id"],
            "pay-premium",
            "pay",
            amount_fen=amount,
            paid_on=today.isoformat(),
            channel="bank",
            receipt_no=receipt,
        )
        closed = await clerk.until(path, lambda m: m["state"] != "open", "the matter closing by itself")
        _expect(closed["state"] == "done", f"the matter ended as {closed['state']}")
        settled = await self._visit_once_covered(self._hospitals[4], Patient(certno=row["certno"], scheme="390"))
        return f"premium {format_yuan(amount)} paid, cover active, matter {matter['receipt_no']} closed, first visit {settled.total}"

    async def trial_balances(self) -> list[Json]:
        """The trial balance of every book."""
        accountant = self._window["chenhui"]
        books = (await accountant.get("/v1/ledger/books"))["items"]
        return [await accountant.get("/v1/ledger/trial-balance", book=book["book"]) for book in books]

    async def books_balance(self) -> str:
        """Every book balances, and what funds owe each other is even on both sides."""
        books = await self.trial_balances()
        crooked = [book["book"] for book in books if book["debit_fen"] != book["credit_fen"]]
        _expect(not crooked, f"books out of balance: {crooked}")
        between = Counter[str]()
        for book in books:
            for row in book["rows"]:
                if row["account"] in ("1121", "2202"):
                    between[row["account"]] += row["balance_fen"]
        _expect(between["1121"] + between["2202"] == 0, f"between the funds: {dict(between)}")
        moved = sum(book["debit_fen"] for book in books)
        return f"{len(books)} books balance, {format_yuan(moved)} on either side; between the funds nothing is open"

    async def _converted(self, conversion_id: str, settled: Settled) -> str:
        conversion = await self._window["lijing"].get(f"/v1/conversions/{conversion_id}")
        owed, refund = conversion["owed_fen"], conversion["refund_fen"]
        _expect(conversion["state"] == "settled", f"the conversion is {conversion['state']}")
        _expect(conversion["work_injury_fen"] == 1_570_000, f"E is {format_yuan(conversion['work_injury_fen'])}, not 15,700.00")
        _expect(
            owed == _fen(settled.funds + settled.account), f"owed {owed}, the fund had paid {settled.funds + settled.account}"
        )
        _expect(refund == _fen(settled.cash) - 30_000, f"refund {refund}, cash was {settled.cash} with 300.00 outside")
        _expect(conversion["meals_fen"] == 36_000, f"meals {conversion['meals_fen']}")
        journals = await self._window["chenhui"].get("/v1/ledger/journals", book="EMP", settlement_id=settled.settlement_id)
        net: Counter[str] = Counter()
        for journal in journals["items"]:
            for entry in journal["lines"]:
                net[entry["account"]] += entry["debit_fen"] - entry["credit_fen"]
        cost = net["5001.01"] + net["5001.02"]
        _expect(cost == 0, f"the medical fund still bears {format_yuan(cost)}")
        return (
            f"medical fund got back {format_yuan(owed)}, worker {format_yuan(refund)} + meals 360.00, "
            f"work-injury fund bears 15,700.00; matter closed by itself"
        )

    async def _visit(self, hospital: MockHospital, patient: Patient, *, stay: bool = False) -> Settled:
        if stay:
            settled = await hospital.stay(patient, hospital.random_bill(25, 3000), days=self._dice.randint(2, 15))
        else:
            settled = await hospital.outpatient_visit(patient, hospital.random_bill(self._dice.randint(2, 10), 300))
        self.tally.settled.append(settled)
        self.tell(settled)
        return settled

    async def _visit_once_covered(self, hospital: MockHospital, patient: Patient) -> Settled:
        """New cover reaches claims as an event, a moment after the window knows: until then the hospital tries again."""
        end = time.monotonic() + _COVER_ARRIVES_S
        while True:
            try:
                return await self._visit(hospital, patient)
            except HisError:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.2)

    async def _owed_by_books(self) -> Decimal:
        """What all medical books owe institutions, yuan."""
        owed = sum(
            -row["balance_fen"]
            for book in await self.trial_balances()
            if book["book"] != "WI"
            for row in book["rows"]
            if row["account"] == "2201"
        )
        return Decimal(owed).scaleb(-2)

    async def _somebody_new(self) -> Patient:
        """An employee of a company with about 1,000 yuan in the account, for whom nothing was ever settled: as in F1."""
        public = {row["certno"] for row in self._county.tables["coverage"] if row["civil_servant"] == "1"}
        modest = {row["certno"] for row in self._county.tables["accounts"] if 500 <= Decimal(row["amount_yuan"]) <= 1500}
        clerk = self._window["wangfang"]
        while True:
            patient = self._employees.pop()
            if patient.certno in modest - public:
                person = (await clerk.get("/v1/persons", q=patient.certno))["items"][0]["person_id"]
                if not (await clerk.get("/v1/settlements", person_id=person))["items"]:
                    return patient

    async def _somebody_uncovered(self) -> tuple[Mapping[str, str], str]:
        """An adult without cover, also after an earlier telling, and the person_id."""
        clerk = self._window["wangfang"]
        while True:
            row = self._uncovered.pop()
            person = (await clerk.get("/v1/persons", q=row["certno"]))["items"][0]["person_id"]
            if not (await clerk.get(f"/v1/persons/{person}"))["coverages"]:
                return row, person

    def _patient(self, number: int) -> Patient:
        """A quarter employees, the rest residents; of those who stay, every second holds an assistance class."""
        if number % (2 * _STAY_EVERY) == 0:
            return self._assisted.pop()
        return (self._employees if self._dice.random() < 0.25 else self._residents).pop()

    def _cast(self) -> tuple[list[Patient], list[Patient], list[Patient], list[dict[str, str]]]:
        """Employees, residents, residents with an assistance class, adults without cover, in an order of this telling's own."""
        covers = {row["certno"]: row for row in self._county.tables["coverage"] if row["scheme"] != "WI"}
        held = {row["certno"] for row in self._county.tables["classes"]}
        employees = [
            Patient(certno=c, scheme="310", use_account=True) for c, row in covers.items() if row["person_category"] == "11"
        ]
        residents = [Patient(certno=c, scheme="390") for c, row in covers.items() if row["scheme"] == "390" and c not in held]
        assisted = [Patient(certno=c, scheme="390") for c in held]
        adults = range(self._clock.today().year - 58, self._clock.today().year - 20)
        uncovered = [
            row for row in self._county.tables["persons"] if row["certno"] not in covers and int(row["born_on"][:4]) in adults
        ]
        for people in (employees, residents, assisted):
            self._dice.shuffle(people)
        self._dice.shuffle(uncovered)
        return employees, residents, assisted, uncovered

    def _injury_bill(self) -> list[Any]:
        """A 9,200.00, B 6,000.00, work-injury-only 500.00, outside everything 300.00: reference F1."""
        rows = self._county.tables["catalogue"]

        def first(prefix: str) -> Mapping[str, str]:
            return next(row for row in rows if row["code"].startswith(prefix))

        prices = (("XA", "9200.00"), ("XB", "6000.00"), ("W", "500.00"), ("N", "300.00"))
        return [MockHospital.item(first(prefix), 1, Decimal(price)) for prefix, price in prices]

    def _matter(self, code: str, person_id: str, form: Json, papers: tuple[str, ...]) -> Json:
        return {
            "matter_code": code,
            "person_id": person_id,
            "region": self._county.region,
            "form": form,
            "materials": [{"code": paper} for paper in papers],
            "defer": True,
        }

    def _hospital(self, code: str) -> MockHospital:
        rows = self._county.tables["institutions"]
        return next(h for h, row in zip(self._hospitals, rows, strict=True) if row["code"] == code)


_INJURY_PAPERS: Final = ("identity", "injury-application", "diagnosis")
_ENROL_PAPERS: Final = ("identity", "photo")


def _task(matter: Json, code: str) -> Json:
    found: Json = next(task for task in matter["tasks"] if task["code"] == code)
    return found


def _fen(amount: Decimal) -> int:
    return int(amount.scaleb(2))


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Unexpected(otherwise)
