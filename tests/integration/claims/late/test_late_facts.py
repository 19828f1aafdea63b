"""What comes late is decided again in order: exact amounts, books, counters, and the answer to the hospital untouched.

P1 residents at level 2: deductible 500 for the first stay of a year and 250 for later ones, 75 %.
"""

from __future__ import annotations

import json
from datetime import date

import pytest

from claims.application.settlement.take_claim_back import TakeBack
from shared.errors import Refusal
from tests.factories.claims_desk import ClaimsDesk, at
from tests.factories.his_messages import INSTITUTION
from tests.factories.late_facts import LateDesk, once, paper

GRANTED = date(2026, 1, 1)


@pytest.fixture
def late(desk: ClaimsDesk) -> LateDesk:
    """The desk, with late facts."""
    return LateDesk(desk)


async def test_a_reversal_makes_the_second_stay_the_first(late: LateDesk) -> None:
    person = await late.desk.person()
    first, second = await late.stay(person, "2000.00"), await late.stay(person, "2000.00")
    answered = await late.row("SELECT answer::text FROM settlement WHERE settlement_id = $1", second)
    assert await late.outcome(second) == {"pool": 131_250, "cash": 68_750}
    assert (await late.reversal(first))["infcode"] == "0"
    assert await late.outcome(second) == {"pool": 112_500, "cash": 87_500}
    assert await late.booked(person) == {
        ("RES", "5001.01", ""): 112_500,
        ("RES", "1125", f"P:{person}"): 18_750,
        ("RES", "2201", f"H:{INSTITUTION}"): -131_250,
    }
    (event,) = await late.rows("SELECT payload FROM outbox WHERE type = 'claims.settlement-corrected.v1'")
    told = json.loads(event["payload"])
    assert (told["settlement_id"], told["sequence"], told["reason"], told["trigger_id"]) == (second, 1, "reversal", first)
    assert told["reason_text"] == "在前的结算已撤销，本年度在后的结算按顺序重新核定"
    assert [(p["book"], p["amount_fen"]) for p in told["payments"]] == [("RES", -18_750)]
    assert (told["cash_fen"], told["account_fen"], told["total_fen"]) == (18_750, 0, 0)
    assert await late.row("SELECT answer::text FROM settlement WHERE settlement_id = $1", second) == answered
    shown = await late.desk.claims.describe_settlement(second)
    assert (shown["fund_fen"], shown["standing"]["fund_fen"], shown["standing"]["cash_fen"]) == (131_250, 112_500, 87_500)
    assert [c["cash_fen"] for c in shown["corrections"]] == [18_750]
    row = await late.row("SELECT visit_id FROM settlement WHERE settlement_id = $1", second)
    query = {"data": {"psn_no": person, "setl_id": second, "mdtrt_id": row["visit_id"]}}
    read = await late.desk.call("5203", query)
    assert str(read["setlinfo"]["hifp_pay"]) == "1312.50"
    assert [str(c["cash_payamt"]) for c in read["setlcorr"]] == ["187.50"]
    await late.check(person)


async def test_reversing_a_corrected_settlement_undoes_its_corrections_exactly(late: LateDesk) -> None:
    person = await late.desk.person()
    first, second = await late.stay(person, "2000.00"), await late.stay(person, "2000.00")
    await late.reversal(first)
    answer = await late.reversal(second)
    assert str(answer["output"]["setlinfo"]["hifp_pay"]) == "-1312.50"
    assert await late.booked(person) == {}
    assert await late.desk.year(person) == {}
    await late.check(person)


async def test_a_class_granted_back_in_time(late: LateDesk) -> None:
    person = await late.desk.person()
    first, second = await late.stay(person, "2000.00"), await late.visit(person, "300.00")
    await late.classes(person, 2, [("dibao", GRANTED, None)])
    assert await late.outcome(first) == {"pool": 112_500, "cash": 87_500}
    assert await late.work() == 1
    # 大病 nothing; 医疗救助 70 % of 875.00
    assert await late.outcome(first) == {"pool": 112_500, "assistance": 61_250, "cash": 26_250}
    assert await late.outcome(second) == {"outpatient": 10_000, "cash": 20_000}
    assert (await late.booked(person))[("MAF", "2203", f"P:{person}")] == -61_250
    await late.check(person)
    # withdrawn again: what was not due is owed
    await late.classes(person, 3, [])
    await late.work()
    assert await late.outcome(first) == {"pool": 112_500, "cash": 87_500}
    booked = await late.booked(person)
    assert (booked[("MAF", "2203", f"P:{person}")], booked[("MAF", "1125", f"P:{person}")]) == (-61_250, 61_250)
    assert await late.desk.count("redecision", "finished_at IS NULL") == 0
    await late.check(person)


