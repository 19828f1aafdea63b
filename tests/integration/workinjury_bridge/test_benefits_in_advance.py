"""Benefits and audits of an uninsured employer's worker on PostgreSQL: what the tables hold, and acts of the same instant (B7, B12)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from shared.clock import FixedClock
from shared.money import fen
from tests.factories.workinjury_bridge.examples import F1_BILL
from tests.integration.workinjury_bridge.conftest import Client, House
from tests.integration.workinjury_bridge.test_benefits import APPRAISAL, MATERIALS, balances, pension, work_once
from tests.integration.workinjury_bridge.test_database import grant, key, settlement_of
from workinjury_bridge.adapters import tables_benefits as t
from workinjury_bridge.application.open_injury_case import Accident

MONTHLY = fen("5400")


async def uninsured(client: Client, person_id: str = "P1", grade: int = 4) -> str:
    """A recognised case of an employer that was not insured, own wage 7,200, appraised."""
    accident = {
        "person_id": person_id,
        "accident_on": "2026-01-05",
        "body_parts": ["leg"],
        "description": "被冲床压伤",
        "region": "370826",
        "employer_id": "E1",
    }
    case_id: str = (await client.post("/v1/injury-cases", accident))["case_id"]
    await client.post(f"/v1/injury-cases/{case_id}/facts", {"employer_insured": False})
    granted = {"decision_no": "N1", "outcome": "granted", "decided_on": "2026-01-20", "decided_by": "office"}
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", granted)
    await client.post(f"/v1/injury-cases/{case_id}/own-wage", {"monthly_wages_fen": [fen("7200")] * 12})
    await client.post(f"/v1/injury-cases/{case_id}/appraisals", APPRAISAL | {"grade": grade})
    return case_id


async def approve_advance(client: Client, case_id: str) -> None:
    applied = await client.post(f"/v1/injury-cases/{case_id}/advances", {"applied_on": "2026-11-02"})
    advance = f"/v1/advances/{applied['advance_id']}"
    await client.post(f"{advance}/notice", {"actor": "clerk", "served_on": "2026-11-04"})
    await client.post(f"{advance}/approve", {"actor": "chief"})


async def breaches(client: Client) -> Any:
    return (await client.get("/v1/invariants"))["breaches"]


async def test_advanced_recovered_and_the_funds_after_the_back_payment(house: House) -> None:
    client = house.client()
    case_id = await uninsured(client)
    asked = MATERIALS | {"kind": "one-off-disability", "on": "2026-11-20"}
    path = f"/v1/injury-cases/{case_id}/benefits"
    codes = [
        (await client.try_post(path, asked | {"kind": kind})).json()["code"]
        for kind in ("one-off-disability", "contract-end-employment", "treatment-wages")
    ]
    assert codes == [
        "workinjury-bridge.benefit.not-advanced",
        "workinjury-bridge.benefit.employer-owes",
        "workinjury-bridge.benefit.employer-owes",
    ]
    wages = (await client.try_post(path, asked | {"kind": "treatment-wages"})).json()
    assert wages["title"].startswith("停工留薪期工资由用人单位支付")
    assert (await client.get("/v1/ledger/journals", book="WI"))["items"] == []
    await approve_advance(client, case_id)
    item = await client.post(path, asked)
    await client.post(f"/v1/benefits/{item['benefit_id']}/approve", {"actor": "checker"})
    entitlement_id = await pension(client, case_id)
    lump = fen("151200")
    assert await balances(client) == {"1123(E:E1)": lump + 9 * MONTHLY, "1003()": -lump - 9 * MONTHLY}
    page = await client.get(path)
    assert [i["debtor"] for i in page["items"]] == ["E:E1"]
    assert {p["debtor"] for p in page["entitlements"][0]["postings"]} == {"E:E1"}
    debts = {d["settlement_id"]: d for d in (await client.get("/v1/recoveries", case_id=case_id))["items"]}
    assert {k: (d["advanced_fen"], d["cause"], d["state"]) for k, d in debts.items()} == {
        item["benefit_id"]: (lump, "uninsured", "open"),
        entitlement_id: (9 * MONTHLY, "uninsured", "open"),
    }
    recovery = f"/v1/recoveries/{debts[entitlement_id]['recovery_id']}"
    await client.post(f"{recovery}/receipts", {"actor": "clerk", "amount_fen": 8 * MONTHLY, "reference": "B1"})
    assert await breaches(client) == []
    again = await client.try_post(f"/v1/injury-cases/{case_id}/facts", {"employer_insured": True})
    assert again.json()["code"] == "workinjury-bridge.case.benefits-booked"
    # September to November have arisen since; of them the employer had paid two, which its debt for the lump sum meets
    paid = await client.post(f"/v1/injury-cases/{case_id}/back-payment", {"effective_on": "2026-09-01", "proof": "BJ-1"})
    assert paid["benefits"] == [entitlement_id]
    assert await balances(client) == {
        "5001.17()": 3 * MONTHLY,
        "1123(E:E1)": lump - 2 * MONTHLY,
        "1003()": -lump - MONTHLY,
    }
    assert await breaches(client) == []
    clock = house.bridge.db.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(days=20))
    await work_once(house)
    assert (await balances(client))["5001.17()"] == 4 * MONTHLY
    assert await breaches(client) == []


async def test_runs_and_back_payment_of_the_same_instant_leave_no_month_twice(house: House) -> None:
    client = house.client()
    cases = [await uninsured(client, f"P{n}") for n in range(6)]
    for case_id in cases:
        await approve_advance(client, case_id)
        await pension(client, case_id)
    clock = house.bridge.db.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(days=20))
    body = {"effective_on": "2026-10-01", "proof": "BJ-1"}
    await asyncio.gather(
        work_once(house), work_once(house), *(client.post(f"/v1/injury-cases/{c}/back-payment", body) for c in cases)
    )
    await work_once(house)
    # March to September are the employer's, October to December the fund's, in whatever order they met
    assert await balances(client) == {
        "1123(E:E1)": 6 * 7 * MONTHLY,
        "5001.17()": 6 * 3 * MONTHLY,
        "1003()": -6 * 10 * MONTHLY,
    }
    async with house.bridge.db.reading() as tx:
        rows = await tx.all(select(t.posting.c.entitlement_id, t.posting.c.month, t.posting.c.number))
    assert (len(rows), {row.number for row in rows}) == (60, {0})
    assert await breaches(client) == []


async def test_a_cut_and_a_receipt_of_the_same_instant_leave_nobody_owing_too_much(house: House) -> None:
    client = house.client()
    for person in ("P1", "P2", "P3"):
        accident = Accident(
            person_id=person, accident_on=F1_BILL.begun_on, body_parts=("hand",), description="press", employer_id="E1"
        )
        case_id = (await house.bridge.open_case.run(key(), accident))["case_id"]
        await client.post(f"/v1/injury-cases/{case_id}/facts", {"employer_insured": False})
        settled = settlement_of(person)
        await house.hear(house.claims.settle(settled, F1_BILL))
        (conversion_id,) = await grant(house, case_id)
        await house.go_on()
        await approve_advance(client, case_id)
        await client.post(f"/v1/conversions/{conversion_id}/check", {"actor": "maker"})
        await client.post(f"/v1/conversions/{conversion_id}/approve", {"actor": "checker"})
        conversion = await client.get(f"/v1/conversions/{conversion_id}")
        (debt,) = [d for d in conversion["recoveries"] if d["book"] == "WI"]
        finding = {
            "settlement_id": settled.settlement_id,
            "line_id": F1_BILL.lines[0].line_id,
            "amount_fen": fen("1000"),
            "reason": "R04",
            "maker": "maker",
            "checker": "chief",
        }
        receipt = {"actor": "clerk", "amount_fen": debt["advanced_fen"], "reference": "B1"}
        cut, received = await asyncio.gather(
            client.try_post("/v1/audit-deductions", finding),
            client.try_post(f"/v1/recoveries/{debt['recovery_id']}/receipts", receipt),
        )
        assert cut.status_code == 201
        assert received.status_code in (200, 409)
        found = await balances(client)
        left = 0 if received.is_success else debt["advanced_fen"] - fen("1000")
        assert (found.pop("1123(E:E1)", 0), found.get("2204(E:E1)", 0)) == (left, 0)
        if left:
            await client.post(f"/v1/recoveries/{debt['recovery_id']}/receipts", receipt | {"amount_fen": left})
        withdrawn = await client.post(f"/v1/audit-deductions/{cut.json()['deduction_id']}/withdraw", {"actor": "judge"})
        assert withdrawn["state"] == "withdrawn"
        assert (await balances(client))["1123(E:E1)"] == fen("1000")
        await client.post(f"/v1/recoveries/{debt['recovery_id']}/receipts", receipt | {"amount_fen": fen("1000")})
        assert await breaches(client) == []
