"""Stays on credit over REST: who may give one, the worklist and its pages, and what is said while the bridge is away."""

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
from tests.factories.claims_desk import REGION, ClaimsDesk, claims_settings, no_other_bills
from tests.factories.his_messages import INSTITUTION

_keys = itertools.count(1)
BOTH = ("settlements:read", "stay-credits:write")


@pytest.fixture
async def http(desk: ClaimsDesk) -> AsyncIterator[httpx.AsyncClient]:
    """The service's own application on the desk's database, the bridge away."""
    settings = claims_settings(desk.claims.db.url)
    runtime = build(settings, no_other_bills())
    app = create_app(SERVICE.name, SERVICE.description, runtime)
    app.state.verifier = build_verifier(settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://claims") as client:
        yield client
    await runtime.stop()


def as_(desk: ClaimsDesk, subject: str, *scopes: str, service: bool = False) -> dict[str, str]:
    """Headers of somebody."""
    principal = Principal(subject, subject, frozenset(scopes or BOTH), frozenset({"*"}), service=service)
    token = build_signer(claims_settings(desk.claims.db.url)).sign(principal, audience="onewindow", ttl_s=300)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": f"c{next(_keys)}"}


async def injured(desk: ClaimsDesk, number: int, ended: str) -> dict[str, str]:
    """A person hurt and discharged, as the body of a command."""
    person = await desk.person(number)
    visit = await desk.stay(person, [("A1", "3000.00")], med_type="22", ended=ended)
    return {"person_id": person, "visit_id": visit}


async def test_who_may_give_credit_and_twice_is_once(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    body = await injured(desk, 1, "2026-03-14")
    for who, code in (
        (as_(desk, "lijing", "settlements:read"), "auth.scope-missing"),
        (as_(desk, "gateway", service=True), "claims.actor.missing"),
    ):
        assert (await http.post("/v1/stay-credits", json=body, headers=who)).json()["code"] == code
    assert await desk.count("stay_credit") == 0
    clerk = as_(desk, "wangfang")
    given = await asyncio.gather(
        http.post("/v1/stay-credits", json=body, headers=clerk),
        http.post("/v1/stay-credits", json=body, headers=clerk),
        http.post("/v1/stay-credits", json=body | {"actor": "lijing"}, headers=as_(desk, "gateway", service=True)),
    )
    assert {answer.status_code for answer in given} == {200}
    assert len({answer.json()["credit_id"] for answer in given}) == 1
    assert await desk.count("stay_credit") == await desk.count("visit", "credit_id IS NOT NULL") == 1
    other = await injured(desk, 2, "2026-03-14")
    reused = await http.post("/v1/stay-credits", json=other, headers=clerk)
    assert reused.json()["code"] == "request.idempotency-key-reused"
    assert await desk.count("stay_credit") == 1


async def test_the_worklist_shows_what_ends_first_first(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    given: list[dict[str, Any]] = []
    for number, ended in ((1, "2026-03-14"), (2, "2026-03-10"), (3, "2026-03-12")):
        body = await injured(desk, number, ended)
        given.append((await http.post("/v1/stay-credits", json=body, headers=as_(desk, "wangfang"))).json())

    async def page(**params: Any) -> dict[str, Any]:
        answer = await http.get("/v1/stay-credits", params=params, headers=as_(desk, "x"))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    first = await page(limit=2)
    second = await page(limit=2, after=first["next"])
    shown = [*first["items"], *second["items"]]
    assert [(c["until"], c["days_left"], c["total_fen"]) for c in shown] == [
        ("2026-06-08", 80, 300_000),
        ("2026-06-10", 82, 300_000),
        ("2026-06-12", 84, 300_000),
    ]
    assert second["next"] is None
    assert [c["credit_id"] for c in shown] == [given[n]["credit_id"] for n in (1, 2, 0)]
    assert (shown[0]["institution_name"], shown[0]["region"], shown[0]["opened_by"]) == ("县人民医院", REGION, "wangfang")
    assert len((await page(region=["99"], institution_code=INSTITUTION))["items"]) == 3
    for nothing in ({"region": ["98"]}, {"institution_code": "H1"}, {"state": "settled"}, {"person_id": "P9"}):
        assert (await page(**nothing))["items"] == []
    path = f"/v1/stay-credits/{given[0]['credit_id']}"
    left = await http.post(f"{path}/withdraw", headers=as_(desk, "lijing"))
    assert left.json() == {"credit_id": given[0]["credit_id"], "state": "withdrawn"}
    again = await http.post(f"{path}/withdraw", headers=as_(desk, "lijing"))
    assert (again.status_code, again.json()["code"]) == (409, "claims.stay-credit.over")
    one = (await http.get(path, headers=as_(desk, "x"))).json()
    assert (one["state"], one["withdrawn_by"], one["ended_text"], one["days_left"]) == (
        "withdrawn",
        "lijing",
        "经办人撤销挂账",
        None,
    )
    assert (await http.get("/v1/stay-credits/G9", headers=as_(desk, "x"))).json()["code"] == "claims.stay-credit.unknown"
    assert len((await page())["items"]) == 2


async def test_while_the_bridge_is_away_nothing_is_settled_and_the_credit_says_so(
    desk: ClaimsDesk, http: httpx.AsyncClient
) -> None:
    body = await injured(desk, 1, "2026-03-14")
    credit = (await http.post("/v1/stay-credits", json=body, headers=as_(desk, "wangfang"))).json()
    settle = desk.claims.stay_credits.settle
    assert await settle.due() == [credit["credit_id"]]
    assert await settle.run(credit["credit_id"]) == "workinjury-bridge.away"
    assert await settle.due() == []
    one = (await http.get(f"/v1/stay-credits/{credit['credit_id']}", headers=as_(desk, "x"))).json()
    assert (one["state"], bool(one["hindrance"])) == ("open", True)
    assert await desk.count("settlement") == 0
