"""Consumer groups: dividing the work, losing a member, and remembering how far it got."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IllegalGenerationError, UnknownMemberIdError
from aiokafka.protocol.commit import OffsetCommitRequest

from devstack.lag import group_lags

from .conftest import NewTopic

SESSION = {"session_timeout_ms": 1500, "heartbeat_interval_ms": 200, "fetch_max_wait_ms": 100}

MEMBER = """
import asyncio, sys
from aiokafka import AIOKafkaConsumer

async def main(bootstrap, topic, group):
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest",
        enable_auto_commit=False, session_timeout_ms=1500, heartbeat_interval_ms=200,
    )
    await consumer.start()
    while not consumer.assignment():
        await asyncio.sleep(0.05)
    print("assigned", flush=True)
    await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""

Join = Callable[..., "asyncio.Future[AIOKafkaConsumer]"]


@pytest.fixture
async def join(bootstrap: str) -> AsyncIterator[Join]:
    """``consumer = await join(topic, group)``: a started member; all of them leave at the end."""
    members: list[AIOKafkaConsumer] = []

    async def start(topic: str, group: str) -> AIOKafkaConsumer:
        member = AIOKafkaConsumer(
            topic,
            bootstrap_servers=bootstrap,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **SESSION,
        )
        members.append(member)
        await member.start()
        return member

    yield lambda topic, group: asyncio.ensure_future(start(topic, group))
    await asyncio.gather(*(member.stop() for member in members))


async def poll_until(condition: Callable[[list[bytes]], bool], *members: AIOKafkaConsumer) -> list[bytes]:
    """Let the members work until the condition holds for what they have read; returns that, in the order of reading."""
    values: list[bytes] = []
    async with asyncio.timeout(60):
        while not condition(values):
            for member in members:
                for messages in (await member.getmany(timeout_ms=50)).values():
                    values.extend(message.value for message in messages if message.value is not None)
    return values


async def drain(count: int, *members: AIOKafkaConsumer) -> list[bytes]:
    """The next ``count`` values that the members read together."""
    return await poll_until(lambda values: len(values) >= count, *members)


async def fill(producer: AIOKafkaProducer, topic: str, partitions: int, count: int, prefix: bytes = b"") -> list[bytes]:
    values = [prefix + b"%04d" % number for number in range(count)]
    for sent in [await producer.send(topic, value, partition=number % partitions) for number, value in enumerate(values)]:
        await sent
    return values


async def test_members_divide_the_partitions_and_read_everything_once(
    producer: AIOKafkaProducer, new_topic: NewTopic, join: Join
) -> None:
    topic = await new_topic(partitions=6)
    values = await fill(producer, topic, 6, 300)
    members = await asyncio.gather(*(join(topic, "divide") for _ in range(3)))
    await poll_until(lambda _: all(len(member.assignment()) == 2 for member in members))
    parts = [part for member in members for part in member.assignment()]
    assert sorted(parts) == [TopicPartition(topic, number) for number in range(6)]
    for member in members:
        await member.seek_to_beginning()
    assert sorted(await drain(300, *members)) == values


async def test_the_work_of_a_killed_member_goes_to_the_others(
    bootstrap: str, producer: AIOKafkaProducer, new_topic: NewTopic, join: Join
) -> None:
    topic = await new_topic(partitions=4)
    survivor = await join(topic, "killed")
    await poll_until(lambda _: len(survivor.assignment()) == 4, survivor)
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MEMBER, bootstrap, topic, "killed", stdout=asyncio.subprocess.PIPE
    )
    await poll_until(lambda _: len(survivor.assignment()) == 2, survivor)
    assert victim.stdout is not None
    assert await victim.stdout.readline() == b"assigned\n"
    victim.kill()
    await victim.wait()

    values = await fill(producer, topic, 4, 40)
    # What was read before the rebalance and not committed comes twice; nothing is missing.
    assert set(await poll_until(lambda seen: set(seen) == set(values), survivor)) == set(values)
    assert len(survivor.assignment()) == 4


async def test_a_member_that_leaves_hands_over_at_the_committed_offset(
    producer: AIOKafkaProducer, new_topic: NewTopic, join: Join
) -> None:
    topic = await new_topic(partitions=2)
    before = await fill(producer, topic, 2, 20, b"before")
    first = await join(topic, "handover")
    assert sorted(await drain(20, first)) == before
    await first.commit()
    uncommitted = await fill(producer, topic, 2, 4, b"uncommitted")
    assert sorted(await drain(4, first)) == uncommitted
    await first.stop()

    second = await join(topic, "handover")
    assert sorted(await drain(4, second)) == uncommitted


