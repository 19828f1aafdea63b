"""The doors of the month's end and of the rarer cases: whose post allows what, in whose name, and what takes two people."""

from __future__ import annotations

from typing import Any

import pytest

from shared.auth import Principal
from tests.integration.gateway.conftest import PERSON, House

RUNS = "/v1/interfund-clearings"
PLACE: dict[str, Any] = {"person_id": PERSON, "region": "420502"}
THINGS: dict[str, dict[str, Any]] = {
    f"{RUNS}/Q1": {"clearing_id": "Q1", "region": None},
    "/v1/injury-cases/C1": PLACE,
    "/v1/recoveries/R1": PLACE,
    "/v1/double-bills/B1": PLACE,
    "/v1/set-offs/T1": PLACE,
    "/v1/paper-claims/M1": PLACE,
    "/v1/recurrences/F1": PLACE,
    "/v1/out-of-area/registrations/G1": PLACE,
    "/v1/out-of-area/stays/Y1": PLACE,
}
CONCLUSION: dict[str, Any] = {
    "decision_no": "河劳鉴〔2026〕7号",
    "confirmed": True,
    "decided_on": "2026-03-01",
    "decided_by": "河湾县劳动能力鉴定委员会",
    "treated_until": None,
}
CONSENT = {"ground": "consent", "document_no": "同意书1号", "documented_on": "2026-03-01", "amount_fen": 500}
SUIT = {"kind": "suit", "on": "2026-03-01", "reference": "（2026）9号"}
CLERK, REVIEWER, ACCOUNTANT = frozenset({"wangfang"}), frozenset({"lijing"}), frozenset({"chenhui"})
APPROVER, HEADS = frozenset({"zhaoming"}), frozenset({"zhaoming", "zhouqiang"})
FUND_ACTS: list[tuple[str, dict[str, Any], frozenset[str]]] = [
    (RUNS, {"payer": "WI", "month": "2026-02"}, ACCOUNTANT),
    (f"{RUNS}/Q1/approve", {}, HEADS),
    (f"{RUNS}/Q1/resume", {}, HEADS),
]
ACTS: list[tuple[str, dict[str, Any], frozenset[str]]] = [
    ("/v1/injury-cases/C1/paper-claims", {"invoice_no": "1", "lines": []}, REVIEWER),
    ("/v1/paper-claims/M1/approve", {}, APPROVER),
    ("/v1/paper-claims/M1/reject", {"note": "票据不符"}, APPROVER),
    ("/v1/double-bills/B1/clear", {"note": "两次就诊"}, REVIEWER),
    ("/v1/injury-cases/C1/back-payment", {"effective_on": "2026-03-01", "proof": "缴费票1"}, REVIEWER),
    ("/v1/recoveries/R1/interruptions", SUIT, REVIEWER),
    ("/v1/recoveries/R1/set-offs", CONSENT, REVIEWER),
    ("/v1/set-offs/T1/approve", {}, HEADS),
    ("/v1/set-offs/T1/withdraw", {"note": "本人撤回"}, REVIEWER),
    ("/v1/recurrences", {"case_id": "C1", "applied_on": "2026-03-01"}, CLERK),
    ("/v1/recurrences/F1/extension", {}, REVIEWER),
    ("/v1/recurrences/F1/conclusion", CONCLUSION, REVIEWER),
    ("/v1/recurrences/F1/objection", {"on": "2026-03-01"}, REVIEWER),
    ("/v1/recurrences/F1/withdrawal", {}, CLERK),
    ("/v1/out-of-area/registrations", {"case_id": "C1", "place": "420100"}, CLERK),
    ("/v1/out-of-area/registrations/G1/approve", {}, REVIEWER),
    ("/v1/out-of-area/registrations/G1/reject", {"note": "不符合条件"}, REVIEWER),
    ("/v1/out-of-area/registrations/G1/cancel", {"on": "2026-03-01"}, CLERK),
    ("/v1/out-of-area/stays/Y1/objection", {"reason": "金额不符"}, REVIEWER),
    ("/v1/out-of-area/stays/Y1/audit", {}, REVIEWER),
    ("/v1/out-of-area/stays/Y1/allowances", {"materials": ["票1"], "nights": 1}, CLERK),
]
MONEY: dict[str, Any] = {"amount_fen": 6_654_000, "source": "fiscal-account", "reference": "YH20261201"}
PROPOSED: list[tuple[str, dict[str, Any], frozenset[str], frozenset[str], str, str]] = [
    ("/v1/double-bills/B1/confirm", {"note": "同一张发票"}, REVIEWER, HEADS, "bridge", "/v1/double-bills/B1/confirm"),
    ("/v1/double-bills/B1/undo", {"note": "两张票据"}, REVIEWER, HEADS, "bridge", "/v1/double-bills/B1/undo"),
    ("/v1/fund-replenishments", MONEY, ACCOUNTANT, HEADS, "bridge", "/v1/fund-replenishments"),
    (
        "/v1/replenishments",
        {"book": "EMP", "amount_fen": 500, "reference": "YH2"},
        ACCOUNTANT,
        HEADS,
        "claims",
        "/v1/replenishments",
    ),
    ("/v1/ledger/periods", {"book": "WI", "month": "2026-02"}, ACCOUNTANT, HEADS, "bridge", "/v1/ledger/periods"),
    ("/v1/ledger/periods", {"book": "EMP", "month": "2026-02"}, ACCOUNTANT, HEADS, "claims", "/v1/ledger/periods"),
    (
        "/v1/out-of-area/clearings",
        {"province": "320000", "quarter": "2026-01-01", "bill_no": "Q1", "bill_fen": 900},
        ACCOUNTANT,
        HEADS,
        "bridge",
        "/v1/out-of-area/clearings",
    ),
    (
        "/v1/out-of-area/prefunds",
        {"province": "320000", "amount_fen": 900, "back": True},
        ACCOUNTANT,
        HEADS,
        "bridge",
        "/v1/out-of-area/prefunds",
    ),
]
EVERYBODY = ["wangfang", "lijing", "zhaoming", "chenhui", "zhouqiang", "sunli", "bank"]


