"""The PostgreSQL launcher: databases, persistence, and no server left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from devstack.data_folder import REPOSITORY, Identity, can_enter
from devstack.postgres import THROWAWAY, Postgres, create_database, database_url, drop_database
from tests.fixtures_stack import FreshDatabase


async def test_a_fresh_database_is_empty_and_a_copy_has_what_its_template_has(fresh_database: FreshDatabase) -> None:
    url = await fresh_database()
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.execute("CREATE TABLE answer (value int); INSERT INTO answer VALUES (42)")
    await connection.close()

    copy = await asyncpg.connect(await fresh_database(template=url))
    assert await copy.fetchval("SELECT value FROM answer") == 42
    await copy.close()


async def test_creating_and_dropping_a_database_may_be_repeated(postgres_url: str) -> None:
    assert await create_database(postgres_url, "twice") == database_url(postgres_url, "twice")
    assert await create_database(postgres_url, "twice") == database_url(postgres_url, "twice")
    await drop_database(postgres_url, "twice")
    await drop_database(postgres_url, "twice")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(database_url(postgres_url, "twice"))


async def test_a_wrong_password_is_refused(postgres_url: str) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres_url, password="wrong")


async def test_data_address_and_password_survive_stop_and_kill(stack_folder: Path) -> None:
    server = Postgres(stack_folder / "kept", {**THROWAWAY, "synchronous_commit": "on"})
    url = server.start()
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE kept (value int)")
    await connection.execute("INSERT INTO kept VALUES (1)")
    await connection.close()
    server.stop()
    assert server.pid is None

    assert server.start() == url
    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO kept VALUES (2)")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()

    assert server.start() == url
    connection = await asyncpg.connect(url)
    assert [row["value"] for row in await connection.fetch("SELECT value FROM kept ORDER BY value")] == [1, 2]
    await connection.close()
    server.stop()


def test_an_unfinished_cluster_is_made_anew(stack_folder: Path) -> None:
    folder = stack_folder / "unfinished"
    (folder / "cluster.unfinished").mkdir(parents=True)
    (folder / "cluster.unfinished" / "PG_VERSION").write_text("18\n")
    server = Postgres(folder, THROWAWAY)
    server.start()
    server.stop()
    assert not (folder / "cluster.unfinished").exists()
    assert (folder / "cluster" / "global" / "pg_control").exists()


def test_the_server_ends_when_its_starter_is_killed(stack_folder: Path) -> None:
    program = (
        "import sys, time, pathlib; from devstack.postgres import *\n"
        f"server = Postgres(pathlib.Path({str(stack_folder / 'orphan')!r}), THROWAWAY); server.start()\n"
        "print(server.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    server = os.pidfd_open(int(starter.stdout.readline()))
    starter.kill()
    starter.wait()
    starter.stdout.close()
    ended, _, _ = select.select([server], [], [], 20)
    os.close(server)
    assert ended == [server]


def test_a_server_that_cannot_start_says_why(stack_folder: Path) -> None:
    server = Postgres(stack_folder / "wrong", {"shared_buffers": "nonsense"})
    with pytest.raises(RuntimeError, match="invalid value for parameter"):
        server.start()
    assert server.pid is None


def test_who_can_enter_a_folder(tmp_path: Path) -> None:
    stranger = Identity("stranger", 54321, 54321)
    assert can_enter(Path("/usr/bin"), stranger)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not can_enter(closed / "data", stranger)
    assert (REPOSITORY / "pyproject.toml").exists()
