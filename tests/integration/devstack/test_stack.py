"""The supervisor, with two small services in place of the real ones: start, die, stop, kill -9, start again."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devstack.lag import group_lags
from devstack.stack import Stack, StackError, addresses_file, is_ready, running_pid
from devstack.topology import ServiceEntry, Topology

SERVICE = """
import asyncio, http.server, os, sys, time
import asyncpg

async def migrate():
    connection = await asyncpg.connect(os.environ["ONEWINDOW_SMALL_DATABASE_URL"])
    await connection.execute("CREATE TABLE IF NOT EXISTS started (at timestamptz)")
    await connection.execute("INSERT INTO started VALUES (now())")
    await connection.close()

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.end_headers()
        self.wfile.write(os.environ["ONEWINDOW_KAFKA_BOOTSTRAP"].encode())

process = sys.argv[1]
print("started as", process, flush=True)
if process == "migrate":
    asyncio.run(migrate())
elif process == "api":
    http.server.HTTPServer(("127.0.0.1", int(os.environ["ONEWINDOW_SMALL_PORT"])), Answer).serve_forever()
elif process == "worker":
    if os.environ.get("ONEWINDOW_SMALL_BROKEN"):
        sys.exit("no such rule book")
    time.sleep(600)
"""


def small_topology() -> Topology:
    entry = ServiceEntry(
        name="small",
        module="small_service",
        processes=("api", "worker"),
        port=1,
        ready="/health/ready",
        database="small",
        group="small",
    )
    return Topology(services=(entry,), topics=("small.thing.v1",), partitions=2).with_free_ports()


@pytest.fixture(scope="module")
def modules(stack_folder: Path) -> Path:
    """A folder with the small service's module."""
    folder = Path(tempfile.mkdtemp(dir=stack_folder))
    (folder / "small_service.py").write_text(SERVICE)
    return folder


@pytest.fixture(scope="module")
def data_dir(stack_folder: Path) -> Path:
    return stack_folder / "devstack"


@pytest.fixture
def stack(data_dir: Path, modules: Path) -> Iterator[Stack]:
    made = Stack(data_dir, small_topology(), {"PYTHONPATH": str(modules)})
    yield made
    made.stop()


def processes_of(folder: Path) -> list[str]:
    """Command lines of all processes that mention ``folder`` or run the small service."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, NotADirectoryError):
            continue
        if str(folder) in command and str(os.getpid()) != process.name:
            found.append(command)
    return found


def written(log: Path, times: int = 1) -> str:
    """What the small worker has written once it has started so often; whatever it wrote when ten seconds are over."""
    deadline = time.monotonic() + 10
    while (text := log.read_text()).count("started as worker\n") < times and time.monotonic() < deadline:
        time.sleep(0.05)
    return text


def test_everything_starts_in_order_and_stops_without_a_trace(stack: Stack, data_dir: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    stack.start(lambda what, done, total: steps.append((what, done, total)))
    assert [what for what, _, _ in steps] == [
        "PostgreSQL",
        "broker",
        "schemas",
        "starting small-api",
        "starting small-worker",
        "waiting for small-api",
        "waiting for small-worker",
        "ready",
    ]
    assert [(done, total) for _, done, total in steps] == [(number, 7) for number in range(8)]
    assert running_pid(data_dir) == os.getpid()
    assert is_ready(stack.topology.services[0].url + "/health/ready")
    assert not is_ready(stack.topology.services[0].url + "/elsewhere")
    assert written(data_dir / "logs" / "small-worker.log") == "started as worker\n"
    stack.check()

    stack.stop()
    assert processes_of(data_dir) == []
    assert running_pid(data_dir) is None
    assert not addresses_file(data_dir).exists()


async def test_an_unread_group_is_not_behind(kafka_bootstrap: str) -> None:
    assert await group_lags(kafka_bootstrap, ["nobody"]) == {"nobody": 0}


def test_a_second_start_keeps_the_data(stack: Stack) -> None:
    stack.start()
    url = stack.database_urls["small"]
    stack.stop()
    stack.start()
    assert stack.database_urls["small"] == url
    counted = "import asyncio, asyncpg, sys\nasync def f():\n c = await asyncpg.connect(sys.argv[1])\n print(await c.fetchval('SELECT count(*) FROM started'))\nasyncio.run(f())"
    rows = subprocess.run([sys.executable, "-c", counted, url], capture_output=True, text=True, check=True)
    assert int(rows.stdout) >= 2


def test_a_process_that_dies_is_reported_with_the_end_of_its_log(stack: Stack) -> None:
    stack.start()
    child = stack._children["small-worker"]
    child.log.write_text("the last words\n")
    os.kill(child.process.pid, signal.SIGKILL)
    with pytest.raises(StackError, match=r"small-worker has died \(exit code -9\).*\nthe last words"):
        stack.watch()


def test_a_killed_process_can_be_launched_again(stack: Stack) -> None:
    stack.start()
    log = stack._dir / "logs" / "small-worker.log"
    stack.kill("small", "worker")
    stack.check()
    started = log.read_text().count("started as worker\n")
    stack.launch("small", "worker")
    stack.check()
    assert written(log, started + 1).count("started as worker\n") == started + 1


def test_a_service_that_does_not_start_stops_everything(data_dir: Path, modules: Path) -> None:
    broken = Stack(data_dir, small_topology(), {"PYTHONPATH": str(modules), "ONEWINDOW_SMALL_BROKEN": "1"})

    def run() -> None:
        broken.start()
        broken.watch()

    with pytest.raises(StackError, match=r"small-worker has died \(exit code 1\)(.|\n)*no such rule book"):
        run()
    broken.stop()
    assert processes_of(data_dir) == []


def test_an_occupied_port_is_named(data_dir: Path, modules: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        topology = small_topology()
        topology = replace(topology, services=(replace(topology.services[0], port=port),))
        with pytest.raises(StackError, match=f"port {port} of small is in use"):
            Stack(data_dir, topology, {"PYTHONPATH": str(modules)}).start()
    assert processes_of(data_dir) == []


def test_a_second_stack_on_the_same_data_is_refused(stack: Stack, data_dir: Path, modules: Path) -> None:
    stack.start()
    with pytest.raises(StackError, match=rf"a stack \(process {os.getpid()}\) runs on"):
        Stack(data_dir, small_topology(), {"PYTHONPATH": str(modules)}).start()
    stack.check()


def test_nothing_is_left_when_the_supervisor_is_killed(data_dir: Path, modules: Path) -> None:
    topology = small_topology()
    program = (
        "import pathlib, sys, time\n"
        "from devstack.stack import Stack\n"
        "from devstack.topology import ServiceEntry, Topology\n"
        f"stack = Stack(pathlib.Path({str(data_dir)!r}), {topology!r}, {{'PYTHONPATH': {str(modules)!r}}})\n"
        "stack.start()\n"
        "pids = [child.process.pid for child in stack._children.values()] + [stack._postgres.pid, stack._broker.pid]\n"
        "print(*pids, flush=True)\n"
        "time.sleep(600)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    watched = [os.pidfd_open(int(pid)) for pid in supervisor.stdout.readline().split()]
    assert len(watched) == 4
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    for descriptor in watched:
        ended, _, _ = select.select([descriptor], [], [], 20)
        os.close(descriptor)
        assert ended == [descriptor]
    assert running_pid(data_dir) is None
