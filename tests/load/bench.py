"""The bench: settlements per second through the gateway, with an audit at the end and the machine's own limit beside it.

``python tests/load/bench.py --seconds 30 --rate 400``. Everything runs on this machine: PostgreSQL, broker, gateway, services,
workers and the load. One settlement is a 2304 of a stay with ten fee lines for a person of the class dibao, so that pool,
catastrophic insurance, assistance and tilt all pay: three books, one event, one stored answer. The stays are put into the
database beforehand; what is measured is the settlement. The limit is the same SQL as one server call under pgbench, measured in
the same minutes on a copy of the database. Exit code 1 when the audit does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pickle
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from devstack.postgres import Postgres, create_database
from devstack.stack import Stack
from devstack.topology import read_topology
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from shared.clock import CHINA
from shared.crypto import Sealer
from shared.settings import read_settings
from tests.load.generator import Outcome, Plan, Stay

HERE = Path(__file__).parent
TOTAL = "90000.00"
INSTITUTIONS = 12
console = Console()


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds by kind of process, and statements run by PostgreSQL in the claims database."""

    cpu_s: dict[str, float]
    statements: int
    commits: int


def main() -> int:
    """Run it; 0 when the audit holds."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--rate", type=float, default=400)
    options.add_argument("--warm", type=float, default=5, help="seconds before the measurement")
    options.add_argument("--limit-seconds", type=int, default=10, help="pgbench, before and after")
    options.add_argument("--statements", action="store_true", help="print where PostgreSQL spends its time")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="onewindow-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        return bench(Path(folder), arguments)


def bench(folder: Path, arguments: argparse.Namespace) -> int:
    """Start, seed, measure, audit, stop."""
    postgres = Postgres(
        folder / "postgres", {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "1000"}
    )
    os.environ["ONEWINDOW_POSTGRES_URL"] = postgres.start()
    os.environ["ONEWINDOW_CLOCK"] = "from:2026-03-20T09:00:00+08:00"
    os.environ["ONEWINDOW_LOG_LEVEL"] = "WARNING"
    # The gateway limits each institution; the bench sends through twelve what a hundred would send.
    os.environ.setdefault("ONEWINDOW_GATEWAY_HIS_RATE", "1000/second")
    topology = read_topology().with_free_ports()
    topology = replace(topology, services=tuple(s for s in topology.services if s.database is not None))
    stack = Stack(folder, topology)
    try:
        with console.status("starting PostgreSQL, broker and all services"):
            stack.start()
        return asyncio.run(measure(stack, folder, postgres, arguments))
    finally:
        stack.stop()
        postgres.stop()


async def measure(stack: Stack, folder: Path, postgres: Postgres, arguments: argparse.Namespace) -> int:
    """The whole measurement on a running stack."""
    ports = {s.name: s.port for s in stack.topology.services}
    count = int(arguments.rate * (arguments.seconds + arguments.warm)) + 1
    institutions = await designate(ports["claims"])
    claims_url = stack.database_urls["claims"]
    with console.status(f"seeding {count:,} discharged stays of ten lines"):
        await seed(claims_url, count)
        limit_url = await create_limit_database(stack.postgres_url, claims_url, count)
    console.print(f"{count:,} stays; load {arguments.rate:.0f}/s for {arguments.warm:.0f} + {arguments.seconds:.0f} s")
    limits = [pgbench(limit_url, count, arguments.limit_seconds)]
    stays = [Stay(f"V{n:025d}", f"P{n:025d}", n % INSTITUTIONS, TOTAL) for n in range(1, count + 1)]
    warm = int(arguments.rate * arguments.warm)
    prefix = secrets.token_hex(4)
    plan = Plan("127.0.0.1", ports["gateway"], arguments.rate, institutions, stays[:warm], prefix + "w")
    await load(folder, plan)
    before, started = await usage(claims_url), time.time()
    plan = replace(plan, stays=stays[warm:], prefix=prefix + "m")
    outcomes, load_cpu_s = await load(folder, plan)
    after, ended = await usage(claims_url), time.time()
    await drained(stack, count)
    if arguments.statements:
        await statements(claims_url, len(stays))
    audit = await check(stack, [o.settlement_id for o in outcomes if o.settlement_id], count)
    lags = await event_lags(stack, started - 1)
    limits.append(pgbench(limit_url, count, arguments.limit_seconds))
    report(arguments, outcomes, before, after, load_cpu_s, ended - started, limits, lags, audit)
    errors = [o.error for o in outcomes if o.error]
    if errors:
        console.print(f"[red]{len(errors)} refused or lost, for example: {errors[0]}")
    for line in audit:
        console.print(f"[red]audit: {line}")
    if not audit:
        console.print("[green]audit holds: every acknowledged settlement once, books balanced, every event consumed once")
    return 1 if audit or errors else 0


async def designate(port: int) -> list[tuple[str, str, str]]:
    """Twelve hospitals with x-tif credentials, through the API; waits until the gateway knows them."""
    token = _token()
    made = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        for n in range(INSTITUTIONS):
            code, secret = f"H9901010{n:04d}", secrets.token_hex(16)
            body = {"code": code, "name": f"第{n + 1}人民医院", "level": 1 + n % 3, "region": "990101", "signature": "x-tif", "access_key": f"key-{n}", "secret": secret}  # fmt: skip
            answer = await http.post(
                "/v1/institutions", json=body, headers={"Authorization": f"Bearer {token}", "Idempotency-Key": f"bench-{n}"}
            )
            answer.raise_for_status()
            made.append((code, f"key-{n}", secret))
    await asyncio.sleep(2)
    return made


def _token() -> str:
    everything = Principal("bench", "bench", frozenset({"*"}), frozenset({"*"}), service=True)
    return build_signer(read_settings("claims")).sign(everything, audience=AUDIENCE, ttl_s=3600)


async def seed(url: str, count: int) -> None:
    """Persons and discharged stays, as enrollment's events and 2301 would have left them."""
    sealer = Sealer(read_settings("claims").data_key.encode())
    values = {
        "$sealed": sealer.seal(json.dumps({"name": "张三", "cert_type": "01", "certno": "99010119740410001X", "naty": "01"})),
        "$coverages": json.dumps(
            [{"coverage_id": "C1", "scheme": "390", "person_category": "15", "begins_on": "2024-01-01", "ends_on": "2026-12-31", "status": "active", "region": "990101", "employer_id": None, "employer_name": None, "civil_servant": False}]
        ),
        "$classes": json.dumps([{"code": "dibao", "begins_on": "2024-01-01", "ends_on": None}]),
    }  # fmt: skip
    conn = await asyncpg.connect(url)
    try:
        text = (HERE / "seed.sql").read_text()
        for first in range(1, count + 1, 2000):
            block = text.replace("$first", str(first)).replace("$last", str(min(first + 1999, count)))
            for name, value in values.items():
                block = block.replace(name, value)
            await conn.execute(block)
        await conn.execute("CREATE EXTENSION pg_stat_statements")
        await conn.execute("VACUUM ANALYZE insured_person, visit, fee_batch, fee_line")
    finally:
        await conn.close()