async def test_a_class_of_the_future_and_an_unchanged_person_leave_no_work(late: LateDesk) -> None:
    person = await late.desk.person(classes=["dibao"])
    await late.stay(person, "2000.00")
    await late.classes(person, 2, [("dibao", date(2024, 1, 1), None)])
    await late.classes(person, 3, [("dibao", date(2024, 1, 1), None), ("tekun", date(2027, 1, 1), None)])
    assert await late.desk.count("redecision") == 0
    # an older version changes nothing either
    await late.classes(person, 1, [])
    assert await late.desk.count("redecision") == 0


async def test_a_paper_claim_takes_its_place_by_its_day(late: LateDesk) -> None:
    person = await late.desk.person()
    later = await late.stay(person, "2000.00")
    got = await late.paper_claim(person, "1500.00", "2026-03-01", "FP001")
    assert (got["payable_fen"], got["person_fen"]) == (75_000, 75_000)
    assert [c["settlement_id"] for c in got["corrected"]] == [later]
    # the stay of 14 March is the second of the year now: 250 less deductible, 187.50 more
    assert await late.outcome(later) == {"pool": 131_250, "cash": 68_750}
    assert await late.booked(person) == {
        ("RES", "5001.01", ""): 206_250,
        ("RES", "2203", f"P:{person}"): -93_750,
        ("RES", "2201", f"H:{INSTITUTION}"): -112_500,
    }
    await late.check(person)
    assert (await late.reversal(got["settlement_id"]))["err_msg"] == "该结算为手工（零星）报销，不能办理"
    lines = (await late.desk.claims.describe_settlement(got["settlement_id"]))["lines"]
    assert [(line["amount_fen"], line["in_scope_fen"]) for line in lines] == [(150_000, 150_000)]
    assert [s.institution_name for s in await late.desk.claims.list_settlements.of_person(person, None, 9)] == [
        "县人民医院"
    ] * 2


async def test_a_paper_claim_of_a_hospital_outside_the_network(late: LateDesk) -> None:
    person = await late.desk.person()
    outside = {"institution_code": None, "institution_name": "外省医院", "institution_level": 3, "institution_region": "510100"}
    got = await late.paper_claim(person, "3000.00", "2026-03-01", "FP002", **outside)
    # level 3, out of the province without referral: 60 % less 20 points on 2,000.00
    assert got["payable_fen"] == 80_000
    listed = await late.desk.claims.list_settlements.of_person(person, None, 9)
    assert [s.institution_name for s in listed] == ["外省医院"]
    await late.check(person)


async def test_paper_claims_are_refused_for_a_used_invoice_too_late_or_by_one_person(late: LateDesk) -> None:
    person, claims = await late.desk.person(), late.desk.claims
    await late.paper_claim(person, "1500.00", "2026-03-01", "FP001")
    for body, text in (
        (paper(person, "900.00", "2026-03-02", "FP001"), "发票号重复：FP001已报销或正在办理"),
        (paper(person, "900.00", "2025-03-19", "FP003"), "已超过手工报销期限（出院或就诊后12个月内）"),
        (paper(person, "900.00", "2026-03-21", "FP004"), "就诊起止日期有误：结束不得早于开始，也不得晚于今天"),
        (
            paper(person, "900.00", "2026-03-02", "FP005", institution_code=None),
            "该医疗机构未在本地登记，请填写机构名称、等级和医保区划",
        ),
    ):
        with pytest.raises(Refusal) as refused:
            await claims.propose_late_fact.manual_claim(body, "maker", once())
        assert refused.value.zh == text
    assert await late.desk.count("late_fact") == 1
    # the HIS invoice of a standing settlement counts too
    visit = await late.desk.stay(person, [("A1", "800.00")])
    await late.desk.call("2304", late.desk.stay_input(visit, person, "800.00", invono="FP009"))
    with pytest.raises(Refusal) as refused:
        await claims.propose_late_fact.manual_claim(paper(person, "800.00", "2026-03-14", "FP009"), "maker", once())
    assert refused.value.code == "claims.manual-claim.invoice-used"
    proposed = await claims.propose_late_fact.manual_claim(paper(person, "900.00", "2026-03-02", "FP006"), "maker", once())
    before = await late.desk.count("settlement")
    with pytest.raises(Refusal) as refused:
        await claims.approve_late_fact.approve(proposed["late_fact_id"], "maker", once())
    assert refused.value.code == "claims.late-fact.same-person"
    assert (await claims.list_late_facts.one(proposed["late_fact_id"]))["state"] == "proposed"
    rejected = await claims.approve_late_fact.reject(proposed["late_fact_id"], "checker", once())
    assert rejected["state"] == "rejected"
    with pytest.raises(Refusal) as refused:
        await claims.approve_late_fact.approve(proposed["late_fact_id"], "checker", once())
    assert refused.value.code == "claims.late-fact.decided"
    assert await late.desk.count("settlement") == before
    # a rejected one frees its invoice
    again = await claims.propose_late_fact.manual_claim(paper(person, "900.00", "2026-03-02", "FP006"), "maker", once())
    assert [c["late_fact_id"] for c in await claims.list_late_facts.in_state("proposed", "", 9)] == [again["late_fact_id"]]