@pytest.fixture
def owners(house: House) -> House:
    """The bridge knows one of each, and everything proposed is accepted."""
    for path, thing in THINGS.items():
        house.bridge.answers[f"GET {path}"] = thing
    for path, *_ in [*FUND_ACTS, *ACTS]:
        house.bridge.answers[f"POST {path}"] = {"did": path}
    for _, _, _, _, owner, command in PROPOSED:
        getattr(house, owner).answers[f"POST {command}"] = {"did": command}
    return house


def headers_of(house: House, name: str, scopes: set[str], region: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.sign(Principal(name, name, frozenset(scopes), frozenset({region})))}"}


@pytest.mark.parametrize(("path", "body", "allowed"), [*FUND_ACTS, *ACTS])
async def test_who_may_do_it_and_in_whose_name(owners: House, path: str, body: dict[str, Any], allowed: frozenset[str]) -> None:
    house = owners
    for username in EVERYBODY:
        house.bridge.sent.clear()
        answer = await house.post(path, body, await house.login(username), "K1")
        if username not in allowed:
            assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope-missing")
            assert house.bridge.sent == []
            continue
        assert (answer.is_success, answer.json()) == (True, {"did": path})
        assert house.bridge.sent[-1] == ("POST", path, {**body, "actor": username}, f"{username}:K1")


@pytest.mark.parametrize(("path", "body", "makers", "checkers", "owner", "command"), PROPOSED)
async def test_what_two_people_answer_for(
    owners: House,
    path: str,
    body: dict[str, Any],
    makers: frozenset[str],
    checkers: frozenset[str],
    owner: str,
    command: str,
) -> None:
    house = owners
    (maker,) = makers
    for username in EVERYBODY:
        if username not in makers:
            refused = await house.post(path, body, await house.login(username), "k0")
            assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope-missing")
    assert await house.rows("SELECT * FROM proposal") == []
    proposed = await house.post(path, body, await house.login(maker), "k1")
    assert (proposed.status_code, proposed.json()["state"]) == (201, "open")
    assert (await house.post(path, body, await house.login(maker), "k1")).json() == proposed.json()
    again = await house.post(path, body, await house.login(maker), "k2")
    assert (again.status_code, again.json()["code"]) == (409, "gateway.proposal.pending")
    decide = f"/v1/proposals/{proposed.json()['proposal_id']}/approve"
    for username in EVERYBODY:
        if username not in checkers:
            assert (await house.post(decide, {}, await house.login(username), "k3")).status_code == 403
    both = {"recoveries:write", "recoveries:approve", "clearing:approve", "ledger:close"}
    alone = await house.post(decide, {}, headers_of(house, maker, both, "*"), "k4")
    assert (alone.status_code, alone.json()["code"]) == (403, "gateway.proposal.same-hand")
    assert house.bridge.commands() == house.claims.commands() == []
    done = await house.post(decide, {}, await house.login("zhouqiang"), "k5")
    assert done.json() == {"proposal_id": proposed.json()["proposal_id"], "state": "done", "checker": "zhouqiang"}
    asked: Any = getattr(house, owner)
    key = f"proposal:{proposed.json()['proposal_id']}"
    assert asked.sent[-1] == ("POST", command, {**body, "maker": maker, "checker": "zhouqiang"}, key)
    assert len(house.bridge.commands()) + len(house.claims.commands()) == 1


