"""What corrections owe a person is paid out: proposed by one, approved by another, each book by its own voucher."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from claims.entrypoints.service import SERVICE, build
from shared.auth import Principal
from shared.auth.wiring import build_signer, build_verifier
from shared.http.app import create_app
from tests.factories.claims_desk import ClaimsDesk, claims_settings

_keys = itertools.count(1)
SCOPES = frozenset({"settlements:correct", "settlements:approve", "settlements:read"})


@pytest.fixture
async def http(desk: ClaimsDesk) -> AsyncIterator[httpx.AsyncClient]:
    """The service's own application on the desk's database."""
    settings = claims_settings(desk.claims.db.url)
    runtime = build(settings)
    app = create_app(SERVICE.name, SERVICE.description, runtime)
    app.state.verifier = build_verifier(settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://claims") as client:
        yield client
    await runtime.stop()


def as_(desk: ClaimsDesk, subject: str, *scopes: str) -> dict[str, str]:
    """Headers of somebody."""
    principal = Principal(subject, subject, frozenset(scopes) or SCOPES, frozenset({"*"}))
    token = build_signer(claims_settings(desk.claims.db.url)).sign(principal, audience="onewindow", ttl_s=300)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": f"k{next(_keys)}"}


async def owed_by_a_reversal(desk: ClaimsDesk, number: int = 1) -> str:
    """Two stays of 200,000, of which the first has used up all but 375 of the pool's 150,000; then the first is reversed."""
    person = await desk.person(number)
    stays = []
    for begun, ended in (("2026-03-01", "2026-03-03"), ("2026-03-05", "2026-03-07")):
        visit = await desk.stay(person, [("A1", "200000.00")], begun=begun, ended=ended)
        info = (await desk.call("2304", desk.stay_input(visit, person, "200000.00")))["setlinfo"]
        stays.append((visit, str(info["setl_id"])))
    visit, settlement = stays[0]
    await desk.call("2305", {"data": {"setl_id": settlement, "mdtrt_id": visit, "psn_no": person}})
    return person


async def codes(answer: httpx.Response) -> Any:
    return answer.json().get("code")


async def test_two_people_pay_what_a_correction_owes(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    """The pool pays (200,000 - 500) at 75 % for the second stay, 149,625 instead of 375."""
    person = await owed_by_a_reversal(desk)
    before = await desk.balances("RES")
    owed = before[("2203", f"P:{person}")]
    assert owed == -14_925_000
    listed = (await http.get("/v1/person-dues", headers=as_(desk, "lijing"))).json()["items"]
    assert listed == [{"person_id": person, "dues": [{"book": "RES", "amount_fen": -owed}], "amount_fen": -owed}]
    detail = (await http.get(f"/v1/person-dues/{person}", headers=as_(desk, "lijing"))).json()
    (correction,) = detail["corrections"]
    assert (correction["reason"], correction["sequence"]) == ("reversal", 1)
    assert {d["book"]: d["amount_fen"] for d in correction["by_book"]}["RES"] == -owed
    maker = as_(desk, "lijing")
    proposed = await http.post("/v1/person-payouts", json={"person_id": person}, headers=maker)
    assert proposed.status_code == 200, proposed.text
    payout = proposed.json()
    assert (payout["state"], payout["amount_fen"], payout["maker"]) == ("proposed", -owed, "lijing")
    assert (await http.post("/v1/person-payouts", json={"person_id": person}, headers=maker)).json() == payout
    path = f"/v1/person-payouts/{payout['payout_id']}"
    for answer, code in (
        (await http.post("/v1/person-payouts", json={"person_id": person}, headers=as_(desk, "lijing")), "claims.payout.open"),
        (await http.post(f"{path}/approve", headers=as_(desk, "lijing")), "claims.payout.same-person"),
        (await http.post(f"{path}/approve", headers=as_(desk, "zhaoming", "settlements:read")), "auth.scope-missing"),
        (await http.post("/v1/person-payouts/X/approve", headers=as_(desk, "zhaoming")), "claims.payout.unknown"),
    ):
        assert await codes(answer) == code
    assert await desk.balances("RES") == before
    approved = await http.post(f"{path}/approve", headers=as_(desk, "zhaoming"))
    assert approved.status_code == 200, approved.text
    assert approved.json()["dues"] == [{"book": "RES", "amount_fen": -owed, "voucher_no": f"{payout['payout_id']}-RES"}]
    after = await desk.balances("RES")
    assert (after.get(("2203", f"P:{person}"), 0), after[("1003", "")] - before.get(("1003", ""), 0)) == (0, owed)
    assert await codes(await http.post(f"{path}/reject", headers=as_(desk, "zhaoming"))) == "claims.payout.decided"
    assert (await http.get("/v1/person-dues", headers=as_(desk, "lijing"))).json()["items"] == []
    again = await http.post("/v1/person-payouts", json={"person_id": person}, headers=as_(desk, "lijing"))
    assert await codes(again) == "claims.payout.nothing-due"
    waiting = await http.get("/v1/person-payouts?state=paid", headers=as_(desk, "lijing"))
    assert [p["payout_id"] for p in waiting.json()["items"]] == [payout["payout_id"]]


async def test_amounts_that_changed_are_not_paid(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    person = await owed_by_a_reversal(desk)
    asked = await http.post("/v1/person-payouts", json={"person_id": person}, headers=as_(desk, "lijing"))
    path = f"/v1/person-payouts/{asked.json()['payout_id']}"
    standing = await (await desk.claims.db.pool()).fetchrow(
        "SELECT settlement_id, visit_id FROM settlement WHERE state = 'valid'"
    )
    assert standing is not None
    await desk.call(
        "2305", {"data": {"setl_id": standing["settlement_id"], "mdtrt_id": standing["visit_id"], "psn_no": person}}
    )
    before = await desk.balances("RES")
    assert await codes(await http.post(f"{path}/approve", headers=as_(desk, "zhaoming"))) == "claims.payout.changed"
    assert await desk.balances("RES") == before
    assert (await http.post(f"{path}/reject", headers=as_(desk, "zhaoming"))).json()["state"] == "rejected"


async def test_nobody_is_paid_twice_at_one_instant(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    person = await owed_by_a_reversal(desk)
    asked = await http.post("/v1/person-payouts", json={"person_id": person}, headers=as_(desk, "lijing"))
    path = f"/v1/person-payouts/{asked.json()['payout_id']}/approve"
    answers = await asyncio.gather(*(http.post(path, headers=as_(desk, who)) for who in ("zhaoming", "sunli")))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await desk.count("journal", "kind = 'payment'") == 1


async def test_nothing_is_paid_while_settlements_are_still_to_be_decided_again(
    desk: ClaimsDesk, http: httpx.AsyncClient
) -> None:
    person = await owed_by_a_reversal(desk)
    await (await desk.claims.db.pool()).execute(
        "INSERT INTO redecision (redecision_id, person_id, scheme, benefit_year, reason, trigger_id, rest, recorded_at)"
        " VALUES ('R', $1, '390', 2026, 'class', 'T', '{}', now())",
        person,
    )
    answer = await http.post("/v1/person-payouts", json={"person_id": person}, headers=as_(desk, "lijing"))
    assert await codes(answer) == "claims.payout.undecided"
    assert await desk.count("person_payout") == 0
