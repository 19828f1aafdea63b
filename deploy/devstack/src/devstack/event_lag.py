"""What the story shows of the bus: events per topic, and whether every service has read what it wants."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from devstack.lag import group_lags


async def event_counts(bootstrap: str, topics: Sequence[str]) -> dict[str, int]:
    """Events ever published, by topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    await admin.start()
    await consumer.start()
    try:
        places = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in await admin.describe_topics(list(topics))
            for partition in topic["partitions"]
        ]
        ends = await consumer.end_offsets(places)
        return {topic: sum(end for place, end in ends.items() if place.topic == topic) for topic in topics}
    finally:
        await consumer.stop()
        await admin.close()


async def lags_when_quiet(bootstrap: str, groups: Sequence[str], within_s: float) -> dict[str, int]:
    """Records behind, by group: once nobody is behind, or after ``within_s``, whichever comes first."""
    end = time.monotonic() + within_s
    while True:
        lags = await group_lags(bootstrap, groups)
        if not any(lags.values()) or time.monotonic() > end:
            return lags
        await asyncio.sleep(0.5)
