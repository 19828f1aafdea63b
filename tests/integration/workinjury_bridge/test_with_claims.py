"""The bridge and the real claims: what the fake only promises, holds."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from claims.application.funds.replenish_fund import Replenishment
from shared.clock import FixedClock
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.his_messages import INSTITUTION, inputs
from tests.integration.workinjury_bridge.two_services import ACCIDENT, BILL, F1, GRANTED, PAPERS, Two, injured, two

__all__ = ["two"]  # a fixture


async def test_f1_and_f9_between_the_real_books(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11", account_fen=100_000)
    visit = await desk.stay(person, F1, scheme="310")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310", account="1")
    settled = (await desk.call("2304", asked, msgid="F1"))["setlinfo"]
    case_id = (await client.post("/v1/injury-cases", ACCIDENT | {"person_id": person}))["case_id"]
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)
    await two.flush()
    (proposed,) = (await client.get("/v1/conversions", case_id=case_id))["items"]
    names = ("state", "settlement_id", "work_injury_fen", "owed_fen", "person_fen", "refund_fen", "meals_fen")
    assert [proposed[name] for name in names] == [
        "proposed",
        settled["setl_id"],
        fen("15700"),
        fen("12985"),
        fen("300"),
        fen("2715"),
        fen("360"),
    ]
    path = f"/v1/conversions/{proposed['conversion_id']}"
    await client.post(f"{path}/check", {"actor": "lijing"})
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    conversion = await client.get(path)
    assert (conversion["state"], conversion["hindrance"]) == ("settled", None)
    assert await two.books("5001.01", "5001.02", "1121", "1003") == [0, 0, 0, fen("12985")]
    assert await desk.count("account", "balance_fen = 100000") == 1
    assert await desk.year(person) == {}
    invariants = {"checked": 1, "in_flight": 0, "inter_fund": "equal", "breaches": []}
    assert await client.get("/v1/invariants") == invariants

    revocation = {"decision_no": "J1", "final_on": "2026-03-20", "decided_by": "court"}
    await client.post(f"/v1/injury-cases/{case_id}/revocations", revocation)
    assert (await client.get(path))["state"] == "reverted"
    assert await two.books("5001.01", "5001.02", "1121", "2202", "1003") == [fen("11985"), fen("1000"), 0, 0, 0]
    assert (await desk.year(person))["stays"] == 1
    trial = (await client.get("/v1/ledger/trial-balance", book=Book.WI.value))["rows"]
    assert {r["account"]: r["balance_fen"] for r in trial if r["balance_fen"]} == {"1003": -fen("3075"), "1125": fen("3075")}
    await two.flush()
    assert await client.get("/v1/invariants") == invariants


async def test_a_settlement_that_the_hospital_reversed_is_not_converted(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    visit = await desk.stay(person, F1, scheme="310")
    settled = (await desk.call("2304", desk.stay_input(visit, person, "16000.00", scheme="310")))["setlinfo"]
    case_id = (await client.post("/v1/injury-cases", ACCIDENT | {"person_id": person}))["case_id"]
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)
    await two.flush()
    (proposed,) = (await client.get("/v1/conversions", case_id=case_id))["items"]
    path = f"/v1/conversions/{proposed['conversion_id']}"
    await client.post(f"{path}/check", {"actor": "lijing"})
    # Reversed in claims, and the event is still on its way when the second person approves.
    await desk.call("2305", {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": settled["setl_id"]}})
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    failed = await client.get(path)
    assert (failed["state"], failed["cause"].split(":")[0]) == ("failed", "claims.settlement.not-valid")
    await two.flush()
    assert await two.books("5001.01", "1121") == [0, 0]
    assert (await client.get("/v1/ledger/journals", book="WI"))["items"] == []


async def test_a_stay_that_was_corrected_is_converted_as_it_stands(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    other = await desk.stay(person, [("A1", "2000.00")], scheme="310")
    first = (await desk.call("2304", desk.stay_input(other, person, "2000.00", scheme="310")))["setlinfo"]
    visit = await desk.stay(person, F1, scheme="310")
    settled = (await desk.call("2304", desk.stay_input(visit, person, "16000.00", scheme="310")))["setlinfo"]
    await desk.call("2305", {"data": {"mdtrt_id": other, "psn_no": person, "setl_id": first["setl_id"]}})
    standing = (await desk.claims.describe_settlement(settled["setl_id"]))["standing"]
    # the first stay of the year now: its deductible is higher, F1's figures without the account
    assert fen(str(settled["hifp_pay"])) > standing["fund_fen"] == fen("11985")
    case_id = (await client.post("/v1/injury-cases", ACCIDENT | {"person_id": person}))["case_id"]
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)
    await two.flush()
    conversions = (await client.get("/v1/conversions", case_id=case_id))["items"]
    (proposed,) = (c for c in conversions if c["settlement_id"] == settled["setl_id"])
    assert (proposed["owed_fen"], proposed["refund_fen"]) == (fen("11985"), fen("3715"))
    path = f"/v1/conversions/{proposed['conversion_id']}"
    await client.post(f"{path}/check", {"actor": "lijing"})
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    assert (await client.get(path))["state"] == "settled"
    # the person was asked for what the correction took from the pool, and the work-injury fund gives it back
    difference = fen(str(settled["hifp_pay"])) - fen("11985")
    assert await two.books("5001.01", "1121", "1003", "1125") == [0, 0, fen("11985"), difference]
    assert await desk.year(person) == {}


async def test_direct_settlement_reversed_and_settled_again_with_the_same_message(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id = (await client.post("/v1/injury-cases", ACCIDENT | {"person_id": person}))["case_id"]
    visit = await desk.stay(person, F1, scheme="310", recer_sys_code="GSXT")
    asked = desk.stay_input(visit, person, "16000.00", scheme="310")
    refused = await desk.refused("2304", asked, msgid="G1", recer_sys_code="GSXT")
    assert refused == "不能按工伤结算：工伤认定尚未作出、未予认定或已撤销"
    await client.post(f"/v1/injury-cases/{case_id}/recognition-decisions", GRANTED)

    async def wi() -> dict[str, int]:
        rows = (await client.get("/v1/ledger/trial-balance", book="WI"))["rows"]
        return {r["account"]: r["balance_fen"] for r in rows if r["balance_fen"]}

    expected = {"5001.11": fen("15700"), "5001.13": fen("360"), "2201": -fen("15700"), "2203": -fen("360")}
    for _ in range(2):
        info = (await desk.call("2304", asked, msgid="G1", recer_sys_code="GSXT"))["setlinfo"]
        assert (info["oth_pay"], info["psn_cash_pay"]) == (Decimal("15700.00"), Decimal("0.00"))
        await two.flush()
        assert await wi() == expected
        reversal = {"data": {"mdtrt_id": visit, "psn_no": person, "setl_id": info["setl_id"]}}
        await desk.call("2305", reversal, recer_sys_code="GSXT")
        await two.flush()
        assert await wi() == {}
    assert await desk.balances("EMP") == {}


async def test_month_end_between_the_real_books(month_end_rules: None, two: Two) -> None:
    """B13: one voucher per pair, both ways, and a medical fund that is short first keeps what institutions are owed."""
    desk, client = two.desk, two.client
    money = {"amount_fen": fen("16060"), "source": "fiscal-account", "reference": "B1", "maker": "lijing", "checker": "zhao"}
    await client.post("/v1/fund-replenishments", money)
    person = await desk.person(scheme="310", category="11", account_fen=100_000)
    visit = await desk.stay(person, F1, scheme="310")
    await desk.call("2304", desk.stay_input(visit, person, "16000.00", scheme="310", account="1"), msgid="F1")
    case_id = await injured(two, person)
    path = await two.proposed(case_id)
    await client.post(f"{path}/check", {"actor": "lijing"})
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    assert (await client.get(path))["state"] == "transferring"
    assert await two.books("5001.01", "5001.02", "1121", "1003") == [0, 0, fen("12985"), 0]
    assert await two.wi() == {
        "5001.11()": fen("15700"),
        "5001.13()": fen("360"),
        "2202(EMP)": -fen("12985"),
        "1003()": fen("12985"),
        "1004()": -fen("16060"),
    }
    await two.sound()
    clock = two.house.bridge.month_end.advance.clock
    assert isinstance(clock, FixedClock)
    clock.set(datetime.fromisoformat("2026-11-30T10:00:00+08:00"))

    async def clear(payer: str) -> dict[str, Any]:
        body = {"payer": payer, "month": "2026-11", "actor": "lijing"}
        run = await client.post("/v1/interfund-clearings", body)
        one = f"/v1/interfund-clearings/{run['clearing_id']}"
        await client.post(f"{one}/approve", {"actor": "zhaoming"})
        return dict(await client.get(one))

    assert (await clear("WI"))["state"] == "closed"
    await two.house.go_on()
    assert (await client.get(path))["state"] == "settled"
    assert await two.books("1121", "1003") == [0, fen("12985")]
    await two.sound()

    revocation = {"decision_no": "J1", "final_on": "2026-03-20", "decided_by": "court"}
    await client.post(f"/v1/injury-cases/{case_id}/revocations", revocation)
    assert (await client.get(path))["state"] == "reverting"
    back = await clear("EMP")
    assert (back["state"], back["short_fen"], back["transfers"]) == ("partial", fen("12985"), [])
    filled = Replenishment(book=Book.EMP, amount_fen=fen("12985"), reference="B2", maker="lijing", checker="zhaoming")
    for _ in range(2):
        await desk.claims.replenish_fund(OnceKey("t", "fill", "d"), filled)
    with pytest.raises(Refusal) as alone:
        await desk.claims.replenish_fund(OnceKey("t", "alone", "d"), replace(filled, checker="lijing"))
    assert alone.value.code == "claims.fund.same-hand"
    await client.post(f"/v1/interfund-clearings/{back['clearing_id']}/resume", {"actor": "zhaoming"})
    back = await client.get(f"/v1/interfund-clearings/{back['clearing_id']}")
    assert (back["state"], [(v["direction"], v["amount_fen"]) for v in back["transfers"]]) == (
        "closed",
        [("back", fen("12985"))],
    )
    await two.house.go_on()
    assert (await client.get(path))["state"] == "reverted"
    assert await two.books("2202", "1003") == [0, fen("12985")]
    await two.sound()
    async with desk.claims.db.transaction() as tx:
        await desk.claims.ledger.close_period(tx, Book.EMP, "2026-01", maker="lijing", checker="zhaoming")
        (period,) = await desk.claims.ledger.closed_periods(tx, Book.EMP)
    assert (period["month"], period["maker"], period["checker"]) == ("2026-01", "lijing", "zhaoming")


async def test_a_visit_in_the_words_of_the_jiangsu_interface(two: Two) -> None:
    desk = two.desk
    js: dict[str, Any] = {"idfi_mode": "1", "opter_type": 1, "recer_sys_code": "H420501"}
    person = await desk.person(scheme="310", category="11")
    case_id = await injured(two, person)
    assert (await desk.call("9001", {}, **js)).keys() == {"sign_no", "sign_time"}
    card = {"mdtrt_cert_type": "02", "mdtrt_cert_no": "990101197404100001", "begntime": "2026-03-20 08:00:00"}
    known = await desk.call("1101", card, **js)
    assert (known["exam_ccls"], known["brdy"], known["psn_no"]) == (case_id, "19740410", 1000000001)
    asked = {
        "ipt_otp_no": "MZ1",
        "med_type": "11",
        "adm_time": "20260320083000",
        "adm_diag_dscr": "T92.601",
        "adm_dept_codg": "03",
        "atddr_no": "D1",
        "psn_no": known["psn_no"],
        "qualification_id": known["exam_ccls"],
    }
    visits = await desk.count("visit")
    for wrong in ({"qualification_id": "K9"}, {"psn_no": 1000000002}, {"med_type": "41"}):
        await desk.refused("2201", asked | wrong, **js)
    assert await desk.count("visit") == visits
    opened = await desk.call("2201", asked, **js)
    assert (opened["psn_no"], opened["ipt_otp_no"]) == (1000000001, "MZ1")
    visit = opened["mdtrt_id"]
    assert await desk.count("visit", "scheme = 'WI' AND med_type = 'mohrss-js:med_type|11' AND work_injury") == 1
    await desk.fees(visit, str(known["psn_no"]), [("A1", "100.00")], inpatient=False, **js)
    unknown = await desk.refused("2207", {"psn_no": known["psn_no"]}, **js)
    assert unknown.startswith("江苏型工伤接口交易2207的报文内容未公布")
    settle = desk.visit_input(visit, person, "100.00", scheme="310")
    info = (await desk.call("2207", settle, recer_sys_code="GSXT"))["setlinfo"]
    assert (info["oth_pay"], info["psn_cash_pay"], info["med_type"]) == (Decimal("100.00"), Decimal("0.00"), "11")
    await two.flush()
    assert await two.wi() == {"2201(H:H42050100001)": -fen("100"), "5001.11()": fen("100")}


@pytest.mark.parametrize(
    ("more", "start"), [({"recer_sys_code": "GSXT"}, "险种类型(insutype)410"), ({}, "险种类型(insutype)410")]
)
async def test_410_in_a_national_message_is_long_term_care(two: Two, more: dict[str, str], start: str) -> None:
    person = await two.desk.person(scheme="310", category="11")
    admission = inputs(person=person)["2401"]
    admission["mdtrtinfo"]["insutype"] = "410"
    assert (await two.desk.refused("2401", admission, **more)).startswith(start)
    assert await two.desk.count("visit") == 0


async def test_f5_mixed_stay_with_the_real_second_version(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    lines = [("A1", "7000.00"), ("B1", "4000.00"), ("A1", "2000.00"), ("B1", "2000.00"), ("A1", "5000.00")]
    visit = await desk.stay(person, lines, scheme="310")
    await desk.call("2304", desk.stay_input(visit, person, "20000.00", scheme="310"))
    path = await two.proposed(await injured(two, person))
    rows = await (await desk.claims.db.pool()).fetch("SELECT line_no FROM fee_line ORDER BY line_no::int")
    belongs = ["own-disease", "own-disease", "shared"]
    flags = [{"line_id": row[0], "belongs": b} for row, b in zip(rows[2:], belongs, strict=True)]
    await client.post(f"{path}/split", {"actor": "hospital", "lines": flags})
    await client.post(f"{path}/split/agree", {"actor": "reviewer"})
    conversion = await two.approve(path)
    names = ("work_injury_fen", "unrelated_fen", "owed_fen", "kept_cash_fen", "refund_fen")
    assert [conversion[n] for n in names] == [
        fen("14666.67"),
        fen("5333.33"),
        fen("12126.67"),
        fen("1395"),
        fen("2540"),
    ]
    assert await two.books("5001.01", "1121", "1003") == [fen("3938.33"), 0, fen("12126.67")]
    assert await two.wi() == {
        "5001.11()": fen("14666.67"),
        "5001.13()": fen("360"),
        "1003()": -fen("15026.67"),
    }
    assert (await desk.year(person))["pool.paid"] == fen("3938.33")
    await two.sound()


async def test_f8_late_filing_and_the_employer_pays_the_medical_fund(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    visit = await desk.stay(person, [("A1", "1000.00")], scheme="310", begun="2026-01-10", ended="2026-03-14")
    await desk.call("2304", desk.stay_input(visit, person, "1000.00", scheme="310"))
    case_id = await injured(two, person, accident_on="2026-01-09", employer_id="E1")
    facts = {"filed_on": "2026-03-01", "accepted_on": "2026-03-02"}
    await client.post(f"/v1/injury-cases/{case_id}/facts", facts)
    conversion = await two.approve(await two.proposed(case_id))
    # Everything was charged before the acceptance: the fund owes nothing but the allowance of the last twelve days.
    assert await two.books("5001.01", "1123", "1121") == [0, fen("425"), 0]
    assert await two.wi() == {"5001.13()": fen("360"), "1003()": -fen("360")}
    (debt,) = conversion["recoveries"]
    assert (debt["book"], debt["debtor"], debt["cause"], debt["advanced_fen"]) == ("EMP", "E:E1", "late-filing", fen("425"))
    debts = f"/v1/recoveries/{debt['recovery_id']}"
    await client.post(f"{debts}/demand", {"actor": "clerk"})
    receipt = {"actor": "clerk", "amount_fen": fen("425"), "interest_fen": 500, "reference": "B1"}
    paid = await client.post(f"{debts}/receipts", receipt, key="once")
    assert await client.post(f"{debts}/receipts", receipt, key="once") == paid
    for movement_id in await two.house.bridge.book_movements.due():
        assert await two.house.bridge.book_movements.run(movement_id) is None
    assert await two.books("1123", "1003", "4007") == [0, fen("430"), -500]
    found = await client.get(debts)
    assert (found["state"], found["open_fen"], [m["booked"] for m in found["movements"]]) == ("recovered", 0, [True])
    await two.sound()
    revocation = {"decision_no": "J1", "final_on": "2026-03-20", "decided_by": "court"}
    await client.post(f"/v1/injury-cases/{case_id}/revocations", revocation)
    assert await two.books("5001.01", "2204", "1123") == [fen("425"), -fen("425"), 0]
    await two.sound()


async def test_f11_the_same_bill_at_both_funds_in_one_instant(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id = await injured(two, person)
    visit = await desk.stay(person, BILL, scheme="310")
    claim = await client.post(f"/v1/injury-cases/{case_id}/paper-claims", PAPERS)
    asked = desk.stay_input(visit, person, "12000.00", scheme="310")
    approve = client.try_post(f"/v1/paper-claims/{claim['paper_claim_id']}/approve", {"actor": "zhaoming"})
    _, approved = await asyncio.gather(desk.call("2304", asked), approve)
    await two.flush()
    # Either the medical settlement was seen and nothing was paid, or both have paid and the clue is there.
    (clue,) = (await client.get("/v1/double-bills", state="raised"))["items"]
    assert (clue["match"], clue["against"]) == ("same", f"paper:{claim['paper_claim_id']}")
    path = f"/v1/double-bills/{clue['double_bill_id']}"
    confirm = {"maker": "lijing", "checker": "zhaoming"}
    if not approved.is_success:
        assert approved.json()["code"] == "workinjury-bridge.paper-claim.same-bill"
        assert (await client.get("/v1/ledger/journals", book="WI"))["items"] == []
        await client.post(f"{path}/clear", {"actor": "chief", "note": "误判"})
        await client.post(f"/v1/paper-claims/{claim['paper_claim_id']}/approve", {"actor": "zhaoming"})
        return
    assert await two.wi() == {"5001.11()": fen("12000"), "1003()": -fen("12000")}
    assert await two.books("5001.01", "1125") == [fen("9605"), 0]
    await client.post(f"{path}/confirm", confirm)
    for _ in range(2):
        for double_bill_id in await two.house.bridge.double_bills.due():
            assert await two.house.bridge.double_bills.charge(double_bill_id) is None
    assert await two.books("5001.01", "1125") == [0, fen("9605")]
    assert await desk.year(person) == {}
    (debt,) = (await client.get("/v1/recoveries", case_id=case_id))["items"]
    assert (debt["book"], debt["cause"], debt["open_fen"]) == ("EMP", "double-payment", fen("9605"))
    await two.sound()


async def test_the_medical_fund_asks_before_it_pays_a_paper_claim(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    case_id = await injured(two, person)
    claim = await client.post(f"/v1/injury-cases/{case_id}/paper-claims", PAPERS)
    await client.post(f"/v1/paper-claims/{claim['paper_claim_id']}/approve", {"actor": "zhaoming"})
    medical = {
        "person_id": person,
        "scheme": "310",
        "inpatient": True,
        "med_type": "21",
        "begun_on": "2026-03-02",
        "ended_on": "2026-03-14",
        "institution_code": INSTITUTION,
        "institution_name": "",
        "institution_level": None,
        "institution_region": None,
        "invoice_no": "FP001",
        "disease_code": "",
        "disease_name": "",
        "lines": [
            {
                "item_code": "A1",
                "item_name": "",
                "amount_fen": fen("12000"),
                "quantity": "1",
                "price": "12000",
                "occurred_on": "2026-03-02",
                "approved_use": False,
            }
        ],
    }
    before = await desk.balances("EMP")
    with pytest.raises(Refusal) as caught:
        await desk.claims.propose_late_fact.manual_claim(medical, "maker", OnceKey("t", "1", "d"))
    assert caught.value.code == "claims.manual-claim.paid-by-work-injury"
    assert (await desk.balances("EMP"), await desk.count("late_fact", "true")) == (before, 0)


async def test_an_audit_that_overtakes_the_take_back_is_converted_as_it_stands(two: Two) -> None:
    desk, client = two.desk, two.client
    person = await desk.person(scheme="310", category="11")
    visit = await desk.stay(person, BILL, scheme="310")
    settled = (await desk.call("2304", desk.stay_input(visit, person, "12000.00", scheme="310")))["setlinfo"]
    path = await two.proposed(await injured(two, person))
    await client.post(f"{path}/check", {"actor": "lijing"})
    rows = await (await desk.claims.db.pool()).fetch("SELECT line_no FROM fee_line ORDER BY line_no::int")
    body = {
        "reason": "超标准收费",
        "lines": [{"line_id": rows[0][0], "charge_class": None, "amount_fen": fen("9000"), "quantity": None, "price": "9000"}],
    }
    case = await desk.claims.propose_late_fact.correction(settled["setl_id"], body, "auditor", OnceKey("t", "1", "d"))
    await desk.claims.approve_late_fact.approve(case["late_fact_id"], "chief", OnceKey("t", "2", "d"))
    # approved on the old figures: claims refuses, and the conversion is computed again
    await client.post(f"{path}/approve", {"actor": "zhaoming"})
    again = await client.get(path)
    assert (again["state"], again["note"].split(":")[0]) == ("proposed", "claims.conversion.changed")
    await two.flush()
    conversion = await two.approve(path)
    names = ("work_injury_fen", "owed_fen", "refund_fen", "overpaid_fen")
    assert [conversion[n] for n in names] == [fen("11000"), fen("8755"), fen("2395"), fen("150")]
    assert await two.wi() == {
        "5001.11()": fen("11000"),
        "5001.13()": fen("360"),
        f"1122(H:{INSTITUTION})": fen("150"),
        "1003()": -fen("11510"),
    }
    # the medical fund has its money back: 850 from the hospital, 8 755 from the work-injury fund
    assert await two.books("5001.01", "1122", "1003") == [0, fen("850"), fen("8755")]
    await two.sound()
