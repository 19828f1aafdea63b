"""A stay on credit between the real claims and the real bridge: the decision, the limit or the hospital settles it, exactly once."""

from __future__ import annotations

import asyncio
import itertools
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest

from claims.entrypoints.events import batch_handlers, handlers
from shared.clock import CHINA
from shared.codes import Code, CodeSystem
from shared.db.database import Database
from shared.errors import Refusal
from shared.messaging.memory import MemoryBus
from shared.messaging.relay import Relay
from shared.messaging.runner import Runner
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.his_messages import INSTITUTION
from tests.integration.workinjury_bridge.two_services import ACCIDENT, GRANTED, Two, Wire, two

__all__ = ["two"]  # a fixture

F3 = [("A1", "6000.00"), ("B1", "2400.00"), ("C1", "240.00")]
DENIED = {"decision_no": "N1", "outcome": "denied", "decided_on": "2026-03-18", "decided_by": "office"}
LATER = GRANTED | {"decision_no": "N2"}
_keys = itertools.count()
LAST_DAY = date(2026, 6, 12)
"""90 days from 14 March."""


class Waiting:
    """F3: an employee's second stay of the year, at work injured, discharged, on credit."""

    def __init__(self, two: Two) -> None:
        self.two = two
        self.desk = two.desk
        self.client = two.client

    async def begin(self, lines: list[tuple[str, str]] = F3, total: str = "8640.00", **envelope: Any) -> dict[str, Any]:
        """The credit."""
        self.person = await self.desk.person(scheme="310", category="11")
        first = await self.desk.stay(self.person, [("A1", "1000.00")], scheme="310", begun="2026-01-02", ended="2026-01-05")
        await self.desk.call("2304", self.desk.stay_input(first, self.person, "1000.00", scheme="310"))
        await self.two.flush()
        self.before = await self.desk.balances("EMP")
        self.total = total
        self.visit = await self.desk.stay(self.person, lines, scheme="310", med_type="22", **envelope)
        self.case_id = (await self.client.post("/v1/injury-cases", ACCIDENT | {"person_id": self.person}))["case_id"]
        self.credit = await self.give()
        self.credit_id: str = self.credit["credit_id"]
        return self.credit

    async def give(self, key: str | None = None) -> dict[str, Any]:
        """A clerk records that the hospital gives credit."""
        once = OnceKey("stay-credits", key or f"k{next(_keys)}", self.visit)
        return await self.desk.claims.stay_credits.open(self.visit, self.person, "wangfang", once)

    async def decide(self, **decision: Any) -> None:
        """The office decides, and claims hears of it."""
        await self.client.post(f"/v1/injury-cases/{self.case_id}/recognition-decisions", decision)
        await self.hear()

    async def hear(self) -> None:
        """Everything that the bridge has published arrives at claims."""
        claims, bus = self.desk.claims, MemoryBus()
        subscriber = bus.subscriber(["workinjury-bridge.case.v1"], "claims")
        await subscriber.start()
        url = self.two.house.bridge.settings.database_url
        conn = await asyncpg.connect(url)
        relay = Relay(url, bus.publisher(), "workinjury-bridge", self.desk.clock)
        while await relay.publish_once(conn):
            pass
        await conn.close()
        parts = (claims.on_person_stated, claims.update_burdens, claims.stay_credits.settle)
        runner = Runner(claims.db, subscriber, handlers(*parts), "claims", batches=batch_handlers(*parts))
        while await runner.step():
            pass

    async def work(self) -> list[str | None]:
        """What the worker's job does; what hindered each that was due."""
        settle = self.desk.claims.stay_credits.settle
        return [await settle.run(credit_id) for credit_id in await settle.due()]

    async def shown(self) -> dict[str, Any]:
        return await self.desk.claims.stay_credits.lists.one(self.credit_id)

    async def booked(self) -> dict[tuple[str, str], int]:
        """What the employees' book has beyond the first stay."""
        after = await self.desk.balances("EMP")
        rows = {key: after.get(key, 0) - self.before.get(key, 0) for key in after.keys() | self.before.keys()}
        return {key: amount for key, amount in rows.items() if amount}

    async def days(self) -> list[date]:
        """Booking days of the medical journals of this stay."""
        pool = await self.desk.claims.db.pool()
        rows = await pool.fetch(
            "SELECT j.booked_on FROM journal j JOIN settlement s USING (settlement_id) WHERE s.visit_id = $1 ORDER BY j.seq",
            self.visit,
        )
        return [row["booked_on"] for row in rows]

    def asked(self, account: str = "0") -> Any:
        return self.desk.stay_input(self.visit, self.person, self.total, scheme="310", account=account)

    async def query(self, settlement_id: str) -> Any:
        """5203."""
        asked = {"psn_no": self.person, "setl_id": settlement_id, "mdtrt_id": self.visit}
        return (await self.desk.call("5203", {"data": asked}))["setlinfo"]

    def at(self, day: date, hour: int = 0) -> None:
        self.desk.clock.set(datetime(day.year, day.month, day.day, hour, tzinfo=CHINA))

    async def told(self) -> list[tuple[str, str | None, str | None]]:
        """What claims has published of credits: state, what ended it, settlement."""
        rows = await (await self.desk.claims.db.pool()).fetch(
            "SELECT payload FROM outbox WHERE type = 'claims.stay-credit-changed.v1' ORDER BY seq"
        )
        facts = [json.loads(row["payload"]) for row in rows]
        return [(f["state"], f["ended_by"], f["settlement_id"]) for f in facts]

    async def settled_once(self) -> None:
        assert await self.desk.count("settlement", f"visit_id = '{self.visit}' AND state = 'valid'") == 1
        assert await self.desk.count("visit", "credit_id IS NOT NULL") == 0


