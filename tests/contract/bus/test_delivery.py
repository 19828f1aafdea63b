"""From the outbox over every bus into a handler's effect: at least once on the way, exactly once in the books."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from shared.clock import FixedClock
from shared.db.database import Database
from shared.messaging.bus import Position, Publisher, Subscriber
from shared.messaging.codec import Record
from shared.messaging.relay import Relay, republish_since
from shared.messaging.runner import Runner
from tests.contract.bus.conftest import Bus
from tests.factories.platform import FACT, START, Witness, database, emit, fact, rows, seen
from tests.fixtures_stack import FreshDatabase


class Faulty:
    """A publisher whose process dies when everything is written and nothing is marked."""

    def __init__(self, inner: Publisher) -> None:
        self._inner = inner

    async def start(self) -> None:
        raise AssertionError("started by the test")

    async def publish(self, records: Sequence[Record]) -> None:
        await self._inner.publish(records)
        raise ConnectionResetError("died")

    async def stop(self) -> None:
        raise AssertionError("stopped by the test")


class Forgetful:
    """A member that cannot commit: its group coordinator is away."""

    def __init__(self, inner: Subscriber) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def commit(self, offsets: Mapping[Position, int]) -> None:
        raise ConnectionResetError("coordinator is away")


@dataclass
class Line:
    """A producer's database, a bus, and a consumer with a database of its own."""

    bus: Bus
    topic: str
    producer: Database
    outbox: asyncpg.Connection[Any]
    publisher: Publisher
    consumer: Database
    witness: Witness

    def relay(self, publisher: Publisher | None = None) -> Relay:
        return Relay(self.producer.url, publisher or self.publisher, "test", FixedClock(START))

    def runner(self, member: Subscriber) -> Runner:
        return Runner(self.consumer, member, {FACT: self.witness}, "test", pause_s=0.01)

    async def consume(self, member: Subscriber, records: int) -> None:
        """Work off so many records, as a worker would that then dies."""
        runner = self.runner(member)
        await member.start()
        async with asyncio.timeout(60):
            while records > 0:
                records -= await runner.step(timeout_ms=200)
        assert records == 0
        await member.stop()

    async def received(self) -> int:
        return int((await rows(self.consumer.url, "SELECT count(*) FROM inbox"))[0][0])

    async def unpublished(self) -> int:
        return int((await rows(self.producer.url, "SELECT count(*) FROM outbox WHERE published_at IS NULL"))[0][0])


@pytest.fixture
async def line(bus: Bus, fresh_database: FreshDatabase, platform_template: str) -> AsyncIterator[Line]:
    producer = database(await fresh_database(template=platform_template))
    consumer = database(await fresh_database(template=platform_template))
    outbox = await asyncpg.connect(producer.url)
    yield Line(bus, await bus.topic(partitions=3), producer, outbox, await bus.publisher(), consumer, Witness())
    await outbox.close()
    await producer.close()
    await consumer.close()


async def test_every_event_has_its_effect_once_and_in_order(line: Line) -> None:
    expected = {f"P{k}": [f"n{n}" for n in range(10)] for k in range(6)}
    for n in range(10):
        await emit(line.producer, line.topic, *(fact(key, f"n{n}") for key in expected))
        if n % 3 == 0:
            await line.relay().publish_once(line.outbox)
    await line.relay().publish_once(line.outbox)
    assert await line.unpublished() == 0
    await line.consume(line.bus.member(line.topic), 60)
    assert await seen(line.consumer.url) == expected
    assert (await line.received(), line.witness.calls) == (60, 60)


async def test_a_relay_that_dies_before_it_marks_publishes_twice_and_is_seen_once(line: Line) -> None:
    await emit(line.producer, line.topic, fact("A", "1"), fact("A", "2"), fact("B", "1"))
    with pytest.raises(ConnectionResetError):
        await line.relay(Faulty(line.publisher)).publish_once(line.outbox)
    assert await line.unpublished() == 3
    await line.relay().publish_once(line.outbox)
    assert await line.unpublished() == 0
    await line.consume(line.bus.member(line.topic), 6)
    assert await seen(line.consumer.url) == {"A": ["1", "2"], "B": ["1"]}
    assert (await line.received(), line.witness.calls) == (3, 3)


async def test_a_worker_that_dies_before_it_commits_the_offset_is_succeeded_without_harm(line: Line) -> None:
    await emit(line.producer, line.topic, *(fact("A", str(n)) for n in range(4)))
    await line.relay().publish_once(line.outbox)
    await line.consume(Forgetful(line.bus.member(line.topic)), 4)
    await line.consume(line.bus.member(line.topic), 4)
    await emit(line.producer, line.topic, fact("A", "4"))
    await line.relay().publish_once(line.outbox)
    await line.consume(line.bus.member(line.topic), 1)
    assert await seen(line.consumer.url) == {"A": ["0", "1", "2", "3", "4"]}
    assert line.witness.calls == 5


async def test_a_broker_that_lost_its_log_is_filled_again_from_the_outbox(line: Line) -> None:
    await emit(line.producer, line.topic, fact("A", "1"), fact("A", "2"))
    await line.relay().publish_once(line.outbox)
    await line.consume(line.bus.member(line.topic), 2)
    await emit(line.producer, line.topic, fact("A", "3"))
    await line.relay().publish_once(line.outbox)
    assert await republish_since(line.outbox, START) == 3
    assert await line.unpublished() == 3
    await line.relay().publish_once(line.outbox)
    await line.consume(line.bus.member(line.topic), 4)
    assert await seen(line.consumer.url) == {"A": ["1", "2", "3"]}
    assert line.witness.calls == 3


async def test_relay_and_runner_as_the_worker_runs_them(line: Line) -> None:
    stop = asyncio.Event()
    member = line.bus.member(line.topic)
    relay_publisher = await line.bus.publisher()
    await relay_publisher.stop()
    tasks = [
        asyncio.create_task(line.relay(relay_publisher).run(stop)),
        asyncio.create_task(line.runner(member).run(stop)),
    ]
    async with asyncio.timeout(60):
        for n in range(20):
            await emit(line.producer, line.topic, fact("A", str(n)), fact("B", str(n)))
        while await line.received() < 40 and not any(task.done() for task in tasks):  # noqa: ASYNC110 - a table tells nobody
            await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*tasks)
    assert await seen(line.consumer.url) == {key: [str(n) for n in range(20)] for key in "AB"}
    assert await line.unpublished() == 0
