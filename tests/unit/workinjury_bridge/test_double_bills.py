"""The same bill at both funds (B10, F11): blocked before it is paid, found after it was, and the money comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.workinjury_bridge import DoubleBillChanged
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen
from tests.factories.workinjury_bridge.examples import SETTLED, WI_CARE, WI_INSURANCE, sides
from tests.factories.workinjury_bridge.fake_claims import away, settled_fact
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from tests.factories.workinjury_bridge.office import INJURED, bill, key, line
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.application.recovery.remind import DOUBLE_BILL_DEADLINE
from workinjury_bridge.application.settle_directly import DirectBill
from workinjury_bridge.domain.conversion import ConversionState
from workinjury_bridge.domain.double_bill import BillMark, DoubleBill, DoubleBillState, Match, match_of
from workinjury_bridge.domain.paper_claim import Papers, PaperState
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.recovery import Cause, RecoveryState
from workinjury_bridge.domain.terms import CaseFacts

DAY = (date(2026, 3, 2), date(2026, 3, 2))
F11 = bill(DAY, [line("A", "10000"), line("B", "2000")], "2395", pool="9605")
FACT = settled_fact(F11, SETTLED, inpatient=False, injury_suspect=False, invoice_no="FP001")
"""F11: the medical fund has paid the hospital 9 605, the person 2 395."""
PAPERS = Papers(
    institution_code=FACT.institution_code,
    institution_name=FACT.institution_name,
    invoice_no="FP001",
    inpatient=False,
    begun_on=DAY[0],
    ended_on=DAY[1],
    lines=(line("1", "10000"), line("2", "2000")),
)


async def office(*, facts: CaseFacts | None = None) -> tuple[MemoryBridge, str]:
    """A person with a recognised injury."""
    bridge = MemoryBridge()
    report = Accident(person_id="P1", accident_on=INJURED, body_parts=("hand",), description="press", employer_id="E1")
    case_id = (await bridge.open_case.run(key(), report))["case_id"]
    granted = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=INJURED, decided_by="office")
    await bridge.decide.run(key(), case_id, granted)
    if facts is not None:
        await bridge.state_facts.of_case(key(), case_id, facts, "clerk")
    return bridge, case_id


async def paid_on_paper(bridge: MemoryBridge, case_id: str, papers: Papers = PAPERS) -> str:
    """Claimed and paid, before the medical fund's settlement was made."""
    claim_id: str = (await bridge.papers.propose(key(), case_id, papers, "maker"))["paper_claim_id"]
    await bridge.papers.approve(key(), claim_id, "checker")
    return claim_id


def clue(bridge: MemoryBridge) -> DoubleBill:
    (found,) = bridge.state.double_bills.values()
    return found


async def test_f11_medical_paid_the_hospital_and_the_person_got_the_full_bill_in_cash() -> None:
    bridge, case_id = await office()
    await paid_on_paper(bridge, case_id)
    assert [(e.kind, sides(e)) for e in bridge.state.entries.values()] == [
        ("paper-claim", ({"5001.11": fen("12000")}, {"2203(P:P1)": fen("12000")})),
        ("payment", ({"2203(P:P1)": fen("12000")}, {"1003": fen("12000")})),
    ]
    bridge.claims.settle(FACT, F11)
    told = len(bridge.claims.entries)
    await bridge.hear(FACT)
    found = clue(bridge)
    assert (found.match, found.state, found.due_on) == (Match.SAME, DoubleBillState.RAISED, date(2026, 11, 27))
    assert (DOUBLE_BILL_DEADLINE, found.double_bill_id) in bridge.state.deadlines
    # told again, and compared again by the clock: one clue
    await bridge.hear(FACT)
    assert await bridge.find_double.compare_all() == 0
    assert clue(bridge) == found

    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.double_bills.confirm(key(), found.double_bill_id, "clerk", "clerk", None)
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.conversion.same-hand", before)
    once = key()
    confirmed = await bridge.double_bills.confirm(once, found.double_bill_id, "clerk", "chief", None)
    assert await bridge.double_bills.confirm(once, found.double_bill_id, "clerk", "chief", None) == confirmed
    await bridge.go_on()
    await bridge.go_on()
    assert [sides(e) for e in bridge.claims.entries[told:]] == [({"1125(P:P1)": fen("9605")}, {"5001.01": fen("9605")})]
    (debt,) = bridge.state.recoveries.values()
    assert (debt.book, debt.debtor, debt.cause, debt.open_fen) == (Book.EMP, "P:P1", Cause.DOUBLE_PAYMENT, fen("9605"))
    # what the person keeps is exactly the cash paid
    assert fen("12000") - debt.open_fen == F11.cash_fen
    assert (await bridge.debts.demand(key(), debt.recovery_id, "clerk"))["due_on"] == "2026-12-22"
    await bridge.debts.receive(key(), debt.recovery_id, fen("9605"), 0, "B1", "clerk")
    await bridge.go_on()
    assert sides(bridge.claims.entries[-1]) == ({"1003": fen("9605")}, {"1125(P:P1)": fen("9605")})
    assert bridge.state.recoveries[debt.recovery_id].state is RecoveryState.RECOVERED
    states = [e.state for e in bridge.store.events if isinstance(e, DoubleBillChanged)]
    assert states == ["raised", "confirmed", "charged"]
    assert clue(bridge).state is DoubleBillState.CHARGED
    found_now = await bridge.check.run()
    assert (found_now["inter_fund"], found_now["breaches"]) == ("equal", [])


