"""What a revocation, a set-off and a mistaken double bill move between the real books of both services (B3, B10)."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Any

import httpx
import pytest

from claims.application.funds.replenish_fund import Replenishment
from shared.clock import FixedClock
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.claims_desk import read
from tests.factories.his_messages import INSTITUTION
from tests.integration.workinjury_bridge.test_with_claims import F1, Two, injured, two

__all__ = ["two"]
POOL, E, MEALS = fen("11985"), fen("15700"), fen("360")
REVOCATION = {"decision_no": "J1", "final_on": "2026-03-20", "decided_by": "court"}


async def journals(two: Two, book: str, **where: Any) -> list[tuple[str, dict[str, int]]]:
    """Every journal of a book as kind and lines, debit above 0."""
    rows: list[tuple[str, dict[str, int]]] = []
    if book == "WI":
        entries = (await two.client.get("/v1/ledger/journals", book=book, **where))["items"]
        for entry in entries:
            lines = {f"{x['account']}({x['dim']})": x["debit_fen"] - x["credit_fen"] for x in entry["lines"]}
            rows.append((entry["kind"], lines))
        return rows
    async with two.desk.claims.db.transaction() as tx:
        for entry in await two.desk.claims.ledger.entries(tx, book=book, **where):
            rows.append((entry.kind, {f"{x.account}({x.dim})": x.debit_fen - x.credit_fen for x in entry.lines}))
    return rows


async def settled_directly(two: Two, person: str, **more: Any) -> tuple[str, str]:
    """F1's stay, paid by the work-injury fund: case and settlement."""
    desk, case_id = two.desk, await injured(two, person)
    visit = await desk.stay(person, F1, scheme="310", recer_sys_code="GSXT")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310", **more)
    info = (await desk.call("2304", asked, msgid="G1", recer_sys_code="GSXT"))["setlinfo"]
    await two.flush()
    return case_id, info["setl_id"]


async def visit_of(two: Two) -> str:
    """The one stay of the hospital."""
    pool = await two.desk.claims.db.pool()
    return str(await pool.fetchval("SELECT visit_id FROM settlement WHERE work_injury_key IS NOT NULL"))


async def revert(two: Two) -> list[str | None]:
    """What the worker's job does."""
    return [await two.house.bridge.revert_direct.run(key) for key in await two.house.bridge.revert_direct.due()]


async def cleared(two: Two, payer: str) -> dict[str, Any]:
    """The month's clearing of a fund, by two."""
    body = {"payer": payer, "month": "2026-11", "actor": "lijing"}
    run = await two.client.post("/v1/interfund-clearings", body)
    path = f"/v1/interfund-clearings/{run['clearing_id']}"
    await two.client.post(f"{path}/approve", {"actor": "zhaoming"})
    await two.house.bridge.month_end.advance.run(run["clearing_id"])
    found: dict[str, Any] = await two.client.get(path)
    return found


def month_end(two: Two) -> None:
    clock = two.house.bridge.month_end.advance.clock
    assert isinstance(clock, FixedClock)
    clock.set(datetime.fromisoformat("2026-11-30T10:00:00+08:00"))


