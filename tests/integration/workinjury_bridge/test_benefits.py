"""Cash benefits over HTTP and on PostgreSQL: the tables, the monthly run killed and doubled, the database's own refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from shared.clock import FixedClock
from shared.money import fen
from shared.transactions import Tx, UnitOfWork
from tests.integration.workinjury_bridge.conftest import Client, House
from workinjury_bridge.adapters import tables as base
from workinjury_bridge.adapters import tables_benefits as t
from workinjury_bridge.entrypoints.deadlines import jobs

APPRAISAL = {"conclusion_no": "J1", "kind": "initial", "concluded_on": "2026-02-10", "decided_by": "市劳动能力鉴定委员会"}
MATERIALS = {"materials": ["M1"], "actor": "maker"}


async def recognised(client: Client, person_id: str = "P1", grade: int = 4) -> str:
    """A case with own wage 7,200 and an appraisal."""
    accident = {
        "person_id": person_id,
        "accident_on": "2026-01-05",
        "body_parts": ["leg"],
        "description": "被冲床压伤",
        "region": "370826",
    }
    case_id: str = (await client.post("/v1/injury-cases", accident))["case_id"]
    granted = {"decision_no": "N1", "outcome": "granted", "decided_on": "2026-01-20", "decided_by": "office"}
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", granted)
    await client.post(f"/v1/injury-cases/{case_id}/own-wage", {"monthly_wages_fen": [fen("7200")] * 12})
    said = APPRAISAL | {"grade": grade, "nursing": "large", "recheck_due_on": "2026-11-01"}
    await client.post(f"/v1/injury-cases/{case_id}/appraisals", said)
    return case_id


async def pension(client: Client, case_id: str, kind: str = "disability-allowance", **facts: Any) -> str:
    proposed = await client.post(f"/v1/injury-cases/{case_id}/entitlements", MATERIALS | {"kind": kind} | facts)
    await client.post(f"/v1/entitlements/{proposed['entitlement_id']}/approve", {"actor": "checker"})
    return str(proposed["entitlement_id"])


async def work_once(house: House) -> None:
    (job,) = [job for job in jobs(house.bridge) if job.name == "pensions"]
    await job.run()


async def balances(client: Client) -> dict[str, int]:
    rows = (await client.get("/v1/ledger/trial-balance", book="WI"))["rows"]
    return {f"{r['account']}({r['dim']})": r["balance_fen"] for r in rows if r["balance_fen"]}


async def test_from_appraisal_to_the_heirs(house: House) -> None:
    client = house.client()
    case_id = await recognised(client)
    entitlement_id = await pension(client, case_id)
    asked = MATERIALS | {"kind": "one-off-disability", "on": "2026-11-20"}
    proposed = await client.post(f"/v1/injury-cases/{case_id}/benefits", asked)
    assert [s["amount_fen"] for s in proposed["calculation"]] == [fen("7200"), fen("151200")]
    signed = await client.post(f"/v1/benefits/{proposed['benefit_id']}/approve", {"actor": "checker"})
    assert (signed["state"], signed["maker"], signed["checker"]) == ("paid", "maker", "checker")
    assert await balances(client) == {
        "5001.17()": 9 * fen("5400"),
        "5001.16()": fen("151200"),
        "1003()": -9 * fen("5400") - fen("151200"),
    }
    page = await client.get(f"/v1/injury-cases/{case_id}/benefits")
    assert [(a["grade"], a["counts_from"]) for a in page["appraisals"]] == [(4, "2026-03-01")]
    (running,) = page["entitlements"]
    assert (running["state"], running["amount_fen"], len(running["postings"])) == ("running", fen("5400"), 9)
    assert [(s["label"], s["article"]) for s in running["calculation"]] == [("本人工资", "35"), ("4级按75%计算", "35")]
    reviews = (await client.get("/v1/pension-reviews"))["items"]
    assert [(r["entitlement_id"], r["reasons"]) for r in reviews] == [(entitlement_id, ["recheck-due"])]
    assert await client.get("/v1/pension-runs/2026-11-22") == {
        "month": "2026-11-01",
        "entitlements": 1,
        "done": 1,
        "hindered": 0,
        "granted_fen": 9 * fen("5400"),
        "recovered_fen": 0,
        "arrears_fen": 8 * fen("5400"),
        "waiting_fen": 0,
    }
    lost = {"circumstance": "after-time-off", "occurred_on": "2026-11-02", "source": "data-match", "actor": "clerk"}
    answer = await client.post(f"/v1/injury-cases/{case_id}/losses", lost)
    assert (answer["notice_due_on"], answer["claim_on_estate_fen"]) == ("2026-11-30", 0)
    funeral = await client.post(f"/v1/injury-cases/{case_id}/benefits", MATERIALS | {"kind": "funeral", "on": "2026-11-20"})
    posted = await client.post(f"/v1/benefits/{funeral['benefit_id']}/approve", {"actor": "checker"})
    assert posted["state"] == "posted"
    spouse = await pension(client, case_id, "dependant", person_id="D1", relation="spouse")
    assert (await client.get(f"/v1/entitlements/{spouse}"))["begins"] == "2026-12-01"
    assert [r["reasons"] for r in (await client.get("/v1/pension-reviews"))["items"]] == [["heirs-unproven"]]
    await client.post(f"/v1/injury-cases/{case_id}/successions", {"materials": ["K1"]})
    assert (await client.get(f"/v1/benefits/{funeral['benefit_id']}"))["state"] == "paid"
    clock = house.bridge.db.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(days=20))
    await work_once(house)
    found = await balances(client)
    assert (found["5001.21()"], found["5001.17()"]) == (fen("2880"), 9 * fen("5400"))
    assert (await house.events())[-3:] == [
        "workinjury-bridge.benefit-granted.v1",
        "workinjury-bridge.benefit-paid.v1",
        "workinjury-bridge.benefit-paid.v1",
    ]


async def test_what_happens_to_a_benefit_is_kept_with_who_recorded_it(house: House) -> None:
    client = house.client()
    case_id = await recognised(client)
    entitlement_id, path = await pension(client, case_id), f"/v1/injury-cases/{case_id}"
    page = f"/v1/entitlements/{entitlement_id}"
    asked = await client.post(f"{path}/benefits", MATERIALS | {"kind": "one-off-disability", "on": "2026-11-20"})
    await client.post(f"/v1/benefits/{asked['benefit_id']}/dismiss", {"actor": "checker", "note": "材料不全"})
    early = await client.try_post(f"{page}/resume", {"actor": "checker", "month": "2026-12-01"})
    assert early.status_code == 409
    await client.post(f"{page}/suspend", {"actor": "maker", "reason": "no-certificate", "month": "2026-12-01"})
    await client.post(f"{page}/resume", {"actor": "checker", "month": "2026-12-01"})
    await client.post(f"{page}/certify", {"actor": "maker", "on": "2026-11-21"})  # older than what is on file: nothing new
    await client.post(f"{page}/stop", {"actor": "maker", "month": "2026-12-01"})
    acts = (await client.get(f"{path}/file"))["acts"]
    (appraisal,) = (await client.get(f"{path}/appraisals"))["items"]
    assert [(act["act"], act["actor"], act["subject_id"]) for act in acts] == [
        ("wage-recorded", "gateway", None),
        ("appraised", "gateway", appraisal["appraisal_id"]),
        ("benefit-dismissed", "checker", asked["benefit_id"]),
        ("pension-suspended", "maker", entitlement_id),
        ("pension-resumed", "checker", entitlement_id),
        ("pension-stopped", "maker", entitlement_id),
    ]


async def test_a_returned_payment_is_paid_again(house: House) -> None:
    client = house.client()
    await pension(client, await recognised(client))
    async with house.bridge.db.reading() as tx:
        payment_id = await tx.scalar(select(base.payment.c.payment_id))
    await client.post(f"/v1/benefit-payments/{payment_id}/return", {"reason": "账户已注销", "actor": "chenhui"})
    assert (await balances(client))["2203(P:P1)"] == -9 * fen("5400")
    twice = await asyncio.gather(*(client.try_post(f"/v1/benefit-payments/{payment_id}/repay") for _ in range(3)))
    assert sorted(r.status_code for r in twice) == [200, 409, 409]
    assert "2203(P:P1)" not in await balances(client)
    assert (await client.get(f"/v1/benefit-payments/{payment_id}"))["return_reason"] == "账户已注销"


async def test_several_workers_pay_every_pension_once(house: House) -> None:
    client = house.client()
    for n in range(8):
        case_id = await recognised(client, f"P{n}")
        await pension(client, case_id)
        await pension(client, case_id, "nursing")
    clock = house.bridge.db.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(days=20))
    await asyncio.gather(*(work_once(house) for _ in range(4)))
    async with house.bridge.db.reading() as tx:
        rows = await tx.all(select(t.posting.c.entitlement_id, t.posting.c.month, t.posting.c.number))
        payments = await tx.all(select(base.payment).where(base.payment.c.month == clock.today().replace(day=1)))
    assert len(rows) == len(set(rows)) == 16 * 10
    assert {row.number for row in rows} == {0}
    assert sorted(p.amount_fen for p in payments) == [fen("2600")] * 8 + [fen("5400")] * 8
    assert await client.get("/v1/pension-runs/2026-12-01") == {
        "month": "2026-12-01",
        "entitlements": 16,
        "done": 16,
        "hindered": 0,
        "granted_fen": 8 * fen("8000"),
        "recovered_fen": 0,
        "arrears_fen": 0,
        "waiting_fen": 0,
    }
    await work_once(house)
    assert sum(v for k, v in (await balances(client)).items() if k.startswith("5001")) == 8 * 10 * fen("8000")


class Death(BaseException):
    """The process is gone."""


@dataclass
class MortalWork:
    """A unit of work that dies before or after its n-th commit."""

    work: UnitOfWork
    strike: int
    seen: int = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        async with self.work.transaction() as tx:
            yield tx
            self._point()
        self._point()

    def _point(self) -> None:
        self.seen += 1
        if self.seen == self.strike:
            raise Death


async def test_a_run_that_dies_is_taken_up_where_it_stood(house: House) -> None:
    client = house.client()
    for n in range(4):
        await pension(client, await recognised(client, f"P{n}"))
    clock = house.bridge.db.clock
    assert isinstance(clock, FixedClock)
    for months, strike in enumerate(range(1, 13), 1):
        clock.advance(timedelta(days=31))
        mortal = replace(house.bridge.benefits.run, work=MortalWork(house.bridge.db, strike))
        with suppress(Death):
            while due := await mortal.due():
                for entitlement_id in due:
                    assert await mortal.run(entitlement_id) is None
        await work_once(house)
        found = await balances(client)
        assert found == {"5001.17()": 4 * (9 + months) * fen("5400"), "1003()": -4 * (9 + months) * fen("5400")}


async def test_death_and_the_run_at_the_same_instant_never_pay_the_dead(house: House) -> None:
    client = house.client()
    cases = [await recognised(client, f"P{n}") for n in range(8)]
    for case_id in cases:
        await pension(client, case_id)
    clock = house.bridge.db.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(days=20))
    lost = {"circumstance": "after-time-off", "occurred_on": "2026-12-01", "source": "family", "actor": "clerk"}
    await asyncio.gather(work_once(house), *(client.post(f"/v1/injury-cases/{case_id}/losses", lost) for case_id in cases))
    await work_once(house)
    async with house.bridge.db.reading() as tx:
        reported = {row.person_id: row.changed_at for row in await tx.all(select(t.person_loss))}
        postings = await tx.all(select(t.posting).where(t.posting.c.month == clock.today().replace(day=1)))
    assert len(reported) == len(postings) == 8
    found = await balances(client)
    waiting = sum(p.amount_fen for p in postings if not p.paid)
    assert -sum(v for k, v in found.items() if k.startswith("2203(HEIRS")) == waiting
    assert not any(k.startswith("2203(P") for k in found)
    assert found["1003()"] == -8 * 10 * fen("5400") + waiting


async def test_refusals_scopes_and_the_database_itself(house: House) -> None:
    client = house.client()
    case_id = await recognised(client)
    asked = MATERIALS | {"kind": "one-off-disability", "on": "2026-11-20"}
    proposed = await client.post(f"/v1/injury-cases/{case_id}/benefits", asked)
    same = await client.try_post(f"/v1/benefits/{proposed['benefit_id']}/approve", {"actor": "maker"})
    again = await client.try_post(f"/v1/injury-cases/{case_id}/benefits", asked)
    reader = house.client("injury:read", "benefit:propose")
    scope = await reader.try_post(f"/v1/benefits/{proposed['benefit_id']}/approve", {"actor": "x"})
    elsewhere = await house.client(regions=["420000"]).try_get(f"/v1/injury-cases/{case_id}/benefits")
    nowhere = await client.try_get("/v1/entitlements/none")
    found = [r.json()["code"] for r in (same, again, scope, elsewhere, nowhere)]
    assert found == [
        "workinjury-bridge.benefit.same-hand",
        "workinjury-bridge.benefit.granted-already",
        "auth.scope-missing",
        "auth.region-not-granted",
        "workinjury-bridge.entitlement.unknown",
    ]
    assert (await client.get(f"/v1/benefits/{proposed['benefit_id']}"))["state"] == "proposed"
    assert (await client.get("/v1/ledger/journals", book="WI"))["items"] == []
    for values in ({"checker": "maker"}, {"state": "paid"}, {"amount_fen": 0}):
        with pytest.raises(IntegrityError):
            async with house.bridge.db.transaction() as tx:
                await tx.execute(update(t.item).values(values))
