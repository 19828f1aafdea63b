from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from enrollment.domain.coverage import Coverage, State, check_coverage
from shared.contracts.enrollment import CoverageActivated, CoveragePeriod
from shared.errors import Kind, Refusal

BORN = date(1990, 1, 1)
RESIDENT = Coverage(
    coverage_id="C1",
    person_id="P1",
    scheme="390",
    person_category="15",
    region="420502",
    begins_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    state=State.PENDING,
    matter_id="M1",
)
EMPLOYEE = replace(
    RESIDENT, coverage_id="C2", scheme="310", person_category="11", employer_id="E1", employer_name="厂", ends_on=None
)


def refusal_of(coverage: Coverage, *others: Coverage) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check_coverage(coverage, BORN, others)
    return caught.value


@pytest.mark.parametrize(
    "coverage",
    [
        RESIDENT,
        EMPLOYEE,
        replace(EMPLOYEE, person_category="12", employer_id=None),
        replace(EMPLOYEE, scheme="WI"),
        replace(RESIDENT, person_category="1403"),
        replace(RESIDENT, begins_on=date(2026, 12, 31)),
    ],
)
def test_lawful_periods(coverage: Coverage) -> None:
    check_coverage(coverage, BORN, [])


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"scheme": "510"}, "scheme-unknown", "scheme"),
        ({"person_category": "11"}, "category-wrong", "person_category"),
        ({"scheme": "310", "person_category": "11"}, "employer-missing", "employer_id"),
        ({"scheme": "WI", "person_category": "11"}, "employer-missing", "employer_id"),
        ({"scheme": "WI", "person_category": "12"}, "category-wrong", "person_category"),
        ({"employer_id": "E1"}, "employer-unwanted", "employer_id"),
        ({"ends_on": date(2025, 12, 31)}, "period-wrong", "ends_on"),
        ({"begins_on": date(1989, 12, 31)}, "before-birth", "begins_on"),
    ],
)
def test_unlawful_periods(changed: dict[str, Any], code: str, field: str) -> None:
    refusal = refusal_of(replace(RESIDENT, **changed))
    assert (refusal.kind, refusal.code, refusal.field) == (Kind.INVALID, f"enrollment.coverage.{code}", field)


@pytest.mark.parametrize("state", [State.PENDING, State.ACTIVE])
def test_nobody_is_in_both_medical_schemes_on_one_day(state: State) -> None:
    refusal = refusal_of(EMPLOYEE, replace(RESIDENT, state=state))
    assert (refusal.kind, refusal.code) == (Kind.CONFLICT, "enrollment.coverage.overlaps")
    assert refusal.facts == {"coverage_id": "C1"}
    assert refusal.zh == "与已有的城乡居民基本医疗保险参保关系重叠（2026-01-01 起）"


@pytest.mark.parametrize(
    "other",
    [
        replace(RESIDENT, state=State.WITHDRAWN),
        replace(RESIDENT, begins_on=date(2025, 1, 1), ends_on=date(2025, 12, 31)),
        replace(RESIDENT, begins_on=date(2027, 1, 1), ends_on=None),
        replace(EMPLOYEE, scheme="WI", coverage_id="C3"),
    ],
)
def test_periods_that_stand_side_by_side(other: Coverage) -> None:
    check_coverage(RESIDENT, BORN, [other])


def test_touching_days_overlap() -> None:
    later = replace(RESIDENT, begins_on=date(2026, 12, 31), ends_on=None)
    assert refusal_of(later, RESIDENT).code == "enrollment.coverage.overlaps"


def test_activation_and_what_is_published() -> None:
    active = replace(EMPLOYEE, civil_servant=True).activated()
    assert active.state is State.ACTIVE
    assert active.activation() == CoverageActivated(
        coverage_id="C2",
        person_id="P1",
        scheme="310",
        begins_on=date(2026, 1, 1),
        ends_on=None,
        region="420502",
        matter_id="M1",
    )
    assert active.published() == CoveragePeriod(
        coverage_id="C2",
        scheme="310",
        person_category="11",
        begins_on=date(2026, 1, 1),
        ends_on=None,
        status="active",
        region="420502",
        employer_id="E1",
        employer_name="厂",
        civil_servant=True,
    )


def test_withdrawing_only_what_is_unpaid() -> None:
    assert RESIDENT.withdrawn().state is State.WITHDRAWN
    for coverage in (RESIDENT.activated(), RESIDENT.withdrawn()):
        with pytest.raises(Refusal, match="not-pending"):
            coverage.withdrawn()


def test_stopping() -> None:
    active = RESIDENT.activated()
    assert active.stopped(date(2026, 6, 30)).ends_on == date(2026, 6, 30)
    assert EMPLOYEE.activated().stopped(date(2030, 1, 1)).ends_on == date(2030, 1, 1)
    with pytest.raises(Refusal, match="not-active"):
        RESIDENT.stopped(date(2026, 6, 30))
    for day in (date(2025, 12, 31), date(2027, 1, 1)):
        with pytest.raises(Refusal, match="end-wrong"):
            active.stopped(day)
