"""Decision versions (B0.6, B3): only newer ones act, contested is not revoked, and which stays belong to an injury."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from shared.errors import Refusal
from tests.factories.workinjury_bridge.examples import POLICY
from workinjury_bridge.domain.recognition import Decision, InjuryCase, Outcome, RecognitionState
from workinjury_bridge.domain.stay import SettledStay, belongs

CASE = InjuryCase(case_id="C1", person_id="P1", accident_on=date(2026, 3, 1), body_parts=("hand",), description="press")
DAY = date(2026, 4, 1)


def decision(version: int, outcome: Outcome = Outcome.GRANTED) -> Decision:
    return Decision(
        decision_id=f"D{version}", decision_no=f"N{version}", version=version, outcome=outcome, decided_on=DAY, decided_by="x"
    )


def test_granted_opens_the_fund() -> None:
    granted = CASE.decide(decision(1))
    assert (CASE.state, granted.state) == (RecognitionState.APPLIED, RecognitionState.RECOGNISED)
    assert granted.effective == decision(1)
    assert (CASE.next_version(), granted.next_version()) == (1, 2)


def test_contested_is_not_revoked() -> None:
    contested = CASE.decide(decision(1)).contest(DAY)
    assert contested.state is RecognitionState.UNDER_REVIEW
    assert contested.effective == decision(1)
    assert contested.contest(date(2026, 5, 1)).contested_on == DAY
    assert contested.uphold().state is RecognitionState.RECOGNISED


def test_older_version_overrides_nothing() -> None:
    granted = CASE.decide(decision(3))
    late = granted.decide(decision(2, Outcome.DENIED))
    assert late.effective == decision(3)
    assert late.state is RecognitionState.RECOGNISED
    assert len(late.decisions) == 2


def test_revocation_then_new_recognition() -> None:
    revoked = CASE.decide(decision(1)).contest(DAY).revoke(decision(2, Outcome.REVOKED))
    assert (revoked.state, revoked.effective, revoked.contested_on) == (RecognitionState.REVOKED, None, None)
    assert revoked.decide(decision(3)).effective == decision(3)


def test_denied_may_become_granted_on_review() -> None:
    denied = CASE.decide(decision(1, Outcome.DENIED))
    assert (denied.state, denied.effective) == (RecognitionState.DENIED, None)
    assert denied.contest(DAY).decide(decision(2)).state is RecognitionState.RECOGNISED


@pytest.mark.parametrize(
    "act",
    [
        lambda: CASE.decide(decision(1)).decide(decision(2, Outcome.DENIED)),
        lambda: CASE.decide(decision(1)).decide(decision(2)),
        lambda: CASE.revoke(decision(1, Outcome.REVOKED)),
        lambda: CASE.decide(decision(1, Outcome.DENIED)).revoke(decision(2, Outcome.REVOKED)),
        lambda: CASE.contest(DAY),
    ],
)
def test_out_of_turn_is_refused(act: Callable[[], InjuryCase]) -> None:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == "workinjury-bridge.case.wrong-state"


def test_the_same_news_is_recognised() -> None:
    granted = CASE.decide(decision(1))
    assert granted.repeats("N1", Outcome.GRANTED) == decision(1)
    assert granted.repeats("N1", Outcome.DENIED) is None


STAY = SettledStay(
    settlement_id="S1",
    visit_id="V1",
    person_id="P1",
    institution_code="H1",
    institution_name="h",
    inpatient=True,
    begun_on=date(2026, 3, 1),
    ended_on=date(2026, 3, 9),
    injury_suspect=False,
)


@pytest.mark.parametrize(
    ("stay", "expected"),
    [
        (STAY, True),
        (replace(STAY, begun_on=date(2026, 2, 28)), False),
        (replace(STAY, begun_on=date(2027, 3, 1)), True),
        (replace(STAY, begun_on=date(2027, 3, 2)), False),
        (replace(STAY, person_id="P2"), False),
        (replace(STAY, inpatient=False), False),
        (replace(STAY, inpatient=False, injury_suspect=True), True),
        (replace(STAY, reversed=True), False),
    ],
)
def test_which_stays_belong(stay: SettledStay, expected: bool) -> None:
    assert belongs(stay, CASE, POLICY) is expected