async def test_a_bill_of_the_same_days_waits_until_somebody_has_compared_the_lines() -> None:
    bridge, case_id = await office()
    bridge.claims.settle(FACT, F11)
    await bridge.hear(FACT)
    other = replace(PAPERS, invoice_no="F2", lines=PAPERS.lines[:1])
    proposed = await bridge.papers.propose(key(), case_id, other, "maker")
    claim_id, (double_bill_id,) = proposed["paper_claim_id"], proposed["double_bills"]
    assert clue(bridge).match is Match.OVERLAP
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.papers.approve(key(), claim_id, "checker")
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.paper-claim.same-bill", before)
    await bridge.double_bills.clear(key(), double_bill_id, "clerk", "住院期间另购辅具，明细不重复")
    assert (await bridge.papers.approve(key(), claim_id, "checker"))["state"] == "paid"
    assert (clue(bridge).state, len(bridge.state.entries)) == (DoubleBillState.CLEARED, 2)


async def test_before_it_is_paid_the_claim_waits_for_somebody_to_look() -> None:
    bridge, case_id = await office()
    bridge.claims.settle(FACT, F11)
    await bridge.hear(FACT)
    proposed = await bridge.papers.propose(key(), case_id, PAPERS, "maker")
    claim_id, (double_bill_id,) = proposed["paper_claim_id"], proposed["double_bills"]
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.papers.approve(key(), claim_id, "checker")
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.paper-claim.same-bill", before)
    # nothing is paid twice yet: there is nothing to charge back, the claim is rejected and the clue falls away
    with pytest.raises(Refusal) as caught:
        await bridge.double_bills.confirm(key(), double_bill_id, "clerk", "chief", None)
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.double-bill.not-paid-twice", before)
    await bridge.papers.reject(key(), claim_id, "checker", "已按医保结算")
    assert (clue(bridge).state, bridge.state.entries) == (DoubleBillState.CLEARED, {})
    # the invoice is free again, and the same clue is not raised for the new claim only once
    again = await bridge.papers.propose(key(), case_id, PAPERS, "maker")
    assert len(again["double_bills"]) == 1


async def test_another_bill_after_all_is_paid() -> None:
    bridge, case_id = await office()
    bridge.claims.settle(FACT, F11)
    await bridge.hear(FACT)
    proposed = await bridge.papers.propose(key(), case_id, replace(PAPERS, invoice_no="FP002"), "maker")
    await bridge.double_bills.clear(key(), proposed["double_bills"][0], "clerk", "两张发票，两次就诊")
    paid = await bridge.papers.approve(key(), proposed["paper_claim_id"], "checker")
    assert (paid["state"], balance(bridge.state, "5001.11")) == ("paid", fen("12000"))


async def test_a_settlement_whose_fact_is_still_on_its_way_blocks_too() -> None:
    bridge, case_id = await office()
    claim_id = (await bridge.papers.propose(key(), case_id, PAPERS, "maker"))["paper_claim_id"]
    bridge.claims.settle(FACT, F11)
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.papers.approve(key(), claim_id, "checker")
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.paper-claim.same-bill", before)
    bridge.claims.around = away
    with pytest.raises(Refusal) as caught:
        await bridge.papers.approve(key(), claim_id, "checker")
    assert (caught.value.code, bridge.state) == ("claims.away", before)


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_claims_away_or_its_answer_lost_the_charge_happens_once(lost: str) -> None:
    bridge, case_id = await office()
    await paid_on_paper(bridge, case_id)
    bridge.claims.settle(FACT, F11)
    await bridge.hear(FACT)
    await bridge.double_bills.confirm(key(), clue(bridge).double_bill_id, "clerk", "chief", None)

    def around(when: str, k: str) -> None:
        if when == lost:
            away(when, k)

    bridge.claims.around = around
    assert await bridge.double_bills.charge(clue(bridge).double_bill_id) is not None
    assert clue(bridge).state is DoubleBillState.CONFIRMED
    bridge.claims.around = lambda when, k: None
    await bridge.go_on()
    await bridge.go_on()
    assert (clue(bridge).state, len(bridge.state.recoveries)) == (DoubleBillState.CHARGED, 1)
    assert bridge.claims.balance(Book.EMP, "1125") == fen("9605")