async def test_a_line_of_the_wrong_class_is_owed_by_the_hospital(late: LateDesk) -> None:
    person = await late.desk.person()
    visit = await late.desk.stay(person, [("A1", "1000.00"), ("A1", "800.00")])
    answer = await late.desk.call("2304", late.desk.stay_input(visit, person, "1800.00"))
    settlement = str(answer["setlinfo"]["setl_id"])
    second = await late.stay(person, "2000.00")
    await late.correction(settlement, (await late.lines(settlement))[1], charge_class="C")
    # 500.00 of 1,000.00 in scope at 75 %, not 1,300.00
    assert await late.outcome(settlement) == {"pool": 37_500, "cash": 142_500}
    assert await late.outcome(second) == {"pool": 131_250, "cash": 68_750}
    booked = await late.booked(person)
    assert (booked[("RES", "1122", f"H:{INSTITUTION}")], booked[("RES", "5001.01", "")]) == (60_000, 168_750)
    shown = await late.desk.claims.describe_settlement(settlement)
    assert [line["class"] for line in shown["lines"]] == ["A", "A"]
    assert [line["class"] for line in shown["standing"]["lines"]] == ["A", "C"]
    assert (shown["corrections"][0]["counterparty"], shown["corrections"][0]["reason_text"]) == (
        "institution",
        "费用明细审核更正：抽查发现明细有误",
    )
    await late.check(person)
    # a second finding builds on the first; then all of it is undone
    await late.correction(settlement, (await late.lines(settlement))[0], amount_fen=60_000, price="600")
    assert await late.outcome(settlement) == {"pool": 7_500, "cash": 132_500}
    await late.check(person)
    await late.reversal(settlement)
    await late.check(person)
    assert ("RES", "1122", f"H:{INSTITUTION}") not in await late.booked(person)


async def test_corrections_of_lines_are_refused(late: LateDesk) -> None:
    person, claims = await late.desk.person(), late.desk.claims
    settlement = await late.stay(person, "2000.00")
    line = (await late.lines(settlement))[0]
    nothing = {"charge_class": None, "amount_fen": None, "quantity": None, "price": None}

    async def refusal(lines: list[dict[str, object]], of: str = settlement) -> str:
        with pytest.raises(Refusal) as refused:
            await claims.propose_late_fact.correction(of, {"reason": "x", "lines": lines}, "maker", once())
        return refused.value.code

    assert await refusal([{**nothing, "line_id": line}]) == "claims.line.same"
    assert await refusal([{**nothing, "line_id": "none", "charge_class": "C"}]) == "claims.line.unknown"
    assert await refusal([{**nothing, "line_id": line, "charge_class": c} for c in "BC"]) == "claims.line.twice"
    assert await refusal([{**nothing, "line_id": line, "charge_class": "C"}], "NONE") == "claims.settlement.unknown"
    await late.reversal(settlement)
    assert await refusal([{**nothing, "line_id": line, "charge_class": "C"}]) == "claims.settlement.not-valid"
    assert await late.desk.count("late_fact") == await late.desk.count("settlement_correction") == 0


async def test_the_account_takes_back_and_pays_and_what_it_cannot_pay_is_owed(late: LateDesk) -> None:
    person = await late.desk.person(scheme="310", category="11", account_fen=300_000)
    first = await late.stay(person, "3000.00", scheme="310")
    second = await late.stay(person, "3000.00", scheme="310", account="1")
    paid = await late.outcome(second)
    await late.reversal(first)
    more = await late.outcome(second)
    assert more["account"] > paid["account"]
    assert await late.desk.count("account", f"balance_fen = {300_000 - more['account']}") == 1
    await late.check(person)
    # the account is emptied; then another reversal asks it for more
    third = await late.stay(person, "3000.00", scheme="310", account="1")
    spent = await late.desk.stay(person, [("C1", "9000.00")], scheme="310")
    await late.desk.call("2304", late.desk.stay_input(spent, person, "9000.00", scheme="310", account="1"))
    await late.check(person)
    await late.reversal(second)
    await late.check(person)
    assert (await late.outcome(third))["account"] >= 0


