"""Paper claims and corrections over REST: two people, their permissions, and the pages of what waits."""

from __future__ import annotations

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
from tests.factories.late_facts import LateDesk, paper

_keys = itertools.count(1)
SCOPES = frozenset({"settlements:manual", "settlements:correct", "settlements:approve", "settlements:read"})


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


def as_(desk: ClaimsDesk, subject: str, *scopes: str, service: bool = False) -> dict[str, str]:
    """Headers of somebody."""
    principal = Principal(subject, subject, frozenset(scopes) or SCOPES, frozenset({"*"}), service=service)
    token = build_signer(claims_settings(desk.claims.db.url)).sign(principal, audience="onewindow", ttl_s=300)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": f"k{next(_keys)}"}


async def test_two_people_settle_a_paper_claim(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    person = await desk.person()
    body: dict[str, Any] = paper(person, "1500.00", "2026-03-01", "FP1")
    maker = as_(desk, "lijing")
    proposed = await http.post("/v1/manual-claims", json=body, headers=maker)
    assert proposed.status_code == 200, proposed.text
    case = proposed.json()
    assert (case["state"], case["maker"], case["preview"]["payable_fen"]) == ("proposed", "lijing", 75_000)
    assert (await http.post("/v1/manual-claims", json=body, headers=maker)).json() == case
    waiting = (await http.get("/v1/late-facts", headers=as_(desk, "zhaoming"))).json()
    assert [c["late_fact_id"] for c in waiting["items"]] == [case["late_fact_id"]]
    path = f"/v1/late-facts/{case['late_fact_id']}"
    for who, code in (
        (as_(desk, "lijing"), "claims.late-fact.same-person"),
        (as_(desk, "zhaoming", "settlements:read"), "auth.scope-missing"),
        (as_(desk, "gateway", service=True), "claims.actor.missing"),
    ):
        assert (await http.post(f"{path}/approve", headers=who)).json()["code"] == code
    approved = await http.post(f"{path}/approve", json={"actor": "zhaoming"}, headers=as_(desk, "gateway", service=True))
    assert (approved.json()["state"], approved.json()["checker"]) == ("approved", "zhaoming")
    shown = (await http.get(f"/v1/settlements/{approved.json()['settlement_id']}", headers=as_(desk, "x"))).json()
    assert (shown["state"], shown["standing"]["fund_fen"], shown["corrections"]) == ("valid", 75_000, [])
    await LateDesk(desk).check(person)


async def test_two_people_correct_a_line_and_a_third_is_too_late(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    late = LateDesk(desk)
    person = await desk.person()
    settlement = await late.stay(person, "2000.00")
    (line,) = await late.lines(settlement)
    body = {"reason": "超标准收费", "lines": [{"line_id": line, "amount_fen": 180_000, "price": "1800"}]}
    case = (await http.post(f"/v1/settlements/{settlement}/corrections", json=body, headers=as_(desk, "a"))).json()
    path = f"/v1/late-facts/{case['late_fact_id']}"
    assert (await http.post(f"{path}/approve", headers=as_(desk, "b"))).json()["corrected"][0]["total_fen"] == -20_000
    assert (await http.post(f"{path}/reject", headers=as_(desk, "c"))).json()["code"] == "claims.late-fact.decided"
    shown = (await http.get(f"/v1/settlements/{settlement}", headers=as_(desk, "x"))).json()
    assert (shown["total_fen"], shown["standing"]["total_fen"], shown["standing"]["fund_fen"]) == (200_000, 180_000, 97_500)
    assert shown["standing"]["lines"][0]["amount_fen"] == 180_000
    await late.check(person)
