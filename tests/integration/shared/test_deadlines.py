"""Deadlines: timers that survive everything, fire once, and try again when their handler cannot."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from shared.clock import FixedClock
from shared.db.database import Database, SqlTx
from shared.db.deadlines import DeadlineRunner
from shared.errors import conflict, unavailable
from tests.factories.platform import SEEN, START, fact, rows, seen

HOUR = timedelta(hours=1)
DEADLINES = "SELECT kind, subject_id, due_at, attempts, cause FROM deadline ORDER BY kind, subject_id"


class Handler:
    def __init__(self) -> None:
        self.failures: list[Exception] = []

    async def __call__(self, tx: SqlTx, subject_id: str, payload: dict[str, Any]) -> None:
        await tx.execute(insert(SEEN).values(key=subject_id, note=payload.get("note", "")))
        tx.emit(fact(subject_id))
        if self.failures:
            raise self.failures.pop(0)


async def fire_all(runner: DeadlineRunner) -> int:
    fired = 0
    while await runner.fire_one():
        fired += 1
    return fired


@pytest.fixture
def handler() -> Handler:
    return Handler()


async def test_it_fires_when_due_oldest_first_and_once(db: Database, clock: FixedClock, handler: Handler) -> None:
    runner = DeadlineRunner(db, {"remind": handler})
    async with db.transaction() as tx:
        tx.schedule("remind", "late", START + HOUR, {"note": "王芳"})
        tx.schedule("remind", "early", START + HOUR / 2)
        tx.schedule("remind", "much later", START + 2 * HOUR)
        tx.schedule("other service's", "x", START)
    assert await fire_all(runner) == 0
    clock.advance(HOUR)
    assert await fire_all(runner) == 2
    assert list((await seen(db.url)).items()) == [("early", [""]), ("late", ["王芳"])]
    assert await fire_all(runner) == 0
    assert [row[1] for row in await rows(db.url, DEADLINES)] == ["x", "much later"]
    assert await rows(db.url, "SELECT count(*) FROM outbox") == [(2,)]


async def test_one_per_kind_and_subject_moved_and_cancelled(db: Database, clock: FixedClock, handler: Handler) -> None:
    runner = DeadlineRunner(db, {"remind": handler, "expire": handler})
    async with db.transaction() as tx:
        tx.schedule("remind", "A", START, {"note": "first"})
        tx.schedule("remind", "A", START + HOUR, {"note": "second"})
        tx.schedule("expire", "A", START + HOUR, {"note": "expired"})
        tx.schedule("remind", "B", START)
        tx.schedule("remind", "C", START)
        tx.cancel("remind", "C")
    async with db.transaction() as tx:
        tx.schedule("remind", "A", START + 2 * HOUR, {"note": "third"})
        tx.cancel("remind", "B")
        tx.cancel("remind", "nobody")
    clock.advance(HOUR)
    assert await fire_all(runner) == 1
    clock.advance(HOUR)
    assert await fire_all(runner) == 1
    assert await seen(db.url) == {"A": ["expired", "third"]}
    assert await rows(db.url, DEADLINES) == []


async def test_a_failing_one_is_put_off_ever_longer_and_leaves_nothing(
    db: Database, clock: FixedClock, handler: Handler
) -> None:
    runner = DeadlineRunner(db, {"remind": handler})
    handler.failures = [conflict("test.no", "不行"), ValueError("bug"), unavailable("claims.away", "x")] + [
        ValueError("b")
    ] * 11
    async with db.transaction() as tx:
        tx.schedule("remind", "A", START)
    pauses = []
    for attempt, cause in enumerate(["test.no: 不行", "bug", "claims.away: x"] + ["b"] * 11, 1):
        assert await runner.fire_one()
        [(_, _, due_at, attempts, stored)] = await rows(db.url, DEADLINES)
        assert (attempts, stored) == (attempt, cause)
        pauses.append(int((due_at - clock.now()).total_seconds()))
        assert not await runner.fire_one()
        clock.set(due_at)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]
    assert await seen(db.url) == {}
    assert await rows(db.url, "SELECT count(*) FROM outbox") == [(0,)]
    assert await runner.fire_one()
    assert await seen(db.url) == {"A": [""]}
    assert await rows(db.url, DEADLINES) == []


async def test_a_failing_one_does_not_hold_up_the_others(db: Database, handler: Handler) -> None:
    handler.failures = [ValueError("bug")]
    async with db.transaction() as tx:
        tx.schedule("remind", "first", START - HOUR)
        tx.schedule("remind", "second", START)
    assert await fire_all(DeadlineRunner(db, {"remind": handler})) == 2
    assert await seen(db.url) == {"second": [""]}


async def test_a_handler_may_schedule_itself_again(db: Database, clock: FixedClock) -> None:
    async def monthly(tx: SqlTx, subject_id: str, payload: dict[str, Any]) -> None:
        await tx.execute(insert(SEEN).values(key=subject_id, note=str(payload["n"])))
        if payload["n"] < 3:
            tx.schedule("monthly", subject_id, tx.clock.now() + 30 * 24 * HOUR, {"n": payload["n"] + 1})

    runner = DeadlineRunner(db, {"monthly": monthly})
    async with db.transaction() as tx:
        tx.schedule("monthly", "A", START, {"n": 1})
    for _ in range(5):
        await fire_all(runner)
        clock.advance(30 * 24 * HOUR)
    assert await seen(db.url) == {"A": ["1", "2", "3"]}


async def test_several_workers_share_and_none_fires_twice(db: Database, handler: Handler) -> None:
    async with db.transaction() as tx:
        for n in range(40):
            tx.schedule("remind", f"{n:02}", START)
    counts = await asyncio.gather(*(fire_all(DeadlineRunner(db, {"remind": handler})) for _ in range(4)))
    assert sum(counts) == 40
    assert await seen(db.url) == {f"{n:02}": [""] for n in range(40)}
    assert await rows(db.url, "SELECT count(*) FROM outbox") == [(40,)]


async def test_a_worker_fires_until_it_is_stopped(db: Database, handler: Handler) -> None:
    stop = asyncio.Event()

    async def last(tx: SqlTx, subject_id: str, payload: dict[str, Any]) -> None:
        await handler(tx, subject_id, payload)
        stop.set()

    runner = DeadlineRunner(db, {"remind": handler, "last": last}, poll_s=0.01)
    working = asyncio.create_task(runner.run(stop))
    async with db.transaction() as tx:
        tx.schedule("remind", "A", START - HOUR)
        tx.schedule("last", "B", START)
    async with asyncio.timeout(60):
        await working
    assert await seen(db.url) == {"A": [""], "B": [""]}