async def create_limit_database(server_url: str, claims_url: str, count: int) -> str:
    """A database with the same schema and stays for pgbench, so that its writes stay out of the audit."""
    limit_url = await create_database(server_url, "limit_of_machine")
    env = {**os.environ, "ONEWINDOW_CLAIMS_DATABASE_URL": limit_url}
    await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "claims", "migrate"], env=env, check=True, capture_output=True
    )
    await seed(limit_url, min(count, 10_000))
    conn = await asyncpg.connect(limit_url)
    try:
        await conn.execute((HERE / "limit.sql").read_text())
    finally:
        await conn.close()
    return limit_url


def pgbench(url: str, count: int, seconds: int) -> float:
    """Calls of ``bench_settle`` a second with sixteen clients. Sizes of texts are those of a real settlement."""
    from devstack.data_folder import server_identity
    from devstack.postgres import _reachable_binaries  # the same binaries the server runs

    script = (
        f"\\set n random(1, {min(count, 10_000)})\n\\set r random(1, 9000000000000000)\n"
        "SELECT bench_settle(:n, 'r' || :r || '-' || :client_id, '{\"d\": \"' || repeat('x', 1500) || '\"}', repeat('y', 4200));\n"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".sql", delete=False) as file:
        file.write(script)
    try:
        binaries = _reachable_binaries(server_identity())
        done = subprocess.run(
            [
                str(binaries / "pgbench"),
                "-n",
                "-f",
                file.name,
                "-c",
                "16",
                "-j",
                "1",
                "-T",
                str(seconds),
                "-M",
                "prepared",
                url,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        Path(file.name).unlink()
    for line in done.stdout.splitlines():
        if line.startswith("tps"):
            return float(line.split()[2])
    raise RuntimeError(f"pgbench failed: {done.stderr[-500:]}")


async def load(folder: Path, plan: Plan) -> tuple[list[Outcome], float]:
    """Run the generator as a process of its own; outcomes and its CPU seconds."""
    (folder / "plan").write_bytes(pickle.dumps(plan))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"import sys; sys.path.insert(0, {str(HERE.parents[1])!r}); from tests.load.generator import main; main()",
        str(folder / "plan"), str(folder / "outcomes"), stderr=(folder / "generator.log").open("wb"),
    )  # fmt: skip
    watched = psutil.Process(process.pid)
    cpu_s = 0.0
    expected = len(plan.stays) / plan.rate
    with console.status("load") as status:
        began = time.monotonic()
        while process.returncode is None:
            try:
                times = watched.cpu_times()
                cpu_s = times.user + times.system
                await asyncio.wait_for(process.wait(), 0.5)
            except (TimeoutError, psutil.NoSuchProcess):
                status.update(f"load: {min(time.monotonic() - began, expected):.0f} of {expected:.0f} s")
    if process.returncode:
        raise RuntimeError(f"the load generator failed: {(folder / 'generator.log').read_text()[-2000:]}")
    return [Outcome(*o) for o in pickle.loads((folder / "outcomes").read_bytes())], cpu_s


async def usage(claims_url: str) -> Usage:
    """CPU of every process of the stack so far, and PostgreSQL's counts."""
    cpu: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        try:
            line = process.cmdline()
            name = (
                "postgres"
                if "postgres" in process.name()
                else " ".join(line[2:4])
                if len(line) > 3 and line[1] == "-m"
                else process.name()
            )
            times = process.cpu_times()
            cpu[name] = cpu.get(name, 0.0) + times.user + times.system
        except psutil.NoSuchProcess:
            continue
    conn = await asyncpg.connect(claims_url)
    try:
        statements = await conn.fetchval(
            "SELECT sum(calls) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database()"
        )
        commits = await conn.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
    finally:
        await conn.close()
    return Usage(cpu, int(statements), int(commits))


async def drained(stack: Stack, count: int, within_s: float = 120) -> None:
    """Wait until the consumers have seen every settlement."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        seen = [await scalar(stack.database_urls[s], "SELECT count(*) FROM inbox") for s in ("gateway", "workinjury-bridge")]
        left = await scalar(stack.database_urls["claims"], "SELECT count(*) FROM outbox WHERE published_at IS NULL")
        sent = await scalar(stack.database_urls["claims"], "SELECT count(*) FROM outbox WHERE topic = 'claims.claim.v1'")
        if left == 0 and all(n >= sent for n in seen):
            return
        await asyncio.sleep(0.5)


async def check(stack: Stack, acknowledged: Sequence[str], count: int) -> list[str]:
    """What is wrong; empty when the audit holds."""
    wrong = []
    urls = stack.database_urls
    conn = await asyncpg.connect(urls["claims"])
    try:
        stored = {r[0] for r in await conn.fetch("SELECT settlement_id FROM settlement")}
        missing = set(acknowledged) - stored
        if missing:
            wrong.append(f"{len(missing)} acknowledged settlements are not stored")
        if len(acknowledged) != len(set(acknowledged)):
            wrong.append("two messages were given one settlement")
        twice = await conn.fetchval(
            "SELECT count(*) FROM (SELECT visit_id FROM settlement GROUP BY visit_id HAVING count(*) > 1) t"
        )
        if twice:
            wrong.append(f"{twice} stays were settled twice")
        unbalanced = await conn.fetchval(
            "SELECT count(*) FROM (SELECT book FROM journal_line GROUP BY book HAVING sum(debit_fen) <> sum(credit_fen)) t"
        )
        if unbalanced:
            wrong.append(f"{unbalanced} books do not balance")
        paid = await conn.fetchval("SELECT coalesce(sum(fund_fen), 0) FROM settlement")
        booked = await conn.fetchval("SELECT coalesce(sum(debit_fen), 0) FROM journal_line WHERE account = '5001.01'")
        if paid != booked:
            wrong.append(f"settlements say {paid} fen, the books {booked}")
        events = {r[0] for r in await conn.fetch("SELECT event_id FROM outbox WHERE type = 'claims.claim-settled.v1'")}
        if len(events) != len(stored):
            wrong.append(f"{len(stored)} settlements, {len(events)} events")
    finally:
        await conn.close()
    for service in ("gateway", "workinjury-bridge"):
        conn = await asyncpg.connect(urls[service])
        try:
            seen = {r[0] for r in await conn.fetch("SELECT event_id FROM inbox")}
            if events - seen:
                wrong.append(f"{service} has not consumed {len(events - seen)} events")
            parked = await conn.fetchval("SELECT count(*) FROM parked_event")
            if parked:
                wrong.append(f"{service} has parked {parked} events")
        finally:
            await conn.close()
    return wrong


async def event_lags(stack: Stack, since: float) -> list[float]:
    """Seconds from a settlement's commit to its effect in the bridge's database, for the measured settlements."""
    claims = await asyncpg.connect(stack.database_urls["claims"])
    bridge = await asyncpg.connect(stack.database_urls["workinjury-bridge"])
    try:
        # occurred_at is the shifted clock; published and received are compared by the server's own.
        seen = await bridge.fetch("SELECT event_id, extract(epoch FROM received_at)::float8 FROM inbox")
        rows = await claims.fetch(
            "SELECT event_id, extract(epoch FROM occurred_at)::float8 FROM outbox WHERE type = 'claims.claim-settled.v1' ORDER BY seq"
        )
    finally:
        await claims.close()
        await bridge.close()
    received: dict[str, float] = {row[0]: row[1] for row in seen}
    shift_s = _clock_shift(stack)
    return [received[e] - (at - shift_s) for e, at in rows if e in received and at - shift_s >= since]


def _clock_shift(stack: Stack) -> float:
    """How far the services' clock is ahead of the machine's, from an answer's own times."""
    url = next(s.url for s in stack.topology.services if s.name == "claims")
    body = b'{"infno": "0000"}'
    sent = time.time()
    request = urllib.request.Request(url + "/his", data=body, method="POST", headers={"Authorization": f"Bearer {_token()}"})
    with urllib.request.urlopen(request) as answer:
        stamp = json.loads(answer.read())["respond_time"]
    at = datetime.strptime(stamp, "%Y%m%d%H%M%S%f").replace(tzinfo=CHINA).timestamp()
    return at - (sent + time.time()) / 2


async def statements(url: str, settlements: int) -> None:
    """The statements that cost most, over all databases: microseconds for each settlement, calls, rows."""
    conn = await asyncpg.connect(url)
    try:
        rows = await conn.fetch(
            "SELECT datname, sum(total_exec_time) * 1000 AS us, sum(calls)::bigint AS calls, sum(rows)::bigint AS rows, left(query, 90) AS q"
            " FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE query NOT LIKE '%bench_settle%'"
            " AND datname <> 'limit_of_machine' AND query NOT LIKE '%generate_series%' GROUP BY datname, left(query, 90) ORDER BY 2 DESC LIMIT 25"
        )
    finally:
        await conn.close()
    for row in rows:
        console.print(
            f"{row['us'] / settlements:8.1f} us  {row['calls']:8,} calls {row['rows']:8,} rows  {row['datname']}: {row['q']}",
            highlight=False,
            soft_wrap=True,
        )


async def scalar(url: str, statement: str) -> Any:
    """One value."""
    conn = await asyncpg.connect(url)
    try:
        return await conn.fetchval(statement)
    finally:
        await conn.close()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def report(
    arguments: argparse.Namespace,
    outcomes: Sequence[Outcome],
    before: Usage,
    after: Usage,
    load_cpu_s: float,
    wall_s: float,
    limits: Sequence[float],
    lags: Sequence[float],
    audit: Sequence[str],
) -> None:
    """Print the table."""
    done = [o for o in outcomes if o.settlement_id]
    latencies = [(o.done - o.due) * 1000 for o in done]
    span = max((o.done for o in done), default=1.0)
    rate = len(done) / span
    limit = statistics.mean(limits)
    table = Table(title="settlements through the gateway", show_header=False)
    table.add_row("asked", f"{arguments.rate:.0f}/s, open loop, {arguments.seconds:.0f} s")
    table.add_row("settled", f"{len(done):,} of {len(outcomes):,}; {rate:.0f}/s")
    table.add_row("latency ms", "  ".join(f"p{int(s * 1000) / 10:g} {percentile(latencies, s):.0f}" for s in (0.5, 0.9, 0.99, 0.999)) + f"  max {max(latencies, default=0):.0f}")  # fmt: skip
    n = max(len(done), 1)
    table.add_row("PostgreSQL", f"{(after.statements - before.statements) / n:.2f} statements, {(after.commits - before.commits) / n:.2f} commits a settlement (claims database)")  # fmt: skip
    parts = {name: (after.cpu_s.get(name, 0) - before.cpu_s.get(name, 0)) * 1000 / n for name in after.cpu_s}
    parts["load"] = load_cpu_s * 1000 / n
    table.add_row(
        "CPU ms each", "  ".join(f"{name} {ms:.2f}" for name, ms in sorted(parts.items(), key=lambda p: -p[1]) if ms >= 0.01)
    )
    table.add_row(
        "CPU ms in all", f"{sum(parts.values()):.2f} a settlement; {sum(parts.values()) * n / wall_s / 10:.0f} % of one core"
    )
    table.add_row("event lag s", f"p50 {percentile(lags, 0.5):.2f}  p99 {percentile(lags, 0.99):.2f}  max {max(lags, default=0):.2f} (commit to effect in the bridge)")  # fmt: skip
    table.add_row("pgbench function", f"{limits[0]:.0f} before, {limits[-1]:.0f} after; settled / limit = {rate / limit:.2f}")
    table.add_row("audit", "holds" if not audit else f"{len(audit)} faults")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
