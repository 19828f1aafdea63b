"""The conversion's states: who may do what when, and what a stored conversion needs next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.errors import Refusal
from shared.ledger import Book
from tests.factories.workinjury_bridge.examples import THIRD_LEVEL
from workinjury_bridge.domain.conversion import Conversion, ConversionState, Step, next_step
from workinjury_bridge.domain.figures import Figures
from workinjury_bridge.domain.transfer import Direction, Transfer, TransferState

FIGURES = Figures(total_fen=10, work_injury_fen=10, person_fen=0, hospital_fen=0, cash_fen=10, meals_fen=0, owed=(),
    payer="P:P1", beneficiary="P:P1")  # fmt: skip
PROPOSED = Conversion(
    conversion_id="K1",
    case_id="C1",
    person_id="P1",
    settlement_id="S1",
    visit_id="V1",
    institution_code="H1",
    decision_id="D1",
    decision_version=1,
)
OUT = Transfer(transfer_id="T1", conversion_id="K1", voucher_no="1", book=Book.EMP, direction=Direction.OUT, amount_fen=5)
DONE = replace(OUT, state=TransferState.CONFIRMED)
BACK = replace(OUT, transfer_id="T2", voucher_no="2", direction=Direction.BACK)


def test_the_whole_way() -> None:
    conversion = PROPOSED
    assert next_step(conversion, []) is Step.ASSESS
    conversion = conversion.assessed(FIGURES)
    assert next_step(conversion, []) is None
    conversion = conversion.checked("a", "fits")
    assert next_step(conversion, []) is None
    conversion = conversion.approved("b", None, THIRD_LEVEL)
    assert next_step(conversion, []) is Step.BEGIN
    conversion = conversion.begin()
    assert next_step(conversion, []) is Step.TAKE_BACK
    conversion = conversion.posted(())
    assert next_step(conversion, []) is Step.INSTRUCT
    conversion = conversion.transferring()
    assert next_step(conversion, [OUT]) is Step.TRANSFER
    assert next_step(conversion, [DONE]) is Step.PAY
    conversion = conversion.settled()
    assert next_step(conversion, [DONE]) is None
    conversion = conversion.revoke("final judgment")
    assert next_step(conversion, [DONE]) is Step.RESTORE
    conversion = conversion.medically_restored()
    assert next_step(conversion, [DONE, BACK]) is Step.TRANSFER
    assert next_step(conversion, [DONE, replace(BACK, state=TransferState.CONFIRMED)]) is Step.CLOSE
    conversion = conversion.reverted()
    assert (conversion.state, conversion.maker, conversion.checker) == (ConversionState.REVERTED, "a", "b")
    assert next_step(conversion, [DONE]) is None


def test_maker_may_not_approve() -> None:
    with pytest.raises(Refusal) as caught:
        PROPOSED.assessed(FIGURES).checked("a", None).approved("a", None, THIRD_LEVEL)
    assert caught.value.code == "workinjury-bridge.conversion.same-hand"


@pytest.mark.parametrize(
    ("cost", "state"), [(THIRD_LEVEL - 1, ConversionState.APPROVED), (THIRD_LEVEL, ConversionState.ENDORSED)]
)
def test_from_an_amount_on_a_third_person_agrees(cost: int, state: ConversionState) -> None:
    checked = PROPOSED.assessed(replace(FIGURES, work_injury_fen=cost)).checked("a", None)
    second = checked.approved("b", "fits", THIRD_LEVEL)
    assert (second.state, second.checker, second.approver, next_step(second, []) is None) == (
        state,
        "b",
        None,
        state is ConversionState.ENDORSED,
    )


def test_the_third_person_is_neither_of_the_two_and_may_send_back() -> None:
    second = (
        PROPOSED.assessed(replace(FIGURES, work_injury_fen=THIRD_LEVEL)).checked("a", None).approved("b", None, THIRD_LEVEL)
    )
    for signed in "ab":
        with pytest.raises(Refusal) as caught:
            second.approved(signed, None, THIRD_LEVEL)
        assert caught.value.code == "workinjury-bridge.conversion.same-hand"
        assert caught.value.zh == "初审人和复核人不能再审批，请由第三人审批"
    third = second.approved("c", "agreed", THIRD_LEVEL)
    assert (third.state, third.maker, third.checker, third.approver) == (ConversionState.APPROVED, "a", "b", "c")
    assert next_step(third, []) is Step.BEGIN
    back = second.sent_back("c", "look again")
    assert (back.state, back.maker, back.checker, back.note) == (ConversionState.PROPOSED, None, None, "look again")
    assert second.restated() == PROPOSED
    again = third.begin().restarted("changed")
    assert (again.state, again.maker, again.checker, again.approver) == (ConversionState.PROPOSED, None, None, None)
    assert second.revoke("x").state is ConversionState.FAILED


def test_unknown_figures_are_not_checked() -> None:
    with pytest.raises(Refusal) as caught:
        PROPOSED.checked("a", None)
    assert caught.value.code == "workinjury-bridge.conversion.wrong-state"
    assert caught.value.facts == {"state": "unassessed", "wanted": "check"}


def test_send_back() -> None:
    checked = PROPOSED.assessed(FIGURES).checked("a", None)
    back = checked.sent_back("b", "look again")
    assert (back.state, back.maker, back.note) == (ConversionState.PROPOSED, None, "look again")
    dismissed = back.sent_back("a", "own disease")
    assert (dismissed.state, dismissed.cause, dismissed.note) == (ConversionState.FAILED, "dismissed by a", "own disease")
    with pytest.raises(Refusal) as caught:
        checked.approved("b", None, THIRD_LEVEL).sent_back("b", None)
    assert caught.value.code == "workinjury-bridge.conversion.wrong-state"


def test_revocation_depends_on_how_far_it_is() -> None:
    assessed = PROPOSED.assessed(FIGURES)
    approved = assessed.checked("a", None).approved("b", None, THIRD_LEVEL)
    for early in (PROPOSED, assessed, assessed.checked("a", None), approved):
        assert early.revoke("x").state is ConversionState.FAILED
    begun = approved.begin().revoke("x")
    assert (begun.state, begun.revoked) == (ConversionState.APPROVED, True)
    moving = begun.posted(()).transferring()
    assert moving.reverting().state is ConversionState.REVERTING
    settled = approved.begin().posted(()).transferring().settled()
    reverting = settled.revoke("x")
    assert (reverting.state, reverting.paid) == (ConversionState.REVERTING, True)
    assert reverting.revoke("y") == reverting
    failed = PROPOSED.revoke("x")
    assert failed.revoke("y") == failed


def test_transfer_states() -> None:
    assert OUT.reserved().committed().confirmed().state is TransferState.CONFIRMED
    refused = OUT.voiding("no cash")
    assert (refused.cause, refused.voided().state, refused.voided().open) == ("no cash", TransferState.VOIDED, False)
    reserved = OUT.reserved()
    for step in (OUT.committed, lambda: reserved.voiding("late"), lambda: reserved.committed().voiding("late")):
        with pytest.raises(Refusal) as caught:
            step()
        assert caught.value.code == "workinjury-bridge.transfer.wrong-state"


def test_a_voided_transfer_does_not_count_but_its_successor_does() -> None:
    moving = replace(PROPOSED, state=ConversionState.TRANSFERRING, figures=FIGURES)
    void = replace(OUT, state=TransferState.VOIDED)
    assert next_step(moving, [void, replace(OUT, transfer_id="T9")]) is Step.TRANSFER
    assert next_step(moving, [void, replace(DONE, transfer_id="T9")]) is Step.PAY
