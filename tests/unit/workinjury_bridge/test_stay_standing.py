"""What is decided of the injury that a stay may belong to, for whoever waits for it with the bill (B1, B2, B9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from shared.codes import Code, CodeSystem
from workinjury_bridge.adapters.policy_files import read_policy
from workinjury_bridge.application.judge_eligibility import standing_of
from workinjury_bridge.domain.recognition import Decision, InjuryCase, Outcome
from workinjury_bridge.domain.recurrence import Recurrence, RecurrenceState
from workinjury_bridge.domain.terms import CaseFacts
from workinjury_bridge.settings import policy_path

BEGUN = date(2026, 3, 2)
POLICY = read_policy(policy_path()).on(BEGUN)
CASE = InjuryCase(case_id="C1", person_id="P1", accident_on=date(2026, 3, 1), body_parts=("hand",), description="press")
OLD = replace(CASE, case_id="C0", accident_on=date(2019, 5, 6))


def decided(case: InjuryCase, outcome: Outcome, on: date, version: int = 1) -> InjuryCase:
    made = Decision(
        decision_id=f"D{version}",
        decision_no=f"N{version}",
        version=version,
        outcome=outcome,
        decided_on=on,
        decided_by="office",
    )
    return replace(case, decisions=(*case.decisions, made))


DENIED = decided(CASE, Outcome.DENIED, date(2026, 3, 20))
GRANTED = decided(CASE, Outcome.GRANTED, date(2026, 3, 20))
OLD_GRANTED = decided(OLD, Outcome.GRANTED, date(2019, 7, 1))
RECURRENCE = Recurrence(
    recurrence_id="R1",
    case_id="C0",
    person_id="P1",
    applied_on=date(2026, 3, 5),
    treated_from=BEGUN,
    diagnosis=Code(CodeSystem.CHS_DIAGNOSIS, "T92.601"),
    diagnosis_name="",
    body_parts=("hand",),
    materials=("D1",),
    due_on=date(2026, 5, 4),
)


def concluded(confirmed: bool) -> Recurrence:
    outcome = Outcome.GRANTED if confirmed else Outcome.DENIED
    made = Decision(
        decision_id="F1", decision_no="F1", version=2, outcome=outcome, decided_on=date(2026, 4, 1), decided_by="committee"
    )
    return RECURRENCE.concluded(made, None, POLICY.recurrences)


@pytest.mark.parametrize(
    ("cases", "recurrences", "stands", "decided_on"),
    [
        ([], [], "undecided", None),
        ([CASE], [], "undecided", None),
        ([GRANTED], [], "recognised", date(2026, 3, 20)),
        ([DENIED], [], "denied", date(2026, 3, 20)),
        # denied, recognised on review; revoked by a court
        ([decided(DENIED, Outcome.GRANTED, date(2026, 6, 1), 2)], [], "recognised", date(2026, 6, 1)),
        ([decided(GRANTED, Outcome.REVOKED, date(2026, 6, 1), 2)], [], "denied", date(2026, 6, 1)),
        # a contested denial stands
        ([replace(DENIED, contested_on=date(2026, 3, 25))], [], "denied", date(2026, 3, 20)),
        # an accident after the stay says nothing about it, a denial from before it neither
        ([replace(DENIED, accident_on=BEGUN + timedelta(days=1))], [], "undecided", None),
        ([decided(CASE, Outcome.DENIED, BEGUN - timedelta(days=1))], [], "undecided", None),
        ([decided(CASE, Outcome.DENIED, BEGUN)], [], "denied", BEGUN),
        # one is denied, another is still to be decided, or pays
        ([DENIED, replace(CASE, case_id="C2")], [], "undecided", None),
        ([DENIED, replace(GRANTED, case_id="C2")], [], "recognised", date(2026, 3, 20)),
        ([DENIED, replace(decided(CASE, Outcome.DENIED, date(2026, 3, 25)), case_id="C2")], [], "denied", date(2026, 3, 25)),
        ([replace(GRANTED, facts=CaseFacts(third_party="T:UNKNOWN"))], [], "advance-only", date(2026, 3, 20)),
        ([replace(GRANTED, employer_id="E1", facts=CaseFacts(employer_insured=False))], [], "advance-only", date(2026, 3, 20)),
        # an old injury: nobody has applied, the committee decides, confirmed, refused, objected to
        ([OLD_GRANTED], [], "undecided", None),
        ([OLD_GRANTED], [RECURRENCE], "undecided", None),
        ([OLD_GRANTED], [concluded(True)], "recognised", date(2026, 4, 1)),
        ([replace(OLD_GRANTED, facts=CaseFacts(third_party="T:1"))], [concluded(True)], "advance-only", date(2026, 4, 1)),
        ([OLD_GRANTED], [concluded(False)], "denied", date(2026, 4, 1)),
        ([OLD_GRANTED], [replace(concluded(False), state=RecurrenceState.OBJECTED)], "undecided", None),
        ([OLD_GRANTED], [replace(concluded(False), treated_from=BEGUN + timedelta(days=1))], "undecided", None),
        ([OLD_GRANTED, DENIED], [RECURRENCE], "undecided", None),
    ],
)
def test_what_a_stay_waits_for(
    cases: Sequence[InjuryCase], recurrences: Sequence[Recurrence], stands: str, decided_on: date | None
) -> None:
    found = standing_of(cases, recurrences, BEGUN, POLICY)
    assert (found.stands, found.decision.decided_on if found.decision else None) == (stands, decided_on)