async def test_a_settlement_that_was_reversed_meanwhile_clears_the_clue() -> None:
    bridge, case_id = await office()
    await paid_on_paper(bridge, case_id)
    bridge.claims.settle(FACT, F11)
    await bridge.hear(FACT)
    await bridge.double_bills.confirm(key(), clue(bridge).double_bill_id, "clerk", "chief", None)
    bridge.claims.reverse("S1")
    await bridge.go_on()
    assert (clue(bridge).state, bridge.state.recoveries) == (DoubleBillState.CLEARED, {})


async def test_a_settlement_that_fell_away_is_not_converted() -> None:
    bridge, case_id = await office()
    await paid_on_paper(bridge, case_id)
    stay = replace(FACT, injury_suspect=True)
    bridge.claims.settle(stay, F11)
    await bridge.hear(stay)
    (conversion,) = bridge.state.conversions.values()
    assert conversion.state is ConversionState.PROPOSED
    await bridge.double_bills.confirm(key(), clue(bridge).double_bill_id, "clerk", "chief", None)
    await bridge.double_bills.charge(clue(bridge).double_bill_id)
    assert bridge.state.conversions[conversion.conversion_id].state is ConversionState.FAILED


async def direct(bridge: MemoryBridge) -> None:
    """The work-injury fund has paid the hospital the same bill directly."""
    asked = DirectBill(
        key="W1",
        visit_id="V9",
        person_id="P1",
        insurance=WI_INSURANCE,
        care=WI_CARE,
        institution_code=FACT.institution_code,
        begun_on=DAY[0],
        ended_on=DAY[1],
        lines=(line("1", "10000"), line("2", "2000")),
    )
    await bridge.settle.final(asked)
    await bridge.hear(replace(FACT, settlement_id="S9", visit_id="V9", payments=[], work_injury_key="W1", invoice_no="FP009"))


@pytest.mark.parametrize(
    ("manual", "account", "debtor"),
    [(True, "1125", "P:P1"), (False, "1122", "H:H37082600001")],
)
async def test_direct_with_the_work_injury_fund_and_claimed_at_the_medical_one(manual: bool, account: str, debtor: str) -> None:
    bridge, _ = await office()
    await direct(bridge)
    if manual:
        bridge.claims.manual.add("S1")
    bridge.claims.settle(FACT, F11)
    await bridge.hear(FACT)
    assert clue(bridge).against == "direct:W1"
    await bridge.double_bills.confirm(key(), clue(bridge).double_bill_id, "clerk", "chief", None)
    await bridge.go_on()
    assert sides(bridge.claims.entries[-1]) == ({f"{account}({debtor})": fen("9605")}, {"5001.01": fen("9605")})
    # a person has to be asked for it; what a hospital owes is met at its clearing
    assert [d.debtor for d in bridge.state.recoveries.values()] == (["P:P1"] if manual else [])


async def test_a_bill_that_this_fund_has_is_not_claimed_on_paper() -> None:
    bridge, case_id = await office()
    await direct(bridge)
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.papers.propose(key(), case_id, PAPERS, "maker")
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.paper-claim.same-bill", before)
    await paid_on_paper(bridge, case_id, replace(PAPERS, lines=PAPERS.lines[:1]))
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.papers.propose(key(), case_id, replace(PAPERS, lines=PAPERS.lines[1:]), "maker")
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.paper-claim.same-bill", before)


@pytest.mark.parametrize(
    ("change", "facts", "code"),
    [
        ({"ended_on": date(2026, 11, 23)}, None, "workinjury-bridge.paper-claim.invalid"),
        ({"begun_on": date(2026, 2, 1)}, None, "workinjury-bridge.settlement.not-entitled"),
        ({"lines": (line("1", "1", related=False),)}, None, "workinjury-bridge.settlement.mixed-stay"),
        ({"lines": (line("1", "1", in_catalogue=False),)}, None, "workinjury-bridge.paper-claim.invalid"),
        ({"lines": (line("1", "1", charged_on=date(2026, 3, 3)),)}, None, "workinjury-bridge.paper-claim.invalid"),
        ({}, CaseFacts(employer_insured=False), "workinjury-bridge.settlement.not-entitled"),
        ({}, CaseFacts(third_party="T:DRIVER"), "workinjury-bridge.settlement.not-entitled"),
        (
            {},
            CaseFacts(filed_on=date(2026, 4, 22), accepted_on=date(2026, 4, 24)),
            "workinjury-bridge.paper-claim.invalid",
        ),
    ],
)
async def test_papers_that_the_fund_does_not_pay(change: dict[str, Any], facts: CaseFacts | None, code: str) -> None:
    bridge, case_id = await office(facts=facts)
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.papers.propose(key(), case_id, replace(PAPERS, **change), "maker")
    assert (caught.value.code, bridge.state) == (code, before)


