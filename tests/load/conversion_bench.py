"""The bench of the bridge: conversions per second, from the recognition to both books posted, with an audit at the end.

``python tests/load/conversion_bench.py --seconds 30 --rate 200``. Everything runs on this machine: PostgreSQL, broker, gateway,
services, workers and the load. Each conversion is an employee's stay with ten fee lines that the medical fund has settled, pool and
account; the stays are settled through the gateway beforehand and their facts have reached the bridge. Then three loads, each open
loop at the asked rate: recognition decisions, twenty in a request as another office hands them over, after which the worker reads
bills and computes figures; checks and approvals, a page of twenty of the worklist each, as two people do them; after an approval the saga goes by itself: claims takes back,
both books post, both sides of the transfer, the person is paid. Exit code 1 when the audit does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from devstack.postgres import Postgres
from devstack.stack import Stack
from devstack.topology import read_topology
from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer
from shared.crypto import Sealer
from shared.settings import read_settings
from tests.load.bench import INSTITUTIONS, TOTAL, designate, load, percentile
from tests.load.generator import Plan, Stay

HERE = Path(__file__).parent
PAGE = 20
"""Decisions handed over, conversions checked or approved at once."""
SETTLE_RATE = 150.0
console = Console()


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds by kind of process; statements and commits by database."""

    cpu_s: dict[str, float]
    statements: dict[str, int]
    commits: dict[str, int]


@dataclass(slots=True)
class Phase:
    """One load: what it asked for and what it cost."""

    name: str
    asked: float
    count: int
    wall_s: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    lags_s: list[float] = field(default_factory=list)
    before: Usage | None = None
    after: Usage | None = None
    load_cpu_s: float = 0.0


