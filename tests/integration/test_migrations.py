"""The migrations of all services: up from empty, exactly the tables of the code, down again, and two at once."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import asyncpg
import pytest
from alembic import command

from shared.db.migrate import alembic_config, migrate
from tests.fixtures_stack import FreshDatabase

PACKAGES = ["enrollment", "claims", "workinjury_bridge", "gateway"]

OBJECTS = """
    SELECT 'table', table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    UNION ALL SELECT 'column', table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL SELECT 'constraint', conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic%'
    UNION ALL SELECT 'trigger', tgname || ' on ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'type', typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
    UNION ALL SELECT 'sequence', sequencename FROM pg_sequences WHERE schemaname = 'public'
    ORDER BY 1, 2
"""


async def objects(url: str) -> list[tuple[Any, ...]]:
    """Everything that a migration can leave in a database."""
    conn = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await conn.fetch(OBJECTS)]
    finally:
        await conn.close()


@pytest.mark.parametrize("package", PACKAGES)
async def test_up_from_empty_as_the_code_says_down_to_nothing_and_up_again(package: str, fresh_database: FreshDatabase) -> None:
    url = await fresh_database()
    config = alembic_config(package, url)
    await asyncio.to_thread(migrate, package, url)
    first = await objects(url)
    assert ("table", "outbox") in first
    await asyncio.to_thread(command.check, config)
    await asyncio.to_thread(command.downgrade, config, "base")
    assert await objects(url) == []
    await asyncio.to_thread(command.upgrade, config, "head")
    assert await objects(url) == first
    await asyncio.to_thread(migrate, package, url)
    assert await objects(url) == first


@pytest.mark.parametrize("package", ["claims", "workinjury_bridge"])
async def test_a_service_with_books_has_every_guard_of_the_ledger(package: str, fresh_database: FreshDatabase) -> None:
    url = await fresh_database()
    await asyncio.to_thread(migrate, package, url)
    assert [name for kind, name in await objects(url) if kind == "trigger" and name.startswith("journal")] == [
        "journal_append_only on journal",
        "journal_line_append_only on journal_line",
        "journal_line_balanced on journal_line",
        "journal_open_period on journal",
        "journal_seal_append_only on journal_seal",
    ]


async def test_two_processes_that_start_at_once_migrate_once(fresh_database: FreshDatabase) -> None:
    url = await fresh_database()
    migrations = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "enrollment", "migrate"),
            env={"ONEWINDOW_ENROLLMENT_DATABASE_URL": url},
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    ends = [await process.communicate() for process in migrations]
    assert [process.returncode for process in migrations] == [0, 0], ends
    conn = await asyncpg.connect(url)
    assert [row[0] for row in await conn.fetch("SELECT version_num FROM alembic_version")] == ["0003"]
    assert await conn.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") == 0
    await conn.close()
