"""Writers: many at once, and one that repeats itself."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from .conftest import NewTopic, read_all

NONE, CORRUPT_MESSAGE, COORDINATOR_LOADING, OUT_OF_ORDER = 0, 2, 14, 45


def batch(producer_id: int, sequence: int, values: list[bytes]) -> bytes:
    """A record batch as an idempotent producer sends it."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=producer_id,
        producer_epoch=0,
        base_sequence=sequence,
        batch_size=1 << 20,
    )
    now_ms = time.time_ns() // 1_000_000  # Apache Kafka forgets a producer whose last batch says that it is a day old
    for number, value in enumerate(values):
        builder.append(number, now_ms, None, value, [])
    return bytes(builder.build())


class RawProducer:
    """Sends batches as they are, repeated or damaged."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._client = AIOKafkaClient(bootstrap_servers=bootstrap)
        self._topic = topic

    async def __aenter__(self) -> RawProducer:
        await self._client.bootstrap()
        await self._client.force_metadata_update()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def new_id(self) -> int:
        request = InitProducerIdRequest(None, 0)  # type: ignore[arg-type]  # None: no transactions
        answer: Any = None
        while answer is None or answer.error_code == COORDINATOR_LOADING:
            answer = await self._client.send(self._client.get_random_node(), request)
        assert answer.error_code == NONE
        return int(answer.producer_id)

    async def send(self, data: bytes) -> tuple[int, int]:
        """(error code, offset)"""
        request = ProduceRequest(None, -1, 5000, [(self._topic, [(0, data)])])
        answer = await self._client.send(self._client.get_random_node(), request)
        part = answer.topics[0][1][0]
        return part[1], part[2]


async def test_a_repeated_batch_is_stored_once(bootstrap: str, new_topic: NewTopic) -> None:
    topic = await new_topic()
    async with RawProducer(bootstrap, topic) as raw:
        me, other = await raw.new_id(), await raw.new_id()
        assert me != other
        first, second = batch(me, 0, [b"a", b"b"]), batch(me, 2, [b"c"])
        assert await raw.send(first) == (NONE, 0)
        assert await raw.send(first) == (NONE, 0)
        assert await raw.send(second) == (NONE, 2)
        assert await raw.send(batch(other, 0, [b"d"])) == (NONE, 3)
        assert await raw.send(first) == (NONE, 0)
        assert await raw.send(second) == (NONE, 2)
    assert await read_all(bootstrap, topic) == {0: [b"a", b"b", b"c", b"d"]}


async def test_a_batch_with_a_gap_before_it_is_refused(bootstrap: str, new_topic: NewTopic) -> None:
    topic = await new_topic()
    async with RawProducer(bootstrap, topic) as raw:
        me = await raw.new_id()
        assert await raw.send(batch(me, 0, [b"a"])) == (NONE, 0)
        assert (await raw.send(batch(me, 2, [b"c"])))[0] == OUT_OF_ORDER
        assert await raw.send(batch(me, 1, [b"b"])) == (NONE, 1)
    assert await read_all(bootstrap, topic) == {0: [b"a", b"b"]}


async def test_a_damaged_batch_is_refused(bootstrap: str, new_topic: NewTopic) -> None:
    topic = await new_topic()
    whole = batch(-1, -1, [b"value"])
    damaged = whole[:-1] + bytes([whole[-1] ^ 0xFF])
    async with RawProducer(bootstrap, topic) as raw:
        assert await raw.send(damaged) == (CORRUPT_MESSAGE, -1)
    assert await read_all(bootstrap, topic) == {0: []}


async def test_twelve_writers_on_one_partition_leave_no_hole_for_a_tailing_reader(
    bootstrap: str, reader: AIOKafkaConsumer, new_topic: NewTopic
) -> None:
    topic = await new_topic()
    writers, each = 12, 400
    place = TopicPartition(topic, 0)
    reader.assign([place])
    reader.seek(place, 0)
    seen: list[tuple[int, bytes | None]] = []

    async def read() -> None:
        while len(seen) < writers * each:
            for messages in (await reader.getmany(timeout_ms=200)).values():
                seen.extend((message.offset, message.value) for message in messages)

    acknowledged: dict[int, bytes] = {}

    async def write(writer: int) -> None:
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0) as producer:
            for number in range(each):
                value = b"%d-%d" % (writer, number)
                acknowledged[(await producer.send_and_wait(topic, value, partition=0)).offset] = value

    await asyncio.gather(read(), *(write(writer) for writer in range(writers)))
    assert sorted(acknowledged) == list(range(writers * each))
    assert seen == sorted(acknowledged.items())


async def test_transactions_are_refused_by_our_broker(bootstrap: str, kind: str, new_topic: NewTopic) -> None:
    if kind == "apache":  # there they exist, we only do not use them
        return
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="mine")
    with pytest.raises(KafkaError):
        await asyncio.wait_for(producer.start(), 10)
    await producer.stop()
