"""Real parts for tests: one embedded PostgreSQL server and one embedded broker per run, started when first asked for."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from devstack.broker_process import EmbeddedBroker
from devstack.postgres import THROWAWAY, Postgres, create_database
from devstack.stack import Stack
from devstack.topology import read_topology


class FreshDatabase(Protocol):
    """Makes an empty database, or a copy of the database that ``template`` is the URL of, and returns its URL."""

    async def __call__(self, template: str | None = None) -> str: ...


@pytest.fixture(scope="session")
def stack_folder() -> Iterator[Path]:
    """A folder that the database server's user can enter, which pytest's own temporary folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="onewindow-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_url(stack_folder: Path) -> Iterator[str]:
    """URL of the maintenance database of this run's PostgreSQL server (superuser)."""
    server = Postgres(stack_folder / "postgres", THROWAWAY)
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def fresh_database(postgres_url: str) -> FreshDatabase:
    """``url = await fresh_database()``: a database of your own; ``await fresh_database(template=url)``: a copy of a migrated one."""
    numbers = itertools.count(1)

    async def fresh(template: str | None = None) -> str:
        source = template.rpartition("/")[2] if template else "template1"
        return await create_database(postgres_url, f"test_{next(numbers)}", source)

    return fresh


@pytest.fixture(scope="session")
def kafka_bootstrap(stack_folder: Path) -> Iterator[str]:
    """``host:port`` of this run's broker. It has no topics and creates none by itself: `devstack.topics.create_topics`."""
    broker = EmbeddedBroker(stack_folder / "broker")
    yield broker.start()
    broker.stop()


@pytest.fixture(scope="session")
def whole_stack(stack_folder: Path) -> Iterator[Stack]:
    """Every service on free ports, with a PostgreSQL server and a broker of its own; one per run, shared by its users."""
    stack = Stack(stack_folder / "whole-stack", read_topology(environ={}).with_free_ports())
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture
def own_broker(stack_folder: Path) -> Iterator[EmbeddedBroker]:
    """A started broker for this test alone, which it may stop, kill and start again."""
    broker = EmbeddedBroker(Path(tempfile.mkdtemp(prefix="broker-", dir=stack_folder)))
    broker.start()
    yield broker
    broker.stop()