def main() -> int:
    """Run it; 0 when the audit holds."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--rate", type=float, default=200)
    options.add_argument("--statements", action="store_true", help="print where PostgreSQL spends its time")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="onewindow-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        return bench(Path(folder), arguments)


def bench(folder: Path, arguments: argparse.Namespace) -> int:
    """Start, seed, measure, audit, stop."""
    postgres = Postgres(
        folder / "postgres", {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "2000"}
    )
    os.environ["ONEWINDOW_POSTGRES_URL"] = postgres.start()
    os.environ["ONEWINDOW_CLOCK"] = "from:2026-03-20T09:00:00+08:00"
    os.environ["ONEWINDOW_LOG_LEVEL"] = "WARNING"
    os.environ.setdefault("ONEWINDOW_GATEWAY_HIS_RATE", "1000/second")
    topology = read_topology().with_free_ports()
    stack = Stack(folder, replace(topology, services=tuple(s for s in topology.services if s.database is not None)))
    try:
        with console.status("starting PostgreSQL, broker and all services"):
            stack.start()
        return asyncio.run(measure(stack, folder, arguments))
    finally:
        stack.stop()
        postgres.stop()


async def measure(stack: Stack, folder: Path, arguments: argparse.Namespace) -> int:
    """The whole measurement on a running stack."""
    count = int(arguments.rate * arguments.seconds)
    ports = {s.name: s.port for s in stack.topology.services}
    bridge_url = stack.database_urls["workinjury-bridge"]
    institutions = await designate(ports["claims"])
    await settle(stack, folder, institutions, count)
    await report_accidents(bridge_url, count)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{ports['workinjury-bridge']}",
        trust_env=False,
        timeout=60,
        headers={"Authorization": f"Bearer {_token()}"},
        limits=httpx.Limits(max_connections=64),
    ) as http:
        decided = Phase("recognised, bill read, figures known", arguments.rate, count)
        await run_phase(
            stack, decided, lambda n: decide(http, n * PAGE + 1, min((n + 1) * PAGE, count)), -(-count // PAGE), PAGE
        )
        await until(bridge_url, "SELECT count(*) FROM conversion WHERE total_fen IS NOT NULL", count)
        await finish(stack, decided)
        decided.lags_s = await ages(bridge_url, "extract(epoch FROM changed_at - proposed_at)", "total_fen IS NOT NULL")
        connection = await asyncpg.connect(bridge_url)
        ids = [row[0] for row in await connection.fetch("SELECT conversion_id FROM conversion ORDER BY conversion_id")]
        await connection.close()
        pages = [ids[first : first + PAGE] for first in range(0, len(ids), PAGE)]
        checked = Phase("checked", arguments.rate, count)
        await run_phase(stack, checked, lambda n: review(http, "check", pages[n], "lijing"), len(pages), PAGE)
        await finish(stack, checked)
        approved = Phase("approved, both books posted, person paid", arguments.rate, count)
        await run_phase(stack, approved, lambda n: review(http, "approve", pages[n], "zhaoming"), len(pages), PAGE)
        await until(bridge_url, "SELECT count(*) FROM conversion WHERE state = 'settled'", count)
        await finish(stack, approved)
        approved.lags_s = await effect_lags(bridge_url)
    if arguments.statements:
        await statements(bridge_url, count)
    wrong = await audit(stack, count)
    report(arguments, [decided, checked, approved], wrong)
    for line in wrong:
        console.print(f"[red]audit: {line}")
    if not wrong:
        console.print(
            "[green]audit holds: every conversion once, every pair of books equal, everything balanced, every fact consumed"
        )
    return 1 if wrong else 0


async def settle(stack: Stack, folder: Path, institutions: list[tuple[str, str, str]], count: int) -> None:
    """The stays of employees with money on their accounts, settled through the gateway; the bridge has heard of all."""
    claims_url = stack.database_urls["claims"]
    with console.status(f"seeding {count:,} discharged stays of ten lines"):
        await seed(claims_url, count)
    stays = [Stay(f"V{n:025d}", f"P{n:025d}", n % INSTITUTIONS, TOTAL) for n in range(1, count + 1)]
    gateway = next(s.port for s in stack.topology.services if s.name == "gateway")
    plan = Plan("127.0.0.1", gateway, SETTLE_RATE, institutions, stays, secrets.token_hex(4), scheme="310", account="1")
    outcomes, _ = await load(folder, plan)
    lost = [o.error for o in outcomes if o.error]
    if lost:
        raise RuntimeError(f"{len(lost)} stays could not be settled: {lost[0]}")
    await until(stack.database_urls["workinjury-bridge"], "SELECT count(*) FROM settled_stay", count)


async def seed(url: str, count: int) -> None:
    """Insured employees and discharged stays, as enrollment's events and 2301 would have left them."""
    sealer = Sealer(read_settings("claims").data_key.encode())
    coverage = {"coverage_id": "C1", "scheme": "310", "person_category": "11", "begins_on": "2024-01-01", "ends_on": "2026-12-31", "status": "active", "region": "990101", "employer_id": "E1", "employer_name": "厂", "civil_servant": False}  # fmt: skip
    values = {
        "$sealed": sealer.seal(json.dumps({"name": "张三", "cert_type": "01", "certno": "99010119740410001X", "naty": "01"})),
        "$coverages": json.dumps([coverage]),
        "$classes": "[]",
        "'390'": "'310'",
    }
    text = (HERE / "seed.sql").read_text()
    connection = await asyncpg.connect(url)
    try:
        for first in range(1, count + 1, 2000):
            block = text.replace("$first", str(first)).replace("$last", str(min(first + 1999, count)))
            for name, value in values.items():
                block = block.replace(name, value)
            await connection.execute(block)
        await connection.execute(
            "INSERT INTO account (person_id, balance_fen) SELECT person_id, 100000 FROM insured_person ON CONFLICT DO NOTHING"
        )
        await connection.execute("CREATE EXTENSION pg_stat_statements")
        await connection.execute("VACUUM ANALYZE insured_person, visit, fee_batch, fee_line, account")
    finally:
        await connection.close()


