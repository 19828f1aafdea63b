"""Migrations, constraints and what several processes do to the same rows at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from shared.clock import FixedClock
from shared.contracts import REGISTRY
from shared.contracts.claims import ClaimSettled
from shared.db.deadlines import DeadlineRunner
from shared.ledger import Book, Entry, credit, debit
from shared.ledger.store import LedgerStore
from shared.messaging.codec import encode_data, to_record
from shared.messaging.memory import MemoryBus
from shared.messaging.runner import Runner
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import F1_BILL, SETTLED, WI_CARE, WI_INSURANCE
from tests.integration.workinjury_bridge.conftest import House
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.application.settle_directly import DirectBill
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.entrypoints.deadlines import deadlines, jobs
from workinjury_bridge.entrypoints.events import handlers

DAY = date(2026, 4, 20)
_keys = count()


def key() -> OnceKey:
    return OnceKey("test", str(next(_keys)), "digest")


async def open_case(house: House, person_id: str = "P1") -> str:
    accident = Accident(person_id=person_id, accident_on=date(2026, 3, 1), body_parts=("hand",), description="press")
    return str((await house.bridge.open_case.run(key(), accident))["case_id"])


async def grant(house: House, case_id: str) -> list[str]:
    new = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=DAY, decided_by="office")
    return list((await house.bridge.decide.run(key(), case_id, new))["conversions"])


def settlement_of(person_id: str) -> ClaimSettled:
    return replace(SETTLED, settlement_id=f"S{person_id}", person_id=person_id)


async def column_of(house: House, name: str, conversion_id: str) -> str:
    statement = select(t.conversion.c[name]).where(t.conversion.c.conversion_id == conversion_id)
    async with house.bridge.db.reading() as tx:
        return str(await tx.scalar(statement))


async def approved(house: House, person_id: str = "P1") -> str:
    case_id = await open_case(house, person_id)
    await house.hear(house.claims.settle(settlement_of(person_id), F1_BILL))
    (conversion_id,) = await grant(house, case_id)
    await house.bridge.advance.run(conversion_id)
    await house.bridge.review.check(key(), conversion_id, "maker", None)
    await house.bridge.review.approve(key(), conversion_id, "checker", None)
    return conversion_id


async def test_two_workers_on_one_conversion_book_once(house: House) -> None:
    for n in range(10):
        conversion_id = await approved(house, f"P{n}")
        results = await asyncio.gather(*(house.bridge.advance.run(conversion_id) for _ in range(4)))
        assert results == [None] * 4
        async with house.bridge.db.reading() as tx:
            entries = await LedgerStore(t.LEDGER).entries(tx, conversion_id=conversion_id)
        assert (await column_of(house, "state", conversion_id), [e.kind for e in entries]) == (
            "settled",
            ["conversion", "transfer", "payment"],
        )
    found = await house.bridge.check.run()
    assert (found["checked"], found["inter_fund"], found["breaches"]) == (10, "equal", [])


async def test_decision_and_settlement_at_the_same_instant_never_miss_each_other(house: House) -> None:
    for n in range(50):
        case_id = await open_case(house, f"P{n}")
        fact = house.claims.settle(settlement_of(f"P{n}"), F1_BILL)
        await asyncio.gather(grant(house, case_id), house.hear(fact))
        async with house.bridge.db.reading() as tx:
            rows = await tx.all(t.conversion.select().where(t.conversion.c.case_id == case_id))
        assert [row.settlement_id for row in rows] == [f"SP{n}"]


async def test_approval_and_revocation_at_the_same_instant_end_consistent(house: House) -> None:
    for n in range(20):
        conversion_id = await approved(house, f"P{n}")
        case_id = await column_of(house, "case_id", conversion_id)
        await asyncio.gather(
            house.bridge.advance.run(conversion_id),
            house.bridge.revoke.run(key(), case_id, "J1", DAY, "court", "clerk"),
        )
        await house.go_on()
        assert await column_of(house, "state", conversion_id) in ("reverted", "failed")
    found = await house.bridge.check.run()
    assert (found["checked"], found["in_flight"], found["inter_fund"], found["breaches"]) == (20, 0, "equal", [])


async def test_events_through_the_runner_doubled_and_replayed(house: House) -> None:
    case_id = await open_case(house)
    await grant(house, case_id)
    fact = house.claims.settle(SETTLED, F1_BILL)
    entry = REGISTRY.of(ClaimSettled)
    bus = MemoryBus(partitions=2)
    for event_id in ("e1", "e1", "e2"):
        bus.append(
            to_record(
                event_id=event_id,
                type_=entry.name,
                topic=entry.topic,
                key="P1",
                payload=encode_data(fact),
                occurred_at=SETTLED.settled_at,
                traceparent=None,
            )
        )
    subscriber = bus.subscriber([entry.topic], "bridge")
    await subscriber.start()
    runner = Runner(house.bridge.db, subscriber, handlers(house.bridge), "workinjury-bridge")
    assert await runner.step() == 3
    async with house.bridge.db.reading() as tx:
        assert len(await tx.all(t.conversion.select())) == 1
        assert len(await tx.all(t.stay.select())) == 1
        assert await tx.all(house.bridge.db.platform.parked.select()) == []


async def test_deadlines_void_and_pay(house: House) -> None:
    await grant(house, await open_case(house))
    line = BillLine(line_id="1", amount_fen=fen("100"), in_catalogue=True)
    bill = DirectBill(
        key="W1",
        visit_id="V1",
        person_id="P1",
        insurance=WI_INSURANCE,
        care=WI_CARE,
        institution_code="H1",
        begun_on=DAY,
        ended_on=DAY,
        lines=(line,),
    )
    for name in ("W1", "W2"):
        await house.bridge.settle.final(replace(bill, key=name))
    fact = replace(SETTLED, settlement_id="S2", payments=[], total_fen=fen("100"), work_injury_key="W2")
    await house.hear(fact)
    clock = house.bridge.db.clock
    assert isinstance(clock, FixedClock)
    runner = DeadlineRunner(house.bridge.db, deadlines(house.bridge))
    assert await runner.fire_one() is False
    clock.advance(timedelta(days=1))
    assert [await runner.fire_one() for _ in range(3)] == [True, True, False]
    async with house.bridge.db.reading() as tx:
        rows = await tx.all(t.direct_settlement.select().order_by(t.direct_settlement.c.key))
        paid = await tx.all(t.payment.select())
    assert [(r.state, r.meals_fen, r.meals_paid) for r in rows] == [("voided", 0, False), ("posted", fen("30"), True)]
    assert [(p.settlement_id, p.kind, p.amount_fen) for p in paid] == [("S2", "meals", fen("30"))]


async def test_hindrance_is_on_the_worklist_with_growing_pauses(house: House) -> None:
    conversion_id = await approved(house)
    house.claims.refuse_reserve = 2
    clock = house.bridge.db.clock
    assert isinstance(clock, FixedClock)
    await house.go_on()
    await house.go_on()
    found = await house.client().get(f"/v1/conversions/{conversion_id}")
    assert (found["state"], found["hindrance"]) == (
        "transferring",
        "基金间调拨被拒绝：claims.transfer.refused: 医保基金账户已冻结",
    )
    assert house.claims.refuse_reserve == 1
    for _ in range(3):
        clock.advance(timedelta(seconds=2))
        await house.go_on()
    found = await house.client().get(f"/v1/conversions/{conversion_id}")
    assert (found["state"], found["hindrance"]) == ("settled", None)
    assert sorted(x["state"] for x in found["transfers"]) == ["confirmed", "voided", "voided"]


async def test_jobs_run(house: House) -> None:
    conversion_id = await approved(house)
    for job in jobs(house.bridge):
        await job.run()
    assert (await house.client().get(f"/v1/conversions/{conversion_id}"))["state"] == "settled"
    async with house.bridge.db.reading() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM journal_seal")) == 3


async def test_the_database_itself_refuses_what_must_not_be(house: House) -> None:
    conversion_id = await approved(house)
    wrong: list[dict[str, object]] = [
        {"work_injury_fen": 1},
        {"checker": "maker"},
        {"maker": None},
    ]
    for values in wrong:
        with pytest.raises(IntegrityError):
            async with house.bridge.db.transaction() as tx:
                await tx.execute(t.conversion.update().where(t.conversion.c.conversion_id == conversion_id).values(values))
    async with house.bridge.db.reading() as tx:
        row = await tx.first(t.conversion.select())
    assert row is not None
    twin = dict(row._mapping) | {"conversion_id": "twin", "decision_version": 9}
    with pytest.raises(IntegrityError, match="uq_conversion_open_settlement"):
        async with house.bridge.db.transaction() as tx:
            await tx.execute(insert(t.conversion).values(twin))


async def test_only_what_is_no_benefit_must_have_a_recovery_behind_it(house: House) -> None:
    """B15.9: a person, a dependant or heirs may owe a benefit back; an employer or a third party only what a debt says."""
    store, db = LedgerStore(t.LEDGER), house.bridge.db
    owing = ["P:P1", "DEP:P1", "HEIRS:P1", "E:E1", "T:9"]
    entries = [
        Entry(
            entry_id=db.ids.new(),
            book=Book.WI,
            booked_on=date(2026, 4, 1),
            kind="recovery",
            lines=(debit("1125", 100 + n, who), credit("5001.22", 100 + n)),
        )
        for n, who in enumerate(owing)
    ]
    async with db.transaction() as tx:
        await store.append(tx, entries)
        found = await house.bridge.check.recoveries.disagreeing(tx)
    assert sorted(found) == [("E:E1", 0, 103), ("T:9", 0, 104)]
