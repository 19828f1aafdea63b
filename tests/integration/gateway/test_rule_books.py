"""Rule books through the window: whose post allows what, in whose name, and what claims is sent."""

from __future__ import annotations

from typing import Any

import pytest

from shared.auth import Principal
from tests.integration.gateway.conftest import House

BOOK = "/v1/rule-books/B1"
WRITE, APPROVE = ["lijing"], ["zhaoming", "zhouqiang"]
ACTS: list[tuple[str, str, Any, list[str]]] = [
    ("POST", "/v1/rule-books", {"text": "format: x"}, WRITE),
    ("PUT", BOOK, {"text": "format: x"}, WRITE),
    ("POST", f"{BOOK}/lint", {}, WRITE),
    ("POST", f"{BOOK}/shadow-run", {"from_on": "2026-02-01", "to_on": "2026-02-28"}, WRITE),
    ("POST", f"{BOOK}/approve", {}, APPROVE),
    ("POST", f"{BOOK}/make-effective", {}, APPROVE),
    ("POST", f"{BOOK}/retire", {"ends_on": "2026-12-31"}, APPROVE),
]
READS = [
    "/v1/rule-books",
    BOOK,
    f"{BOOK}/diff",
    f"{BOOK}/lint",
    f"{BOOK}/jobs",
    "/v1/rule-book-jobs/J1",
]
EVERYBODY = ["wangfang", "lijing", "zhaoming", "chenhui", "zhouqiang", "sunli", "bank"]


@pytest.fixture
def claims_answers(house: House) -> House:
    """Claims knows one book, of a city."""
    for method, path, _, _ in ACTS:
        house.claims.answers[f"{method} {path}"] = {"did": f"{method} {path}"}
    for path in READS:
        house.claims.answers[f"GET {path}"] = {"book_id": "B1", "region": "420500"}
    return house


@pytest.mark.parametrize(("method", "path", "body", "allowed"), ACTS)
async def test_who_may_do_it_and_in_whose_name(
    claims_answers: House, method: str, path: str, body: dict[str, Any], allowed: list[str]
) -> None:
    house = claims_answers
    for username in EVERYBODY:
        house.claims.sent.clear()
        headers = {**await house.login(username), "Idempotency-Key": "K1"}
        answer = await house.client.request(method, path, json=body, headers=headers)
        if username not in allowed:
            assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope-missing")
            assert house.claims.sent == []
            continue
        assert (answer.is_success, answer.json()) == (True, {"did": f"{method} {path}"})
        sent = {**body, "actor": username} | ({"regions": ["*"]} if "text" in body else {})
        assert house.claims.sent[-1] == (method, path, sent, f"{username}:K1")


@pytest.mark.parametrize("path", READS)
async def test_rules_are_no_secret_in_the_office(claims_answers: House, path: str) -> None:
    for username in EVERYBODY:
        answer = await claims_answers.client.get(path, headers=await claims_answers.login(username))
        assert answer.status_code == (403 if username == "bank" else 200)


async def test_a_book_of_another_region_is_not_touched(claims_answers: House) -> None:
    house = claims_answers
    scopes = frozenset({"rules:read", "rules:write", "rules:approve"})
    token = house.sign(Principal("county", "县局", scopes, frozenset({"420502"})))
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "K1"}
    assert (await house.client.get(BOOK, headers=headers)).status_code == 200
    for method, path, body, _ in ACTS[2:]:
        answer = await house.client.request(method, path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.region-not-granted")
    assert house.claims.commands() == []
    await house.client.post("/v1/rule-books", json={"text": "format: x"}, headers=headers)
    assert house.claims.commands() == [("/v1/rule-books", {"text": "format: x", "actor": "county", "regions": ["420502"]})]


async def test_a_text_comes_as_it_is_or_in_json(claims_answers: House) -> None:
    house = claims_answers
    headers = {**await house.login("lijing"), "Idempotency-Key": "K1"}
    yaml = {**headers, "Content-Type": "text/yaml"}
    answer = await house.client.post("/v1/rule-books", content="名称: 规则".encode(), headers=yaml)
    assert answer.status_code == 201
    assert house.claims.commands()[-1][1]["text"] == "名称: 规则"
    for content, code in (
        (b"\xff\xfe", "request.text-no-utf-8"),
        (b"", "request.invalid"),
        (b"x" * 4_000_001, "request.text-too-long"),
    ):
        refused = await house.client.post("/v1/rule-books", content=content, headers=yaml)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    refused = await house.client.post("/v1/rule-books", json={"text": "x", "fiel": "y"}, headers=headers)
    assert (refused.status_code, refused.json()["field"]) == (422, "fiel")
    assert len(house.claims.commands()) == 1


async def test_a_replay_is_read_like_a_settlement(claims_answers: House) -> None:
    house = claims_answers
    house.claims.answers["GET /v1/settlements/S1/replay"] = {"identical": True, "differences": []}
    answer = await house.client.get("/v1/settlements/S1/replay", headers=await house.login("sunli"))
    assert answer.json() == {"identical": True, "differences": []}
    refused = await house.client.get("/v1/settlements/S1/replay", headers=await house.login("bank"))
    assert refused.status_code == 403