async def test_settlements_of_an_earlier_year_use_the_adjustment_account_and_closed_months_are_left_alone(
    late: LateDesk,
) -> None:
    late.desk.clock.set(at("2025-11-20T09:00:00"))
    person = await late.desk.person()
    first = await late.stay(person, "2000.00", ended="2025-11-10")
    await late.stay(person, "2000.00", ended="2025-11-12")
    late.desk.clock.set(at("2026-03-20T09:00:00"))
    await late.rows("INSERT INTO ledger_period VALUES ('RES', '2026-04', now(), 'x'), ('RES', '2025-11', now(), 'x')")
    await late.reversal(first)
    booked = await late.booked(person)
    assert booked[("RES", "5001.91", "2025")] == -18_750
    await late.check(person)
    # the current month is closed already: the difference is booked in the first open one
    await late.rows("INSERT INTO ledger_period VALUES ('MAF', '2026-03', now(), 'x'), ('MAF', '2026-04', now(), 'x')")
    await late.classes(person, 2, [("dibao", date(2025, 1, 1), None)])
    await late.work()
    (day,) = await late.rows("SELECT DISTINCT booked_on FROM journal WHERE book = 'MAF'")
    assert day["booked_on"] == date(2026, 5, 1)
    await late.check(person)


async def test_a_conversion_lists_and_changes_nothing_else(late: LateDesk) -> None:
    person = await late.desk.person()
    first, second = await late.stay(person, "2000.00"), await late.stay(person, "2000.00")
    command = TakeBack(
        settlement_id=first,
        conversion_id="C1",
        case_id="CASE",
        decision_id="D1",
        decision_version=1,
        maker="a",
        checker="b",
    )
    taken = await late.desk.claims.take_claim_back.take_back(command, once())
    assert taken["corrected"] == []
    assert [(d["settlement_id"], d["cash_fen"]) for d in taken["listed"]] == [(second, 18_750)]
    assert await late.outcome(second) == {"pool": 131_250, "cash": 68_750}
    assert await late.desk.count("settlement_correction") == 0
    restored = await late.desk.claims.take_claim_back.restore(command, once())
    assert (restored["short_fen"], restored["corrected"], restored["listed"]) == (0, [], [])
    await late.check(person)


async def test_parts_of_one_stay_share_its_deductible_also_after_a_reversal(late: LateDesk) -> None:
    person, desk = await late.desk.person(), late.desk
    visit = await desk.stay(person, [("A1", "1000.00")], discharged=False)
    part = (await desk.call("2304", desk.stay_input(visit, person, "1000.00", mid_setl_flag="1")))["setlinfo"]["setl_id"]
    await desk.fees(visit, person, [("A1", "2000.00")], inpatient=True)
    await desk.discharge(visit, person)
    rest = (await desk.call("2304", desk.stay_input(visit, person, "2000.00")))["setlinfo"]["setl_id"]
    assert await late.outcome(rest) == {"pool": 150_000, "cash": 50_000}
    await late.reversal(part)
    assert await late.outcome(rest) == {"pool": 112_500, "cash": 87_500}
    assert (await desk.year(person))["stays"] == 1
    await late.check(person)


async def test_the_same_approval_twice_is_one(late: LateDesk) -> None:
    person, claims = await late.desk.person(), late.desk.claims
    proposed = await claims.propose_late_fact.manual_claim(paper(person, "900.00", "2026-03-02", "F"), "maker", once())
    key = once()
    first = await claims.approve_late_fact.approve(proposed["late_fact_id"], "checker", key)
    assert await claims.approve_late_fact.approve(proposed["late_fact_id"], "checker", key) == first
    assert await late.desk.count("settlement") == 1


async def test_corrections_are_append_only(late: LateDesk) -> None:
    person = await late.desk.person()
    first = await late.stay(person, "2000.00")
    await late.stay(person, "2000.00")
    await late.reversal(first)
    with pytest.raises(Exception, match="append-only"):
        await late.rows("UPDATE settlement_correction SET cash_fen = 0")
    with pytest.raises(Exception, match="append-only"):
        await late.rows("DELETE FROM settlement_correction")
