"""The whole county on one machine: PostgreSQL, the broker and every process of every service, as children of this process."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack.broker_process import EmbeddedBroker
from devstack.postgres import Postgres, create_database
from devstack.processes import dies_with_parent
from devstack.topics import create_topics
from devstack.topology import ServiceEntry, Topology

READY_WITHIN_S = 90.0
STOPS_WITHIN_S = 15.0
_KEPT_LOG_BYTES = 20 << 20

Report = Callable[[str, int, int], None]
"""Called with (what happens now, steps done, steps in all)."""


class StackError(RuntimeError):
    """The stack cannot start, or one of its processes has died; the text says which and shows the end of its log."""


@dataclass(slots=True)
class _Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Stack:
    """One stack per data folder. ``environment`` is added to what every process gets.

    With ``ONEWINDOW_POSTGRES_URL`` or ``ONEWINDOW_KAFKA_BOOTSTRAP`` set, those servers are used instead of embedded ones.
    Start it from the main thread: its children die with the thread that started them.
    """

    def __init__(self, data_dir: Path, topology: Topology, environment: Mapping[str, str] | None = None) -> None:
        self.topology = topology
        self.postgres_url = os.environ.get("ONEWINDOW_POSTGRES_URL", "")
        self.kafka_bootstrap = os.environ.get("ONEWINDOW_KAFKA_BOOTSTRAP", "")
        self.database_urls: dict[str, str] = {}
        """By service."""
        self._dir = data_dir
        self._extra = dict(environment or {})
        self._postgres = None if self.postgres_url else Postgres(data_dir / "postgres")
        self._broker = None if self.kafka_bootstrap else EmbeddedBroker(data_dir / "broker")
        self._children: dict[str, _Child] = {}
        self._lock = -1

    def start(self, report: Report = lambda _what, _done, _all: None) -> None:
        """Start everything and wait until every service is ready. Raises StackError; then everything is stopped again."""
        runs = [(service, process) for service in self.topology.services for process in service.processes]
        total = 3 + 2 * len(runs)
        done = 0

        def step(what: str) -> None:
            nonlocal done
            report(what, done, total)
            done += 1

        try:
            self._start_infrastructure(step)
            for service in self.topology.services:
                if _occupied(service.port):
                    raise StackError(f"port {service.port} of {service.name} is in use by another program")
            step("schemas")
            self._migrate()
            for service, process in runs:
                step(f"starting {service.process_name(process)}")
                self.launch(service.name, process)
            for service, process in runs:
                step(f"waiting for {service.process_name(process)}")
                if process != "worker":  # a worker has no address; `check` notices when it dies
                    self._wait_until_ready(service)
            self.check()
            report("ready", total, total)
        except BaseException:
            self.stop()
            raise

    def start_infrastructure(self) -> None:
        """Start PostgreSQL and the broker alone, with their databases and topics. Raises StackError."""
        try:
            self._start_infrastructure(lambda _: None)
        except BaseException:
            self.stop()
            raise

    def launch(self, service: str, process: str) -> None:
        """Run ``python -m <module> <process>``; for a process that was killed, the same again."""
        entry = self._entry(service)
        name = entry.process_name(process)
        log = self._dir / "logs" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        if log.exists() and log.stat().st_size > _KEPT_LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))
        with log.open("ab") as out:
            running = subprocess.Popen(
                [sys.executable, "-m", entry.module, process],
                env=self.environment(),
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is for us; we stop the children in order
                preexec_fn=dies_with_parent(signal.SIGKILL),  # services survive kill -9 by design
            )
        self._children[name] = _Child(name, running, log)

    def kill(self, service: str, process: str) -> None:
        """kill -9 of one process, for tests. `launch` starts it again."""
        child = self._children.pop(self._entry(service).process_name(process))
        child.process.kill()
        child.process.wait()

    def check(self) -> None:
        """Raises StackError when a process has died."""
        if self._postgres is not None and self._postgres.pid is None:
            raise StackError(f"PostgreSQL has died; see {self._dir / 'postgres' / 'postgres.log'}")
        if self._broker is not None and self._broker.pid is None:
            raise StackError(f"the broker has died; see {self._dir / 'broker' / 'broker.log'}")
        for child in self._children.values():
            code = child.process.poll()
            if code is not None:
                raise StackError(f"{child.name} has died (exit code {code}); the end of {child.log}:\n{_tail(child.log)}")

    def watch(self) -> None:
        """Wait for ever. Raises StackError when a process dies: nothing is restarted in silence."""
        while True:
            self.check()
            time.sleep(0.3)

    def stop(self) -> None:
        """Stop everything, services first, PostgreSQL last. Does nothing when nothing runs."""
        for child in self._children.values():
            child.process.terminate()
        deadline = time.monotonic() + STOPS_WITHIN_S
        for child in self._children.values():
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self._children.clear()
        if self._broker is not None:
            self._broker.stop()
        if self._postgres is not None:
            self._postgres.stop()
        if self._lock >= 0:
            addresses_file(self._dir).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    def environment(self) -> dict[str, str]:
        """The environment that every process gets."""
        given = dict(os.environ)
        given.setdefault("ONEWINDOW_ENV", "dev")
        given["ONEWINDOW_KAFKA_BOOTSTRAP"] = self.kafka_bootstrap
        for service in self.topology.services:
            given[f"ONEWINDOW_{service.variable}_PORT"] = str(service.port)
            given[f"ONEWINDOW_{service.variable}_URL"] = service.url
            if service.name in self.database_urls:
                given[f"ONEWINDOW_{service.variable}_DATABASE_URL"] = self.database_urls[service.name]
        return given | self._extra

    def _entry(self, service: str) -> ServiceEntry:
        return next(entry for entry in self.topology.services if entry.name == service)

    def _start_infrastructure(self, step: Callable[[str], None]) -> None:
        self._lock = _lock_folder(self._dir)
        step("PostgreSQL")
        if self._postgres is not None:
            self.postgres_url = self._postgres.start()
        step("broker")
        if self._broker is not None:
            self.kafka_bootstrap = self._broker.start()
        asyncio.run(self._create_databases_and_topics())
        addresses = addresses_file(self._dir)
        addresses.touch(mode=0o600)  # the database's password is in it
        addresses.write_text(
            json.dumps(
                {
                    "pid": os.getpid(),
                    "postgres_url": self.postgres_url,
                    "kafka_bootstrap": self.kafka_bootstrap,
                    "database_urls": self.database_urls,
                    "urls": {service.name: service.url for service in self.topology.services},
                },
                indent=1,
            )
        )

    async def _create_databases_and_topics(self) -> None:
        for service in self.topology.services:
            if service.database is not None:
                self.database_urls[service.name] = await create_database(self.postgres_url, service.database)
        await create_topics(self.kafka_bootstrap, self.topology.topics, self.topology.partitions)

    def _migrate(self) -> None:
        """All services at once: their databases know nothing of each other."""
        migrating = {
            service.name: subprocess.Popen(
                [sys.executable, "-m", service.module, "migrate"],
                env=self.environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )
            for service in self.topology.services
            if service.database is not None
        }
        try:
            for name, process in migrating.items():
                said, _ = process.communicate()
                if process.returncode != 0:
                    raise StackError(f"{name} migrate failed:\n{said.decode(errors='replace')[-3000:]}")
        finally:
            for process in migrating.values():
                if process.poll() is None:
                    process.kill()
                    process.communicate()

    def _wait_until_ready(self, service: ServiceEntry) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not is_ready(service.url + service.ready):
            self.check()
            if time.monotonic() > deadline:
                raise StackError(f"{service.name} is not ready after {READY_WITHIN_S:.0f} s; see {self._dir / 'logs'}")
            time.sleep(0.1)


def addresses_file(data_dir: Path) -> Path:
    """Where a running stack writes its process id and addresses, for other commands."""
    return data_dir / "stack.json"


def is_ready(address: str) -> bool:
    """Whether the HTTP process behind this address of its `ServiceEntry.ready` says that it can work."""
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def running_pid(data_dir: Path) -> int | None:
    """The process id of the stack that runs on ``data_dir``, None when none does."""
    data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data_dir / "lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int((data_dir / "lock").read_text() or 0)
    finally:
        os.close(descriptor)
    return None


def _lock_folder(data_dir: Path) -> int:
    """Hold the folder for as long as this process lives; the kernel lets go of it even after kill -9."""
    data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data_dir / "lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StackError(f"a stack (process {running_pid(data_dir)}) runs on {data_dir}; `make down` stops it") from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def _occupied(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _tail(file: Path, lines: int = 20) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])
