"""kill -9 of workers and of the claims API, at random under load and exactly between database commit and offset commit.

Whatever a hospital was told stands once; every fact is published, and consumed once by everybody; the books balance.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

from devstack.lag import group_lags
from devstack.mock_hospital import Item, Settled
from shared.contracts import REGISTRY
from tests.e2e.test_thread import changed
from tests.e2e.town import Town, until

VISIT = [Item(code="E2E-A", name="甲类项目", quantity=1, price=Decimal("1000.00"))]
DESKS, VISITS = 4, 8
GROUPS = ("claims", "workinjury-bridge", "gateway")
PACKAGES = {"gateway": "gateway", "workinjury-bridge": "workinjury_bridge"}
CONSUMED = {
    "claims": ("enrollment.person.v1",),
    "workinjury-bridge": ("claims.claim.v1",),
    "gateway": ("claims.claim.v1", "enrollment.coverage.v1", "gateway.matter.v1"),
}


async def at_rest(town: Town) -> None:
    """Wait until every fact is published and every group has read to the end."""

    async def quiet() -> bool:
        for service in town.stack.database_urls:
            if (await town.rows(service, "SELECT count(*) FROM outbox WHERE published_at IS NULL"))[0][0]:
                return False
        return not any((await group_lags(town.stack.kafka_bootstrap, GROUPS)).values())

    await until(quiet, "everything published and consumed")


async def audit(town: Town) -> None:
    """Every fact once in every inbox that it is for, nothing parked, every book balanced, the funds even."""
    facts: dict[str, str] = {}
    for service in town.stack.database_urls:
        facts |= dict(await town.rows(service, "SELECT event_id, topic FROM outbox"))
        assert await town.rows(service, "SELECT type, cause FROM parked_event") == []
    assert {entry.topic for entry in REGISTRY.all()} >= set(facts.values())
    for service, topics in CONSUMED.items():
        seen = {row[0] for row in await town.rows(service, "SELECT event_id FROM inbox")}
        assert {event_id for event_id, topic in facts.items() if topic in topics} <= seen
        assert seen <= set(facts)
    between = Counter[str]()
    for book in (b["book"] for b in (await town.windows["chenhui"].get("/v1/ledger/books"))["items"]):
        for (account, dim), amount in (await town.balances(book)).items():
            if account in ("1121", "2202"):
                between[":".join(sorted((book, dim)))] += amount
    assert not any(between.values()), between


async def test_kill_at_random_under_load(town: Town) -> None:
    dice = random.Random(11)
    patients = [await town.patient() for _ in range(DESKS)]
    before = await town.balances("EMP")
    told: list[Settled] = []

    async def desk(number: int) -> None:
        person_id, patient = patients[number]
        for turn in range(VISITS):
            settled = await town.hospitals[turn % 2].outpatient_visit(patient, VISIT)
            assert (settled.faults, settled.person_id) == ([], person_id)
            told.append(settled)

    async def killer() -> None:
        victims = [
            ("gateway", "worker"),
            ("claims", "worker"),
            ("claims", "api"),
            ("workinjury-bridge", "worker"),
            ("claims", "api"),
        ]
        for service, process in victims:
            await asyncio.sleep(dice.uniform(0.3, 1.5))
            town.stack.kill(service, process)
            town.stack.launch(service, process)

    await asyncio.gather(killer(), *(desk(number) for number in range(DESKS)))
    await at_rest(town)
    town.stack.check()
    assert len({s.settlement_id for s in told}) == DESKS * VISITS
    stored = await town.rows(
        "claims",
        "SELECT settlement_id, total_fen FROM settlement WHERE person_id = ANY($1::text[])",
        [person_id for person_id, _ in patients],
    )
    assert sorted(tuple(row) for row in stored) == sorted((s.settlement_id, 100_000) for s in told)
    lines = await town.rows(
        "gateway",
        "SELECT links ->> 'settlement_id', count(*) FROM timeline_entry WHERE kind = 'settlement' AND person_id = ANY($1::text[]) GROUP BY 1",
        [person_id for person_id, _ in patients],
    )
    assert dict(lines) == {s.settlement_id: 1 for s in told}
    moved = changed(await town.balances("EMP"), before)
    assert -sum(amount for (account, _), amount in moved.items() if account == "2201") == sum(
        int((s.funds + s.account) * 100) for s in told
    )
    assert town.line.answered_differently == []
    await audit(town)


async def test_kill_between_database_commit_and_offset_commit(town: Town) -> None:
    _, patient = await town.patient()
    await at_rest(town)
    for service in PACKAGES:
        town.stack.kill(service, "worker")
    script = str(Path(__file__).with_name("dying_worker.py"))
    dying = [
        await asyncio.create_subprocess_exec(sys.executable, script, package, env=town.stack.environment())
        for package in PACKAGES.values()
    ]
    try:
        settled = await town.hospitals[0].outpatient_visit(patient, VISIT)
        deaths = await asyncio.wait_for(asyncio.gather(*(process.wait() for process in dying)), 60)
    finally:
        for process in dying:
            if process.returncode is None:
                process.kill()
    assert deaths == [-signal.SIGKILL, -signal.SIGKILL]
    of_settlement = "SELECT event_id FROM timeline_entry WHERE links ->> 'settlement_id' = $1"
    stay = "SELECT settlement_id FROM settled_stay WHERE settlement_id = $1"
    entries = await town.rows("gateway", of_settlement, settled.settlement_id)
    assert (len(entries), len(await town.rows("workinjury-bridge", stay, settled.settlement_id))) == (1, 1)
    lags = await group_lags(town.stack.kafka_bootstrap, PACKAGES)
    assert min(lags.values()) > 0, "the effect is committed, the offset is not"
    for service in PACKAGES:
        town.stack.launch(service, "worker")
    await at_rest(town)
    assert await town.rows("gateway", of_settlement, settled.settlement_id) == entries
    assert len(await town.rows("workinjury-bridge", stay, settled.settlement_id)) == 1
    await audit(town)
