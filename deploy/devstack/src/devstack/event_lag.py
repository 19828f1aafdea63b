"""How many events lie in each topic, and how far behind each service's consumer is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """One topic: events ever published, and the events that each consuming group has still to read."""

    topic: str
    events: int
    lag: dict[str, int]

    @property
    def behind(self) -> int:
        """Events that somebody has still to read."""
        return sum(self.lag.values())


async def topic_states(bootstrap: str, topics: Sequence[str], groups: Sequence[str]) -> list[TopicState]:
    """The state of every topic. A group without a committed offset in a topic does not consume it."""
    ends: dict[TopicPartition, int] = {}
    committed: dict[str, dict[TopicPartition, int]] = {}
    for group in groups:
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = [TopicPartition(t, p) for t in topics for p in sorted(consumer.partitions_for_topic(t) or ())]
            consumer.assign(partitions)  # by hand: looking does not join the group
            ends = dict(await consumer.end_offsets(partitions))
            found = {at: await consumer.committed(at) for at in partitions}
            committed[group] = {at: offset for at, offset in found.items() if offset is not None}
        finally:
            await consumer.stop()
    return [
        TopicState(
            topic=topic,
            events=sum(end for at, end in ends.items() if at.topic == topic),
            lag={
                group: sum(ends[at] - offset for at, offset in offsets.items() if at.topic == topic)
                for group, offsets in committed.items()
                if any(at.topic == topic for at in offsets)
            },
        )
        for topic in topics
    ]


async def all_read(bootstrap: str, topics: Sequence[str], groups: Sequence[str], within_s: float) -> list[TopicState]:
    """The states once nobody is behind, or after ``within_s``, whichever comes first."""
    end = time.monotonic() + within_s
    while True:
        states = await topic_states(bootstrap, topics, groups)
        if not any(state.behind for state in states) or time.monotonic() > end:
            return states
        await asyncio.sleep(0.5)
