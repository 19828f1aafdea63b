"""Advances, debts and audits over HTTP on the real database: what the tables hold, what they refuse, and who may act."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from shared.ledger import Book
from shared.money import fen
from tests.factories.workinjury_bridge.examples import F1_BILL
from tests.integration.workinjury_bridge.conftest import House
from tests.integration.workinjury_bridge.test_database import approved, grant, key, settlement_of
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.domain.terms import CaseFacts


async def test_uninsured_employer_from_the_application_to_the_transfer_order(house: House) -> None:
    client = house.client()
    accident = Accident(
        person_id="P1", accident_on=F1_BILL.begun_on, body_parts=("hand",), description="press", employer_id="E1"
    )
    case_id = (await house.bridge.open_case.run(key(), accident))["case_id"]
    await client.post(f"/v1/injury-cases/{case_id}/facts", {"employer_insured": False})
    assert (await client.get(f"/v1/injury-cases/{case_id}"))["facts"]["employer_insured"] is False
    await house.hear(house.claims.settle(settlement_of("P1"), F1_BILL))
    (conversion_id,) = await grant(house, case_id)
    await house.go_on()
    path = f"/v1/conversions/{conversion_id}"
    refused = await client.try_post(f"{path}/check", {"actor": "maker"})
    assert refused.json()["code"] == "workinjury-bridge.conversion.advance-not-approved"
    applied = await client.post(f"/v1/injury-cases/{case_id}/advances", {"applied_on": "2026-11-02"})
    second = await client.try_post(f"/v1/injury-cases/{case_id}/advances", {"applied_on": "2026-11-02"})
    assert second.json()["code"] == "workinjury-bridge.case.wrong-state"
    advance = f"/v1/advances/{applied['advance_id']}"
    await client.post(f"{advance}/notice", {"actor": "clerk", "served_on": "2026-11-04"})
    await client.post(f"{advance}/approve", {"actor": "chief"})
    await client.post(f"{path}/check", {"actor": "maker"})
    await client.post(f"{path}/approve", {"actor": "checker"})
    conversion = await client.get(path)
    assert (conversion["state"], conversion["debtor"], conversion["transfers"]) == ("settled", "E:E1", [])
    debts = {d["book"]: d for d in conversion["recoveries"]}
    assert {book: d["advanced_fen"] for book, d in debts.items()} == {"EMP": fen("12985"), "WI": fen("3075")}
    wi = f"/v1/recoveries/{debts['WI']['recovery_id']}"
    await client.post(f"{wi}/demand", {"actor": "clerk"})
    await client.post(f"{wi}/receipts", {"actor": "clerk", "amount_fen": fen("1000"), "reference": "B1"})
    await client.post(f"{wi}/agreement", {"until": "2027-01-31"})
    await client.post(f"{wi}/enforcement", {})
    await client.post(f"{wi}/write-off", {"reference": "D1", "maker": "clerk", "checker": "chief"})
    found = await client.get(wi)
    assert (found["state"], found["open_fen"], found["written_off_fen"]) == ("written-off", 0, fen("2075"))
    assert [(m["kind"], m["amount_fen"]) for m in found["movements"]] == [
        ("receipt", fen("1000")),
        ("write-off", fen("2075")),
    ]
    emp = f"/v1/recoveries/{debts['EMP']['recovery_id']}"
    await client.post(f"{emp}/receipts", {"actor": "clerk", "amount_fen": fen("12985"), "reference": "B2"})
    listed = (await client.get("/v1/recoveries", debtor="E:E1", state="recovered"))["items"]
    assert [d["recovery_id"] for d in listed] == [debts["EMP"]["recovery_id"]]
    for movement_id in await house.bridge.book_movements.due():
        assert await house.bridge.book_movements.run(movement_id) is None
    assert await house.bridge.book_movements.due() == []
    assert house.claims.balance(Book.EMP, "1123") == 0
    found = await client.get("/v1/invariants")
    assert (found["inter_fund"], found["breaches"]) == ("equal", [])
    with pytest.raises(IntegrityError, match="adds_up"):
        async with house.bridge.db.transaction() as tx:
            await tx.execute(t.recovery.update().values(recovered_fen=fen("12985") + 1))
    stranger = house.client("injury:read")
    assert (await stranger.try_post(f"{wi}/demand", {"actor": "clerk"})).status_code == 403


async def test_audit_deduction_over_http(house: House) -> None:
    client = house.client()
    conversion_id = await approved(house)
    await house.bridge.advance.run(conversion_id)
    finding = {
        "settlement_id": "SP1",
        "line_id": "A",
        "amount_fen": fen("420"),
        "reason": "超标准收费",
        "maker": "auditor",
        "checker": "chief",
    }
    deducted = await client.post("/v1/audit-deductions", finding, key="cut")
    assert await client.post("/v1/audit-deductions", finding, key="cut") == deducted
    again = await client.try_post("/v1/audit-deductions", finding)
    assert again.json()["code"] == "workinjury-bridge.deduction.line-deducted"
    path = f"/v1/audit-deductions/{deducted['deduction_id']}"
    await client.post(f"{path}/objection", {"note": "按规定收费", "actor": "hospital"})
    assert (await client.post(f"{path}/withdraw", {}))["state"] == "withdrawn"
    found = await client.get(path)
    assert (found["objected_by"], found["decided_by"]) == ("hospital", "gateway")
    assert (await client.post("/v1/audit-deductions", finding))["state"] == "deducted"
    rows = (await client.get("/v1/ledger/trial-balance", book="WI"))["rows"]
    assert [r["balance_fen"] for r in rows if r["account"] == "1122"] == [fen("420")]


async def test_the_case_file_names_who_recorded_what(house: House) -> None:
    client = house.client()
    conversion_id = await approved(house)
    case_id = (await client.get(f"/v1/conversions/{conversion_id}"))["case_id"]
    await client.post(f"/v1/injury-cases/{case_id}/contests", {"opened_on": "2026-11-20", "actor": "lijing"})
    await client.post(f"/v1/injury-cases/{case_id}/upholdings")
    officer = house.client(subject="wangfang", service=False)
    await officer.post(f"/v1/injury-cases/{case_id}/contests", {"opened_on": "2026-11-21", "actor": "somebody"})
    file = await client.get(f"/v1/injury-cases/{case_id}/file")
    assert [(act["act"], act["actor"]) for act in file["acts"]] == [
        ("contested", "lijing"),
        ("upheld", "gateway"),
        ("contested", "wangfang"),
    ]


async def test_what_leaves_no_name_of_its_own_is_kept_with_who_recorded_it(house: House) -> None:
    client = house.client()
    accident = Accident(
        person_id="P1", accident_on=F1_BILL.begun_on, body_parts=("hand",), description="press", employer_id="E1"
    )
    case_id = (await house.bridge.open_case.run(key(), accident))["case_id"]
    path = f"/v1/injury-cases/{case_id}"
    paid = {"effective_on": "2026-11-01", "proof": "缴费票1", "actor": "lijing"}
    refused = await client.try_post(f"{path}/back-payment", paid)
    assert refused.json()["code"] == "workinjury-bridge.facts.invalid"
    assert (await client.get(f"{path}/file"))["acts"] == []
    await client.post(f"{path}/facts", {"employer_insured": False, "actor": "lijing"})
    await house.hear(house.claims.settle(settlement_of("P1"), F1_BILL))
    (conversion_id,) = await grant(house, case_id)
    await client.post(f"/v1/conversions/{conversion_id}/facts", {"payer": "person", "actor": "lijing"})
    applied = (await client.post(f"{path}/advances", {"applied_on": "2026-11-02", "actor": "wangfang"}))["advance_id"]
    await client.post(f"/v1/advances/{applied}/notice", {"served_on": "2026-11-03", "actor": "lijing"})
    await client.post(f"/v1/advances/{applied}/employer-payment", {"actor": "lijing"})
    await client.post(f"{path}/back-payment", paid, key="paid")
    await client.post(f"{path}/back-payment", paid, key="again")
    revoked = {"decision_no": "J1", "final_on": "2026-09-01", "decided_by": "市中级人民法院", "actor": "lijing"}
    await client.post(f"{path}/revocations", revoked)
    file = await client.get(f"{path}/file")
    assert file["paper_claims"] == []
    assert [(act["act"], act["actor"], act["subject_id"]) for act in file["acts"]] == [
        ("facts", "lijing", None),
        ("stay-facts", "lijing", conversion_id),
        ("advance-applied", "wangfang", applied),
        ("employer-paid", "lijing", applied),
        ("back-paid", "lijing", None),
        ("revoked", "lijing", None),
    ]


async def test_facts_of_a_case_survive_the_database(house: House) -> None:
    accident = Accident(
        person_id="P1", accident_on=F1_BILL.begun_on, body_parts=("hand",), description="press", employer_id="E1"
    )
    case_id = (await house.bridge.open_case.run(key(), accident))["case_id"]
    facts = CaseFacts(filed_on=F1_BILL.begun_on, accepted_on=F1_BILL.ended_on, third_party="T:X")
    await house.bridge.state_facts.of_case(key(), case_id, facts, "clerk")
    async with house.bridge.db.transaction() as tx:
        case = await house.bridge.check.cases.get(tx, case_id)
    assert case is not None
    assert (case.facts, replace(case, facts=facts)) == (facts, case)
