"""Late facts through the window: whose post allows what, in whose name, and in which region."""

from __future__ import annotations

from typing import Any

import pytest

from shared.auth import Principal
from tests.integration.gateway.conftest import House

FACT = "/v1/late-facts/L1"
ACTS: list[tuple[str, Any, list[str]]] = [
    ("/v1/manual-claims", {"person_id": "P1", "invoice_no": "1"}, ["lijing"]),
    ("/v1/settlements/S1/corrections", {"reason": "重复收费", "lines": []}, ["lijing"]),
    (f"{FACT}/approve", {}, ["zhaoming"]),
    (f"{FACT}/reject", {}, ["zhaoming"]),
]
EVERYBODY = ["wangfang", "lijing", "zhaoming", "chenhui", "zhouqiang", "sunli", "bank"]


@pytest.fixture
def claims_answers(house: House) -> House:
    for path, _, _ in ACTS:
        house.claims.answers[f"POST {path}"] = {"did": path}
    for path in (FACT, "/v1/settlements/S1"):
        house.claims.answers[f"GET {path}"] = {"person_id": "P1"}
    house.enrollment.answers["GET /v1/persons/P1"] = {"person_id": "P1", "region": "420500"}
    return house


@pytest.mark.parametrize(("path", "body", "allowed"), ACTS)
async def test_who_may_do_it_and_in_whose_name(
    claims_answers: House, path: str, body: dict[str, Any], allowed: list[str]
) -> None:
    house = claims_answers
    for username in EVERYBODY:
        house.claims.sent.clear()
        headers = {**await house.login(username), "Idempotency-Key": "K1"}
        answer = await house.client.post(path, json=body, headers=headers)
        if username not in allowed:
            assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope-missing")
            assert house.claims.commands() == []
            continue
        assert (answer.is_success, answer.json()) == (True, {"did": path})
        assert house.claims.sent[-1] == ("POST", path, {**body, "actor": username}, f"{username}:K1")


async def test_a_person_of_another_region_is_not_touched(claims_answers: House) -> None:
    house = claims_answers
    scopes = frozenset({"settlements:manual", "settlements:correct", "settlements:approve"})
    token = house.sign(Principal("county", "县局", scopes, frozenset({"420502"})))
    for path, body, _ in ACTS:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "K1"}
        answer = await house.client.post(path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.region-not-granted")
    assert house.claims.commands() == []


async def test_a_paper_claim_names_its_person(claims_answers: House) -> None:
    house = claims_answers
    headers = {**await house.login("lijing"), "Idempotency-Key": "K1"}
    answer = await house.client.post("/v1/manual-claims", json={"invoice_no": "1"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "gateway.manual-claim.person")
    assert house.claims.commands() == []
