"""A claims process on a migrated database; one for the whole run, its tables emptied before every test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import pytest

from claims.adapters.registry import InstitutionDirectory
from claims.bootstrap import Claims, assemble
from claims.entrypoints.service import his_endpoint
from shared.db.migrate import migrate
from tests.factories.claims_desk import CATALOGUE, START, ClaimsDesk, claims_settings, no_other_bills
from tests.factories.his_messages import INSTITUTION
from tests.fixtures_stack import FreshDatabase

EMPTY_ALL_TABLES = """
    DO $$ BEGIN
        SET LOCAL session_replication_role = replica; -- the journal's triggers refuse every TRUNCATE but this one
        EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') FROM pg_tables
                 WHERE schemaname = 'public' AND tablename <> 'alembic_version');
    END $$
"""


@pytest.fixture(scope="session")
async def claims_template(fresh_database: FreshDatabase) -> str:
    """URL of a migrated database without data."""
    url = await fresh_database()
    await asyncio.to_thread(migrate, "claims", url)
    return url


@pytest.fixture(scope="session")
async def one_claims(fresh_database: FreshDatabase, claims_template: str) -> AsyncIterator[Claims]:
    """The objects of the one process."""
    claims = assemble(claims_settings(await fresh_database(template=claims_template)), no_other_bills())
    yield claims
    for step in claims.closing:
        await step()
    await claims.db.close()


@pytest.fixture
async def desk(one_claims: Claims) -> ClaimsDesk:
    """A level-2 hospital, alone in an empty database, on the morning of START."""
    await (await one_claims.db.pool()).execute(EMPTY_ALL_TABLES)
    claims = replace(one_claims, institutions=InstitutionDirectory(one_claims.db))
    desk = ClaimsDesk(claims, his_endpoint(claims))
    desk.clock.set(datetime.fromisoformat(START))
    await desk.hospital(INSTITUTION)
    await claims.import_catalogue(CATALOGUE.encode(), None)
    return desk
