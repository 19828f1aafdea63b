"""The story of F1, F9 and F4 through the REST interface, on PostgreSQL, with claims behind HTTP."""

from __future__ import annotations

from typing import Any

from shared.ledger import Book
from shared.money import fen
from tests.factories.workinjury_bridge.examples import F1_BILL, SETTLED
from tests.integration.workinjury_bridge.conftest import Client, House

ACCIDENT = {
    "person_id": "P1",
    "employer_id": "E1",
    "accident_on": "2026-03-01",
    "body_parts": ["hand"],
    "description": "被冲床压伤",
    "matter_id": "M1",
    "region": "370826",
}
GRANTED = {"decision_no": "N1", "outcome": "granted", "decided_on": "2026-04-20", "decided_by": "office"}


async def recognised(house: House, client: Client) -> tuple[str, str]:
    """Case and proposed conversion of F1."""
    case_id = (await client.post("/v1/injury-cases", ACCIDENT))["case_id"]
    await house.hear(house.claims.settle(SETTLED, F1_BILL))
    answer = await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)
    (conversion_id,) = answer["conversions"]
    return case_id, conversion_id


async def settled(house: House, client: Client) -> tuple[str, str]:
    case_id, conversion_id = await recognised(house, client)
    await client.post(f"/v1/conversions/{conversion_id}/check", {"actor": "maker"})
    await client.post(f"/v1/conversions/{conversion_id}/approve", {"actor": "checker"})
    return case_id, conversion_id


def lines(journal: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    return [(x["account"], x["dim"], x["debit_fen"], x["credit_fen"]) for x in journal["lines"]]


async def test_f1_settles_as_soon_as_it_is_approved(house: House) -> None:
    client = house.client()
    case_id, conversion_id = await recognised(house, client)
    proposed = await client.get(f"/v1/conversions/{conversion_id}")
    assert {k: proposed[k] for k in ("state", "work_injury_fen", "owed_fen", "refund_fen", "meals_fen", "matter_id")} == {
        "state": "proposed",
        "work_injury_fen": fen("15700"),
        "owed_fen": fen("12985"),
        "refund_fen": fen("2715"),
        "meals_fen": fen("360"),
        "matter_id": "M1",
    }
    await client.post(f"/v1/conversions/{conversion_id}/check", {"actor": "maker"})
    await client.post(f"/v1/conversions/{conversion_id}/approve", {"actor": "checker"})
    conversion = await client.get(f"/v1/conversions/{conversion_id}")
    assert (conversion["state"], conversion["maker"], conversion["checker"]) == ("settled", "maker", "checker")
    assert [(t["book"], t["amount_fen"], t["state"]) for t in conversion["transfers"]] == [("EMP", fen("12985"), "confirmed")]
    assert [(p["kind"], p["amount_fen"]) for p in conversion["payments"]] == [("refund", fen("2715")), ("meals", fen("360"))]
    journals = (await client.get("/v1/ledger/journals", book="WI", case_id=case_id))["items"]
    assert [lines(j) for j in journals] == [
        [
            ("5001.11", "", fen("15700"), 0),
            ("5001.13", "", fen("360"), 0),
            ("2202", "EMP", 0, fen("12985")),
            ("2203", "P:P1", 0, fen("3075")),
        ],
        [("2202", "EMP", fen("12985"), 0), ("1003", "", 0, fen("12985"))],
        [("2203", "P:P1", fen("3075"), 0), ("1003", "", 0, fen("3075"))],
    ]
    trial = await client.get("/v1/ledger/trial-balance", book="WI")
    assert {(r["account"], r["dim"]): r["balance_fen"] for r in trial["rows"]} == {
        ("1003", ""): -fen("16060"),
        ("2202", "EMP"): 0,
        ("2203", "P:P1"): 0,
        ("5001.11", ""): fen("15700"),
        ("5001.13", ""): fen("360"),
    }
    assert [house.claims.balance(Book.EMP, a) for a in ("5001.01", "5001.02", "1121", "1003")] == [0, 0, 0, 0]
    assert await client.get("/v1/invariants") == {"checked": 1, "in_flight": 0, "inter_fund": "equal", "breaches": []}
    changed = "workinjury-bridge.conversion-changed.v1"
    assert await house.events() == [
        "workinjury-bridge.injury-case-opened.v1",
        "workinjury-bridge.recognition-decided.v1",
        changed,  # proposed
        changed,  # checked
        changed,  # approved
        changed,  # posted
        changed,  # transferring
        "workinjury-bridge.transfer-confirmed.v1",
        "workinjury-bridge.benefit-paid.v1",
        "workinjury-bridge.benefit-paid.v1",
        changed,  # settled
    ]


async def test_f9_revocation_reverts_and_a_new_recognition_converts_again(house: House) -> None:
    client = house.client()
    case_id, first = await settled(house, client)
    revocation = {"decision_no": "J1", "final_on": "2026-09-01", "decided_by": "court"}
    await client.post(f"/v1/injury-cases/{case_id}/revocations", revocation)
    assert (await client.get(f"/v1/conversions/{first}"))["state"] == "reverted"
    journals = (await client.get("/v1/ledger/journals", case_id=case_id))["items"]
    assert lines(journals[3]) == [
        ("1121", "EMP", fen("12985"), 0),
        ("1125", "P:P1", fen("3075"), 0),
        ("5001.11", "", 0, fen("15700")),
        ("5001.13", "", 0, fen("360")),
    ]
    assert journals[3]["reverses"] == journals[0]["entry_id"]
    assert lines(journals[4]) == [("1003", "", fen("12985"), 0), ("1121", "EMP", 0, fen("12985"))]
    assert house.claims.balance(Book.EMP, "5001.01") == fen("11985")
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED | {"decision_no": "N2"})
    case = await client.get(f"/v1/injury-cases/{case_id}")
    assert case["state"] == "recognised"
    assert [(d["version"], d["outcome"]) for d in case["decisions"]] == [(1, "granted"), (2, "revoked"), (3, "granted")]
    assert [(c["state"], c["decision_version"]) for c in case["conversions"]] == [("reverted", 1), ("proposed", 3)]
    assert (await client.get("/v1/invariants"))["breaches"] == []


