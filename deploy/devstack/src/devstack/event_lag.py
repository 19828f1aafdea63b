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
        counts = {}
        for topic in topics:
            places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            counts[topic] = sum((await consumer.end_offsets(places)).values()) if places else 0
        return counts
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