MEDICAL = {("5001.01", ""): fen("6681"), ("2201", f"H:{INSTITUTION}"): -fen("6681")}


async def test_f3_denied_settles_late_under_the_medical_rules_at_the_denial(two: Two) -> None:
    waiting = Waiting(two)
    credit = await waiting.begin()
    assert (credit["state"], credit["until"]) == ("open", LAST_DAY.isoformat())
    assert await waiting.work() == [None]
    shown = await waiting.shown()
    assert (shown["state"], shown["days_left"], shown["total_fen"], shown["hindrance"]) == ("open", 84, fen("8640"), None)
    assert await waiting.work() == []  # nothing to do before something is decided
    assert await waiting.booked() == {}

    await waiting.decide(**DENIED)
    assert await waiting.work() == [None]
    shown = await waiting.shown()
    assert (shown["state"], shown["ended_by"], shown["total_fen"]) == ("settled", "denied", fen("8640"))
    await waiting.settled_once()
    assert await waiting.booked() == MEDICAL
    assert await waiting.days() == [date(2026, 3, 18)]
    assert await waiting.told() == [("open", None, None), ("settled", "denied", shown["settlement_id"])]
    info = await waiting.query(shown["settlement_id"])
    assert (info["hifp_pay"], info["psn_pay"], info["enddate"]) == (Decimal("6681.00"), Decimal("1959.00"), "2026-03-14")
    await two.flush()
    assert (await waiting.client.get("/v1/ledger/journals", book="WI"))["items"] == []
    assert (await waiting.client.get("/v1/conversions", case_id=waiting.case_id))["items"] == []
    # the hospital's own message finds it done, and where to read it
    said = await waiting.desk.refused("2304", waiting.asked())
    assert said == f"费用已结算，没有未结算的费用明细；结算ID(setl_id)为{shown['settlement_id']}，可用5203查询"
    await waiting.decide(**DENIED)
    assert await waiting.work() == []
    await waiting.settled_once()


async def test_a_stay_opened_for_the_work_injury_fund_is_settled_in_the_scheme_that_covers_the_person(two: Two) -> None:
    waiting = Waiting(two)
    await waiting.begin()
    category = str(Code(CodeSystem.JIANGSU_CARE, "21"))
    await (await two.desk.claims.db.pool()).execute(
        "UPDATE visit SET scheme = 'WI', work_injury = true, med_type = $2 WHERE visit_id = $1", waiting.visit, category
    )
    await waiting.decide(**DENIED)
    assert await waiting.work() == [None]
    shown = await waiting.shown()
    assert (shown["state"], shown["ended_by"], shown["hindrance"]) == ("settled", "denied", None)
    assert await waiting.booked() == MEDICAL
    info = await waiting.query(shown["settlement_id"])
    assert (info["insutype"], info["med_type"], info["psn_pay"]) == ("310", "21", Decimal("1959.00"))
    await waiting.settled_once()


