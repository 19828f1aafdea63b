"""The buses that the ports are held against: in memory, on our broker, and on Apache Kafka when ONEWINDOW_TEST_KAFKA=1."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from devstack.data_folder import REPOSITORY
from devstack.kafka import ApacheKafka, fetch_jars
from devstack.topics import create_topics
from shared.messaging.bus import Publisher, Subscriber
from shared.messaging.kafka import KafkaPublisher, KafkaSubscriber
from shared.messaging.memory import MemoryBus
from tests.factories.platform import create_schema
from tests.fixtures_stack import FreshDatabase

KINDS = ["memory", "embedded", *(["apache"] if os.environ.get("ONEWINDOW_TEST_KAFKA") == "1" else [])]
_numbers = itertools.count(1)


class Bus(Protocol):
    """A bus under test; everything it started is stopped after the test."""

    async def topic(self, partitions: int = 1) -> str:
        """The name of a new, empty topic."""
        ...

    async def publisher(self) -> Publisher:
        """A started publisher."""
        ...

    def member(self, topic: str, group: str = "g") -> Subscriber:
        """A member of a group that no other test knows, not started yet."""
        ...


class InMemory:
    def __init__(self) -> None:
        self._bus = MemoryBus()

    async def topic(self, partitions: int = 1) -> str:
        self._bus.partitions = partitions
        return "facts"

    async def publisher(self) -> Publisher:
        return self._bus.publisher()

    def member(self, topic: str, group: str = "g") -> Subscriber:
        return self._bus.subscriber([topic], group)


class OnKafka:
    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self.started: list[KafkaPublisher | KafkaSubscriber] = []

    async def topic(self, partitions: int = 1) -> str:
        name = f"bus-{next(_numbers)}"
        await create_topics(self._bootstrap, [name], partitions)
        return name

    async def publisher(self) -> Publisher:
        publisher = KafkaPublisher(self._bootstrap)
        self.started.append(publisher)
        await publisher.start()
        return publisher

    def member(self, topic: str, group: str = "g") -> Subscriber:
        member = KafkaSubscriber(self._bootstrap, [topic], f"{topic}-{group}")
        self.started.append(member)
        return member


@pytest.fixture(scope="session")
def apache_bootstrap(stack_folder: Path) -> Iterator[str]:
    broker = ApacheKafka(Path(tempfile.mkdtemp(prefix="apache-", dir=stack_folder)), fetch_jars(REPOSITORY / ".data" / "kafka"))
    yield broker.start()
    broker.stop()


@pytest.fixture(params=KINDS)
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    if request.param == "memory":
        yield InMemory()
        return
    bootstrap = {"embedded": "kafka_bootstrap", "apache": "apache_bootstrap"}[request.param]
    kafka = OnKafka(request.getfixturevalue(bootstrap))
    yield kafka
    for client in reversed(kafka.started):
        await client.stop()


@pytest.fixture(scope="session")
async def platform_template(fresh_database: FreshDatabase) -> str:
    """URL of a database with the platform's tables and nothing in them."""
    url = await fresh_database()
    await create_schema(url)
    return url
