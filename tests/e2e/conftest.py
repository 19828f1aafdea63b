"""The town on the stack of real processes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from devstack.stack import Stack
from tests.e2e.town import Town, build_town


@pytest.fixture(scope="session")
async def town(whole_stack: Stack) -> AsyncIterator[Town]:
    """A small town; one for all tests."""
    gateway = next(service.url for service in whole_stack.topology.services if service.name == "gateway")
    async with httpx.AsyncClient(base_url=gateway, timeout=60, trust_env=False) as http:
        yield await build_town(whole_stack, http)
