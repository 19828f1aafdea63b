"""Creates topics on any Kafka broker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code


async def create_topics(
    bootstrap: str, names: Iterable[str], partitions: int, configs: Mapping[str, str] | None = None
) -> None:
    """Make the topics that do not exist yet. Raises an aiokafka error when the broker refuses one."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        wanted = [NewTopic(name, partitions, replication_factor=1, topic_configs=dict(configs or {})) for name in names]
        answer = await admin.create_topics(wanted)
        for topic in answer.to_object()["topic_errors"]:
            error = for_code(topic["error_code"])
            if error not in (NoError, TopicAlreadyExistsError):
                raise error(f"{topic['topic']}: {topic['error_message']}")
    finally:
        await admin.close()
