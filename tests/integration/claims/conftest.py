"""A migrated claims database, copied for every test that wants its own desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.db.migrate import migrate
from tests.factories.claims_desk import ClaimsDesk
from tests.fixtures_stack import FreshDatabase


@pytest.fixture(scope="session")
async def claims_template(fresh_database: FreshDatabase) -> str:
    """URL of a migrated database without data."""
    url = await fresh_database()
    await asyncio.to_thread(migrate, "claims", url)
    return url


@pytest.fixture
async def desk(fresh_database: FreshDatabase, claims_template: str) -> AsyncIterator[ClaimsDesk]:
    """A level-2 hospital on a database of its own."""
    desk = await ClaimsDesk.open(await fresh_database(template=claims_template))
    yield desk
    await desk.close()