async def report_accidents(url: str, count: int) -> None:
    """One accident of each person, on the day before the stay."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO injury_case (case_id, person_id, employer_id, accident_on, body_parts, description, region, filed_on, accepted_on, opened_at)"
            " SELECT 'C' || lpad(n::text, 25, '0'), 'P' || lpad(n::text, 25, '0'), 'E1', DATE '2026-03-01', ARRAY['hand'], 'press', '990101',"
            " DATE '2026-03-02', DATE '2026-03-02', now() FROM generate_series(1, $1::int) n",
            count,
        )
        await connection.execute("VACUUM ANALYZE injury_case, settled_stay")
    finally:
        await connection.close()


async def decide(http: httpx.AsyncClient, first: int, last: int) -> None:
    """Recognition decisions ``first`` to ``last``, as the deciding office hands them over."""
    items = [
        {
            "case_id": f"C{n:025d}",
            "decision_no": f"N{n}",
            "outcome": "granted",
            "decided_on": "2026-03-19",
            "decided_by": "office",
        }
        for n in range(first, last + 1)
    ]
    answer = await http.post("/v1/recognition-decisions", json={"items": items}, headers={"Idempotency-Key": f"decide-{first}"})
    answer.raise_for_status()
    refused = [item["problem"] for item in answer.json()["items"] if "problem" in item]
    if refused:
        raise RuntimeError(f"refused: {refused[0]}")


async def review(http: httpx.AsyncClient, act: str, ids: Sequence[str], actor: str) -> None:
    """A page of the worklist."""
    body = {"act": act, "conversion_ids": list(ids), "actor": actor}
    answer = await http.post("/v1/conversion-reviews", json=body, headers={"Idempotency-Key": f"{act}-{ids[0]}"})
    answer.raise_for_status()
    refused = [item["problem"] for item in answer.json()["items"] if "problem" in item]
    if refused:
        raise RuntimeError(f"{act} refused: {refused[0]}")


async def run_phase(stack: Stack, phase: Phase, act: Callable[[int], Awaitable[None]], requests: int, each: int) -> None:
    """Open loop: requests leave at their instants whatever the answers do."""
    phase.before, own = await usage(stack), time.process_time()
    began = time.monotonic()
    phase.wall_s = -began
    interval = each / phase.asked

    async def one(number: int) -> None:
        due = began + number * interval
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        await act(number)
        phase.latencies_ms.append((time.monotonic() - due) * 1000)

    running: list[asyncio.Task[None]] = []
    for number in track(range(requests), description=phase.name, console=console):
        await asyncio.sleep(max(0.0, began + number * interval - time.monotonic() - 0.01))
        running.append(asyncio.create_task(one(number)))
    await asyncio.gather(*running)
    phase.load_cpu_s = time.process_time() - own


async def finish(stack: Stack, phase: Phase) -> None:
    """Everything is done: look at the clock and the counters, after the outboxes have drained."""
    phase.wall_s += time.monotonic()
    for service in ("claims", "workinjury-bridge"):
        await until(stack.database_urls[service], "SELECT count(*) = 0 FROM outbox WHERE published_at IS NULL", True)
    phase.after = await usage(stack)


async def until(url: str, statement: str, wanted: Any, within_s: float = 180) -> None:
    """Wait until a query gives what is wanted."""
    deadline = time.monotonic() + within_s
    connection = await asyncpg.connect(url)
    try:
        while (found := await connection.fetchval(statement)) != wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{statement}: {found}, not {wanted}, after {within_s:.0f} s")
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def usage(stack: Stack) -> Usage:
    """CPU of every process of the stack so far, and PostgreSQL's counts for claims and the bridge."""
    cpu: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        try:
            line = process.cmdline()
            service = " ".join(line[2:4]) if len(line) > 3 and line[1] == "-m" else process.name()
            name = "postgres" if "postgres" in process.name() else service
            times = process.cpu_times()
            cpu[name] = cpu.get(name, 0.0) + times.user + times.system
        except psutil.NoSuchProcess:
            continue
    connection = await asyncpg.connect(stack.database_urls["claims"])
    try:
        calls = await connection.fetch(
            "SELECT datname, sum(calls)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid GROUP BY 1"
        )
        commits = await connection.fetch("SELECT datname, xact_commit FROM pg_stat_database WHERE datname IS NOT NULL")
    finally:
        await connection.close()
    return Usage(cpu, {row[0]: row[1] for row in calls}, {row[0]: row[1] for row in commits})


