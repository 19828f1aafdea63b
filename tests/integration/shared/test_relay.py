"""The relay on a real database: nothing is forgotten, whatever the order of commits and whoever dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from shared.clock import FixedClock
from shared.db.database import Database
from shared.messaging.codec import Record
from shared.messaging.relay import Relay, republish_since
from shared.telemetry import span
from tests.factories.platform import FACT, START, emit, fact, put, rows

PUBLISHED = "SELECT payload::jsonb ->> 'task_code', published_at FROM outbox ORDER BY seq"


class Bus:
    """A publisher that keeps what it gets and fails when told to."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.failures: list[Exception] = []
        self.running = 0
        self.arrived = asyncio.Event()

    async def start(self) -> None:
        self.running += 1

    async def publish(self, records: Sequence[Record]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.records.extend(records)
        self.arrived.set()

    async def stop(self) -> None:
        self.running -= 1

    def notes(self) -> list[str]:
        """Which facts arrived, in order."""
        return [record.value.decode().split('"task_code":"')[1].split('"')[0] for record in self.records]

    async def until(self, note: str) -> None:
        """Wait for a fact."""
        async with asyncio.timeout(60):
            while note not in self.notes():
                self.arrived.clear()
                await self.arrived.wait()


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def conn(db: Database) -> AsyncIterator[asyncpg.Connection[Any]]:
    conn = await asyncpg.connect(db.url)
    yield conn
    await conn.close()


def relay(db: Database, bus: Bus, poll_s: float = 60) -> Relay:
    return Relay(db.url, bus, "test", FixedClock(START + timedelta(seconds=5)), poll_s=poll_s)


async def test_a_record_is_the_event_with_its_attributes(db: Database, bus: Bus, conn: asyncpg.Connection[Any]) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with span("test", traceparent=trace):
        await emit(db, "facts", fact("A", "1"))
    assert await relay(db, bus).publish_once(conn) == 1
    [(event_id,)] = await rows(db.url, "SELECT event_id FROM outbox")
    [record] = bus.records
    assert (record.topic, record.key) == ("facts", "A")
    assert record.headers.pop("traceparent").split("-")[1] == trace.split("-")[1]
    assert record.headers == {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_type": FACT,
        "ce_source": "/onewindow/gateway",
        "ce_subject": "A",
        "ce_time": "2026-03-02T01:00:00+00:00",
        "content-type": "application/json",
    }
    assert record.value.decode() == (
        '{"matter_id":"M1","person_id":"A","task_code":"1","task_name":"核定","state":"done",'
        '"changed_at":"2026-03-02T01:00:00Z"}'
    )
    assert await rows(db.url, PUBLISHED) == [("1", START + timedelta(seconds=5))]
    assert await relay(db, bus).publish_once(conn) == 0


async def test_a_slower_transaction_with_a_lower_number_is_not_lost(
    db: Database, bus: Bus, conn: asyncpg.Connection[Any]
) -> None:
    async with db.transaction() as slow:
        await put(slow, "facts", fact("A", "slow"))
        await emit(db, "facts", fact("B", "fast"))
        assert await relay(db, bus).publish_once(conn) == 1
        await emit(db, "facts", fact("B", "faster"))
        assert await relay(db, bus).publish_once(conn) == 1
    assert await relay(db, bus).publish_once(conn) == 1
    assert bus.notes() == ["fast", "faster", "slow"]
    assert [note for note, _ in await rows(db.url, PUBLISHED)] == ["slow", "fast", "faster"]


async def test_what_was_rolled_back_never_leaves(db: Database, bus: Bus, conn: asyncpg.Connection[Any]) -> None:
    async def work() -> None:
        async with db.transaction() as tx:
            await put(tx, "facts", fact("A", "never"))
            assert await relay(db, bus).publish_once(conn) == 0
            raise ValueError("bug")

    with pytest.raises(ValueError, match="bug"):
        await work()
    assert await relay(db, bus).publish_once(conn) == 0


async def test_a_backlog_leaves_in_order_batch_by_batch(db: Database, bus: Bus, conn: asyncpg.Connection[Any]) -> None:
    await emit(db, "facts", *(fact("A", str(n)) for n in range(1100)))
    counts = [await relay(db, bus).publish_once(conn) for _ in range(4)]
    assert counts == [500, 500, 100, 0]
    assert bus.notes() == [str(n) for n in range(1100)]


async def test_what_could_not_be_published_stays(db: Database, bus: Bus, conn: asyncpg.Connection[Any]) -> None:
    await emit(db, "facts", fact("A", "1"))
    bus.failures = [ConnectionResetError("broker is away")]
    with pytest.raises(ConnectionResetError):
        await relay(db, bus).publish_once(conn)
    assert await rows(db.url, PUBLISHED) == [("1", None)]
    assert await relay(db, bus).publish_once(conn) == 1


async def test_republish_since_takes_the_events_from_that_instant_on(
    db: Database, bus: Bus, clock: FixedClock, conn: asyncpg.Connection[Any]
) -> None:
    for n in range(4):
        await emit(db, "facts", fact("A", str(n)))
        clock.advance(timedelta(minutes=1))
    await relay(db, bus).publish_once(conn)
    assert await republish_since(conn, START + timedelta(minutes=2)) == 2
    assert await relay(db, bus).publish_once(conn) == 2
    assert bus.notes() == ["0", "1", "2", "3", "2", "3"]
    ids = [record.headers["ce_id"] for record in bus.records]
    assert ids[2:4] == ids[4:6]


async def test_a_commit_wakes_the_relay(db: Database, bus: Bus) -> None:
    """Its poll is a minute; only the notification can be that quick."""
    stop = asyncio.Event()
    running = asyncio.create_task(relay(db, bus).run(stop))
    for n in range(3):
        async with db.transaction() as tx:
            tx.emit(fact("A", str(n)))
        await bus.until(str(n))
    stop.set()
    await running
    assert bus.notes() == ["0", "1", "2"]
    assert bus.running == 0


async def test_without_notification_it_polls(db: Database, bus: Bus) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(relay(db, bus, poll_s=0.02).run(stop))
    await emit(db, "facts", fact("A", "quiet"))
    await bus.until("quiet")
    stop.set()
    await running
    assert bus.notes() == ["quiet"]


async def test_of_two_relays_one_publishes_and_the_other_takes_over(db: Database, bus: Bus) -> None:
    first_bus, stop, stop_first = Bus(), asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(relay(db, first_bus, 0.02).run(stop_first))
    await emit(db, "facts", fact("A", "1"))
    await first_bus.until("1")
    second = asyncio.create_task(relay(db, bus, 0.02).run(stop))
    await emit(db, "facts", fact("A", "2"))
    await first_bus.until("2")
    assert (bus.running, bus.records) == (0, [])
    stop_first.set()
    await first
    await emit(db, "facts", fact("A", "3"))
    await bus.until("3")
    stop.set()
    await second
    assert (first_bus.notes(), bus.notes()) == (["1", "2"], ["3"])


async def test_it_recovers_from_a_lost_connection_and_a_failing_bus(
    db: Database, bus: Bus, conn: asyncpg.Connection[Any]
) -> None:
    stop = asyncio.Event()
    bus.failures = [ConnectionResetError("broker is away"), RuntimeError("not started")]
    running = asyncio.create_task(relay(db, bus, 0.02).run(stop))
    await emit(db, "facts", fact("A", "1"))
    await bus.until("1")
    killed = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    assert await conn.fetchval(killed) == 1
    await emit(db, "facts", fact("A", "2"))
    await bus.until("2")
    stop.set()
    await running
    assert sorted(set(bus.notes())) == ["1", "2"]  # the first perhaps twice, if the connection went before its mark
    assert await rows(db.url, "SELECT count(*) FROM outbox WHERE published_at IS NULL") == [(0,)]
    assert bus.running == 0
