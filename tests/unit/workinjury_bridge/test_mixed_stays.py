"""A stay partly injury, partly own disease, recognised before the discharge (B5, F5): divided, settled in two versions, reversed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.claims import ClaimReversed, ClaimSettled
from shared.contracts.workinjury_bridge import WorkInjurySettled
from shared.errors import Refusal
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import POLICIES, SETTLED, WI_CARE, WI_INSURANCE, sides
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from workinjury_bridge.application.audit.apply_deduction import Finding
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.application.settle_directly import DirectBill
from workinjury_bridge.domain.bill import BillLine, assess
from workinjury_bridge.domain.direct_settlement import DirectSettlement, DirectState
from workinjury_bridge.domain.invariants import breaches_of_direct
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.split import (
    Belonging,
    Flags,
    KeptLine,
    Ratio,
    SplitState,
    flags_at_settlement,
    flags_of,
    kept_of,
    parts_of,
)

AMOUNTS = {"1": "7000", "2": "4000", "3": "2000", "4": "2000", "5": "5000"}
LINES = tuple(BillLine(line_id=n, amount_fen=fen(a), in_catalogue=True) for n, a in AMOUNTS.items())
BILL = DirectBill(
    key="W1",
    visit_id="V5",
    person_id="P1",
    insurance=WI_INSURANCE,
    care=WI_CARE,
    institution_code="H2",
    begun_on=date(2026, 3, 2),
    ended_on=date(2026, 3, 14),
    lines=LINES,
)
FLAGS = flags_of([("3", "own-disease"), ("4", "own-disease"), ("5", "shared")], None)
KEPT = [
    {"line_id": "3", "amount_fen": fen("2000")},
    {"line_id": "4", "amount_fen": fen("2000")},
    {"line_id": "5", "amount_fen": fen("1333.33")},
]
ANSWER = {
    "key": "W1",
    "decision_no": "N1",
    "e_fen": fen("14666.67"),
    "person_fen": 0,
    "hospital_fen": 0,
    "unrelated_fen": fen("5333.33"),
    "keep_lines": KEPT,
    "total_fen": fen("20000"),
}
OURS: ClaimSettled = replace(
    SETTLED,
    settlement_id="S1",
    visit_id="V5",
    total_fen=fen("14666.67"),
    payments=[],
    cash_fen=0,
    begun_on=BILL.begun_on,
    ended_on=BILL.ended_on,
    work_injury_key="W1",
)
MEDICAL = replace(
    OURS, settlement_id="S2", total_fen=fen("5333.33"), cash_fen=fen("1395"), work_injury_key=None, beside_key="W1"
)


def reversal(of: ClaimSettled) -> ClaimReversed:
    return ClaimReversed(
        settlement_id=f"R{of.settlement_id}",
        original_settlement_id=of.settlement_id,
        visit_id=of.visit_id,
        person_id=of.person_id,
        institution_code=of.institution_code,
        institution_name=of.institution_name,
        reversed_at=SETTLED.settled_at,
        total_fen=of.total_fen,
        payments=[],
        cash_fen=of.cash_fen,
        work_injury_key=of.work_injury_key,
        beside_key=of.beside_key,
    )


def key(name: str) -> OnceKey:
    return OnceKey("test", name, "digest")


@pytest.fixture
async def bridge() -> MemoryBridge:
    """With one recognised injury of P1 on 1 March 2026."""
    bridge = MemoryBridge()
    accident = Accident(person_id="P1", accident_on=date(2026, 3, 1), body_parts=("hand",), description="press")
    case_id = (await bridge.open_case.run(key("open"), accident))["case_id"]
    new = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=date(2026, 3, 2), decided_by="office")
    await bridge.decide.run(key("decide"), case_id, new)
    return bridge


def case_of(bridge: MemoryBridge) -> str:
    (case_id,) = bridge.state.cases
    return case_id


def state_of(bridge: MemoryBridge) -> SplitState:
    return bridge.state.stay_splits["V5"].split.state


async def propose(bridge: MemoryBridge, name: str = "propose", flags: Flags = FLAGS, visit: str = "V5") -> dict[str, Any]:
    return await bridge.stay_splits.propose(key(name), visit, case_of(bridge), flags, "hospital")


async def agreed(bridge: MemoryBridge) -> None:
    await propose(bridge)
    await bridge.stay_splits.agree(key("agree"), "V5", "reviewer")


async def test_f5_is_divided_reserved_and_booked(bridge: MemoryBridge) -> None:
    await agreed(bridge)
    for answer in (await bridge.settle.trial(BILL), await bridge.settle.final(BILL), await bridge.settle.final(BILL)):
        assert {name: value for name, value in answer.items() if name != "case_id"} == ANSWER
    for fact in (MEDICAL, OURS, MEDICAL, OURS):
        await bridge.hear(fact)
    assert [sides(e) for e in bridge.state.entries.values()] == [
        ({"5001.11": fen("14666.67")}, {"2201(H:H2)": fen("14666.67")}),
        ({"5001.13": fen("360")}, {"2203(P:P1)": fen("360")}),
    ]
    settlement = bridge.state.directs["W1"]
    assert (settlement.state, settlement.settlement_id, settlement.medical_settlement_id) == (DirectState.POSTED, "S1", "S2")
    (told,) = [e for e in bridge.store.events if isinstance(e, WorkInjurySettled)]
    assert (told.total_fen, told.work_injury_fen) == (fen("14666.67"), fen("14666.67"))
    assert (bridge.state.stays, bridge.state.conversions, bridge.state.double_bills) == ({}, {}, {})
    assert (await bridge.check.run())["breaches"] == []


async def test_both_versions_are_reversed_and_settled_again(bridge: MemoryBridge) -> None:
    await agreed(bridge)
    await bridge.settle.final(BILL)
    facts = (MEDICAL, OURS, reversal(OURS), reversal(MEDICAL), MEDICAL, OURS)
    for fact in facts:
        await bridge.hear(fact)
    settlement = bridge.state.directs["W1"]
    assert (settlement.state, settlement.medical_settlement_id) == (DirectState.REVERSED, None)
    assert [balance(bridge.state, a) for a in ("5001.11", "5001.13", "2201", "2203")] == [0, 0, 0, 0]
    await bridge.settle.final(BILL)
    again = (replace(MEDICAL, settlement_id="S4"), replace(OURS, settlement_id="S3"), reversal(MEDICAL))
    for fact in again:
        await bridge.hear(fact)
    settlement = bridge.state.directs["W1"]
    assert (settlement.settlement_id, settlement.medical_settlement_id) == ("S3", "S4")
    assert balance(bridge.state, "5001.11") == fen("14666.67")
    assert (await bridge.check.run())["breaches"] == []


async def test_a_reversal_overtaken_by_the_next_reservation(bridge: MemoryBridge) -> None:
    await agreed(bridge)
    await bridge.settle.final(BILL)
    await bridge.hear(MEDICAL)
    await bridge.hear(OURS)
    # claims has reversed and settled again under the same key before any of it is heard of
    await bridge.settle.final(BILL)
    second = (replace(MEDICAL, settlement_id="S4"), replace(OURS, settlement_id="S3"))
    for fact in (reversal(OURS), reversal(MEDICAL), *second):
        await bridge.hear(fact)
    settlement = bridge.state.directs["W1"]
    assert (settlement.state, settlement.settlement_id, settlement.medical_settlement_id) == (DirectState.POSTED, "S3", "S4")
    assert balance(bridge.state, "5001.11") == fen("14666.67")
    assert (await bridge.check.run())["breaches"] == []


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        (replace(MEDICAL, total_fen=fen("5333.34")), "workinjury-bridge.settlement.total-differs"),
        (replace(MEDICAL, beside_key="W9"), "workinjury-bridge.settlement.unknown"),
        (replace(OURS, total_fen=fen("20000")), "workinjury-bridge.settlement.total-differs"),
    ],
)
async def test_a_version_of_another_amount_is_parked(bridge: MemoryBridge, fact: ClaimSettled, code: str) -> None:
    await agreed(bridge)
    await bridge.settle.final(BILL)
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.hear(fact)
    assert caught.value.code == code
    assert bridge.state == before


async def test_half_of_a_mixed_stay_breaks_the_invariant(bridge: MemoryBridge) -> None:
    await agreed(bridge)
    await bridge.settle.final(BILL)
    await bridge.hear(OURS)
    found = (await bridge.check.run())["breaches"]
    assert [(b["rule"], b["subject_id"]) for b in found] == [("7", "W1")]


async def test_a_part_in_two_versions_or_in_none_breaks_the_invariant(bridge: MemoryBridge) -> None:
    await agreed(bridge)
    await bridge.settle.final(BILL)
    reserved: DirectSettlement = bridge.state.directs["W1"]
    assert breaches_of_direct(reserved, [], 0, None, []) == []
    for kept in ((), (*reserved.keep_lines, KeptLine(line_id="1", amount_fen=1))):
        wrong = replace(reserved, keep_lines=kept)
        assert [breach.rule for breach in breaches_of_direct(wrong, [], 0, None, [])] == ["7"]


async def test_the_hospitals_flag_alone_leaves_the_line_with_the_medical_fund(bridge: MemoryBridge) -> None:
    flagged = replace(BILL, lines=(*LINES[:4], replace(LINES[4], related=False)))
    answer = await bridge.settle.final(flagged)
    assert (answer["e_fen"], answer["keep_lines"]) == (fen("15000"), [{"line_id": "5", "amount_fen": fen("5000")}])
    await bridge.stay_splits.propose(key("other"), "V6", case_of(bridge), FLAGS, "hospital")
    await bridge.stay_splits.agree(key("agree"), "V6", "reviewer")
    other = replace(BILL, key="W2", visit_id="V6", lines=(replace(LINES[0], related=False), *LINES[1:]))
    kept = (await bridge.settle.final(other))["keep_lines"]
    # what nobody but the hospital speaks of is undecided; 8 000 direct, of which 4 000 treat the injury
    assert kept == [{"line_id": "1", "amount_fen": fen("7000")}, *KEPT[:2], {"line_id": "5", "amount_fen": fen("2500")}]


async def test_nothing_is_settled_before_the_split_is_agreed(bridge: MemoryBridge) -> None:
    await propose(bridge)
    before = bridge.state
    for settle in (bridge.settle.trial, bridge.settle.final):
        with pytest.raises(Refusal) as caught:
            await settle(BILL)
        assert caught.value.code == "workinjury-bridge.conversion.split-open"
    assert bridge.state == before


async def test_a_bill_without_injury_and_flags_that_do_not_fit_are_refused(bridge: MemoryBridge) -> None:
    await agreed(bridge)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"lines": tuple(replace(line, related=False) for line in LINES[2:4])}, "workinjury-bridge.split.invalid"),
        ({"person_id": "P2"}, "workinjury-bridge.split.invalid"),
        (
            {"visit_id": "V7", "lines": tuple(replace(x, related=False) for x in LINES)},
            "workinjury-bridge.settlement.no-injury",
        ),
    ]
    before = bridge.state
    for changes, code in cases:
        with pytest.raises(Refusal) as caught:
            await bridge.settle.final(replace(BILL, **changes))
        assert caught.value.code == code
    assert bridge.state == before


async def test_a_split_goes_from_hand_to_hand_and_has_its_limits(bridge: MemoryBridge) -> None:
    subject = ("stay-split-overdue", "V5")
    assert (await propose(bridge))["split"] == "proposed"
    # five working days from Sunday, 22 November 2026
    assert bridge.state.deadlines[subject] == datetime.fromisoformat("2026-11-28T00:00:00+08:00")
    before = bridge.state
    for act, code in (
        (propose(bridge, "again"), "workinjury-bridge.split.wrong-state"),
        (bridge.stay_splits.agree(key("same"), "V5", "hospital"), "workinjury-bridge.split.same-hand"),
    ):
        with pytest.raises(Refusal) as caught:
            await act
        assert caught.value.code == code
    assert bridge.state == before
    assert state_of(bridge) is SplitState.PROPOSED
    async with bridge.store.transaction() as tx:
        await bridge.stay_splits.overdue(tx, "V5")
    assert state_of(bridge) is SplitState.DISPUTED
    assert bridge.state.deadlines[subject] == datetime.fromisoformat("2026-12-05T00:00:00+08:00")
    async with bridge.store.transaction() as tx:
        await bridge.stay_splits.overdue(tx, "V5")
        await bridge.stay_splits.overdue(tx, "V5")
    split = bridge.state.stay_splits["V5"].split
    assert (split.state, split.decided_by, dict(split.flags.lines)["5"]) == ("decided", "system", Belonging.UNDECIDED)
    assert bridge.state.deadlines == {}
    assert (await bridge.settle.final(BILL))["e_fen"] == fen("11000")


async def test_an_experts_opinion_leads(bridge: MemoryBridge) -> None:
    await propose(bridge)
    await bridge.stay_splits.dispute(key("dispute"), "V5", "reviewer", "比例过高")
    opinion = replace(FLAGS, ratio=Ratio(numerator=1, denominator=2))
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.stay_splits.decide(key("own"), "V5", opinion, "reviewer", None)
    assert caught.value.code == "workinjury-bridge.split.same-hand"
    assert bridge.state == before
    await bridge.stay_splits.decide(key("decide-split"), "V5", opinion, "expert", "各半")
    assert (await bridge.settle.trial(BILL))["e_fen"] == fen("13500")
    read = await bridge.stay_splits.read("V5")
    assert (read["split"], read["numerator"], read["denominator"], read["note"]) == ("decided", 1, 2, "各半")


async def test_a_stay_that_is_settled_is_not_divided_any_more(bridge: MemoryBridge) -> None:
    await bridge.settle.final(BILL)
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await propose(bridge)
    assert caught.value.code == "workinjury-bridge.split.wrong-state"
    with pytest.raises(Refusal) as caught:
        await bridge.stay_splits.propose(key("k9"), "V6", "K9", FLAGS, "hospital")
    assert caught.value.code == "workinjury-bridge.case.unknown"
    twice = Flags(lines=(("1", Belonging.SHARED), ("1", Belonging.INJURY)))
    with pytest.raises(Refusal) as caught:
        await propose(bridge, "twice", twice, "V6")
    assert caught.value.code == "workinjury-bridge.split.invalid"
    assert bridge.state == before
    assert bridge.state.stay_splits == {}


async def test_revoked_the_person_owes_the_injurys_part_alone(bridge: MemoryBridge) -> None:
    await agreed(bridge)
    await bridge.settle.final(BILL)
    for fact in (MEDICAL, OURS):
        await bridge.hear(fact)
    await bridge.revoke.run(key("revoke"), case_of(bridge), "J1", date(2026, 4, 20), "court", "clerk")
    await bridge.go_on()
    assert [balance(bridge.state, a) for a in ("1125", "5001.11", "5001.13", "2201")] == [
        fen("14666.67"),
        0,
        0,
        -fen("14666.67"),
    ]
    direct = bridge.state.directs["W1"]
    assert (direct.medical_settlement_id, direct.taken_over_by) == ("S2", None)
    assert (
        direct.not_taken_over == "workinjury-bridge.settlement.stay-divided: 混合住院的非工伤部分已由医保结算，不能再整笔转入"
    )
    assert (await bridge.check.run())["breaches"] == []


async def test_an_audit_cuts_only_lines_that_are_wholly_ours(bridge: MemoryBridge) -> None:
    await agreed(bridge)
    await bridge.settle.final(BILL)
    for fact in (MEDICAL, OURS):
        await bridge.hear(fact)
    finding = Finding(settlement_id="S1", line_id="5", amount_fen=100, reason="r", maker="a", checker="b")
    before = bridge.state
    for line in ("3", "5"):
        with pytest.raises(Refusal) as caught:
            await bridge.deduct.deduct(key(f"cut{line}"), replace(finding, line_id=line))
        assert caught.value.code == "workinjury-bridge.deduction.line-not-ours"
    assert bridge.state == before
    await bridge.deduct.deduct(key("cut"), replace(finding, line_id="1"))
    assert balance(bridge.state, "5001.11") == fen("14666.67") - 100
    assert (await bridge.check.run())["breaches"] == []


belongings = st.sampled_from(list(Belonging))
bills = st.lists(
    st.tuples(st.integers(1, 10_000_000), st.none() | st.integers(0, 10_000_000), st.booleans(), st.none() | belongings),
    min_size=1,
    max_size=12,
)


@given(bills, st.integers(0, 7), st.integers(1, 7))
def test_each_line_is_in_one_version_or_its_parts_add_up(bill: Any, numerator: int, more: int) -> None:
    lines = [
        BillLine(line_id=str(i), amount_fen=amount, in_catalogue=True, cap_fen=cap, related=related)
        for i, (amount, cap, related, _) in enumerate(bill)
    ]
    ratio = Ratio(numerator=numerator, denominator=numerator + more)
    named = tuple((str(i), belongs) for i, (_, _, _, belongs) in enumerate(bill) if belongs is not None)
    agreed_flags = Flags(lines=named, ratio=ratio) if named else None
    parts = parts_of(lines, flags_at_settlement(lines, agreed_flags))
    kept = {k.line_id: k.amount_fen for k in kept_of(parts)}
    for line, part in parts:
        assert part.amount_fen + kept.get(line.line_id, 0) == line.amount_fen
        assert 0 <= part.amount_fen <= line.amount_fen
        belongs = dict(named).get(line.line_id, Belonging.INJURY if line.related else Belonging.UNDECIDED)
        if belongs is Belonging.INJURY:
            assert line.line_id not in kept
        elif belongs is not Belonging.SHARED:
            assert kept[line.line_id] == line.amount_fen
    version = assess([part for _, part in parts], POLICIES.on(date(2026, 3, 14)))
    assert version.related_fen + sum(kept.values()) == sum(line.amount_fen for line in lines)