async def test_recognised_later_a_denied_stay_converts_as_any_other(two: Two) -> None:
    waiting = Waiting(two)
    await waiting.begin()
    await waiting.decide(**DENIED)
    await waiting.work()
    assert await two.desk.count("visit", "injury_suspect") == 1  # the suspicion outlives the denial
    await waiting.decide(**LATER)
    await two.flush()
    found = (await waiting.client.get("/v1/conversions", case_id=waiting.case_id))["items"]
    (mine,) = [c for c in found if c["visit_id"] == waiting.visit]
    await two.approve(f"/v1/conversions/{mine['conversion_id']}")
    assert await waiting.booked() == {("1003", ""): fen("6681"), ("2201", f"H:{INSTITUTION}"): -fen("6681")}
    # E = 6 000 + 2 400; the person keeps 240 of 1 959
    assert await two.wi() == {"5001.11()": fen("8400"), "5001.13()": fen("360"), "1003()": -fen("8760")}
    await two.sound()


async def test_recognised_it_is_settled_directly_and_the_person_pays_what_is_outside_the_catalogue(two: Two) -> None:
    waiting = Waiting(two)
    await waiting.begin([("A1", "9200.00"), ("B1", "6000.00"), ("C1", "300.00"), ("W1", "500.00")], "16000.00")
    await waiting.work()
    await waiting.decide(**GRANTED)
    assert await waiting.work() == [None]
    shown = await waiting.shown()
    assert (shown["state"], shown["ended_by"]) == ("settled", "recognised")
    await waiting.settled_once()
    info = await waiting.query(shown["settlement_id"])
    # C1 without consent: the hospital's; the person pays nothing
    assert (info["oth_pay"], info["psn_pay"], info["hosp_part_amt"]) == (
        Decimal("15700.00"),
        Decimal("0.00"),
        Decimal("300.00"),
    )
    await two.flush()
    assert await waiting.booked() == {}
    assert await two.wi() == {
        "5001.11()": fen("15700"),
        "5001.13()": fen("360"),
        f"2201(H:{INSTITUTION})": -fen("15700"),
        f"2203(P:{waiting.person})": -fen("360"),
    }
    assert (await waiting.client.get("/v1/conversions", case_id=waiting.case_id, state="proposed"))["items"] == []
    # the hospital may take it back as any settlement; the stay is then an ordinary discharged one
    reversal = {"data": {"mdtrt_id": waiting.visit, "psn_no": waiting.person, "setl_id": shown["settlement_id"]}}
    await waiting.desk.call("2305", reversal)
    await two.flush()
    assert await two.wi() == {}
    assert await waiting.work() == []
    again = await waiting.give()
    assert again["credit_id"] != waiting.credit_id
    assert await waiting.work() == [None]
    assert await waiting.desk.count("stay_credit", "state = 'settled' AND ended_by = 'recognised'") == 2
    await waiting.settled_once()


