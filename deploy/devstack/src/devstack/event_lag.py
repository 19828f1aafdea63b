"""What the story shows of the bus: events per topic, and whether every service has read what it wants."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from devstack.lag import group_lags


async def event_counts(bootstrap: str, topics: Sequence[str]) -> dict[str, int]:
    """Events ever published, by topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    await consumer.start()
    try:
        await consumer.topics()
        partitions = {topic: consumer.partitions_for_topic(topic) or set() for topic in topics}
        ends = await consumer.end_offsets([TopicPartition(topic, number) for topic in topics for number in partitions[topic]])
        return {topic: sum(end for place, end in ends.items() if place.topic == topic) for topic in topics}
    finally:
        await consumer.stop()


async def lags_when_quiet(bootstrap: str, groups: Sequence[str], within_s: float) -> dict[str, int]:
    """Records behind, by group: once nobody is behind, or after ``within_s``, whichever comes first."""
    end = time.monotonic() + within_s
    while True:
        lags = await group_lags(bootstrap, groups)
        if not any(lags.values()) or time.monotonic() > end:
            return lags
        await asyncio.sleep(0.5)
