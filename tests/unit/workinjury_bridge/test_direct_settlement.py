"""Direct settlement (B4, F4): trial, final, confirmation, lapse, reversal before and after the allowance is paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from shared.clock import CHINA
from shared.codes import Code, CodeSystem
from shared.contracts.claims import ClaimReversed, ClaimSettled
from shared.contracts.workinjury_bridge import BenefitPaid, WorkInjurySettled
from shared.errors import Refusal
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import F1_BILL, SETTLED, WI_CARE, WI_INSURANCE, sides
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.application.recovery.remind import RECOVERY_DEADLINE
from workinjury_bridge.application.settle_directly import DirectBill
from workinjury_bridge.domain.bill import BillLine
from workinjury_bridge.domain.direct_settlement import DirectState
from workinjury_bridge.domain.recognition import Outcome
from workinjury_bridge.domain.recovery import Cause

BILL = DirectBill(
    key="W1",
    visit_id="V9",
    person_id="P1",
    insurance=WI_INSURANCE,
    care=WI_CARE,
    institution_code="H2",
    begun_on=date(2026, 5, 1),
    ended_on=date(2026, 5, 16),
    lines=(
        BillLine(line_id="1", amount_fen=fen("14900.00"), in_catalogue=True),
        BillLine(line_id="2", amount_fen=fen("8000.00"), in_catalogue=True, cap_fen=fen("7000.00"), consent=True),
        BillLine(line_id="3", amount_fen=fen("556.78"), in_catalogue=False, consent=False),
    ),
)
ANSWER = {
    "key": "W1",
    "decision_no": "N1",
    "e_fen": fen("21900"),
    "person_fen": fen("1000"),
    "hospital_fen": fen("556.78"),
    "unrelated_fen": 0,
    "keep_lines": [],
    "total_fen": fen("23456.78"),
}


def key(name: str) -> OnceKey:
    return OnceKey("test", name, "digest")


def confirmed(**changes: object) -> ClaimSettled:
    fact = replace(
        SETTLED,
        settlement_id="S9",
        visit_id="V9",
        total_fen=fen("23456.78"),
        payments=[],
        cash_fen=fen("1000"),
        begun_on=BILL.begun_on,
        ended_on=BILL.ended_on,
        work_injury_key="W1",
    )
    return replace(fact, **changes)  # type: ignore[arg-type]  # any field of the event


def reversal() -> ClaimReversed:
    return ClaimReversed(
        settlement_id="R9",
        original_settlement_id="S9",
        visit_id="V9",
        person_id="P1",
        institution_code="H2",
        institution_name="h",
        reversed_at=SETTLED.settled_at,
        total_fen=fen("23456.78"),
        payments=[],
        cash_fen=fen("1000"),
        work_injury_key="W1",
    )


async def recognised(bridge: MemoryBridge) -> MemoryBridge:
    """One recognised injury of P1 on 1 March 2026."""
    accident = Accident(person_id="P1", accident_on=date(2026, 3, 1), body_parts=("hand",), description="press")
    case_id = (await bridge.open_case.run(key("open"), accident))["case_id"]
    new = NewDecision(decision_no="N1", outcome=Outcome.GRANTED, decided_on=date(2026, 4, 1), decided_by="office")
    await bridge.decide.run(key("decide"), case_id, new)
    return bridge


@pytest.fixture
async def bridge() -> MemoryBridge:
    return await recognised(MemoryBridge())


def state_of(bridge: MemoryBridge) -> DirectState:
    return bridge.state.directs["W1"].state


async def pay_meals(bridge: MemoryBridge) -> None:
    async with bridge.store.transaction() as tx:
        await bridge.pay_direct_meals.run(tx, "W1")


async def test_trial_keeps_nothing(bridge: MemoryBridge) -> None:
    answer = await bridge.settle.trial(BILL)
    assert {k: v for k, v in answer.items() if k != "case_id"} == ANSWER
    assert (bridge.state.directs, bridge.state.deadlines) == ({}, {})


async def test_f4_reserved_confirmed_paid(bridge: MemoryBridge) -> None:
    answer = await bridge.settle.final(BILL)
    assert {k: v for k, v in answer.items() if k != "case_id"} == ANSWER
    assert bridge.state.entries == {}
    assert bridge.state.deadlines == {("void-direct-settlement", "W1"): bridge.clock.now() + timedelta(hours=24)}
    await bridge.hear(confirmed())
    await bridge.hear(confirmed())
    assert [sides(e) for e in bridge.state.entries.values()] == [
        ({"5001.11": fen("21900")}, {"2201(H:H2)": fen("21900")}),
        ({"5001.13": fen("450")}, {"2203(P:P1)": fen("450")}),
    ]
    assert bridge.state.deadlines == {("pay-direct-meals", "W1"): bridge.clock.now() + timedelta(days=1)}
    (settled,) = [e for e in bridge.store.events if isinstance(e, WorkInjurySettled)]
    assert (settled.work_injury_fen, settled.person_fen, settled.hospital_fen) == (fen("21900"), fen("1000"), fen("556.78"))
    await pay_meals(bridge)
    await pay_meals(bridge)
    assert sides(list(bridge.state.entries.values())[2]) == ({"2203(P:P1)": fen("450")}, {"1003": fen("450")})
    assert [(e.kind, e.amount_fen) for e in bridge.store.events if isinstance(e, BenefitPaid)] == [("meals", fen("450"))]
    assert len(bridge.state.entries) == 3


async def test_outpatient_gets_no_meals(bridge: MemoryBridge) -> None:
    await bridge.settle.final(BILL)
    await bridge.hear(confirmed(inpatient=False))
    assert [e.kind for e in bridge.state.entries.values()] == ["settlement"]


async def test_nothing_payable_books_nothing(bridge: MemoryBridge) -> None:
    lines = (BillLine(line_id="1", amount_fen=100, in_catalogue=False, consent=True),)
    await bridge.settle.final(replace(BILL, lines=lines))
    await bridge.hear(confirmed(inpatient=False, total_fen=100))
    assert (bridge.state.directs["W1"].state, bridge.state.entries) == (DirectState.POSTED, {})


async def test_same_key_same_bill_is_the_same_settlement(bridge: MemoryBridge) -> None:
    first = await bridge.settle.final(BILL)
    assert await bridge.settle.final(BILL) == first
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.settle.final(replace(BILL, lines=BILL.lines[:1]))
    assert (caught.value.code, bridge.state) == ("workinjury-bridge.settlement.key-reused", before)


async def test_lapsed_reservation_is_posted_when_the_fact_comes_late(bridge: MemoryBridge) -> None:
    await bridge.settle.final(BILL)
    async with bridge.store.transaction() as tx:
        await bridge.void_direct.run(tx, "W1")
    assert state_of(bridge) is DirectState.VOIDED
    assert await bridge.settle.final(BILL) == await bridge.settle.final(BILL)
    assert state_of(bridge) is DirectState.RESERVED
    async with bridge.store.transaction() as tx:
        await bridge.void_direct.run(tx, "W1")
    await bridge.hear(confirmed())
    async with bridge.store.transaction() as tx:
        await bridge.void_direct.run(tx, "W1")
    assert state_of(bridge) is DirectState.POSTED
    assert balance(bridge.state, "5001.11") == fen("21900")


async def test_reversal_takes_everything_back(bridge: MemoryBridge) -> None:
    await bridge.settle.final(BILL)
    await bridge.hear(confirmed())
    await bridge.hear(reversal())
    await bridge.hear(reversal())
    await bridge.hear(confirmed())
    assert [balance(bridge.state, a) for a in ("5001.11", "5001.13", "2201", "2203")] == [0, 0, 0, 0]
    assert len(bridge.state.entries) == 4
    assert (bridge.state.directs["W1"].state, bridge.state.deadlines) == (DirectState.REVERSED, {})
    await pay_meals(bridge)
    assert bridge.state.payments == {}


async def test_reversal_after_the_allowance_was_paid_is_a_debt(bridge: MemoryBridge) -> None:
    await bridge.settle.final(BILL)
    await bridge.hear(confirmed())
    await pay_meals(bridge)
    await bridge.hear(reversal())
    assert sides(list(bridge.state.entries.values())[-1]) == ({"1125(P:P1)": fen("450")}, {"5001.13": fen("450")})
    assert [balance(bridge.state, a) for a in ("5001.11", "5001.13", "2201", "2203", "1003")] == [0, 0, 0, 0, -fen("450")]
    (debt,) = bridge.state.recoveries.values()
    assert (debt.cause, debt.open_fen, debt.due_on) == (Cause.REVERSED, fen("450"), date(2026, 11, 27))
    assert bridge.state.deadlines == {(RECOVERY_DEADLINE, debt.recovery_id): datetime(2026, 11, 28, tzinfo=CHINA)}


async def test_reversal_before_the_confirmation(bridge: MemoryBridge) -> None:
    await bridge.settle.final(BILL)
    await bridge.hear(reversal())
    await bridge.hear(confirmed())
    assert (state_of(bridge), bridge.state.entries) == (DirectState.REVERSED, {})


async def test_settled_again_under_the_same_key_after_a_reversal(bridge: MemoryBridge) -> None:
    await bridge.settle.final(BILL)
    await bridge.hear(confirmed())
    await pay_meals(bridge)
    await bridge.hear(reversal())
    assert (await bridge.settle.final(BILL))["e_fen"] == fen("21900")
    await bridge.hear(confirmed(settlement_id="S10"))
    await bridge.hear(confirmed())
    await bridge.hear(reversal())
    assert (state_of(bridge), bridge.state.directs["W1"].settlement_id) == (DirectState.POSTED, "S10")
    await pay_meals(bridge)
    # The allowance paid the first time is set off against the second: one payment in all.
    assert [p.settlement_id for p in bridge.state.payments.values()] == ["S9"]
    told = [(e.amount_fen, e.set_off_fen) for e in bridge.store.events if isinstance(e, BenefitPaid)]
    assert told == [(fen("450"), 0), (0, fen("450"))]
    assert [balance(bridge.state, a) for a in ("5001.11", "5001.13", "2201", "2203", "1125")] == [
        fen("21900"),
        fen("450"),
        -fen("21900"),
        0,
        0,
    ]


async def test_two_settlements_cannot_stand_under_one_key(bridge: MemoryBridge) -> None:
    await bridge.settle.final(BILL)
    await bridge.hear(confirmed())
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.hear(confirmed(settlement_id="S10"))
    assert caught.value.code == "workinjury-bridge.settlement.key-reused"
    assert bridge.state == before


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        (confirmed(total_fen=1), "workinjury-bridge.settlement.total-differs"),
        (confirmed(work_injury_key="W2"), "workinjury-bridge.settlement.unknown"),
        (replace(reversal(), work_injury_key="W2"), "workinjury-bridge.settlement.unknown"),
    ],
)
async def test_facts_that_do_not_fit_are_parked(bridge: MemoryBridge, fact: object, code: str) -> None:
    await bridge.settle.final(BILL)
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.hear(fact)
    assert (caught.value.code, bridge.state) == (code, before)
    assert (bridge.state.directs["W1"].state, bridge.state.entries) == (DirectState.RESERVED, {})


async def test_who_is_not_recognised_is_refused_with_the_reason(bridge: MemoryBridge) -> None:
    for changes, reason in (
        ({"person_id": "P2"}, "no-case"),
        ({"begun_on": date(2026, 2, 1)}, "before-accident"),
    ):
        with pytest.raises(Refusal) as caught:
            await bridge.settle.final(replace(BILL, **changes))
        assert (caught.value.code, caught.value.facts) == (
            "workinjury-bridge.settlement.not-entitled",
            {"reason": reason},
        )
    assert bridge.state.directs == {}
    (case_id,) = bridge.state.cases
    await bridge.revoke.run(key("revoke"), case_id, "J1", date(2026, 4, 20), "court", "clerk")
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.settle.trial(BILL)
    assert (caught.value.code, caught.value.facts) == (
        "workinjury-bridge.settlement.not-entitled",
        {"reason": "not-recognised"},
    )
    assert bridge.state == before


async def test_directly_settled_stay_is_not_proposed_for_conversion(bridge: MemoryBridge) -> None:
    await bridge.settle.final(BILL)
    await bridge.hear(confirmed())
    assert (bridge.state.stays, bridge.state.conversions) == ({}, {})
    await bridge.hear(bridge.claims.settle(SETTLED, F1_BILL))
    assert [c.settlement_id for c in bridge.state.conversions.values()] == ["S1"]


async def test_eligibility(bridge: MemoryBridge) -> None:
    (case_id,) = bridge.state.cases
    answer = await bridge.judge.run("P1", date(2026, 5, 1))
    assert answer == {
        "entitled": True,
        "reason": None,
        "reason_code": None,
        "injuries": [
            {
                "case_id": case_id,
                "decision_no": "N1",
                "version": 1,
                "accident_on": "2026-03-01",
                "body_parts": ["hand"],
                "contested": False,
                "entitled": True,
            }
        ],
    }
    other = await bridge.judge.run("P2", date(2026, 5, 1))
    assert (other["entitled"], other["reason"], other["injuries"]) == (False, "没有工伤案件", [])


async def test_the_injury_that_the_hospital_was_told_is_the_one_that_is_settled(bridge: MemoryBridge) -> None:
    case_id = next(iter(bridge.state.cases))
    assert (await bridge.settle.trial(replace(BILL, case_id=case_id)))["case_id"] == case_id
    with pytest.raises(Refusal) as caught:
        await bridge.settle.final(replace(BILL, case_id="K9"))
    assert caught.value.code == "workinjury-bridge.settlement.not-entitled"
    assert bridge.state.directs == {}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"insurance": Code(CodeSystem.CHS_INSURANCE, "410")}, "workinjury-bridge.code.not-work-injury"),
        ({"care": Code(CodeSystem.CHS_CARE, "41")}, "workinjury-bridge.code.not-care"),
    ],
)
async def test_long_term_care_and_pharmacies_are_not_settled(bridge: MemoryBridge, changes: dict[str, Code], code: str) -> None:
    with pytest.raises(Refusal) as caught:
        await bridge.settle.final(replace(BILL, **changes))  # type: ignore[arg-type]  # any field of the bill
    assert caught.value.code == code
    assert bridge.state.directs == {}