async def test_f4_direct_settlement(house: House) -> None:
    client = house.client()
    case_id = (await client.post("/v1/injury-cases", ACCIDENT))["case_id"]
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)
    body: dict[str, Any] = {
        "key": "W1",
        "mode": "trial",
        "visit_id": "V9",
        "person_id": "P1",
        "institution_code": "H2",
        "insurance": {"code_system": "mohrss:aae140", "code": "410"},
        "care": {"code_system": "mohrss:aka130", "code": "42"},
        "begun_on": "2026-05-01",
        "ended_on": "2026-05-16",
        "lines": [
            {
                "line_id": "1",
                "code_system": "chs:med_list_codg",
                "item_code": "A",
                "amount_fen": fen("14900"),
                "class": "A",
                "in_wi_catalogue": True,
            },
            {
                "line_id": "2",
                "code_system": "chs:med_list_codg",
                "item_code": "B",
                "amount_fen": fen("8000"),
                "class": "C",
                "cap_fen": fen("7000"),
                "in_wi_catalogue": True,
                "consent": True,
            },
            {
                "line_id": "3",
                "code_system": "chs:med_list_codg",
                "item_code": "C",
                "amount_fen": fen("556.78"),
                "class": "C",
                "in_wi_catalogue": False,
                "consent": False,
                "emergency": False,
            },
        ],
    }
    expected = {
        "key": "W1",
        "case_id": case_id,
        "decision_no": "N1",
        "e_fen": fen("21900"),
        "person_fen": fen("1000"),
        "hospital_fen": fen("556.78"),
        "unrelated_fen": 0,
        "total_fen": fen("23456.78"),
        "keep_lines": [],
    }
    for bare in (
        {"insurance": {"code": "410"}},
        {"insurance": {"code_system": "chs:insutype", "code": "410"}},
        {"care": {"code": "41"}},
        {"care": {"code_system": "chs:med_type", "code": "41"}},
        {"insurance": {"code_system": "mohrss:aka130", "code": "41"}},
        {"lines": [body["lines"][0] | {"code_system": None}]},
    ):
        refused = await client.try_post("/v1/work-injury-settlements", body | {"mode": "final"} | bare)
        assert refused.status_code == 422, refused.text
        assert (await client.try_get("/v1/work-injury-settlements/W1")).status_code == 404
    assert await client.post("/v1/work-injury-settlements", body) == expected
    assert (await client.try_get("/v1/work-injury-settlements/W1")).status_code == 404
    assert await client.post("/v1/work-injury-settlements", body | {"mode": "final"}) == expected
    reserved = await client.get("/v1/work-injury-settlements/W1")
    assert (reserved["state"], reserved["work_injury_fen"]) == ("reserved", fen("21900"))
    assert (reserved["care_system"], reserved["care_code"]) == ("mohrss:aka130", "42")
    eligible = await client.get("/v1/eligibility", person_id="P1", institution_code="H2", on="2026-05-01")
    assert (eligible["entitled"], eligible["injuries"][0]["decision_no"]) == (True, "N1")


