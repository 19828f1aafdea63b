"""What every bus must do for the relay and the runner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from devstack.broker_process import EmbeddedBroker
from devstack.topics import create_topics
from shared.messaging.bus import Position, Subscriber
from shared.messaging.codec import Record
from shared.messaging.kafka import KafkaPublisher, KafkaSubscriber
from tests.contract.bus.conftest import Bus


def numbered(topic: str, count: int, keys: int = 1) -> list[Record]:
    """Records whose values are their numbers, over so many keys in turn."""
    return [Record(topic, f"key-{n % keys}", str(n).encode()) for n in range(count)]


def values(records: Sequence[Record]) -> list[int]:
    return [int(record.value) for record in records]


async def until(done: Callable[[], bool]) -> None:
    """Wait for the groups' own talk."""
    async with asyncio.timeout(60):
        while not done():  # noqa: ASYNC110 - the client library tells nobody
            await asyncio.sleep(0.02)


async def read(member: Subscriber, count: int, at_once: int = 500) -> list[Record]:
    """The next ``count`` records, or more if the last fetch brought more; each fetch keeps its limit."""
    found: list[Record] = []
    async with asyncio.timeout(60):
        while len(found) < count:
            batches = await member.fetch(200, at_once)
            assert sum(map(len, batches.values())) <= at_once
            for position, records in batches.items():
                assert {(r.topic, r.partition) for r in records} == {position}
                found.extend(records)
    return found


async def joined(member: Subscriber, partitions: int) -> Subscriber:
    await member.start()
    await until(lambda: len(member.assigned()) == partitions)
    return member


async def test_a_record_comes_out_as_it_went_in(bus: Bus) -> None:
    topic = await bus.topic()
    sent = Record(topic, "人员-1", '{"姓名":"王芳"}'.encode(), {"ce_id": "1", "traceparent": "00-ab-cd-01", "说明": "值"})
    empty = Record(topic, "k", b"", {})
    await (await bus.publisher()).publish([sent, empty])
    first, second = await read(await joined(bus.member(topic), 1), 2)
    assert first == Record(topic, sent.key, sent.value, sent.headers, 0, 0)
    assert second == Record(topic, "k", b"", {}, 0, 1)


async def test_a_key_keeps_its_partition_and_its_order(bus: Bus) -> None:
    topic = await bus.topic(partitions=3)
    publisher = await bus.publisher()
    records = numbered(topic, 300, keys=20)
    for start in range(0, 300, 50):
        await publisher.publish(records[start : start + 50])
    found = await read(await joined(bus.member(topic), 3), 300)
    for key in range(20):
        mine = [r for r in found if r.key == f"key-{key}"]
        assert values(mine) == list(range(key, 300, 20))
        assert len({r.partition for r in mine}) == 1
    for partition in range(3):
        offsets = [r.offset for r in found if r.partition == partition]
        assert offsets == list(range(len(offsets)))
    assert len({r.partition for r in found}) == 3


async def test_a_large_batch_arrives_whole_in_bounded_fetches(bus: Bus) -> None:
    topic = await bus.topic()
    await (await bus.publisher()).publish(numbered(topic, 4000))
    assert values(await read(await joined(bus.member(topic), 1), 4000)) == list(range(4000))


async def test_what_publish_acknowledged_is_there_at_once(bus: Bus) -> None:
    topic = await bus.topic(partitions=2)
    publisher = await bus.publisher()
    member = await joined(bus.member(topic), 2)
    for total in (7, 14, 21):
        await publisher.publish(numbered(topic, 7, keys=7))
        assert sum((await member.lag()).values()) == total


async def test_a_group_resumes_behind_what_it_committed(bus: Bus) -> None:
    topic = await bus.topic()
    await (await bus.publisher()).publish(numbered(topic, 10))
    first = await joined(bus.member(topic), 1)
    assert values(await read(first, 10)) == list(range(10))
    await first.commit({Position(topic, 0): 6})
    await first.stop()
    second = await joined(bus.member(topic), 1)
    assert values(await read(second, 4)) == [6, 7, 8, 9]
    await second.stop()
    third = await joined(bus.member(topic), 1)
    assert values(await read(third, 4)) == [6, 7, 8, 9]


async def test_what_a_dead_member_did_not_commit_comes_again(bus: Bus) -> None:
    topic = await bus.topic()
    publisher = await bus.publisher()
    await publisher.publish(numbered(topic, 5))
    dead = await joined(bus.member(topic), 1)
    assert values(await read(dead, 5)) == [0, 1, 2, 3, 4]
    await dead.stop()
    heir = await joined(bus.member(topic), 1)
    assert values(await read(heir, 5)) == [0, 1, 2, 3, 4]


async def test_groups_do_not_share_offsets(bus: Bus) -> None:
    topic = await bus.topic()
    await (await bus.publisher()).publish(numbered(topic, 3))
    one = await joined(bus.member(topic, "one"), 1)
    await read(one, 3)
    await one.commit({Position(topic, 0): 3})
    other = await joined(bus.member(topic, "other"), 1)
    assert values(await read(other, 3)) == [0, 1, 2]