async def ages(url: str, expression: str, condition: str) -> list[float]:
    """An interval of every conversion, in seconds."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(f"SELECT ({expression})::float8 FROM conversion WHERE {condition}")
        return [row[0] for row in rows]
    finally:
        await connection.close()


async def effect_lags(url: str) -> list[float]:
    """Seconds from an approval's event to the event that both sides of the conversion's transfers are posted, by the outbox."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT extract(epoch FROM posted.at - approved.at)::float8 FROM"
            " (SELECT payload::json->>'conversion_id' AS id, occurred_at AS at FROM outbox"
            "  WHERE type LIKE '%conversion-changed%' AND payload::json->>'state' = 'approved') approved"
            " JOIN (SELECT payload::json->>'conversion_id' AS id, max(occurred_at) AS at FROM outbox"
            "  WHERE type LIKE '%transfer-confirmed%' GROUP BY 1) posted USING (id)"
        )
        return [row[0] for row in rows]
    finally:
        await connection.close()


async def audit(stack: Stack, count: int) -> list[str]:
    """What is wrong; empty when the audit holds."""
    wrong: list[str] = []
    claims = await asyncpg.connect(stack.database_urls["claims"])
    bridge = await asyncpg.connect(stack.database_urls["workinjury-bridge"])
    try:
        states: dict[str, int] = {
            row[0]: row[1] for row in await bridge.fetch("SELECT state, count(*) FROM conversion GROUP BY state")
        }
        if states != {"settled": count}:
            wrong.append(f"conversions: {states}, not {count} settled")
        for name, connection, statement in (
            ("a settlement converted twice", bridge, "SELECT count(*) - count(DISTINCT settlement_id) FROM conversion"),
            ("a settlement still stands in claims", claims, "SELECT count(*) FROM settlement WHERE state <> 'taken-back'"),
            ("a conversion without its journal", bridge, f"SELECT {count} - count(*) FROM journal WHERE kind = 'conversion'"),
            ("a voucher in two journals of one book", bridge, "SELECT count(*) - count(DISTINCT voucher_no) FROM journal"),
            ("a book that does not balance (bridge)", bridge, UNBALANCED),
            ("a book that does not balance (claims)", claims, UNBALANCED),
            ("expenditure left in a medical book", claims, LEFT_OVER),
            ("an account that did not get its money back", claims, "SELECT count(*) FROM account WHERE balance_fen <> 100000"),
            ("a year that is still used up", claims, USED_UP),
        ):
            found = await connection.fetchval(statement)
            if found:
                wrong.append(f"{name}: {found}")
        ours: dict[str, int] = {row[0]: row[1] for row in await bridge.fetch(PAIR_OURS)}
        theirs: dict[str, int] = {row[0]: row[1] for row in await claims.fetch(PAIR_THEIRS)}
        vouchers = [{tuple(row) for row in await connection.fetch(VOUCHERS)} for connection in (bridge, claims)]
        if ours != theirs:
            wrong.append(f"funds disagree: the work-injury book says {ours}, the medical books {theirs}")
        if vouchers[0] != vouchers[1]:
            wrong.append(f"{len(vouchers[0] ^ vouchers[1])} transfer vouchers are not in both books with one amount")
        for name, connection in (("claims", claims), ("workinjury-bridge", bridge)):
            parked = await connection.fetchval("SELECT count(*) FROM parked_event")
            if parked:
                wrong.append(f"{name} has parked {parked} events")
    finally:
        await claims.close()
        await bridge.close()
    return wrong


UNBALANCED = "SELECT count(*) FROM (SELECT book FROM journal_line GROUP BY book HAVING sum(debit_fen) <> sum(credit_fen)) t"
LEFT_OVER = "SELECT count(*) FROM (SELECT book FROM journal_line WHERE account LIKE '5001%' GROUP BY book HAVING sum(debit_fen) <> sum(credit_fen)) t"  # fmt: skip
USED_UP = "SELECT count(*) FROM person_year WHERE EXISTS (SELECT FROM jsonb_each_text(state) s WHERE s.value <> '0')"
PAIR_OURS = "SELECT dim, sum(debit_fen - credit_fen)::bigint FROM journal_line WHERE account IN ('1121', '2202') GROUP BY dim"
PAIR_THEIRS = (
    "SELECT book, -sum(debit_fen - credit_fen)::bigint FROM journal_line WHERE account IN ('1121', '2202') GROUP BY book"
)
VOUCHERS = "SELECT j.voucher_no, sum(l.debit_fen)::bigint FROM journal j JOIN journal_line l USING (entry_id) WHERE j.kind = 'transfer' GROUP BY j.voucher_no"  # fmt: skip


