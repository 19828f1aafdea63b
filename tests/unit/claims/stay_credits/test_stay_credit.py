"""What may wait for a recognition, how long, and what ends the wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from claims.domain.stay_credit import (
    ENDINGS,
    InjuryStanding,
    StayCredit,
    StayCreditRules,
    creditable,
)
from claims.domain.visit import Batch, Batches, Visit
from claims.settings import read_claims_settings
from shared.errors import Refusal
from shared.rules import RuleError, read_rules

OURS = read_claims_settings({}).stay_credits.read_text("utf-8")
RULES = read_rules(OURS, "stay-credits.yaml", StayCreditRules)
ENDED, UNTIL = date(2026, 3, 14), date(2026, 6, 12)
CREDIT = StayCredit(
    credit_id="G1", visit_id="V1", person_id="P1", institution_code="H42050100001", opened_by="wangfang", until=UNTIL
)
VISIT = Visit(
    visit_id="V1",
    person_id="P1",
    institution_code="H42050100001",
    inpatient=True,
    scheme="310",
    med_type="22",
    hospital_no="ZY1",
    begun_at=datetime(2026, 3, 2, tzinfo=UTC),
    state="discharged",
    ended_at=datetime(2026, 3, 14, tzinfo=UTC),
    injury_suspect=True,
)


def batches(*settlements: str | None, lines: int = 3) -> Batches:
    return Batches(
        tuple(
            Batch(batch_id=f"B{n}", batch_no="", generation=n, settlement_id=s, line_count=lines)
            for n, s in enumerate(settlements)
        )
    )


def test_ninety_days_from_the_discharge_as_the_file_says() -> None:
    assert RULES.until(ENDED) == UNTIL
    with pytest.raises(Refusal) as caught:
        RULES.until(date(2010, 12, 31))
    assert caught.value.code == "claims.stay-credit.no-rules"


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("limit_days: 90", "limit_days: 0", "at least 1"),
        ("    limit_days: 90\n", "", "limit_days"),
        ("source:", "sauce:", "sauce"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(right: str, wrong: str, says: str) -> None:
    assert right in OURS
    with pytest.raises(RuleError, match=says):
        read_rules(OURS.replace(right, wrong), "stay-credits.yaml", StayCreditRules)


@pytest.mark.parametrize(
    ("standing", "today", "ended_by", "booked_on", "direct"),
    [
        (InjuryStanding(stands="undecided"), UNTIL, None, None, False),
        (InjuryStanding(stands="undecided"), date(2026, 6, 13), "limit", date(2026, 6, 13), False),
        (InjuryStanding(stands="denied", decided_on=date(2026, 3, 18)), date(2026, 3, 20), "denied", date(2026, 3, 18), False),
        # decided before the patient left, or by a clock that is ahead
        (InjuryStanding(stands="denied", decided_on=date(2026, 3, 10)), date(2026, 3, 20), "denied", ENDED, False),
        (InjuryStanding(stands="denied", decided_on=date(2026, 3, 21)), date(2026, 3, 20), "denied", date(2026, 3, 20), False),
        # a decision goes before the limit
        (
            InjuryStanding(stands="recognised", decided_on=date(2026, 6, 20)),
            date(2026, 7, 1),
            "recognised",
            date(2026, 6, 20),
            True,
        ),
        (
            InjuryStanding(stands="advance-only", decided_on=date(2026, 3, 18)),
            date(2026, 3, 20),
            "advance-only",
            date(2026, 3, 18),
            False,
        ),
    ],
)
def test_what_is_to_be_done(
    standing: InjuryStanding, today: date, ended_by: str | None, booked_on: date | None, direct: bool
) -> None:
    settling = CREDIT.settling(standing, ENDED, today)
    if settling is None:
        assert ended_by is None
        return
    assert (settling.ended_by, settling.booked_on, settling.direct) == (ended_by, booked_on, direct)
    assert (settling.credit_id, settling.rules_on) == ("G1", ENDED)
    assert settling.ended_by in ENDINGS
    settling.expect("G1")
    for other in ("G2", None):
        with pytest.raises(Refusal) as caught:
            settling.expect(other)
        assert caught.value.code == "claims.stay-credit.over"


@pytest.mark.parametrize(
    ("visit", "has", "today", "code"),
    [
        (replace(VISIT, inpatient=False), batches(None), ENDED, "claims.visit.wrong-kind"),
        (replace(VISIT, state="cancelled"), batches(None), ENDED, "claims.visit.cancelled"),
        (replace(VISIT, state="open"), batches(None), ENDED, "claims.visit.not-discharged"),
        (replace(VISIT, injury_suspect=False), batches(None), ENDED, "claims.stay-credit.not-suspected"),
        (VISIT, batches("S1"), ENDED, "claims.settlement.nothing-to-settle"),
        (VISIT, batches(None, lines=0), ENDED, "claims.settlement.nothing-to-settle"),
        (VISIT, batches(None), date(2026, 6, 13), "claims.stay-credit.past-limit"),
    ],
)
def test_what_may_not_wait(visit: Visit, has: Batches, today: date, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        creditable(visit, has, UNTIL, today)
    assert caught.value.code == code


def test_a_credit_ends_once() -> None:
    ended: Sequence[StayCredit] = [
        CREDIT.withdrawn("withdrawn", "lijing"),
        replace(CREDIT, state="settled", ended_by="hospital", settlement_id="S1"),
    ]
    assert (ended[0].state, ended[0].ended_by, ended[0].withdrawn_by) == ("withdrawn", "withdrawn", "lijing")
    for credit in ended:
        with pytest.raises(Refusal) as caught:
            credit.withdrawn("stayed-on")
        assert caught.value.code == "claims.stay-credit.over"
