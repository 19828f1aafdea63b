"""The town on the stack of real processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from devstack.data_folder import REPOSITORY
from devstack.kafka import ApacheKafka, fetch_jars
from devstack.stack import Stack
from devstack.topology import read_topology
from tests.e2e.town import Town, build_town


@pytest.fixture(scope="session")
def apache_stack(stack_folder: Path) -> Iterator[Stack]:
    """Every service on free ports around Apache Kafka."""
    broker = ApacheKafka(Path(tempfile.mkdtemp(prefix="apache-", dir=stack_folder)), fetch_jars(REPOSITORY / ".data" / "kafka"))
    with ExitStack() as stopping:
        stopping.callback(broker.stop)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ONEWINDOW_KAFKA_BOOTSTRAP", broker.start())
            stack = Stack(stack_folder / "apache-stack", read_topology(environ={}).with_free_ports())
        stopping.callback(stack.stop)
        stack.start()
        yield stack


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Stack:
    """Around our broker, and around Apache Kafka when ONEWINDOW_TEST_KAFKA=1."""
    kafka = os.environ.get("ONEWINDOW_TEST_KAFKA") == "1"
    chosen: Stack = request.getfixturevalue("apache_stack" if kafka else "whole_stack")
    return chosen


@pytest.fixture(scope="session")
async def town(stack: Stack) -> AsyncIterator[Town]:
    """A small town; one for all tests."""
    gateway = next(service.url for service in stack.topology.services if service.name == "gateway")
    async with httpx.AsyncClient(base_url=gateway, timeout=60, trust_env=False) as http:
        yield await build_town(stack, http)