async def test_a_revoked_direct_stay_goes_to_the_medical_fund_and_back_again(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id, settlement_id = await settled_directly(two, person)
    assert await two.books("5001.01", "2202") == [0, 0]
    await client.post(f"/v1/injury-cases/{case_id}/revocations", REVOCATION)
    assert (await client.get("/v1/invariants"))["inter_fund"] == "in-flight"
    # two workers at once
    await asyncio.gather(revert(two), revert(two))
    assert await journals(two, "EMP") == [("settlement", {"5001.01()": POOL, "2202(WI)": -POOL})]
    assert (await journals(two, "WI"))[-1] == (
        "recovery",
        {"1121(EMP)": POOL, f"1125(P:{person})": E - POOL, "5001.11()": -E},
    )
    assert await two.wi() == {f"2201(H:{INSTITUTION})": -E, "1121(EMP)": POOL, f"1125(P:{person})": E - POOL}
    (debt,) = (await client.get("/v1/recoveries", case_id=case_id))["items"]
    assert (debt["settlement_id"], debt["cause"], debt["open_fen"]) == (settlement_id, "revoked", E - POOL)
    assert (await desk.year(person))["stays"] == 1
    await two.flush()
    await two.sound()
    assert await desk.count("settlement", "state = 'taken-over' AND work_injury_key IS NOT NULL") == 1
    assert await desk.count("settlement", f"state = 'valid' AND infno = 'TAKE-OVER' AND total_fen = {E}") == 1
    assert await desk.count("settlement", f"cash_fen = {E - POOL} AND fund_fen = {POOL} AND infno = 'TAKE-OVER'") == 1
    reversal = {"data": {"mdtrt_id": await visit_of(two), "psn_no": person, "setl_id": settlement_id}}
    refused = await desk.refused("2305", reversal, recer_sys_code="GSXT")
    assert refused == "工伤认定已撤销，该结算已转由医保基金按医保规定结算，不能办理"

    month_end(two)
    filled = Replenishment(book=Book.EMP, amount_fen=POOL, reference="B2", maker="lijing", checker="zhaoming")
    await desk.claims.replenish_fund(OnceKey("t", "fill", "d"), filled)
    run = await cleared(two, "EMP")
    (voucher,) = run["transfers"]
    assert (run["state"], voucher["direction"], voucher["amount_fen"]) == ("closed", "back", POOL)
    assert [(c["case_id"], c["conversion_id"], c["amount_fen"]) for c in voucher["cases"]] == [(case_id, None, POOL)]
    assert voucher["cases"][0]["origin"].startswith("direct:")
    assert await two.books("2202", "1003") == [0, 0]
    await two.sound()

    granted = {"decision_no": "N3", "outcome": "granted", "decided_on": "2026-03-20", "decided_by": "office"}
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", granted)
    converted = await two.approve(await two.proposed(case_id))
    assert (converted["owed_fen"], converted["refund_fen"], converted["work_injury_fen"]) == (POOL, E - POOL, E)
    assert await two.books("5001.01", "1121", "2202", "1003") == [0, 0, 0, POOL]
    assert await two.wi() == {
        "5001.11()": E,
        "5001.13()": MEALS,
        f"2201(H:{INSTITUTION})": -E,
        "1003()": -MEALS,
    }
    await two.sound()


async def test_without_cover_on_the_day_the_person_owes_everything_and_is_told_why(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11", begins_on=date(2026, 3, 15))
    case_id, settlement_id = await settled_directly(two, person)
    await client.post(f"/v1/injury-cases/{case_id}/revocations", REVOCATION)
    assert await revert(two) == [None]
    assert await journals(two, "EMP") == []
    assert await two.wi() == {f"2201(H:{INSTITUTION})": -E, f"1125(P:{person})": E}
    (debt,) = (await client.get("/v1/recoveries", case_id=case_id))["items"]
    assert (debt["settlement_id"], debt["open_fen"]) == (settlement_id, E)
    (direct,) = (await client.get(f"/v1/injury-cases/{case_id}/file"))["direct_settlements"]
    assert direct["not_taken_over"] == "claims.coverage.none: 该人员在2026-03-02没有险种310的有效参保，不享受待遇"
    assert await desk.count("settlement", "state = 'valid' AND work_injury_key IS NOT NULL") == 1
    await two.sound()


async def test_a_hospital_that_reverses_at_the_same_time_is_first_or_refused(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id, settlement_id = await settled_directly(two, person)
    await client.post(f"/v1/injury-cases/{case_id}/revocations", REVOCATION)
    reversal = {"data": {"mdtrt_id": await visit_of(two), "psn_no": person, "setl_id": settlement_id}}

    async def reverse() -> bool:
        answer = read(await desk.raw("2305", reversal, recer_sys_code="GSXT"))
        return str(answer["infcode"]) == "0"

    reversed_, _ = await asyncio.gather(reverse(), revert(two))
    await two.flush()
    await revert(two)
    taken = await desk.count("settlement", "state = 'valid' AND infno = 'TAKE-OVER'")
    assert taken == (0 if reversed_ else 1)
    expected = {} if reversed_ else {f"2201(H:{INSTITUTION})": -E, "1121(EMP)": POOL, f"1125(P:{person})": E - POOL}
    assert await two.wi() == expected
    await two.sound()


_ = (httpx, pytest, Refusal)