async def test_four_eyes(house: House) -> None:
    client = house.client()
    _, conversion_id = await recognised(house, client)
    await client.post(f"/v1/conversions/{conversion_id}/check", {"actor": "maker"})
    refused = await client.try_post(f"/v1/conversions/{conversion_id}/approve", {"actor": "maker"})
    assert (refused.status_code, refused.json()["code"]) == (409, "workinjury-bridge.conversion.same-hand")
    assert (await client.get(f"/v1/conversions/{conversion_id}"))["state"] == "checked"
    back = await client.post(f"/v1/conversions/{conversion_id}/send-back", {"actor": "checker", "note": "再核"})
    assert (back["state"], back["maker"], back["note"]) == ("proposed", None, "再核")
    dismissed = await client.post(f"/v1/conversions/{conversion_id}/send-back", {"actor": "checker", "note": "非工伤"})
    assert dismissed["state"] == "failed"
    assert (await client.get("/v1/ledger/journals", book="WI"))["items"] == []


async def test_a_person_acts_for_himself_and_a_service_says_for_whom(house: House) -> None:
    _, conversion_id = await recognised(house, house.client())
    silent = await house.client().try_post(f"/v1/conversions/{conversion_id}/check", {})
    assert (silent.status_code, silent.json()["code"]) == (422, "workinjury-bridge.actor.missing")
    person = house.client("conversion:check", subject="lijing", service=False)
    answer = await person.post(f"/v1/conversions/{conversion_id}/check", {"actor": "somebody else"})
    assert answer["maker"] == "lijing"


async def test_scopes_and_regions(house: House) -> None:
    case_id, conversion_id = await recognised(house, house.client())
    denied = [
        await house.client("injury:read").try_post("/v1/injury-cases", ACCIDENT),
        await house.client("injury:write").try_post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED),
        await house.client("conversion:check").try_post(f"/v1/conversions/{conversion_id}/approve", {"actor": "a"}),
        await house.client("injury:write").try_get(f"/v1/injury-cases/{case_id}"),
        await house.client("injury:read").try_get("/v1/invariants"),
        await house.client("injury:read").try_get("/v1/ledger/journals"),
    ]
    assert [(r.status_code, r.json()["code"]) for r in denied] == [(403, "auth.scope-missing")] * 6
    elsewhere = house.client(regions=["420000"])
    foreign = [
        await elsewhere.try_get(f"/v1/injury-cases/{case_id}"),
        await elsewhere.try_get(f"/v1/conversions/{conversion_id}"),
        await elsewhere.try_post(f"/v1/conversions/{conversion_id}/check", {"actor": "a"}),
        await elsewhere.try_post("/v1/injury-cases", ACCIDENT),
    ]
    assert [(r.status_code, r.json()["code"]) for r in foreign] == [(403, "auth.region-not-granted")] * 4
    for path in ("/v1/injury-cases", "/v1/conversions"):
        assert (await elsewhere.get(path))["items"] == []
        assert len((await house.client(regions=["370000"]).get(path))["items"]) == 1
    assert (await house.client().get(f"/v1/conversions/{conversion_id}"))["state"] == "proposed"


async def test_commands_run_once_per_key(house: House) -> None:
    client = house.client()
    first = await client.post("/v1/injury-cases", ACCIDENT, key="same")
    assert await client.post("/v1/injury-cases", ACCIDENT, key="same") == first
    other = await client.try_post("/v1/injury-cases", ACCIDENT | {"description": "其他"}, key="same")
    assert (other.status_code, other.json()["code"]) == (409, "request.idempotency-key-reused")
    assert [c["case_id"] for c in (await client.get("/v1/injury-cases", person_id="P1"))["items"]] == [first["case_id"]]


async def test_lists_have_pages(house: House) -> None:
    client = house.client()
    made = [(await client.post("/v1/injury-cases", ACCIDENT))["case_id"] for _ in range(3)]
    first = await client.get("/v1/injury-cases", limit=2)
    second = await client.get("/v1/injury-cases", limit=2, after=first["next"])
    assert [c["case_id"] for c in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None
    await recognised(house, client)
    assert (await client.get("/v1/conversions", state="settled"))["items"] == []
    assert [c["settlement_id"] for c in (await client.get("/v1/conversions", person_id="P1"))["items"]] == ["S1"]


async def test_wrong_input_is_refused_by_field(house: House) -> None:
    client = house.client()
    cases = [
        (ACCIDENT | {"person_id": "a\x00b"}, "person_id"),
        (ACCIDENT | {"body_parts": []}, "body_parts"),
        (ACCIDENT | {"accident_on": "2026-13-01"}, "accident_on"),
        (ACCIDENT | {"acident": 1}, "acident"),
    ]
    for body, at in cases:
        refused = await client.try_post("/v1/injury-cases", body)
        assert (refused.status_code, refused.json()["field"]) == (422, at)
    unknown = await client.try_get("/v1/conversions/nowhere")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "workinjury-bridge.conversion.unknown")
    assert (await client.get("/v1/injury-cases"))["items"] == []
