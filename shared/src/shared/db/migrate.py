"""Migrations: every service carries its own Alembic scripts inside its package and can bring its database up itself."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path

import asyncpg
from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, pool
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

_LOCK_KEY = 0x5C4E3A


def alembic_config(package: str, database_url: str) -> Config:
    """The Alembic configuration of a service package."""
    folder = Path(str(import_module(package).__file__)).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def migrate(package: str, database_url: str) -> None:
    """Upgrade to head. Two processes that start at once wait for each other on an advisory lock."""
    asyncio.run(_with_lock(package, database_url))


async def _with_lock(package: str, database_url: str) -> None:
    conn = await asyncpg.connect(database_url, timeout=10)
    try:
        await conn.execute("SELECT pg_advisory_lock($1)", _LOCK_KEY)
        await asyncio.to_thread(command.upgrade, alembic_config(package, database_url), "head")
    finally:
        await conn.close()


def run_env(metadata: MetaData) -> None:
    """The whole body of a service's ``migrations/env.py``."""
    if context.is_offline_mode():
        context.configure(url=context.config.get_main_option("sqlalchemy.url"), target_metadata=metadata, literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    asyncio.run(_online(metadata))


async def _online(metadata: MetaData) -> None:
    url = str(context.config.get_main_option("sqlalchemy.url"))
    engine = create_async_engine("postgresql+asyncpg" + url.removeprefix("postgresql"), poolclass=pool.NullPool)

    def work(conn: Connection) -> None:
        context.configure(connection=conn, target_metadata=metadata, compare_type=True, compare_server_default=False)
        with context.begin_transaction():
            conn.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
            context.run_migrations()

    async with engine.connect() as conn:
        await conn.run_sync(work)
    await engine.dispose()