async def test_seek_reads_again(bus: Bus) -> None:
    topic = await bus.topic()
    publisher = await bus.publisher()
    await publisher.publish(numbered(topic, 8))
    member = await joined(bus.member(topic), 1)
    await read(member, 8)
    await member.seek(Position(topic, 0), 5)
    assert values(await read(member, 3)) == [5, 6, 7]
    await member.seek(Position(topic, 0), 0)
    assert values(await read(member, 8)) == list(range(8))
    await member.seek(Position(topic, 1), 0)  # not ours: nothing happens
    assert await member.fetch(50, 10) == {}


async def test_a_paused_partition_waits_and_loses_nothing(bus: Bus) -> None:
    topic = await bus.topic(partitions=2)
    publisher = await bus.publisher()
    member = await joined(bus.member(topic), 2)
    await publisher.publish(numbered(topic, 20, keys=20))
    everything = await read(member, 20)
    held = Position(topic, everything[0].partition)
    free = [r.value for r in everything if r.partition != held.partition]
    kept = [r.value for r in everything if r.partition == held.partition]
    assert free
    member.pause(held)
    for position in member.assigned():
        await member.seek(position, 0)
    assert [r.value for r in await read(member, len(free))] == free
    assert await member.fetch(50, 500) == {}
    member.resume(held)
    assert [r.value for r in await read(member, len(kept))] == kept


async def test_two_members_share_and_the_one_that_stays_inherits(bus: Bus) -> None:
    topic = await bus.topic(partitions=4)
    publisher = await bus.publisher()
    every = {Position(topic, n) for n in range(4)}
    first = await joined(bus.member(topic), 4)
    await publisher.publish(numbered(topic, 40, keys=40))
    done = await read(first, 40)
    ends = {position: sum(r.partition == position.partition for r in done) for position in every}
    await first.commit(ends)
    second = bus.member(topic)
    await second.start()
    await until(lambda: len(first.assigned()) == len(second.assigned()) == 2)
    assert first.assigned() | second.assigned() == every
    lost = min(second.assigned())
    with pytest.raises(Exception, match=r".+"):
        await first.commit({lost: 0})
    await publisher.publish(numbered(topic, 40, keys=40))
    mine = await read(second, sum(ends[position] for position in second.assigned()))
    assert {Position(topic, r.partition) for r in mine} == second.assigned()
    assert min(r.offset - ends[Position(topic, r.partition)] for r in mine) == 0  # nothing of what was committed came again
    await second.stop()
    await until(lambda: first.assigned() == every)
    again = await read(first, 40)
    assert sorted(values(again)) == list(range(40))


async def test_lag_counts_what_was_not_read(bus: Bus) -> None:
    topic = await bus.topic()
    await (await bus.publisher()).publish(numbered(topic, 9))
    member = await joined(bus.member(topic), 1)
    assert await member.lag() == {Position(topic, 0): 9}
    assert values(await read(member, 2, at_once=2)) == [0, 1]
    assert await member.lag() == {Position(topic, 0): 7}
    await read(member, 7)
    assert await member.lag() == {Position(topic, 0): 0}


async def test_an_empty_topic_gives_nothing(bus: Bus) -> None:
    member = await joined(bus.member(await bus.topic()), 1)
    assert await member.fetch(20, 10) == {}
    assert await member.fetch(0, 10) == {}


async def test_publish_waits_for_a_broker_that_is_away(own_broker: EmbeddedBroker) -> None:
    await create_topics(own_broker.bootstrap, ["t"], partitions=1)
    publisher = KafkaPublisher(own_broker.bootstrap)
    await publisher.start()
    await publisher.publish(numbered("t", 2))
    await asyncio.to_thread(own_broker.kill)
    sending = asyncio.create_task(publisher.publish([Record("t", "k", b"2"), Record("t", "k", b"3")]))
    await asyncio.sleep(0.3)
    assert not sending.done()
    own_broker.start()
    await sending
    await publisher.stop()
    reader = KafkaSubscriber(own_broker.bootstrap, ["t"], "g")
    assert values(await read(await joined(reader, 1), 4)) == [0, 1, 2, 3]
    await reader.stop()


async def test_a_client_that_cannot_connect_leaves_nothing_behind(own_broker: EmbeddedBroker) -> None:
    own_broker.stop()
    publisher, member = KafkaPublisher(own_broker.bootstrap), KafkaSubscriber(own_broker.bootstrap, ["t"], "g")
    for client in (publisher, member):
        with pytest.raises(RuntimeError):
            await client.start()
    with pytest.raises(RuntimeError, match="not started"):
        await publisher.publish(numbered("t", 1))
    with pytest.raises(RuntimeError, match="not started"):
        await member.fetch(0, 1)