async def test_another_group_reads_everything_for_itself(producer: AIOKafkaProducer, new_topic: NewTopic, join: Join) -> None:
    topic = await new_topic()
    values = await fill(producer, topic, 1, 10)
    one, other = await join(topic, "one"), await join(topic, "other")
    assert await drain(10, one) == values
    await one.commit()
    assert await drain(10, other) == values


async def test_only_current_members_commit(
    bootstrap: str, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient, new_topic: NewTopic, join: Join
) -> None:
    topic = await new_topic()
    place = TopicPartition(topic, 0)
    await fill(producer, topic, 1, 10)
    member = await join(topic, "fenced")
    await drain(10, member)
    await member.commit({place: 7})
    answer: Any
    [answer] = await admin.describe_consumer_groups(["fenced"])
    member_id = answer.groups[0][5][0][0]

    client = AIOKafkaClient(bootstrap_servers=bootstrap)
    await client.bootstrap()

    async def commit(generation: int, who: str) -> int:
        request = OffsetCommitRequest("fenced", generation, who, -1, [(topic, [(0, 2, "")])])
        answer: Any = await client.send(client.get_random_node(), request)
        return int(answer.topics[0][1][0][1])

    assert await commit(0, member_id) == IllegalGenerationError.errno  # a member of the past, as after a long pause
    assert await commit(1, "stranger") == UnknownMemberIdError.errno
    assert await commit(-1, "") == UnknownMemberIdError.errno  # somebody outside the group while it is at work
    assert (await admin.list_consumer_group_offsets("fenced"))[place].offset == 7

    await member.stop()
    assert await commit(-1, "") == 0  # an administrator, when nobody is at work
    assert (await admin.list_consumer_group_offsets("fenced"))[place].offset == 2
    await client.close()


async def test_committed_offsets_with_their_notes_are_told_to_administrators(
    bootstrap: str, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient, new_topic: NewTopic, join: Join
) -> None:
    topic = await new_topic(partitions=2)
    await fill(producer, topic, 2, 10)
    member = await join(topic, "told")
    await drain(10, member)
    await member.commit({TopicPartition(topic, 0): (3, "note")})

    assert ("told", "consumer") in await admin.list_consumer_groups()
    committed = await admin.list_consumer_group_offsets("told")
    assert {place: (at.offset, at.metadata) for place, at in committed.items()} == {TopicPartition(topic, 0): (3, "note")}
    answer: Any
    [answer] = await admin.describe_consumer_groups(["told"])
    _, group, state, protocol_type, _, members = answer.groups[0][:6]
    assert (group, state, protocol_type, len(members)) == ("told", "Stable", "consumer", 1)

    await member.stop()
    [answer] = await admin.describe_consumer_groups(["told"])
    assert answer.groups[0][2] == "Empty"
    assert answer.groups[0][5] == []


class Held(ConsumerRebalanceListener):
    """A member that does not let go of its partitions yet."""

    def __init__(self) -> None:
        self.asked, self.lets_go = asyncio.Event(), asyncio.Event()
        self.holds = False

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        if self.holds:
            self.asked.set()
            await self.lets_go.wait()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Nothing to do."""


async def test_a_group_that_is_being_shared_out_is_as_far_behind_as_it_was(
    bootstrap: str, new_topic: NewTopic, producer: AIOKafkaProducer, join: Join
) -> None:
    topic = await new_topic()
    for value in (b"1", b"2", b"3"):
        await producer.send_and_wait(topic, value)
    held = Held()
    first = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id="shared-out", enable_auto_commit=False, heartbeat_interval_ms=200
    )
    first.subscribe([topic], listener=held)
    await first.start()
    try:
        await first.commit({TopicPartition(topic, 0): 1})
        held.holds = True
        second = join(topic, "shared-out")
        async with asyncio.timeout(60):
            await held.asked.wait()
        assert await group_lags(bootstrap, ["shared-out"]) == {"shared-out": 2}
        held.lets_go.set()
        await second
    finally:
        held.lets_go.set()
        await first.stop()
