"""The platform alone, on a database of its own for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.clock import FixedClock
from shared.db.database import Database
from tests.factories.platform import create_schema, database
from tests.fixtures_stack import FreshDatabase


@pytest.fixture(scope="session")
async def platform_template(fresh_database: FreshDatabase) -> str:
    """URL of a database with the platform's tables and nothing in them."""
    url = await fresh_database()
    await create_schema(url)
    return url


@pytest.fixture
async def db(fresh_database: FreshDatabase, platform_template: str) -> AsyncIterator[Database]:
    """An empty database, on 2 March 2026."""
    db = database(await fresh_database(template=platform_template))
    yield db
    await db.close()


@pytest.fixture
def clock(db: Database) -> FixedClock:
    """The database's clock."""
    assert isinstance(db.clock, FixedClock)
    return db.clock