async def test_f5_on_credit_is_settled_by_both_funds_as_its_split_says(two: Two) -> None:
    waiting = Waiting(two)
    lines = [("A1", "7000.00"), ("B1", "4000.00"), ("A1", "2000.00"), ("B1", "2000.00"), ("A1", "5000.00")]
    await waiting.begin(lines, "20000.00")
    rows = await (await two.desk.claims.db.pool()).fetch(
        "SELECT line_no FROM fee_line l JOIN fee_batch b USING (batch_id) WHERE b.visit_id = $1 ORDER BY line_no::int",
        waiting.visit,
    )
    belongs = ["own-disease", "own-disease", "shared"]
    flags = [{"line_id": row[0], "belongs": b} for row, b in zip(rows[2:], belongs, strict=True)]
    split = {"visit_id": waiting.visit, "actor": "hospital", "lines": flags}
    await waiting.client.post(f"/v1/injury-cases/{waiting.case_id}/stay-splits", split)
    await waiting.decide(**GRANTED)
    assert await waiting.work() == ["workinjury-bridge.conversion.split-open"]
    assert (await waiting.shown())["hindrance"] == "费用拆分尚未确认，请先办结费用拆分"
    assert (await waiting.booked(), await two.wi()) == ({}, {})
    await waiting.client.post(f"/v1/stay-splits/{waiting.visit}/agree", {"actor": "reviewer"})
    waiting.desk.clock.advance(timedelta(minutes=1))
    assert await waiting.work() == [None]
    await two.flush()
    shown = await waiting.shown()
    assert (shown["state"], shown["ended_by"]) == ("settled", "recognised")
    info = await waiting.query(shown["settlement_id"])
    # the second stay of the year: a deductible of 300 where F5 has 500 for the first
    assert (info["oth_pay"], info["hifp_pay"], info["psn_pay"]) == (
        Decimal("14666.67"),
        Decimal("4108.33"),
        Decimal("1225.00"),
    )
    assert await waiting.booked() == {("5001.01", ""): fen("4108.33"), ("2201", f"H:{INSTITUTION}"): -fen("4108.33")}
    assert (await two.wi())[f"2201(H:{INSTITUTION})"] == -fen("14666.67")
    told = await two.desk.count("outbox", "type = 'claims.stay-credit-changed.v1' AND payload LIKE '%settled%'")
    assert (told, await two.desk.count("settlement", f"visit_id = '{waiting.visit}'")) == (1, 2)
    await two.sound()


async def test_the_day_after_the_limit_it_is_settled_although_nothing_is_decided(two: Two) -> None:
    waiting = Waiting(two)
    await waiting.begin()
    await waiting.work()
    waiting.at(LAST_DAY, 23)
    assert await waiting.work() == []
    assert (await waiting.shown())["days_left"] == 0
    waiting.at(LAST_DAY + timedelta(days=1))
    assert await waiting.work() == [None]
    shown = await waiting.shown()
    assert (shown["state"], shown["ended_by"], shown["days_left"]) == ("settled", "limit", None)
    assert await waiting.booked() == MEDICAL
    assert await waiting.days() == [LAST_DAY + timedelta(days=1)]
    # recognised after that: B1
    await waiting.decide(**GRANTED)
    assert await waiting.work() == []
    await two.flush()
    found = (await waiting.client.get("/v1/conversions", case_id=waiting.case_id))["items"]
    assert [c["owed_fen"] for c in found if c["visit_id"] == waiting.visit] == [fen("6681")]


async def test_where_the_fund_only_advances_it_is_settled_medically_and_proposed(two: Two) -> None:
    waiting = Waiting(two)
    await waiting.begin()
    await waiting.client.post(
        f"/v1/injury-cases/{waiting.case_id}/facts", {"third_party": "unknown"} | {"employer_insured": True}
    )
    await waiting.decide(**GRANTED)
    assert await waiting.work() == [None]
    assert (await waiting.shown())["ended_by"] == "advance-only"
    assert await waiting.booked() == MEDICAL
    assert await waiting.days() == [date(2026, 3, 20)]


async def test_what_was_decided_before_the_credit_settles_it_at_once(two: Two) -> None:
    waiting = Waiting(two)
    waiting.person = await two.desk.person(scheme="310", category="11")
    waiting.visit = await two.desk.stay(waiting.person, F3, scheme="310", recer_sys_code="GSXT")
    waiting.total = "8640.00"
    waiting.before = {}
    waiting.case_id = (await two.client.post("/v1/injury-cases", ACCIDENT | {"person_id": waiting.person}))["case_id"]
    await waiting.decide(**DENIED)
    # admitted under the work-injury rule set: the hospital cannot settle it medically itself
    assert (await two.desk.refused("2304", waiting.asked(), recer_sys_code="GSXT")).startswith("不能按工伤结算")
    waiting.credit_id = (await waiting.give())["credit_id"]
    assert await waiting.work() == [None]
    assert (await waiting.shown())["ended_by"] == "denied"
    # the first stay of the year: 0.85 x (8 160 - 500)
    assert await waiting.booked() == {("5001.01", ""): fen("6511"), ("2201", f"H:{INSTITUTION}"): -fen("6511")}
    await waiting.settled_once()


