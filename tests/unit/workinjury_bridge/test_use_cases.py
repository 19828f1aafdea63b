"""The story of F1 and F9 on fakes, and what goes wrong on the way: refusals, lost answers, late and repeated news."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest

from shared.contracts.workinjury_bridge import BenefitPaid, ConversionChanged, RecognitionDecided, TransferConfirmed
from shared.errors import Refusal
from shared.ledger import Book
from shared.money import fen
from shared.transactions import OnceKey
from tests.factories.workinjury_bridge.examples import F1_BILL, SETTLED, sides
from tests.factories.workinjury_bridge.fake_claims import away
from tests.factories.workinjury_bridge.memory import MemoryBridge, balance
from workinjury_bridge.application.decide_recognition import NewDecision
from workinjury_bridge.application.open_injury_case import Accident
from workinjury_bridge.application.ports import TakenBack
from workinjury_bridge.domain.conversion import Conversion, ConversionState
from workinjury_bridge.domain.recognition import Act, Outcome, RecognitionState
from workinjury_bridge.domain.transfer import TransferState

DAY = date(2026, 4, 20)
_keys = count()


def key() -> OnceKey:
    return OnceKey("test", str(next(_keys)), "digest")


@pytest.fixture
def bridge() -> MemoryBridge:
    return MemoryBridge()


async def open_case(bridge: MemoryBridge, accident_on: date = date(2026, 3, 1)) -> str:
    accident = Accident(person_id="P1", accident_on=accident_on, body_parts=("hand",), description="press", matter_id="M1")
    answer = await bridge.open_case.run(key(), accident)
    return str(answer["case_id"])


async def decide(bridge: MemoryBridge, case_id: str, outcome: Outcome = Outcome.GRANTED, number: str = "N1") -> dict[str, Any]:
    return await bridge.decide.run(
        key(), case_id, NewDecision(decision_no=number, outcome=outcome, decided_on=DAY, decided_by="office")
    )


async def approved(bridge: MemoryBridge) -> tuple[str, str]:
    """Case and conversion of F1, approved."""
    case_id = await open_case(bridge)
    await bridge.hear(bridge.claims.settle(SETTLED, F1_BILL))
    (conversion_id,) = (await decide(bridge, case_id))["conversions"]
    await bridge.go_on()
    await bridge.review.check(key(), conversion_id, "maker", None)
    await bridge.review.approve(key(), conversion_id, "checker", None)
    return case_id, conversion_id


async def test_f1_from_decision_to_settled(bridge: MemoryBridge) -> None:
    _, conversion_id = await approved(bridge)
    await bridge.go_on()
    conversion = bridge.state.conversions[conversion_id]
    assert conversion.state is ConversionState.SETTLED
    assert [sides(entry) for entry in bridge.state.entries.values()] == [
        ({"5001.11": fen("15700"), "5001.13": fen("360")}, {"2202(EMP)": fen("12985"), "2203(P:P1)": fen("3075")}),
        ({"2202(EMP)": fen("12985")}, {"1003": fen("12985")}),
        ({"2203(P:P1)": fen("3075")}, {"1003": fen("3075")}),
    ]
    assert {(e.maker, e.checker, e.conversion_id) for e in bridge.state.entries.values()} == {
        ("maker", "checker", conversion_id)
    }
    states = [e.state for e in bridge.store.events if isinstance(e, ConversionChanged)]
    assert states == ["proposed", "checked", "approved", "posted", "transferring", "settled"]
    (transfer,) = bridge.state.transfers.values()
    (confirmed,) = [e for e in bridge.store.events if isinstance(e, TransferConfirmed)]
    assert (confirmed.voucher_no, confirmed.from_book, confirmed.to_book) == (transfer.voucher_no, "WI", "EMP")
    assert bridge.claims.vouchers == {transfer.voucher_no: transfer.transfer_id}
    paid = [(e.kind, e.amount_fen, e.matter_id) for e in bridge.store.events if isinstance(e, BenefitPaid)]
    assert paid == [("refund", fen("2715"), "M1"), ("meals", fen("360"), "M1")]
    assert [bridge.claims.balance(Book.EMP, a) for a in ("5001.01", "5001.02", "1121", "1003")] == [0, 0, 0, 0]
    assert await bridge.check.run() == {"checked": 1, "in_flight": 0, "inter_fund": "equal", "breaches": []}


async def test_f9_revoked_after_settlement(bridge: MemoryBridge) -> None:
    case_id, conversion_id = await approved(bridge)
    await bridge.go_on()
    answer = await bridge.revoke.run(key(), case_id, "J1", DAY, "court", "clerk")
    assert (answer["decision_version"], answer["conversions"]) == (2, [conversion_id])
    await bridge.go_on()
    assert bridge.state.conversions[conversion_id].state is ConversionState.REVERTED
    contra, back = list(bridge.state.entries.values())[3:]
    assert sides(contra) == (
        {"1121(EMP)": fen("12985"), "1125(P:P1)": fen("3075")},
        {"5001.11": fen("15700"), "5001.13": fen("360")},
    )
    assert contra.reverses == next(iter(bridge.state.entries))
    assert sides(back) == ({"1003": fen("12985")}, {"1121(EMP)": fen("12985")})
    there, here = bridge.state.transfers.values()
    assert there.voucher_no != here.voucher_no
    assert [bridge.claims.balance(Book.EMP, a) for a in ("5001.01", "5001.02", "1121", "2202")] == [
        fen("11985"),
        fen("1000"),
        0,
        0,
    ]
    assert (await bridge.check.run())["breaches"] == []


async def test_new_recognition_after_revocation_converts_again_and_sets_off_the_debt(bridge: MemoryBridge) -> None:
    case_id, first = await approved(bridge)
    await bridge.go_on()
    await bridge.revoke.run(key(), case_id, "J1", DAY, "court", "clerk")
    again = await decide(bridge, case_id, number="N2")
    assert (again["decision_version"], again["conversions"]) == (3, [])
    await bridge.go_on()
    second = next(c for c in bridge.state.conversions.values() if c.conversion_id != first)
    assert (second.state, second.decision_version) == (ConversionState.PROPOSED, 3)
    await bridge.go_on()
    await bridge.review.check(key(), second.conversion_id, "maker", None)
    await bridge.review.approve(key(), second.conversion_id, "checker", None)
    await bridge.go_on()
    assert bridge.state.conversions[second.conversion_id].state is ConversionState.SETTLED
    assert sides(list(bridge.state.entries.values())[-1]) == ({"2203(P:P1)": fen("3075")}, {"1125(P:P1)": fen("3075")})
    assert balance(bridge.state, "1125") == 0
    assert len(bridge.state.payments) == 2
    assert (await bridge.check.run())["breaches"] == []


async def test_denied_leaves_the_medical_settlement_alone(bridge: MemoryBridge) -> None:
    case_id = await open_case(bridge)
    await bridge.hear(bridge.claims.settle(SETTLED, F1_BILL))
    answer = await decide(bridge, case_id, Outcome.DENIED)
    assert (answer["state"], answer["conversions"]) == ("denied", [])
    await bridge.go_on()
    assert (bridge.state.conversions, bridge.state.entries) == ({}, {})


async def test_settlement_that_arrives_after_the_decision_is_proposed(bridge: MemoryBridge) -> None:
    case_id = await open_case(bridge)
    await decide(bridge, case_id)
    fact = bridge.claims.settle(SETTLED, F1_BILL)
    await bridge.hear(fact)
    await bridge.hear(fact)
    (conversion,) = bridge.state.conversions.values()
    assert (conversion.settlement_id, conversion.case_id) == ("S1", case_id)


async def test_reversal_that_arrives_before_its_settlement(bridge: MemoryBridge) -> None:
    await decide(bridge, await open_case(bridge))
    fact = bridge.claims.settle(SETTLED, F1_BILL)
    await bridge.hear(bridge.claims.reverse("S1"))
    await bridge.hear(fact)
    assert bridge.state.conversions == {}


async def test_reversal_withdraws_a_proposal(bridge: MemoryBridge) -> None:
    _, conversion_id = await approved(bridge)
    reversal = bridge.claims.reverse("S1")
    await bridge.hear(reversal)
    await bridge.hear(reversal)
    await bridge.go_on()
    conversion = bridge.state.conversions[conversion_id]
    assert (conversion.state, conversion.cause) == (ConversionState.FAILED, "settlement reversed by RS1")
    assert bridge.state.entries == {}


async def test_refused_take_back_fails_without_a_trace(bridge: MemoryBridge) -> None:
    _, conversion_id = await approved(bridge)
    bridge.claims.refuse_take_back = True
    before = list(bridge.claims.entries)
    await bridge.go_on()
    conversion = bridge.state.conversions[conversion_id]
    assert (conversion.state, conversion.cause) == (
        ConversionState.FAILED,
        "claims.settlement.in-audit: 结算正在稽核，不能收回",
    )
    assert (bridge.state.entries, bridge.claims.entries) == ({}, before)
    assert [e.state for e in bridge.store.events if isinstance(e, ConversionChanged)][-1] == "failed"


async def test_claims_away_is_tried_again(bridge: MemoryBridge) -> None:
    _, conversion_id = await approved(bridge)
    bridge.claims.around = away
    await bridge.go_on()
    assert bridge.state.conversions[conversion_id].state is ConversionState.APPROVED
    assert bridge.state.hindrances == {conversion_id: "系统繁忙"}
    bridge.claims.around = lambda when, key: None
    await bridge.go_on()
    assert bridge.state.conversions[conversion_id].state is ConversionState.SETTLED
    assert bridge.state.hindrances == {}


async def test_refused_reservation_voids_both_sides_and_takes_a_new_voucher(bridge: MemoryBridge) -> None:
    _, conversion_id = await approved(bridge)
    bridge.claims.refuse_reserve = 1
    await bridge.go_on()
    assert bridge.state.hindrances == {conversion_id: "基金间调拨被拒绝：claims.transfer.refused: 医保基金账户已冻结"}
    assert [t.state for t in bridge.state.transfers.values()] == [TransferState.VOIDED, TransferState.INSTRUCTED]
    assert balance(bridge.state, "1003") == 0
    await bridge.go_on()
    assert [t.state for t in bridge.state.transfers.values()] == [TransferState.VOIDED, TransferState.CONFIRMED]
    assert bridge.state.conversions[conversion_id].state is ConversionState.SETTLED
    assert (await bridge.check.run())["breaches"] == []


async def test_claims_that_took_back_other_figures_stops_before_anything_is_booked(bridge: MemoryBridge) -> None:
    _, conversion_id = await approved(bridge)
    honest = bridge.claims.take_back

    async def take_back(conversions: Sequence[Conversion], *, net: bool) -> Sequence[TakenBack | Refusal]:
        answers = await honest(conversions, net=net)
        return [replace(a, cash_fen=F1_BILL.cash_fen - 1) for a in answers if isinstance(a, TakenBack)]

    bridge.claims.take_back = take_back  # type: ignore[method-assign]  # claims that does not keep to what was approved
    await bridge.go_on()
    assert bridge.state.conversions[conversion_id].state is ConversionState.APPROVED
    assert bridge.state.hindrances == {conversion_id: "医保结算系统收回的金额与复核金额不一致，已暂停，待人工核查"}
    assert bridge.state.entries == {}


async def test_revoked_on_its_way_the_person_is_not_paid(bridge: MemoryBridge) -> None:
    case_id, conversion_id = await approved(bridge)
    while bridge.state.conversions[conversion_id].state is not ConversionState.TRANSFERRING:
        assert await bridge.advance.step(conversion_id)
    await bridge.revoke.run(key(), case_id, "J1", DAY, "court", "clerk")
    await bridge.go_on()
    assert bridge.state.conversions[conversion_id].state is ConversionState.REVERTED
    assert bridge.state.payments == {}
    assert [balance(bridge.state, a) for a in ("5001.11", "5001.13", "2203", "1125", "1121", "2202", "1003")] == [0] * 7
    assert bridge.claims.balance(Book.EMP, "5001.01") == fen("11985")


async def test_revoked_before_anything_was_asked(bridge: MemoryBridge) -> None:
    case_id, conversion_id = await approved(bridge)
    await bridge.revoke.run(key(), case_id, "J1", DAY, "court", "clerk")
    await bridge.go_on()
    conversion = bridge.state.conversions[conversion_id]
    assert (conversion.state, conversion.cause) == (ConversionState.FAILED, "recognition revoked by J1")
    assert bridge.state.entries == {}


async def test_contested_goes_on(bridge: MemoryBridge) -> None:
    case_id, conversion_id = await approved(bridge)
    await bridge.contest.open(key(), case_id, DAY, "clerk")
    await bridge.go_on()
    assert bridge.state.conversions[conversion_id].state is ConversionState.SETTLED
    assert bridge.state.cases[case_id].state is RecognitionState.UNDER_REVIEW
    for _ in range(2):
        assert (await bridge.contest.uphold(key(), case_id, "chief"))["state"] == "recognised"
    acts = [(act.case_id, act.act, act.actor) for act in bridge.state.case_acts.values()]
    assert acts == [(case_id, Act.CONTESTED, "clerk"), (case_id, Act.UPHELD, "chief")]


async def test_the_same_decision_told_twice_is_one(bridge: MemoryBridge) -> None:
    case_id = await open_case(bridge)
    first = await decide(bridge, case_id)
    again = await decide(bridge, case_id)
    assert first == again
    assert len([e for e in bridge.store.events if isinstance(e, RecognitionDecided)]) == 1


async def test_an_older_version_is_filed_and_overrides_nothing(bridge: MemoryBridge) -> None:
    case_id = await open_case(bridge)
    new = NewDecision(decision_no="N3", outcome=Outcome.GRANTED, decided_on=DAY, decided_by="o", version=3)
    await bridge.decide.run(key(), case_id, new)
    old = await bridge.decide.run(key(), case_id, replace(new, decision_no="N2", outcome=Outcome.DENIED, version=2))
    assert old["state"] == "recognised"
    assert bridge.state.cases[case_id].effective is not None
    assert len([e for e in bridge.store.events if isinstance(e, RecognitionDecided)]) == 1


async def test_maker_may_not_approve_and_nothing_changes(bridge: MemoryBridge) -> None:
    case_id = await open_case(bridge)
    await bridge.hear(bridge.claims.settle(SETTLED, F1_BILL))
    (conversion_id,) = (await decide(bridge, case_id))["conversions"]
    await bridge.go_on()
    await bridge.review.check(key(), conversion_id, "maker", None)
    before, events = bridge.state, list(bridge.store.events)
    with pytest.raises(Refusal) as caught:
        await bridge.review.approve(key(), conversion_id, "maker", None)
    assert caught.value.code == "workinjury-bridge.conversion.same-hand"
    assert (bridge.state, bridge.store.events) == (before, events)


async def test_bill_that_does_not_close_fails_at_once(bridge: MemoryBridge) -> None:
    case_id = await open_case(bridge)
    await bridge.hear(bridge.claims.settle(SETTLED, replace(F1_BILL, total_fen=F1_BILL.total_fen + 1)))
    (conversion_id,) = (await decide(bridge, case_id))["conversions"]
    await bridge.go_on()
    conversion = bridge.state.conversions[conversion_id]
    assert conversion.state is ConversionState.FAILED
    assert conversion.cause is not None
    assert conversion.cause.startswith("workinjury-bridge.conversion.figures-do-not-close: ")


async def test_days_in_the_future_are_refused(bridge: MemoryBridge) -> None:
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await open_case(bridge, accident_on=date(2026, 11, 23))
    assert (caught.value.code, caught.value.field) == ("workinjury-bridge.day.in-the-future", "accident_on")
    assert bridge.state == before
    case_id = await open_case(bridge)
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await bridge.revoke.run(key(), case_id, "J1", date(2026, 11, 23), "court", "clerk")
    assert (caught.value.code, caught.value.field) == ("workinjury-bridge.day.in-the-future", "final_on")
    assert bridge.state == before


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda b: decide(b, "nowhere"), "workinjury-bridge.case.unknown"),
        (lambda b: b.revoke.run(key(), "nowhere", "J1", DAY, "court", "clerk"), "workinjury-bridge.case.unknown"),
        (lambda b: b.contest.open(key(), "nowhere", DAY, "clerk"), "workinjury-bridge.case.unknown"),
        (lambda b: b.review.check(key(), "nowhere", "a", None), "workinjury-bridge.conversion.unknown"),
    ],
)
async def test_unknown_ids_are_refused(
    bridge: MemoryBridge, act: Callable[[MemoryBridge], Awaitable[object]], code: str
) -> None:
    await open_case(bridge)
    before = bridge.state
    with pytest.raises(Refusal) as caught:
        await act(bridge)
    assert (caught.value.code, bridge.state) == (code, before)


async def test_two_accidents_the_later_one_takes_the_stay(bridge: MemoryBridge) -> None:
    early, late = await open_case(bridge, date(2026, 1, 5)), await open_case(bridge, date(2026, 3, 1))
    await decide(bridge, early, number="N1")
    await decide(bridge, late, number="N2")
    await bridge.hear(bridge.claims.settle(SETTLED, F1_BILL))
    assert [c.case_id for c in bridge.state.conversions.values()] == [late]


async def _of_two_accidents(bridge: MemoryBridge) -> tuple[str, str, str]:
    """Both recognised; the stay is proposed for the later one. Both cases and the proposal."""
    early, late = await open_case(bridge, date(2026, 1, 5)), await open_case(bridge, date(2026, 3, 1))
    await decide(bridge, early, number="N1")
    await decide(bridge, late, number="N2")
    await bridge.hear(bridge.claims.settle(SETTLED, F1_BILL))
    (conversion,) = bridge.state.conversions.values()
    return early, late, conversion.conversion_id


async def test_a_dismissed_stay_is_the_other_accidents(bridge: MemoryBridge) -> None:
    early, late, conversion_id = await _of_two_accidents(bridge)
    await bridge.review.send_back(key(), conversion_id, "a", "右手")
    assert sorted((c.case_id, c.state) for c in bridge.state.conversions.values()) == sorted(
        [(late, ConversionState.FAILED), (early, ConversionState.PROPOSED)]
    )
    (other,) = (c for c in bridge.state.conversions.values() if c.case_id == early)
    await bridge.review.send_back(key(), other.conversion_id, "a", "右手")
    assert [c.state for c in bridge.state.conversions.values()] == [ConversionState.FAILED] * 2


async def test_a_revoked_accidents_stay_is_the_other_ones(bridge: MemoryBridge) -> None:
    early, late, _ = await _of_two_accidents(bridge)
    await bridge.revoke.run(key(), late, "J1", DAY, "court", "clerk")
    assert sorted((c.case_id, c.state) for c in bridge.state.conversions.values()) == sorted(
        [(late, ConversionState.FAILED), (early, ConversionState.PROPOSED)]
    )


async def test_what_claims_refused_for_one_accident_may_be_the_others(bridge: MemoryBridge) -> None:
    early, late, conversion_id = await _of_two_accidents(bridge)
    await bridge.go_on()
    await bridge.review.check(key(), conversion_id, "a", None)
    await bridge.review.approve(key(), conversion_id, "b", None)
    bridge.claims.refuse_take_back = True
    await bridge.go_on()
    assert sorted((c.case_id, c.state) for c in bridge.state.conversions.values()) == sorted(
        [(late, ConversionState.FAILED), (early, ConversionState.PROPOSED)]
    )
    assert bridge.state.entries == {}
