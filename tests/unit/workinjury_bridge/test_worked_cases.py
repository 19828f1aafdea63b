"""Worked examples F2, F4's audit, F5, F6, F7, F8 and F10 of the reference from the accident to the last receipt, both books to the fen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.contracts.claims import FundPayment
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen, rate
from tests.factories.workinjury_bridge.examples import SETTLED, WI_CARE, WI_INSURANCE, sides
from tests.factories.workinjury_bridge.fake_claims import FakeSettlement
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from tests.factories.workinjury_bridge.office import INJURED, NINE_DAYS, Office, bill, key, line, refused
from workinjury_bridge.application.audit.apply_deduction import Finding
from workinjury_bridge.application.conversion.split_stay import SPLIT_DEADLINE
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.application.recovery.remind import RECOVERY_DEADLINE
from workinjury_bridge.application.settle_directly import DirectBill
from workinjury_bridge.domain.figures import Kept
from workinjury_bridge.domain.policy import Circumstance
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.recovery import Recovery, RecoveryState
from workinjury_bridge.domain.split import Belonging, Flags
from workinjury_bridge.domain.terms import CaseFacts, StayFacts


def f2() -> Office:
    return Office(bill(NINE_DAYS, [line("A", "5480"), line("B", "3260")], "2013.10", pool="6726.90"), cleared=False)


async def test_f2_same_month_net_and_the_employer_had_advanced() -> None:
    office = f2()
    await office.recognise()
    conversion_id = office.conversion.conversion_id
    await office.bridge.state_facts.of_stay(key(), conversion_id, StayFacts(payer="E:E1"), "clerk")
    await office.approve()
    assert office.wi() == [
        (
            "conversion",
            (
                {"5001.11": fen("8740"), "5001.13": fen("270")},
                {"2201(H:H37082600001)": fen("6726.90"), "2204(E:E1)": fen("2013.10"), "2203(P:P1)": fen("270")},
            ),
        ),
        ("payment", ({"2204(E:E1)": fen("2013.10")}, {"1003": fen("2013.10")})),
        ("payment", ({"2203(P:P1)": fen("270")}, {"1003": fen("270")})),
    ]
    assert [sides(e) for e in office.funds()] == [({"2201": fen("6726.90")}, {"5001.01": fen("6726.90")})]
    assert office.bridge.state.transfers == {}
    assert [(p.payee, p.kind, p.amount_fen) for p in office.bridge.state.payments.values()] == [
        ("E:E1", "refund", fen("2013.10")),
        ("P:P1", "meals", fen("270")),
    ]
    # Revoked: the money comes from the medical fund, whose debt to the hospital was taken over; each pays back what he got.
    await office.revoke()
    assert office.debt(Book.WI, "E:E1").open_fen == fen("2013.10")
    assert office.debt(Book.WI, "P:P1").open_fen == fen("270")
    assert office.bridge.claims.balance(Book.EMP, "5001.01") == fen("6726.90")


F5_LINES = [line("1", "7000"), line("2", "4000"), line("3", "2000"), line("4", "2000"), line("5", "5000")]
F5_FLAGS = Flags(lines=(("3", Belonging.OWN_DISEASE), ("4", Belonging.OWN_DISEASE), ("5", Belonging.SHARED)))


def f5() -> Office:
    office = Office(bill(NINE_DAYS, F5_LINES, "3935", pool="16065"))
    owed = (FundPayment(book="EMP", account="5001.01", fund_pay_type="", amount_fen=fen("12126.67")),)
    office.bridge.claims.kept["S1"] = Kept(owed=owed, cash_fen=fen("1395"))
    return office


async def test_f5_mixed_stay() -> None:
    office = f5()
    await office.recognise()
    bridge, conversion_id = office.bridge, office.conversion.conversion_id
    await bridge.split.propose(key(), conversion_id, F5_FLAGS, "hospital")
    await bridge.go_on()
    assert await refused(bridge.review.check(key(), conversion_id, "maker", None), office.bridge) == "conversion.split-open"
    assert await refused(bridge.split.agree(key(), conversion_id, "hospital"), office.bridge) == "split.same-hand"
    await bridge.split.agree(key(), conversion_id, "reviewer")
    await bridge.go_on()
    figures = office.conversion.figures
    assert figures is not None
    assert (figures.work_injury_fen, figures.unrelated_fen, figures.refund_fen) == (
        fen("14666.67"),
        fen("5333.33"),
        fen("2540"),
    )
    assert [(k.line_id, k.amount_fen) for k in figures.keep_lines] == [
        ("3", fen("2000")),
        ("4", fen("2000")),
        ("5", fen("1333.33")),
    ]
    await office.approve()
    assert office.wi()[0] == (
        "conversion",
        (
            {"5001.11": fen("14666.67"), "5001.13": fen("270")},
            {"2202(EMP)": fen("12126.67"), "2203(P:P1)": fen("2810")},
        ),
    )
    assert sides(office.funds()[0]) == ({"1121(WI)": fen("12126.67")}, {"5001.01": fen("12126.67")})
    await office.revoke()
    assert office.bridge.claims.balance(Book.EMP, "5001.01") == fen("16065")


async def test_f5_disputed_and_decided_by_an_expert_or_by_silence() -> None:
    office = f5()
    await office.recognise()
    bridge, conversion_id = office.bridge, office.conversion.conversion_id
    await bridge.split.propose(key(), conversion_id, F5_FLAGS, "hospital")
    assert bridge.state.deadlines[(SPLIT_DEADLINE, conversion_id)] == datetime(2026, 11, 27, 16, tzinfo=UTC)
    for _ in range(2):
        async with bridge.store.transaction() as tx:
            await bridge.split.overdue(tx, conversion_id)
    split = office.conversion.split
    assert split is not None
    assert (split.open, dict(split.flags.lines)["5"]) == (False, Belonging.UNDECIDED)
    assert (SPLIT_DEADLINE, conversion_id) not in bridge.state.deadlines

    other = f5()
    await other.recognise()
    bridge, conversion_id = other.bridge, other.conversion.conversion_id
    await bridge.split.propose(key(), conversion_id, replace(F5_FLAGS, lines=F5_FLAGS.lines[:2]), "hospital")
    await bridge.split.dispute(key(), conversion_id, "reviewer", "line 5 is shared")
    before = bridge.state
    for hand in ("hospital", "reviewer"):
        with pytest.raises(Refusal) as caught:
            await bridge.split.decide(key(), conversion_id, F5_FLAGS, hand, None)
        assert (caught.value.code, bridge.state) == ("workinjury-bridge.split.same-hand", before)
    await bridge.split.decide(key(), conversion_id, F5_FLAGS, "expert", None)
    await bridge.go_on()
    assert other.conversion.figures is not None
    assert other.conversion.figures.work_injury_fen == fen("14666.67")
    assert other.conversion.split is not None
    hands = other.conversion.split.proposed_by, other.conversion.split.disputed_by, other.conversion.split.decided_by
    assert hands == ("hospital", "reviewer", "expert")


def f6() -> Office:
    lines = [line("A", "38000"), line("B", "20000"), line("C", "2000", in_catalogue=False, emergency=True)]
    return Office(bill(NINE_DAYS, lines, "12825", pool="47175"))


async def third_party_advanced(office: Office) -> Recovery:
    await office.recognise(facts=CaseFacts(third_party="T:UNKNOWN"))
    bridge, conversion_id = office.bridge, office.conversion.conversion_id
    await bridge.state_facts.of_stay(key(), conversion_id, StayFacts(prepaid_fen=fen("10000")), "clerk")
    await bridge.go_on()
    assert (
        await refused(bridge.review.check(key(), conversion_id, "maker", None), office.bridge)
        == "conversion.advance-not-approved"
    )
    applied = await bridge.advances.apply(key(), office.case_id, date(2026, 11, 20), "clerk")
    assert applied["due_on"] == "2026-11-27"
    await bridge.advances.approve(key(), applied["advance_id"], "chief", None)
    await office.approve()
    return office.debt(Book.WI, "T:UNKNOWN")


async def test_f6_third_party_liable_for_seventy_percent() -> None:
    office = f6()
    debt = await third_party_advanced(office)
    assert office.wi()[0] == (
        "conversion",
        (
            {"1124(T:UNKNOWN)": fen("48000"), "5001.13": fen("270")},
            {"2202(EMP)": fen("47175"), "2203(P:P1)": fen("1095")},
        ),
    )
    bridge, debts = office.bridge, office.bridge.debts
    told = len(bridge.state.entries)
    fixed = await debts.fix_liability(key(), debt.recovery_id, rate("0.70"), "T:DRIVER", "clerk")
    assert (fixed["open_fen"], fixed["expensed_fen"]) == (fen("30600"), fen("17400"))
    await debts.demand(key(), debt.recovery_id, "clerk")
    await debts.receive(key(), debt.recovery_id, fen("18000"), 0, "B1", "clerk")
    assert office.debt(Book.WI, "T:DRIVER").state is RecoveryState.PARTIAL
    assert (
        await refused(debts.receive(key(), debt.recovery_id, fen("12600.01"), 0, "B2", "clerk"), office.bridge)
        == "recovery.beyond-debt"
    )
    await debts.receive(key(), debt.recovery_id, fen("12600"), 0, "B2", "clerk")
    assert [sides(e) for e in bridge.state.entries.values()][told:] == [
        (
            {"5001.11": fen("17400"), "1124(T:DRIVER)": fen("30600")},
            {"1124(T:UNKNOWN)": fen("30600")},
        ),
        ({"1003": fen("18000")}, {"1124(T:DRIVER)": fen("18000")}),
        ({"1003": fen("12600")}, {"1124(T:DRIVER)": fen("12600")}),
    ]
    debt = office.debt(Book.WI, "T:DRIVER")
    assert (debt.state, debt.open_fen, debt.recovered_fen) == (RecoveryState.RECOVERED, 0, fen("30600"))
    await office.sound()
    # Revoked: what the driver has paid is the person's, and meets what the person owes.
    await office.revoke()
    assert office.debt(Book.WI, "P:P1").open_fen == 0
    assert office.bridge.state.recoveries[debt.recovery_id].state is RecoveryState.REVERSED


async def test_f6_the_person_gets_the_drivers_money() -> None:
    office = f6()
    debt = await third_party_advanced(office)
    changed = await office.bridge.debts.change_debtor(key(), debt.recovery_id, fen("5000"), "clerk")
    assert changed["open_fen"] == fen("43000")
    assert office.debt(Book.WI, "P:P1").open_fen == fen("5000")
    assert office.wi()[-1] == ("recovery", ({"1125(P:P1)": fen("5000")}, {"1124(T:UNKNOWN)": fen("5000")}))
    # the person is asked for it by a day, as every debtor
    person, deadlines = office.debt(Book.WI, "P:P1"), office.bridge.state.deadlines
    assert (person.due_on, (RECOVERY_DEADLINE, person.recovery_id) in deadlines) == (date(2026, 11, 27), True)
    await office.sound()
    await office.revoke()
    assert office.wi()[-2][0] == "contra"
    gone = {debt.recovery_id, person.recovery_id}
    assert [kind for kind, subject in office.bridge.state.deadlines if subject in gone] == []


def f7() -> Office:
    lines = [line("A", "20000"), line("B", "9000"), line("C1", "400"), line("C2", "600", in_catalogue=False, consent=True)]
    return Office(bill((date(2026, 3, 2), date(2026, 3, 22)), lines, "10680", res="19320"))


async def test_f7_uninsured_employer() -> None:
    office = f7()
    await office.recognise(facts=CaseFacts(employer_insured=False))
    bridge = office.bridge
    bridge.clock.advance(datetime(2026, 5, 14, 2, tzinfo=UTC) - bridge.clock.now())
    applied = await bridge.advances.apply(key(), office.case_id, date(2026, 4, 30), "clerk")
    assert applied["due_on"] == "2026-05-08"
    served = await bridge.advances.serve(key(), applied["advance_id"], date(2026, 5, 8), "clerk")
    assert served["due_on"] == "2026-05-14"
    assert (
        await refused(bridge.advances.approve(key(), applied["advance_id"], "chief", None), office.bridge)
        == "advance.too-early"
    )
    bridge.clock.advance(timedelta(days=1))
    assert (
        await refused(bridge.advances.approve(key(), applied["advance_id"], "clerk", None), office.bridge)
        == "conversion.same-hand"
    )
    await bridge.advances.approve(key(), applied["advance_id"], "chief", None)
    await office.approve()
    assert office.wi() == [
        ("conversion", ({"1123(E:E1)": fen("10680")}, {"2203(P:P1)": fen("10680")})),
        ("payment", ({"2203(P:P1)": fen("10680")}, {"1003": fen("10680")})),
    ]
    assert [sides(e) for e in office.funds()] == [({"1123(E:E1)": fen("19320")}, {"5001.01": fen("19320")})]

    ours, theirs, debts = office.debt(Book.WI, "E:E1"), office.debt(Book.RES, "E:E1"), bridge.debts
    for debt in (ours, theirs):
        assert (await debts.demand(key(), debt.recovery_id, "clerk"))["due_on"] == "2026-05-25"
    await debts.receive(key(), theirs.recovery_id, fen("19320"), 0, "B1", "clerk")
    await bridge.go_on()
    assert sides(office.funds()[-1]) == ({"1003": fen("19320")}, {"1123(E:E1)": fen("19320")})
    await debts.receive(key(), ours.recovery_id, fen("5000"), 0, "B2", "clerk")
    await debts.enforce(key(), ours.recovery_id, "clerk")
    await debts.receive(key(), ours.recovery_id, fen("5680"), fen("120"), "B3", "clerk")
    assert office.wi()[-1] == ("receipt", ({"1003": fen("5800")}, {"1123(E:E1)": fen("5680"), "4007": fen("120")}))
    assert {d.state for d in bridge.state.recoveries.values()} == {RecoveryState.RECOVERED}
    await office.sound()
    # Revoked: the employer gets back from each book what it paid in, and the person owes what the fund advanced.
    await office.revoke()
    assert [sides(e) for e in office.funds()][-1] == ({"5001.01": fen("19320")}, {"2204(E:E1)": fen("19320")})
    assert office.debt(Book.WI, "P:P1").open_fen == fen("10680")


async def test_f7_the_rest_is_written_off_by_two_in_both_books() -> None:
    office = f7()
    await office.recognise(facts=CaseFacts(employer_insured=False))
    bridge = office.bridge
    applied = await bridge.advances.apply(key(), office.case_id, date(2026, 4, 30), "clerk")
    await bridge.advances.serve(key(), applied["advance_id"], date(2026, 5, 8), "clerk")
    await bridge.advances.approve(key(), applied["advance_id"], "chief", None)
    await office.approve()
    for book in (Book.WI, Book.RES):
        debt = office.debt(book, "E:E1")
        await bridge.debts.demand(key(), debt.recovery_id, "clerk")
        assert (
            await refused(bridge.debts.write_off(key(), debt.recovery_id, "D1", "clerk", "clerk"), office.bridge)
            == "conversion.same-hand"
        )
        await bridge.debts.write_off(key(), debt.recovery_id, "D1", "clerk", "chief")
    await bridge.go_on()
    assert office.wi()[-1] == ("write-off", ({"5001.30": fen("10680")}, {"1123(E:E1)": fen("10680")}))
    assert sides(office.funds()[-1]) == ({"5001.30": fen("19320")}, {"1123(E:E1)": fen("19320")})
    await office.sound()
    assert {d.state for d in bridge.state.recoveries.values()} == {RecoveryState.WRITTEN_OFF}


async def test_f8_filed_late() -> None:
    early, late = date(2026, 3, 1), date(2026, 4, 24)
    lines = [
        line("1", "30000", charged_on=early),
        line("2", "12000", charged_on=date(2026, 4, 23)),
        line("3", "8500", charged_on=late),
        line("4", "2000", charged_on=late),
    ]
    office = Office(bill((early, date(2026, 5, 10)), lines, "9490", pool="43010"))
    await office.recognise(facts=CaseFacts(filed_on=date(2026, 4, 22), accepted_on=late))
    figures = office.conversion.figures
    assert figures is not None
    assert (figures.employer_refund_fen, figures.employer_meals_fen) == (fen("7592"), fen("1620"))
    await office.approve()
    assert office.wi()[0] == (
        "conversion",
        ({"5001.11": fen("10500"), "5001.13": fen("480")}, {"2202(EMP)": fen("8602"), "2203(P:P1)": fen("2378")}),
    )
    assert sides(office.funds()[0]) == (
        {"1121(WI)": fen("8602"), "1123(E:E1)": fen("34408")},
        {"5001.01": fen("43010")},
    )
    assert office.debt(Book.EMP, "E:E1").advanced_fen == fen("34408")
    await office.revoke()
    assert office.bridge.claims.balance(Book.EMP, "1123") == 0


async def test_f8_filed_in_time_by_anybody_is_the_ordinary_case() -> None:
    office = f2()
    await office.recognise(facts=CaseFacts(filed_on=date(2026, 3, 31), accepted_on=date(2026, 4, 24)))
    figures = office.conversion.figures
    assert figures is not None
    assert (figures.employer, figures.employer_cost_fen, figures.meals_fen) == (None, 0, fen("270"))


async def test_f10_ceiling_large_cost_and_allowance() -> None:
    stay = (date(2025, 11, 20), date(2025, 12, 30))
    office = Office(
        bill(stay, [line("A", "50000"), line("B", "18000")], "9000", pool="20000", account="866.47", large="38133.53")
    )
    await office.recognise(accident=date(2025, 11, 19))
    await office.approve()
    assert office.wi()[0] == (
        "conversion",
        (
            {"5001.11": fen("68000"), "5001.13": fen("1200")},
            {"2202(EMP)": fen("20866.47"), "2202(LARGE)": fen("38133.53"), "2203(P:P1)": fen("10200")},
        ),
    )


async def test_consent_that_was_asked_afterwards_changes_who_bears_a_line() -> None:
    lines = [line("A", "5480"), line("C", "3260", in_catalogue=False)]
    office = Office(bill(NINE_DAYS, lines, "4082", pool="4658"))
    await office.recognise()
    figures = office.conversion.figures
    assert figures is not None
    assert (figures.person_fen, figures.hospital_fen) == (fen("3260"), 0)
    stated = StayFacts(circumstances=(("C", Circumstance.UNCONSENTED),))
    await office.bridge.state_facts.of_stay(key(), office.conversion.conversion_id, stated, "clerk")
    await office.approve()
    assert office.wi()[0][1][0]["1122(H:H37082600001)"] == fen("3260")


@pytest.mark.parametrize(
    ("facts", "employer"),
    [
        (CaseFacts(filed_on=INJURED), "E1"),
        (CaseFacts(filed_on=INJURED, accepted_on=INJURED - timedelta(days=1)), "E1"),
        (CaseFacts(employer_insured=False), None),
        (CaseFacts(insured_from=INJURED), "E1"),
    ],
)
async def test_facts_that_cannot_be_so_are_refused(facts: CaseFacts, employer: str | None) -> None:
    office = f2()
    await office.recognise(employer=employer)
    before = office.bridge.state
    with pytest.raises(Refusal) as caught:
        await office.bridge.state_facts.of_case(key(), office.case_id, facts, "clerk")
    assert caught.value.code == "workinjury-bridge.facts.invalid"
    assert office.bridge.state == before


async def test_facts_are_not_changed_behind_an_approval() -> None:
    office = f2()
    await office.recognise()
    await office.approve()
    assert (
        await refused(
            office.bridge.state_facts.of_case(key(), office.case_id, CaseFacts(employer_insured=False), "clerk"), office.bridge
        )
        == "case.already-converted"
    )


def f4_finding(settlement_id: str, line_id: str, amount: str) -> Finding:
    return Finding(
        settlement_id=settlement_id,
        line_id=line_id,
        amount_fen=fen(amount),
        reason="超标准收费",
        maker="auditor",
        checker="chief",
    )


async def f4() -> MemoryBridge:
    """The direct settlement of F4, posted."""
    bridge = MemoryBridge()
    report = Accident(person_id="P1", accident_on=INJURED, body_parts=("hand",), description="press")
    case_id = (await bridge.open_case.run(key(), report))["case_id"]
    granted = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=INJURED, decided_by="office")
    await bridge.decide.run(key(), case_id, granted)
    lines = (
        line("1", "14900"),
        line("2", "8000", cap_fen=fen("7000"), consent=True),
        line("3", "556.78", in_catalogue=False, consent=False),
    )
    direct = DirectBill(
        key="W1", visit_id="V1", person_id="P1", insurance=WI_INSURANCE, care=WI_CARE, institution_code="H2", begun_on=date(2026, 5, 1), ended_on=date(2026, 5, 16), lines=lines
    )  # fmt: skip
    await bridge.settle.final(direct)
    await bridge.hear(replace(SETTLED, settlement_id="S9", payments=[], total_fen=fen("23456.78"), work_injury_key="W1"))
    return bridge


async def test_f4_audit_deduction_objected_and_withdrawn_or_confirmed() -> None:
    bridge = await f4()
    deducted = await bridge.deduct.deduct(key(), f4_finding("S9", "1", "420"))
    assert (deducted["state"], deducted["object_until"]) == ("deducted", "2026-12-04")
    assert sides(list(bridge.state.entries.values())[-1]) == ({"1122(H:H2)": fen("420")}, {"5001.11": fen("420")})
    before = bridge.state
    for finding, code in (
        (f4_finding("S9", "1", "1"), "workinjury-bridge.deduction.line-deducted"),
        (f4_finding("S9", "2", "21480.01"), "workinjury-bridge.deduction.beyond-cost"),
        (f4_finding("S8", "2", "1"), "workinjury-bridge.deduction.not-borne"),
        (replace(f4_finding("S9", "2", "1"), checker="auditor"), "workinjury-bridge.conversion.same-hand"),
    ):
        with pytest.raises(Refusal) as caught:
            await bridge.deduct.deduct(key(), finding)
        assert (caught.value.code, bridge.state) == (code, before)
    which = deducted["deduction_id"]
    assert (await bridge.deduct.hear(key(), which, "按规定收费", "hospital"))["state"] == "objected"
    assert (await bridge.deduct.withdraw(key(), which, None, "auditor"))["state"] == "withdrawn"
    contra = list(bridge.state.entries.values())[-1]
    assert sides(contra) == ({"5001.11": fen("420")}, {"1122(H:H2)": fen("420")})
    assert contra.reverses == bridge.state.deductions[which].entry_id
    withdrawn = bridge.state.deductions[which]
    assert (withdrawn.objected_by, withdrawn.decided_by) == ("hospital", "auditor")
    # cut again, and confirmed; then the hospital takes the settlement back and nothing is left to be cut
    again = (await bridge.deduct.deduct(key(), f4_finding("S9", "1", "400")))["deduction_id"]
    assert (await bridge.deduct.confirm(key(), again, None, "auditor"))["state"] == "confirmed"
    bridge.claims.settlements["S9"] = FakeSettlement(
        replace(SETTLED, settlement_id="S9", payments=[], work_injury_key="W1"), bill(NINE_DAYS, [], "0")
    )
    await bridge.hear(bridge.claims.reverse("S9"))
    assert [balance(bridge.state, account) for account in ("1122", "5001.11", "2201")] == [0, 0, 0]


async def test_f4_the_hospitals_days_pass() -> None:
    bridge = await f4()
    which = (await bridge.deduct.deduct(key(), f4_finding("S9", "1", "420")))["deduction_id"]
    bridge.clock.advance(timedelta(days=13))
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.deduct.hear(key(), which, None, "hospital")
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.deduction.too-late", before)


async def test_a_converted_stay_is_cut_and_the_cut_falls_with_the_recognition() -> None:
    office = f2()
    await office.recognise()
    await office.approve()
    await office.bridge.deduct.deduct(key(), f4_finding("S1", "A", "420"))
    await office.sound()
    await office.revoke()
    assert [balance(office.bridge.state, account) for account in ("1122", "5001.11")] == [0, 0]