async def test_the_hospital_ends_it_by_settling(two: Two) -> None:
    waiting = Waiting(two)
    await waiting.begin()
    info = (await waiting.desk.call("2304", waiting.asked(), msgid="OWN"))["setlinfo"]
    shown = await waiting.shown()
    assert (shown["state"], shown["ended_by"], shown["settlement_id"]) == ("settled", "hospital", info["setl_id"])
    assert await waiting.days() == [date(2026, 3, 20)]
    await waiting.decide(**DENIED)
    assert await waiting.work() == []
    await waiting.settled_once()


async def test_taking_the_discharge_or_the_admission_back_ends_it(two: Two) -> None:
    waiting = Waiting(two)
    await waiting.begin()
    on_visit = {"mdtrt_id": waiting.visit, "psn_no": waiting.person}
    await waiting.desk.call("2405", {"data": on_visit})
    shown = await waiting.shown()
    assert (shown["state"], shown["ended_by"], shown["settlement_id"]) == ("withdrawn", "stayed-on", None)
    with pytest.raises(Refusal) as caught:
        await waiting.give()
    assert caught.value.code == "claims.visit.not-discharged"
    await waiting.desk.discharge(waiting.visit, waiting.person, scheme="310")
    waiting.credit_id = (await waiting.give())["credit_id"]
    await waiting.desk.call("2405", {"data": on_visit})
    await waiting.desk.discharge(waiting.visit, waiting.person, scheme="310")
    waiting.credit_id = (await waiting.give())["credit_id"]
    await waiting.desk.call("2404", {"data": on_visit})
    assert (await waiting.shown())["ended_by"] == "cancelled"
    await waiting.decide(**DENIED)
    assert await waiting.work() == []
    assert await waiting.booked() == {}


async def test_decision_limit_and_hospital_in_one_instant_settle_once(two: Two) -> None:
    for round_ in range(6):
        waiting = Waiting(two)
        waiting.person = await two.desk.person(100 + round_, scheme="310", category="11")
        waiting.visit = await two.desk.stay(waiting.person, F3, scheme="310", med_type="22")
        waiting.total = "8640.00"
        opened = ACCIDENT | {"person_id": waiting.person}
        waiting.case_id = (await two.client.post("/v1/injury-cases", opened))["case_id"]
        waiting.credit_id = (await waiting.give())["credit_id"]
        waiting.at(LAST_DAY + timedelta(days=1))
        settle = two.desk.claims.stay_credits.settle
        granted = two.client.post(f"/v1/injury-cases/{waiting.case_id}/recognition-decisions", GRANTED)
        _, _, _, told = await asyncio.gather(
            settle.run(waiting.credit_id),
            granted,
            settle.run(waiting.credit_id),
            two.desk.raw("2304", waiting.asked()),
        )
        await settle.run(waiting.credit_id)
        assert await two.desk.count("settlement", f"visit_id = '{waiting.visit}' AND state = 'valid'") == 1
        shown = await waiting.shown()
        assert shown["state"] == "settled"
        assert (b'"infcode":"0"' in told.replace(b" ", b"")) is (shown["ended_by"] == "hospital")
        waiting.at(date(2026, 3, 20), 9)
    await two.flush()
    # whoever was first: what the medical fund has paid is to be converted, what the work-injury fund pays is booked once
    direct = await two.desk.count("settlement", "work_injury_key IS NOT NULL")
    proposed = (await two.client.get("/v1/conversions"))["items"]
    assert len(proposed) + direct == 6
    assert (await two.wi()).get("5001.11()", 0) == direct * fen("8400")