async def test_another_region_changes_nothing(owners: House) -> None:
    house = owners
    scopes = {
        "settlements:manual",
        "settlements:approve",
        "recoveries:write",
        "recoveries:approve",
        "injury-cases:decide",
        "recurrences:apply",
        "out-of-area:apply",
        "out-of-area:check",
    }
    headers = headers_of(house, "u1", scopes, "990101")
    for path, body in [*((path, body) for path, body, _ in ACTS), ("/v1/double-bills/B1/confirm", {})]:
        answer = await house.post(path, body, headers, "K1")
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.region-not-granted"), path
    assert house.bridge.commands() == []
    assert await house.rows("SELECT * FROM proposal") == []


async def test_who_reads_and_that_lists_leave_other_regions_out(owners: House) -> None:
    house = owners
    readers = {
        RUNS: {"lijing", "zhaoming", "chenhui", "zhouqiang", "sunli"},
        f"{RUNS}/worklist": {"lijing", "zhaoming", "chenhui", "zhouqiang", "sunli"},
        f"{RUNS}/Q1": {"lijing", "zhaoming", "chenhui", "zhouqiang", "sunli"},
        "/v1/out-of-area/clearings": {"lijing", "zhaoming", "chenhui", "zhouqiang", "sunli"},
        "/v1/double-bills": set(EVERYBODY) - {"bank"},
        "/v1/double-bills/B1": set(EVERYBODY) - {"bank"},
        "/v1/paper-claims/M1": set(EVERYBODY) - {"bank"},
        "/v1/recurrences": set(EVERYBODY) - {"bank"},
        "/v1/recurrences/F1": set(EVERYBODY) - {"bank"},
        "/v1/out-of-area/registrations": set(EVERYBODY) - {"bank"},
        "/v1/out-of-area/stays/Y1": set(EVERYBODY) - {"bank"},
    }
    for path, allowed in readers.items():
        house.bridge.answers.setdefault(f"GET {path}", {"items": [], "next": None})
        seen = {u for u in EVERYBODY if (await house.client.get(path, headers=await house.login(u))).is_success}
        assert seen == allowed, path
    other = {"double_bill_id": "B2", "person_id": PERSON, "region": "990101"}
    house.bridge.answers["GET /v1/double-bills"] = {"items": [PLACE, other], "next": None}
    headers = headers_of(house, "u1", {"recoveries:read"}, "4205")
    found = await house.client.get("/v1/double-bills?state=raised", headers=headers)
    assert found.json() == {"items": [PLACE], "next": None}
    assert house.bridge.sent[-1][2] == {"state": "raised", "limit": "50"}


async def test_closed_months_are_read_where_the_book_is_kept(owners: House) -> None:
    house = owners
    house.claims.answers["GET /v1/ledger/periods"] = {"items": [{"book": "EMP", "month": "2026-01"}]}
    house.bridge.answers["GET /v1/ledger/periods"] = {"items": []}
    chenhui = await house.login("chenhui")
    found = await house.client.get("/v1/ledger/periods?book=EMP", headers=chenhui)
    assert found.json() == {"items": [{"book": "EMP", "month": "2026-01"}]}
    assert (await house.client.get("/v1/ledger/periods?book=WI", headers=chenhui)).json() == {"items": []}
    assert (await house.client.get("/v1/ledger/periods?book=WI", headers=await house.login("wangfang"))).status_code == 403
    unknown = await house.post("/v1/ledger/periods", {"book": "XX", "month": "2026-02"}, chenhui, "k1")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "gateway.ledger.book-unknown")
    assert await house.rows("SELECT * FROM proposal") == []


async def test_what_is_wrong_goes_nowhere_and_refusals_come_through(owners: House) -> None:
    house = owners
    chenhui, zhaoming, wangfang = await house.login("chenhui"), await house.login("zhaoming"), await house.login("wangfang")
    for path, body, headers in (
        (RUNS, {"payer": "WI", "month": "2026-13"}, chenhui),
        ("/v1/fund-replenishments", {**MONEY, "amount_fen": 0}, chenhui),
        ("/v1/fund-replenishments", {**MONEY, "source": "purse"}, chenhui),
        (f"{RUNS}/Q1/anything", {}, zhaoming),
        ("/v1/recurrences", {"applied_on": "2026-03-01"}, wangfang),
        ("/v1/recurrences", {"case_id": "../C1"}, wangfang),
    ):
        assert (await house.post(path, body, headers, "K1")).status_code == 422, (path, body)
    assert house.bridge.commands() == []
    refusal = {"code": "workinjury-bridge.clearing.same-hand", "title": "提出与复核不能是同一人", "detail": ""}
    house.bridge.answers[f"POST {RUNS}/Q1/approve"] = (403, refusal)
    answer = await house.post(f"{RUNS}/Q1/approve", {}, zhaoming, "K2")
    assert (answer.status_code, answer.json()["code"], answer.json()["title"]) == (403, refusal["code"], refusal["title"])
