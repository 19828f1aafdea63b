"""How far consumer groups are behind, as the broker tells it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata


async def group_lags(bootstrap: str, groups: Iterable[str]) -> dict[str, int]:
    """Records not yet committed, by group: over what its members subscribe to and what it has ever committed."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    await admin.start()
    await consumer.start()
    try:
        return {group: await _lag(admin, consumer, group) for group in groups}
    finally:
        await consumer.stop()
        await admin.close()


async def _lag(admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, group: str) -> int:
    committed = {place: at.offset for place, at in (await admin.list_consumer_group_offsets(group)).items()}
    topics = {place.topic for place in committed}
    answer: Any
    for answer in await admin.describe_consumer_groups([group]):
        for described in answer.to_object()["groups"]:
            # Apache Kafka says nothing of a member whose group is being shared out; what was committed remains.
            for member in (m for m in described["members"] if m["member_metadata"]):
                topics.update(ConsumerProtocolMemberMetadata.decode(member["member_metadata"]).subscription)
    places = [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in (await admin.describe_topics(sorted(topics)) if topics else [])
        for partition in topic["partitions"]
    ]
    ends = await consumer.end_offsets(places) if places else {}
    starts = await consumer.beginning_offsets(places) if places else {}
    return sum(end - max(starts[place], committed.get(place, 0)) for place, end in ends.items())
