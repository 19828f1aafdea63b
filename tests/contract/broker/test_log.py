"""Topics and their logs: what is written is read back, in order, at the right offsets."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin import NewTopic as TopicSpec
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    InvalidConfigurationError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    UnknownTopicOrPartitionError,
)

from devstack.topics import create_topics

from .conftest import NewTopic, read_all


async def test_a_record_comes_back_as_it_was_sent(
    producer: AIOKafkaProducer, reader: AIOKafkaConsumer, new_topic: NewTopic
) -> None:
    topic = await new_topic()
    headers = [("ce_id", b"01"), ("traceparent", b"00-ab")]
    sent = await producer.send_and_wait(
        topic, "居民".encode(), key=b"psn", partition=0, timestamp_ms=1_700_000_000_123, headers=headers
    )
    assert (sent.partition, sent.offset) == (0, 0)

    place = TopicPartition(topic, 0)
    reader.assign([place])
    reader.seek(place, 0)
    got = await reader.getone()
    assert (got.offset, got.key, got.value, got.timestamp, list(got.headers)) == (
        0,
        b"psn",
        "居民".encode(),
        1_700_000_000_123,
        headers,
    )


async def test_records_of_a_partition_keep_their_order(bootstrap: str, producer: AIOKafkaProducer, new_topic: NewTopic) -> None:
    topic = await new_topic(partitions=3)
    pending = [await producer.send(topic, b"%d" % number, partition=number % 3) for number in range(3000)]
    offsets = [(await sent).offset for sent in pending]
    assert offsets == [number // 3 for number in range(3000)]

    values = await read_all(bootstrap, topic, partitions=3)
    assert values == {part: [b"%d" % number for number in range(part, 3000, 3)] for part in range(3)}


async def test_offsets_of_start_end_and_time(producer: AIOKafkaProducer, reader: AIOKafkaConsumer, new_topic: NewTopic) -> None:
    topic = await new_topic()
    place = TopicPartition(topic, 0)
    assert (await reader.beginning_offsets([place]), await reader.end_offsets([place])) == ({place: 0}, {place: 0})

    batch = producer.create_batch()
    for number in range(5):
        batch.append(key=None, value=b"%d" % number, timestamp=1000 + number)
    batch.close()
    await (await producer.send_batch(batch, topic, partition=0))
    await producer.send_and_wait(topic, b"5", partition=0, timestamp_ms=2000)

    assert (await reader.beginning_offsets([place]), await reader.end_offsets([place])) == ({place: 0}, {place: 6})
    found = await reader.offsets_for_times({place: 1003})
    assert (found[place].offset, found[place].timestamp) == (3, 1003)
    assert await reader.offsets_for_times({place: 2001}) == {place: None}


@pytest.mark.parametrize("compression", [None, "gzip"])
async def test_reading_may_begin_in_the_middle_of_a_batch(
    bootstrap: str, reader: AIOKafkaConsumer, new_topic: NewTopic, compression: str | None
) -> None:
    topic = await new_topic()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type=compression, linger_ms=20) as producer:
        pending = [await producer.send(topic, b"value %d" % number, partition=0) for number in range(10)]
        for sent in pending:
            await sent
    place = TopicPartition(topic, 0)
    reader.assign([place])
    reader.seek(place, 7)
    got = [(await reader.getone()) for _ in range(3)]
    assert [(message.offset, message.value) for message in got] == [(number, b"value %d" % number) for number in (7, 8, 9)]


async def test_an_offset_beyond_the_end_is_refused(
    producer: AIOKafkaProducer, reader: AIOKafkaConsumer, new_topic: NewTopic
) -> None:
    topic = await new_topic()
    await producer.send_and_wait(topic, b"only", partition=0)
    place = TopicPartition(topic, 0)
    reader.assign([place])
    reader.seek(place, 1)
    assert await reader.getmany(timeout_ms=100) == {}  # the end itself is where the next record will be
    reader.seek(place, 2)
    with pytest.raises(OffsetOutOfRangeError):
        await reader.getmany(timeout_ms=2000)


async def test_a_topic_that_nobody_created_is_unknown(admin: AIOKafkaAdminClient) -> None:
    described = await admin.describe_topics(["nobody-created-me"])
    assert [(topic["error_code"], topic["topic"]) for topic in described] == [
        (UnknownTopicOrPartitionError.errno, "nobody-created-me")
    ]
    assert "nobody-created-me" not in await admin.list_topics()


async def test_a_batch_over_one_megabyte_is_refused(bootstrap: str, new_topic: NewTopic) -> None:
    topic = await new_topic()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=3 << 20, max_batch_size=3 << 20) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(topic, b"x" * (2 << 20), partition=0)
        assert (await producer.send_and_wait(topic, b"x" * 1_000_000, partition=0)).offset == 0


async def test_creating_a_topic_again_changes_nothing(bootstrap: str, admin: AIOKafkaAdminClient, new_topic: NewTopic) -> None:
    topic = await new_topic(partitions=2)
    await create_topics(bootstrap, [topic], 5)
    assert len((await admin.describe_topics([topic]))[0]["partitions"]) == 2


async def test_a_deleted_topic_comes_back_empty(
    bootstrap: str, admin: AIOKafkaAdminClient, producer: AIOKafkaProducer, new_topic: NewTopic
) -> None:
    topic, kept = await new_topic(), await new_topic()
    await producer.send_and_wait(topic, b"gone", partition=0)
    await producer.send_and_wait(kept, b"kept", partition=0)
    await admin.delete_topics([topic])
    assert set(await admin.list_topics()) & {topic, kept} == {kept}
    await create_topics(bootstrap, [topic], 1)
    assert await read_all(bootstrap, topic) == {0: []}
    assert await read_all(bootstrap, kept) == {0: [b"kept"]}


async def test_settings_of_a_topic_are_kept_and_unknown_ones_refused(
    bootstrap: str, admin: AIOKafkaAdminClient, new_topic: NewTopic
) -> None:
    topic = await new_topic(configs={"retention.ms": "86400000", "retention.bytes": "1048576"})
    answer: Any
    [answer] = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic, configs={"retention.ms": None, "retention.bytes": None})]
    )
    entries = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert entries == {"retention.ms": "86400000", "retention.bytes": "1048576"}

    with pytest.raises(InvalidConfigurationError):
        await create_topics(bootstrap, ["never"], 1, {"no.such.setting": "1"})
    refused: Any = await admin.create_topics([TopicSpec("never", 1, 1, topic_configs={"retention.ms": "soon"})])
    assert refused.topic_errors[0][1] == InvalidConfigurationError.errno
    assert "never" not in await admin.list_topics()
