"""The bus on Apache Kafka (or the devstack's broker): the only module of the services that touches aiokafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.messaging.bus import Position
from shared.messaging.codec import Record


class KafkaPublisher:
    """Idempotent producer: acknowledged by all in-sync replicas, order kept, retries do not double a record."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True, linger_ms=2, request_timeout_ms=20_000
        )
        await _started(producer)
        self._producer = producer

    async def publish(self, records: Sequence[Record]) -> None:
        """See ``Publisher.publish``."""
        producer = self._producer
        if producer is None:
            raise RuntimeError("publisher is not started")
        pending = [
            await producer.send(
                r.topic, value=r.value, key=r.key.encode(), headers=[(k, v.encode()) for k, v in r.headers.items()]
            )
            for r in records
        ]
        await asyncio.gather(*pending)

    async def stop(self) -> None:
        """Flush and disconnect."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None


class KafkaSubscriber:
    """A group member with manual commits that starts at the earliest record when its group has no offset yet."""

    def __init__(self, bootstrap: str, topics: Sequence[str], group: str) -> None:
        self._bootstrap = bootstrap
        self._topics = list(topics)
        self._group = group
        self._consumer: AIOKafkaConsumer | None = None

    @property
    def _live(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise RuntimeError("subscriber is not started")
        return self._consumer

    async def start(self) -> None:
        """Join the group."""
        consumer = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=300_000,
        )
        await _started(consumer)
        self._consumer = consumer

    async def fetch(self, timeout_ms: int, max_records: int) -> Mapping[Position, Sequence[Record]]:
        """See ``Subscriber.fetch``."""
        batches = await self._live.getmany(timeout_ms=timeout_ms, max_records=max_records)
        return {Position(tp.topic, tp.partition): [_record(m) for m in messages] for tp, messages in batches.items()}

    async def commit(self, offsets: Mapping[Position, int]) -> None:
        """See ``Subscriber.commit``."""
        await self._live.commit({TopicPartition(*position): offset for position, offset in offsets.items()})

    async def seek(self, position: Position, offset: int) -> None:
        """See ``Subscriber.seek``."""
        if position in self.assigned():
            self._live.seek(TopicPartition(*position), offset)

    def pause(self, position: Position) -> None:
        """See ``Subscriber.pause``."""
        if position in self.assigned():
            self._live.pause(TopicPartition(*position))

    def resume(self, position: Position) -> None:
        """See ``Subscriber.resume``."""
        if position in self.assigned():
            self._live.resume(TopicPartition(*position))

    def assigned(self) -> set[Position]:
        """See ``Subscriber.assigned``."""
        return {Position(tp.topic, tp.partition) for tp in self._live.assignment()}

    async def lag(self) -> dict[Position, int]:
        """See ``Subscriber.lag``."""
        consumer = self._live
        owned = list(consumer.assignment())
        if not owned:
            return {}
        ends = await consumer.end_offsets(owned)
        return {Position(tp.topic, tp.partition): max(0, ends[tp] - await consumer.position(tp)) for tp in owned}

    async def stop(self) -> None:
        """Leave the group."""
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None


async def _started(client: Any) -> None:
    """Start a client; one that cannot leaves no connection or task behind."""
    try:
        await client.start()
    except BaseException:
        await client.stop()
        raise


def _record(message: Any) -> Record:
    return Record(
        topic=message.topic,
        key=(message.key or b"").decode(errors="replace"),
        value=message.value or b"",
        headers={k: v.decode(errors="replace") for k, v in message.headers},
        partition=message.partition,
        offset=message.offset,
    )