async def statements(url: str, count: int) -> None:
    """The statements that cost most, over both databases: microseconds for each conversion, calls, rows."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        rows = await connection.fetch(
            "SELECT datname, sum(total_exec_time) * 1000 AS us, sum(calls)::bigint AS calls, sum(rows)::bigint AS rows, left(regexp_replace(query, '\\s+', ' ', 'g'), 100) AS q"
            " FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE query NOT LIKE '%generate_series($%'"
            " GROUP BY 1, 5 ORDER BY 2 DESC LIMIT 40"
        )
    finally:
        await connection.close()
    for row in rows:
        console.print(
            f"{row['us'] / count:8.1f} us {row['calls']:8,} calls {row['rows']:9,} rows  {row['datname']}: {row['q']}",
            highlight=False,
            soft_wrap=True,
        )


def report(arguments: argparse.Namespace, phases: Sequence[Phase], wrong: Sequence[str]) -> None:
    """Print the table."""
    table = Table(title=f"conversions, {arguments.rate:.0f}/s asked, open loop, {arguments.seconds:.0f} s each")
    for heading in ("", *(phase.name for phase in phases), "in all"):
        table.add_column(heading)
    table.add_row("achieved /s", *(f"{p.count / p.wall_s:.0f}" for p in phases), "")
    table.add_row("request ms", *(_spread(p.latencies_ms, 0) for p in phases), "")
    table.add_row("event lag s", *(_spread(p.lags_s, 2) if p.lags_s else "-" for p in phases), "")
    databases = {name for p in phases if p.after for name in p.after.statements}
    for name in sorted(databases):
        rows = [_difference(p, "statements", name) / p.count for p in phases]
        if sum(rows) >= 0.05:
            commits = [_difference(p, "commits", name) / p.count for p in phases]
            cells = [f"{a:.2f} ({b:.2f})" for a, b in zip(rows, commits, strict=True)]
            table.add_row(f"statements (commits) {name}", *cells, f"{sum(rows):.2f} ({sum(commits):.2f})")
    names = {name for p in phases if p.after for name in p.after.cpu_s}
    totals = [p.load_cpu_s * 1000 / p.count for p in phases]
    table.add_row("CPU ms: load", *(f"{ms:.2f}" for ms in totals), f"{sum(totals):.2f}")
    for name in sorted(names):
        each = [_difference(p, "cpu_s", name) * 1000 / p.count for p in phases]
        if sum(each) >= 0.05:
            table.add_row(f"CPU ms: {name}", *(f"{ms:.2f}" for ms in each), f"{sum(each):.2f}")
            totals = [a + b for a, b in zip(totals, each, strict=True)]
    table.add_row("CPU ms in all", *(f"{ms:.2f}" for ms in totals), f"{sum(totals):.2f}")
    table.add_row("audit", "holds" if not wrong else f"{len(wrong)} faults", *[""] * len(phases))
    console.print(table)


def _difference(phase: Phase, kind: str, name: str) -> float:
    assert phase.before is not None
    assert phase.after is not None
    return float(getattr(phase.after, kind).get(name, 0) - getattr(phase.before, kind).get(name, 0))


def _spread(values: Sequence[float], digits: int) -> str:
    return (
        "  ".join(f"p{share * 100:g} {percentile(values, share):.{digits}f}" for share in (0.5, 0.99))
        + f"  max {max(values, default=0):.{digits}f}"
    )


def _token() -> str:
    everything = Principal("bench", "bench", frozenset({"*"}), frozenset({"*"}), service=True)
    return build_signer(read_settings("claims")).sign(everything, audience=AUDIENCE, ttl_s=3600)


if __name__ == "__main__":
    sys.exit(main())
