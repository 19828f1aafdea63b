"""The brokers that the contract is held against: ours always, Apache Kafka when ONEWINDOW_TEST_KAFKA=1."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from devstack.broker_process import BrokerProcess, EmbeddedBroker
from devstack.data_folder import REPOSITORY
from devstack.kafka import ApacheKafka, fetch_jars
from devstack.topics import create_topics

KINDS = ["embedded", "apache"] if os.environ.get("ONEWINDOW_TEST_KAFKA") == "1" else ["embedded"]

NewTopic = Callable[..., Awaitable[str]]
"""``await new_topic(partitions=1, configs=None)`` -> the name of an empty topic on the shared broker."""


def _make(kind: str, folder: Path) -> BrokerProcess:
    data_dir = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=folder))
    if kind == "embedded":
        return EmbeddedBroker(data_dir)
    return ApacheKafka(data_dir, fetch_jars(REPOSITORY / ".data" / "kafka"))


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def bootstrap(kind: str, stack_folder: Path) -> Iterator[str]:
    """The broker that the tests of one kind share."""
    broker = _make(kind, stack_folder)
    yield broker.start()
    broker.stop()


@pytest.fixture
def mortal(kind: str, stack_folder: Path) -> Iterator[BrokerProcess]:
    """A started broker that the test may kill."""
    broker = _make(kind, stack_folder)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def new_topic(bootstrap: str) -> NewTopic:
    numbers = itertools.count(1)

    async def create(partitions: int = 1, configs: dict[str, str] | None = None) -> str:
        name = f"topic-{next(numbers)}"
        await create_topics(bootstrap, [name], partitions, configs)
        return name

    return create


@pytest.fixture
async def admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
async def producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    client = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await client.start()
    yield client
    await client.stop()


@pytest.fixture
async def reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer outside any group."""
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="none", fetch_max_wait_ms=50)
    await client.start()
    yield client
    await client.stop()


async def read_all(bootstrap: str, topic: str, partitions: int = 1) -> dict[int, list[bytes]]:
    """Every value of the topic, by partition, in the order of the log; asserts that the offsets have no holes."""
    places = [TopicPartition(topic, number) for number in range(partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    consumer.assign(places)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(places)
        values: dict[int, list[bytes]] = {place.partition: [] for place in places}
        while any(len(values[place.partition]) < ends[place] for place in places):
            for place, messages in (await consumer.getmany(timeout_ms=500)).items():
                for message in messages:
                    assert message.offset == len(values[place.partition])
                    assert message.value is not None
                    values[place.partition].append(message.value)
        return values
    finally:
        await consumer.stop()