async def test_four_eyes_and_the_invoice_once() -> None:
    bridge, case_id = await office()
    claim_id = (await bridge.papers.propose(key(), case_id, PAPERS, "maker"))["paper_claim_id"]
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.papers.approve(key(), claim_id, "maker")
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.conversion.same-hand", before)
    with pytest.raises(Refusal) as caught:
        await bridge.papers.propose(key(), case_id, PAPERS, "maker")
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.paper-claim.same-bill", before)


async def test_inpatient_papers_bring_the_allowance_and_all_is_owed_back_after_a_revocation() -> None:
    bridge, case_id = await office()
    stay = replace(PAPERS, inpatient=True, ended_on=date(2026, 3, 14))
    await paid_on_paper(bridge, case_id, stay)
    open_ = (await bridge.papers.propose(key(), case_id, replace(PAPERS, invoice_no="FP2", lines=PAPERS.lines[:1]), "m"))[
        "paper_claim_id"
    ]
    assert [balance(bridge.state, a) for a in ("5001.11", "5001.13")] == [fen("12000"), fen("360")]
    await bridge.revoke.run(key(), case_id, "J1", INJURED, "court", "clerk")
    assert [balance(bridge.state, a) for a in ("5001.11", "5001.13", "1125")] == [0, 0, fen("12360")]
    (debt,) = bridge.state.recoveries.values()
    assert (debt.book, debt.cause, debt.open_fen) == (Book.WI, Cause.REVOKED, fen("12360"))
    assert bridge.state.papers[open_].state is PaperState.REJECTED
    assert (await bridge.check.run())["breaches"] == []


async def test_nobody_looks_and_it_is_said_again() -> None:
    bridge, case_id = await office()
    await paid_on_paper(bridge, case_id)
    bridge.claims.settle(FACT, F11)
    await bridge.hear(FACT)
    async with bridge.store.transaction() as tx:
        await bridge.remind.of_double_bill(tx, clue(bridge).double_bill_id)
    last = bridge.store.events[-1]
    assert isinstance(last, DoubleBillChanged)
    assert (last.state, last.overdue) == ("raised", True)


MARK = BillMark(institution_code="H1", invoice_no="F1", begun_on=DAY[0], ended_on=DAY[1], total_fen=100, visit_id="V1")


@pytest.mark.parametrize(
    ("other", "match"),
    [
        (replace(MARK, visit_id="V2"), Match.SAME),
        (replace(MARK, visit_id="V2", invoice_no=None), Match.SAME),
        (replace(MARK, visit_id="V2", total_fen=1, begun_on=date(2026, 3, 1)), Match.SAME),
        (replace(MARK, visit_id=None, invoice_no="F2", total_fen=1), Match.OVERLAP),
        (replace(MARK, visit_id="V2", institution_code="H2", invoice_no="F2"), Match.NEAR),
        (replace(MARK, visit_id="V2", institution_code="H2", total_fen=1), None),
        (replace(MARK, visit_id="V2", invoice_no="F2", begun_on=date(2026, 4, 1), ended_on=date(2026, 4, 1)), None),
        (replace(MARK, total_fen=1), None),
    ],
)
def test_what_makes_two_bills_one(other: BillMark, match: Match | None) -> None:
    assert match_of(MARK, other) is match
    assert match_of(other, MARK) is match


marks = st.builds(
    BillMark,
    institution_code=st.sampled_from([None, "H1", "H2"]),
    invoice_no=st.sampled_from([None, "F1", "F2"]),
    begun_on=st.dates(date(2026, 1, 1), date(2026, 1, 4)),
    ended_on=st.dates(date(2026, 1, 4), date(2026, 1, 8)),
    total_fen=st.sampled_from([None, 1, 2]),
    visit_id=st.sampled_from([None, "V1", "V2"]),
)


@given(marks, marks)
def test_matching_is_symmetric_and_a_near_one_shares_a_day(one: BillMark, other: BillMark) -> None:
    match = match_of(one, other)
    assert match_of(other, one) is match
    if match in (Match.OVERLAP, Match.NEAR):
        assert max(one.begun_on, other.begun_on) <= min(one.ended_on, other.ended_on)