async def test_the_worker_dies_before_each_transaction_of_claims(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Waiting(two)
    await waiting.begin()
    await waiting.decide(**GRANTED)
    claims = two.desk.claims
    real = Database.transaction
    left = 0

    class Died(Exception):
        pass

    def dying(self: Database) -> Any:
        nonlocal left
        if self is claims.db:
            left -= 1
            if left < 0:
                raise Died
        return real(self)

    monkeypatch.setattr(Database, "transaction", dying)
    tries = 0
    for tries in range(1, 30):
        left = tries - 1
        try:
            await claims.stay_credits.settle.run(waiting.credit_id)
            break
        except Died:
            continue
    monkeypatch.undo()
    assert tries > 1
    shown = await waiting.shown()
    assert (shown["state"], shown["ended_by"]) == ("settled", "recognised")
    await waiting.settled_once()
    await two.flush()
    assert (await two.wi())["5001.11()"] == fen("8400")


async def test_the_answer_of_the_bridge_is_lost_and_the_same_reservation_is_found(two: Two) -> None:
    waiting = Waiting(two)
    await waiting.begin()
    await waiting.decide(**GRANTED)
    wire = Wire.handle_async_request

    async def lost(self: Any, request: httpx.Request) -> httpx.Response:
        response = await wire(self, request)
        if request.url.path == "/v1/work-injury-settlements":
            raise httpx.ReadTimeout("lost", request=request)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Wire, "handle_async_request", lost)
        (hindered,) = await waiting.work()
    assert hindered == "workinjury-bridge.away"
    shown = await waiting.shown()
    assert (shown["state"], bool(shown["hindrance"])) == ("open", True)
    assert await waiting.work() == []  # it waits a second
    two.desk.clock.advance(timedelta(seconds=1))
    assert await waiting.work() == [None]
    await two.flush()
    assert (await two.wi())["5001.11()"] == fen("8400")
    await waiting.settled_once()


async def test_refusals_change_nothing(two: Two) -> None:
    desk, waiting = two.desk, Waiting(two)
    waiting.person = await desk.person(scheme="310", category="11")
    open_credit = desk.claims.stay_credits.open

    async def refused(visit: str, person: str = "") -> str:
        with pytest.raises(Refusal) as caught:
            await open_credit(visit, person or waiting.person, "wangfang", OnceKey("stay-credits", f"r{next(_keys)}", visit))
        return caught.value.code

    assert await refused("V0") == "claims.visit.unknown"
    outpatient = await desk.registration(waiting.person, [("A1", "100.00")], scheme="310")
    assert await refused(outpatient) == "claims.visit.wrong-kind"
    ordinary = await desk.stay(waiting.person, F3, scheme="310")
    assert await refused(ordinary) == "claims.stay-credit.not-suspected"
    injured = await desk.stay(waiting.person, F3, scheme="310", med_type="22", discharged=False)
    assert await refused(injured) == "claims.visit.not-discharged"
    assert await refused(injured, "P9") == "claims.visit.other-person"
    await desk.discharge(injured, waiting.person, scheme="310")
    await desk.call("2304", desk.stay_input(injured, waiting.person, "8640.00", scheme="310"))
    assert await refused(injured) == "claims.settlement.nothing-to-settle"
    late = await desk.stay(waiting.person, F3, scheme="310", med_type="22", begun="2025-11-01", ended="2025-12-19")
    assert await refused(late) == "claims.stay-credit.past-limit"
    assert await desk.count("stay_credit") == 0
    assert await desk.count("visit", "credit_id IS NOT NULL") == 0
    assert await desk.count("outbox", "type = 'claims.stay-credit-changed.v1'") == 0


async def test_asked_twice_it_is_one_credit_and_a_clerk_may_withdraw_it(two: Two) -> None:
    waiting = Waiting(two)
    credit = await waiting.begin()
    assert await waiting.give() == credit
    assert await waiting.desk.count("stay_credit") == 1
    desk = waiting.desk.claims.stay_credits
    once = OnceKey("stay-credits/withdraw", "w", "d")
    first = await desk.withdraw(waiting.credit_id, "wangfang", once)
    assert (
        await desk.withdraw(waiting.credit_id, "wangfang", once)
        == first
        == {"credit_id": waiting.credit_id, "state": "withdrawn"}
    )
    with pytest.raises(Refusal) as caught:
        await desk.withdraw(waiting.credit_id, "wangfang", OnceKey("stay-credits/withdraw", "v", "d"))
    assert caught.value.code == "claims.stay-credit.over"
    shown = await waiting.shown()
    assert (shown["state"], shown["ended_by"], shown["withdrawn_by"]) == ("withdrawn", "withdrawn", "wangfang")
    assert await waiting.desk.count("outbox", "type = 'claims.stay-credit-changed.v1'") == 2
    await waiting.decide(**DENIED)
    assert await waiting.work() == []
    assert await waiting.booked() == {}
    await waiting.desk.call("2304", waiting.asked())
