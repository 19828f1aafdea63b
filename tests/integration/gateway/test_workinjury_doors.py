"""The work-injury doors: whose post allows what, in whose name, what goes out, and that four eyes are two people."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader

from shared.auth import Principal
from tests.integration.gateway.conftest import PERSON, House

THINGS = {
    "/v1/injury-cases/C1": {"case_id": "C1", "person_id": PERSON, "region": "420502"},
    "/v1/conversions/K1": {"conversion_id": "K1", "person_id": PERSON, "region": "420502"},
    "/v1/stay-splits/V1": {"visit_id": "V1", "person_id": PERSON, "region": "420502"},
    "/v1/advances/A1": {"advance_id": "A1", "person_id": PERSON, "region": "420502"},
    "/v1/recoveries/R1": {"recovery_id": "R1", "person_id": PERSON, "region": "420502"},
    "/v1/audit-deductions/D1": {"deduction_id": "D1", "person_id": PERSON, "region": "420502"},
}
FLAGS: dict[str, Any] = {"lines": [{"line_id": "B", "belongs": "shared"}], "numerator": 1, "denominator": 3}
CASE_FACTS: dict[str, Any] = {
    "filed_on": "2026-02-01",
    "accepted_on": None,
    "employer_insured": False,
    "third_party": None,
    "third_party_id": None,
}
STAY_FACTS: dict[str, Any] = {"payer": "employer", "employer_id": "E1", "prepaid_fen": 100, "circumstances": []}
REVOKED = {"decision_no": "判1号", "final_on": "2026-03-01", "decided_by": "河湾县人民法院"}
ACTS: list[tuple[str, dict[str, Any], frozenset[str]]] = [
    ("/v1/injury-cases/C1/facts", CASE_FACTS, frozenset({"lijing"})),
    ("/v1/injury-cases/C1/contests", {"opened_on": "2026-03-01"}, frozenset({"lijing"})),
    ("/v1/injury-cases/C1/upholdings", {}, frozenset({"lijing"})),
    ("/v1/injury-cases/C1/revocations", REVOKED, frozenset({"lijing"})),
    ("/v1/injury-cases/C1/advances", {"applied_on": "2026-03-01"}, frozenset({"wangfang"})),
    ("/v1/conversions/K1/facts", STAY_FACTS, frozenset({"lijing"})),
    ("/v1/conversions/K1/split", FLAGS, frozenset({"wangfang"})),
    ("/v1/conversions/K1/split/agree", {}, frozenset({"lijing"})),
    ("/v1/conversions/K1/split/dispute", {"note": "乙项为旧病"}, frozenset({"lijing"})),
    ("/v1/conversions/K1/split/opinion", FLAGS, frozenset({"lijing"})),
    ("/v1/injury-cases/C1/stay-splits", FLAGS | {"visit_id": "V1"}, frozenset({"wangfang"})),
    ("/v1/stay-splits/V1/agree", {}, frozenset({"lijing"})),
    ("/v1/stay-splits/V1/dispute", {"note": "乙项为旧病"}, frozenset({"lijing"})),
    ("/v1/stay-splits/V1/opinion", FLAGS, frozenset({"lijing"})),
    ("/v1/advances/A1/notice", {"served_on": "2026-03-01"}, frozenset({"lijing"})),
    ("/v1/advances/A1/employer-payment", {}, frozenset({"lijing"})),
    ("/v1/advances/A1/approve", {}, frozenset({"zhaoming", "zhouqiang"})),
    ("/v1/advances/A1/reject", {"note": "已缴费"}, frozenset({"zhaoming", "zhouqiang"})),
    ("/v1/recoveries/R1/demand", {}, frozenset({"lijing"})),
    ("/v1/recoveries/R1/receipts", {"amount_fen": 5, "interest_fen": 1, "reference": "B1"}, frozenset({"chenhui"})),
    ("/v1/recoveries/R1/agreement", {"until": "2026-12-31"}, frozenset({"lijing"})),
    ("/v1/recoveries/R1/enforcement", {}, frozenset({"lijing"})),
    ("/v1/recoveries/R1/liability", {"share": 700_000, "third_party_id": "X"}, frozenset({"lijing"})),
    ("/v1/recoveries/R1/debtor", {"amount_fen": 7, "to": "person"}, frozenset({"lijing"})),
    ("/v1/recoveries/R1/debtor", {"amount_fen": 7, "to": "employer"}, frozenset({"lijing"})),
    ("/v1/audit-deductions/D1/objection", {"note": "按规定收费"}, frozenset({"wangfang"})),
    ("/v1/audit-deductions/D1/confirm", {}, frozenset({"zhaoming", "zhouqiang"})),
    ("/v1/audit-deductions/D1/withdraw", {}, frozenset({"zhaoming", "zhouqiang"})),
]
ON_CREDIT = {"credit_id": "G1", "person_id": PERSON, "region": "420502", "state": "open", "days_left": 84}
GIVEN = {"person_id": PERSON, "visit_id": "V1"}
EVERYBODY = ["wangfang", "lijing", "zhaoming", "chenhui", "zhouqiang", "sunli", "bank"]
WRITE_OFF = "/v1/recoveries/R1/write-off"
FINDING = {"settlement_id": "S1", "line_id": "A", "amount_fen": 42_000, "reason": "超标准收费"}


@pytest.fixture
def bridge_answers(house: House) -> House:
    """The bridge knows one of each."""
    for path, thing in THINGS.items():
        house.bridge.answers[f"GET {path}"] = thing
    for path, *_ in ACTS:
        house.bridge.answers[f"POST {path}"] = {"did": path}
    house.bridge.answers[f"POST {WRITE_OFF}"] = {"state": "written-off"}
    house.bridge.answers["POST /v1/audit-deductions"] = {"deduction_id": "D9"}
    house.claims.answers["GET /v1/settlements/S1"] = {"settlement_id": "S1", "person_id": PERSON}
    return house


@pytest.mark.parametrize(("path", "body", "allowed"), ACTS)
async def test_who_may_do_it_and_in_whose_name(
    bridge_answers: House, path: str, body: dict[str, Any], allowed: frozenset[str]
) -> None:
    house = bridge_answers
    for username in EVERYBODY:
        house.bridge.sent.clear()
        answer = await house.post(path, body, await house.login(username), "K1")
        if username not in allowed:
            assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope-missing")
            assert house.bridge.sent == []
            continue
        assert (answer.is_success, answer.json()) == (True, {"did": path})
        assert house.bridge.sent[-1] == ("POST", path, {**body, "actor": username}, f"{username}:K1")


async def test_another_region_changes_nothing(bridge_answers: House) -> None:
    house = bridge_answers
    scopes = frozenset(
        [
            "injury-cases:decide",
            "injury-cases:read",
            "recoveries:read",
            "recoveries:apply",
            "recoveries:write",
            "recoveries:approve",
            "recoveries:receive",
            "conversions:check",
            "conversions:split",
            "audits:propose",
            "audits:approve",
            "audits:object",
            "documents:attach",
        ]
    )
    headers = {"Authorization": f"Bearer {house.sign(Principal('u1', '某人', scopes, frozenset({'990101'})))}"}
    for path, body, _ in [
        *ACTS,
        (WRITE_OFF, {"reference": "批1"}, frozenset()),
        ("/v1/audit-deductions", FINDING, frozenset()),
    ]:
        answer = await house.post(path, body, headers, "K1")
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.region-not-granted")
    assert (await house.client.get("/v1/recoveries/R1", headers=headers)).status_code == 403
    assert house.bridge.commands() == []
    assert await house.rows("SELECT * FROM proposal") == []


async def test_a_body_that_is_wrong_goes_nowhere(bridge_answers: House) -> None:
    house = bridge_answers
    lijing, chenhui = await house.login("lijing"), await house.login("chenhui")
    for path, body, headers in (
        ("/v1/recoveries/R1/receipts", {"amount_fen": 0, "reference": "B1"}, chenhui),
        ("/v1/recoveries/R1/liability", {"share": 1_000_001}, lijing),
        ("/v1/recoveries/R1/debtor", {"amount_fen": 7, "to": "nobody"}, lijing),
        ("/v1/injury-cases/C1/facts", {"employer_insurd": True}, lijing),
        ("/v1/conversions/K1/split/anything", {}, lijing),
    ):
        assert (await house.post(path, body, headers, "K1")).status_code == 422
    assert house.bridge.commands() == []
    no_key = await house.client.post("/v1/recoveries/R1/demand", json={}, headers=lijing)
    assert no_key.status_code in (400, 422)
    assert house.bridge.commands() == []


async def test_it_is_the_person_who_owes_unless_it_is_said_otherwise(bridge_answers: House) -> None:
    house = bridge_answers
    path = "/v1/recoveries/R1/debtor"
    assert (await house.post(path, {"amount_fen": 7}, await house.login("lijing"), "K1")).json() == {"did": path}
    assert house.bridge.commands() == [(path, {"amount_fen": 7, "to": "person", "actor": "lijing"})]


async def test_refusals_of_the_bridge_come_through(bridge_answers: House) -> None:
    house = bridge_answers
    refusal = {
        "code": "workinjury-bridge.advance.too-early",
        "title": "用人单位的期限未满",
        "detail": "",
        "due_on": "2026-03-09",
    }
    house.bridge.answers["POST /v1/advances/A1/approve"] = (409, refusal)
    answer = await house.post("/v1/advances/A1/approve", {}, await house.login("zhaoming"), "K1")
    assert (answer.status_code, answer.json()["code"], answer.json()["title"]) == (
        409,
        "workinjury-bridge.advance.too-early",
        "用人单位的期限未满",
    )


async def test_a_write_off_takes_two_people(bridge_answers: House) -> None:
    house = bridge_answers
    lijing, zhaoming = await house.login("lijing"), await house.login("zhaoming")
    assert (await house.post(WRITE_OFF, {"reference": "批1"}, zhaoming, "k0")).status_code == 403
    proposed = await house.post(WRITE_OFF, {"reference": "批1"}, lijing, "k1")
    assert (proposed.status_code, proposed.json()["state"]) == (201, "open")
    assert (await house.post(WRITE_OFF, {"reference": "批1"}, lijing, "k1")).json() == proposed.json()
    second = await house.post(WRITE_OFF, {"reference": "批2"}, lijing, "k2")
    assert (second.status_code, second.json()["code"]) == (409, "gateway.proposal.pending")
    assert house.bridge.commands() == []
    path = f"/v1/proposals/{proposed.json()['proposal_id']}"
    assert (await house.post(f"{path}/approve", {}, lijing, "k3")).json()["code"] == "auth.scope-missing"
    both = frozenset({"recoveries:write", "recoveries:approve"})
    alone = {"Authorization": f"Bearer {house.sign(Principal('lijing', '李静', both, frozenset({'*'})))}"}
    refused = await house.post(f"{path}/approve", {}, alone, "k4")
    assert (refused.status_code, refused.json()["code"]) == (403, "gateway.proposal.same-hand")
    assert house.bridge.commands() == []
    done = await house.post(f"{path}/approve", {}, zhaoming, "k5")
    assert done.json() == {"proposal_id": proposed.json()["proposal_id"], "state": "done", "checker": "zhaoming"}
    assert (await house.post(f"{path}/approve", {}, zhaoming, "k6")).json() == done.json()
    assert house.bridge.commands() == [(WRITE_OFF, {"reference": "批1", "maker": "lijing", "checker": "zhaoming"})]
    late = await house.post(f"{path}/drop", {}, lijing, "k7")
    assert (late.status_code, late.json()["code"]) == (409, "gateway.proposal.out-of-turn")


async def test_an_approval_whose_answer_was_lost_is_taken_up_by_the_same_person(bridge_answers: House) -> None:
    house = bridge_answers
    proposed = await house.post("/v1/audit-deductions", FINDING, await house.login("lijing"), "k1")
    path = f"/v1/proposals/{proposed.json()['proposal_id']}"
    zhaoming, zhouqiang = await house.login("zhaoming"), await house.login("zhouqiang")
    house.bridge.answers["POST /v1/audit-deductions"] = (503, {"code": "x.away", "title": "连不上", "detail": ""})
    assert (await house.post(f"{path}/approve", {}, zhaoming, "k2")).status_code == 503
    other = await house.post(f"{path}/approve", {}, zhouqiang, "k3")
    assert (other.status_code, other.json()["code"]) == (409, "gateway.proposal.being-decided")
    house.bridge.answers["POST /v1/audit-deductions"] = (409, {"code": "x.closed", "title": "账期已结", "detail": ""})
    refused = await house.post(f"{path}/approve", {}, zhaoming, "k4")
    assert (refused.status_code, refused.json()["code"]) == (409, "x.closed")
    assert await house.rows("SELECT state, checker FROM proposal") == [("open", None)]
    house.bridge.answers["POST /v1/audit-deductions"] = {"deduction_id": "D9"}
    assert (await house.post(f"{path}/approve", {}, zhouqiang, "k5")).json()["state"] == "done"
    keys = {key for method, sent_to, _, key in house.bridge.sent if (method, sent_to) == ("POST", "/v1/audit-deductions")}
    assert keys == {f"proposal:{proposed.json()['proposal_id']}"}
    assert house.bridge.commands()[-1] == ("/v1/audit-deductions", FINDING | {"maker": "lijing", "checker": "zhouqiang"})


async def test_what_waits_is_listed_and_can_be_dropped(bridge_answers: House) -> None:
    house = bridge_answers
    lijing, sunli = await house.login("lijing"), await house.login("sunli")
    first = (await house.post(WRITE_OFF, {"reference": "批1"}, lijing, "k1")).json()["proposal_id"]
    second = (await house.post("/v1/audit-deductions", FINDING, lijing, "k2")).json()["proposal_id"]
    page = (await house.client.get("/v1/proposals?state=open&limit=1", headers=sunli)).json()
    assert [(p["proposal_id"], p["name"], p["maker_name"]) for p in page["items"]] == [(first, "追偿核销", "李静")]
    page = (await house.client.get(f"/v1/proposals?state=open&limit=1&after={page['next']}", headers=sunli)).json()
    assert ([p["proposal_id"] for p in page["items"]], page["next"]) == ([second], None)
    assert (await house.post(f"/v1/proposals/{first}/drop", {}, sunli, "k3")).status_code == 403
    assert (await house.post(f"/v1/proposals/{first}/drop", {}, lijing, "k4")).json()["state"] == "dropped"
    assert (await house.post(WRITE_OFF, {"reference": "批2"}, lijing, "k5")).status_code == 201
    assert (await house.client.get("/v1/proposals", headers=await house.login("bank"))).status_code == 403
    assert house.bridge.commands() == []


async def test_documents_of_a_decision(bridge_answers: House) -> None:
    house = bridge_answers
    lijing = await house.login("lijing")
    paper = {
        "subject_kind": "case",
        "subject_id": "C1",
        "name": "工伤认定决定书",
        "reference_no": "河人社工认〔2026〕118号",
        "digest": "ab" * 32,
        "size_bytes": 183_204,
        "material": "档案 2026-118",
    }
    done = await house.post("/v1/decision-documents", paper, lijing, "k1")
    assert done.status_code == 201
    assert (await house.post("/v1/decision-documents", paper, lijing, "k1")).json() == done.json()
    again = await house.post("/v1/decision-documents", paper, lijing, "k2")
    assert (again.status_code, again.json()["code"]) == (409, "gateway.document.attached")
    assert (await house.post("/v1/decision-documents", paper, await house.login("sunli"), "k3")).status_code == 403
    bad = await house.post("/v1/decision-documents", paper | {"digest": "AB" * 32}, lijing, "k4")
    assert bad.status_code == 422
    listed = await house.client.get(
        "/v1/decision-documents?subject_kind=case&subject_id=C1", headers=await house.login("sunli")
    )
    (one,) = listed.json()["items"]
    assert {name: one[name] for name in paper} == paper
    assert (one["attached_by_name"], one["attached_at"]) == ("李静", "2026-03-02T01:30:00Z")


async def test_lists_and_figures_ask_for_the_callers_regions(bridge_answers: House) -> None:
    house = bridge_answers
    for path in ("/v1/worklists/recoveries", "/v1/worklists/mismatches", "/v1/recovery-ages"):
        house.bridge.answers[f"GET {path}"] = {"path": path}
        answer = await house.client.get(path, headers=await house.login("chenhui"))
        assert answer.json() == {"path": path}
    house.bridge.answers["GET /v1/injury-cases/C1/file"] = {"person_id": ""}
    filed = await house.client.get("/v1/injury-case-files/C1", headers=await house.login("chenhui"))
    assert filed.json() == {"person_id": ""}
    assert house.bridge.sent[0][2] == {"region": "", "limit": "50"}
    house.bridge.answers["GET /v1/fund-returns"] = {"months": []}
    asked = "/v1/fund-returns?since=2026-01-01&until=2026-11-22"
    assert (await house.client.get(asked, headers=await house.login("wangfang"))).status_code == 403
    assert (await house.client.get(asked, headers=await house.login("zhouqiang"))).json() == {"months": []}
    assert (await house.client.get("/v1/worklists/anything", headers=await house.login("chenhui"))).status_code == 422


async def test_stays_on_credit_are_read_by_region_and_given_in_the_callers_name(house: House) -> None:
    paths = {"GET /v1/stay-credits": {"items": [ON_CREDIT], "next": None}, "GET /v1/stay-credits/G1": ON_CREDIT}
    acts = {"POST /v1/stay-credits": ON_CREDIT, "POST /v1/stay-credits/G1/withdraw": {"state": "withdrawn"}}
    house.claims.answers |= paths | acts
    for username in EVERYBODY:
        house.claims.sent.clear()
        headers = await house.login(username)
        listed = await house.client.get("/v1/stay-credits?limit=10", headers=headers)
        if username == "bank":
            assert (listed.status_code, house.claims.sent) == (403, [])
        else:
            assert listed.json() == paths["GET /v1/stay-credits"]
            assert house.claims.sent[-1][2] == {"state": "open", "region": "", "limit": "10"}
            assert (await house.client.get("/v1/stay-credits/G1", headers=headers)).json() == ON_CREDIT
        given = await house.post("/v1/stay-credits", GIVEN, headers, "K1")
        ended = await house.post("/v1/stay-credits/G1/withdraw", {}, headers, "K2")
        if username in ("wangfang", "lijing"):
            assert (given.json(), ended.json()) == (ON_CREDIT, {"state": "withdrawn"})
            assert [sent for sent in house.claims.sent if sent[0] == "POST"] == [
                ("POST", "/v1/stay-credits", GIVEN | {"actor": username}, f"{username}:K1"),
                ("POST", "/v1/stay-credits/G1/withdraw", {"actor": username}, f"{username}:K2"),
            ]
        else:
            assert {a.json()["code"] for a in (given, ended)} == {"auth.scope-missing"}
            assert house.claims.commands() == []
    elsewhere = Principal("u1", "某人", frozenset({"settlements:read", "stay-credits:write"}), frozenset({"990101"}))
    headers = {"Authorization": f"Bearer {house.sign(elsewhere)}"}
    assert (await house.client.get("/v1/stay-credits", headers=headers)).json()["items"] == []
    house.claims.sent.clear()
    for path, body in (("/v1/stay-credits", GIVEN), ("/v1/stay-credits/G1/withdraw", {})):
        answer = await house.post(path, body, headers, "K3")
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.region-not-granted")
    assert house.claims.commands() == []


def line(account: str, name: str, debit_fen: int, credit_fen: int, dim: str = "") -> dict[str, Any]:
    return {"account": account, "name": name, "dim": dim, "debit_fen": debit_fen, "credit_fen": credit_fen}


def half(book: str, memo: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    about = {"case_id": "C1", "settlement_id": "S1", "decision_version": 1, "voucher_no": "JZ1", "reverses": None}
    return {
        "book": book,
        "memo": memo,
        "booked_on": "2026-03-02",
        "maker": "lijing",
        "checker": "zhaoming",
        "lines": lines,
        **about,
    }


async def test_the_voucher_of_a_pair_shows_both_books_and_both_banks(bridge_answers: House) -> None:
    house = bridge_answers
    decision = {"version": 1, "decision_no": "河人社工认〔2026〕118号"}
    house.bridge.answers["GET /v1/injury-cases/C1"] = THINGS["/v1/injury-cases/C1"] | {"decisions": [decision]}
    out = [line("2202", "应付基金间往来", 1_298_500, 0, "EMP"), line("1003", "支出户存款", 0, 1_298_500)]
    into = [line("1003", "支出户存款", 1_298_500, 0), line("1121", "应收基金间往来", 0, 1_298_500, "WI")]
    house.claims.answers["GET /v1/ledger/journals"] = {"items": [half("EMP", "基金间划转", into)], "next": None}
    house.bridge.answers["GET /v1/ledger/journals"] = {
        "items": [half("WI", "基金间调拨", out), half("WI", "别的", out) | {"voucher_no": "JZ2"}],
        "next": None,
    }
    path = "/v1/injury-cases/C1/vouchers/JZ1.pdf"
    assert (await house.client.get(path, headers=await house.login("wangfang"))).status_code == 403
    answer = await house.client.get(path, headers=await house.login("chenhui"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    pages = PdfReader(io.BytesIO(answer.content)).pages
    text = "".join(page.extract_text() for page in pages).replace(" ", "").replace("\n", "")
    assert len(pages) == 1
    for expected in (
        "基金间转账凭证",
        "凭证号JZ1",
        "付款方工伤保险基金支出户¥12,985.00",
        "收款方职工基本医疗保险基金支出户¥12,985.00",
        "壹万贰仟玖佰捌拾伍元整",
        "付、收金额一致",
        "制单：李静",
        "复核：赵明",
        "河人社工认〔2026〕118号（第1版）",
    ):
        assert expected.replace("　", "") in text.replace("　", "")
    assert "别的" not in text
    unknown = await house.client.get("/v1/injury-cases/C1/vouchers/JZ9.pdf", headers=await house.login("chenhui"))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "gateway.voucher.unknown")
