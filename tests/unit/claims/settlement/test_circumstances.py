"""What the rules are told of a claim follows from visit, person, cover, filings and institution."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from claims.domain.adjudication import BOOK_SUFFIX, RuleBooks
from claims.domain.claim_circumstances import Patient, age_on, circumstances_of, tenure_months
from claims.domain.filing import Filing
from claims.domain.institution import Institution
from shared.contracts.enrollment import CoveragePeriod, IdentityClass
from shared.rules import rule_texts

RULES = RuleBooks.read(rule_texts(Path("services/claims/src/claims/policy/books"), BOOK_SUFFIX)).on(
    "990101", "390", date(2026, 6, 1)
)
DAY = date(2026, 6, 1)


def cover(begins: date, ends: date | None = None, scheme: str = "390") -> CoveragePeriod:
    return CoveragePeriod(
        coverage_id="c",
        scheme=scheme,
        person_category="15",
        begins_on=begins,
        ends_on=ends,
        status="active",
        region="990101",
    )


COVER = cover(date(2025, 1, 1))
PATIENT = Patient(
    inpatient=True,
    med_type="21",
    disease_code="",
    born_on=date(1980, 6, 2),
    begun_on=DAY,
    coverages=[COVER],
    classes=[IdentityClass(code="dibao", begins_on=date(2026, 6, 1))],
    filings=[],
)


def institution(region: str = "990101", **other: object) -> Institution:
    plain = Institution(
        code="H99010100001",
        version=1,
        name="医院",
        kind="1",
        level=2,
        region=region,
        active=True,
        signature="none",
        access_key="",
        secret_sealed="",
    )
    return replace(plain, **other)  # type: ignore[arg-type]  # fields by name


def test_an_ordinary_stay_at_home() -> None:
    c = circumstances_of(PATIENT, COVER, institution(), RULES, DAY)
    assert (c.care, c.level, c.status, c.classes, c.place, c.referred) == (
        "inpatient", 2, "resident", frozenset({"dibao"}), "local", True,
    )  # fmt: skip
    assert (c.emergency, c.long_term, c.rank, c.facility) == (False, False, "county", frozenset({"own_county"}))
    assert (c.age, c.tenure_months, c.month, c.disease, c.enrolled) == (45, 17, 6, "", frozenset())


@pytest.mark.parametrize(
    ("med_type", "filing", "referred", "emergency", "long_term"),
    [
        ("21", None, False, False, False),
        ("24", None, True, True, False),
        ("21", Filing(filing_id="1", kind="referral", code="H99010100001", begins_on=DAY), True, False, False),
        ("21", Filing(filing_id="1", kind="referral", code="H00000000002", begins_on=DAY), False, False, False),
        ("21", Filing(filing_id="1", kind="referral", code="", begins_on=date(2026, 6, 2)), False, False, False),
        ("21", Filing(filing_id="1", kind="long_term", code="110000", begins_on=DAY), True, False, True),
        ("21", Filing(filing_id="1", kind="long_term", code="120000", begins_on=DAY), False, False, False),
    ],
)
def test_care_in_another_province(
    med_type: str, filing: Filing | None, referred: bool, emergency: bool, long_term: bool
) -> None:
    patient = replace(PATIENT, med_type=med_type, filings=[filing] if filing else [])
    c = circumstances_of(patient, COVER, institution("110105"), RULES, DAY)
    assert (c.place, c.referred, c.emergency, c.long_term) == ("out_of_province", referred, emergency, long_term)


def test_in_the_province_no_referral_is_needed_unless_the_rules_say_so() -> None:
    away = circumstances_of(PATIENT, COVER, institution("990201"), RULES, DAY)
    assert (away.place, away.referred) == ("in_province", True)
    version = replace(RULES.version, referral_needed=frozenset({"in_province", "out_of_province"}))
    strict = replace(RULES, version=version)
    assert circumstances_of(PATIENT, COVER, institution("990201"), strict, DAY).referred is False


def test_a_chronic_disease_goes_by_the_codes_of_the_rules() -> None:
    version = replace(RULES.version, disease_codes={"M03900": "hypertension", "M01600": "diabetes"})
    rules = replace(RULES, version=version)
    filings = [
        Filing(filing_id="1", kind="chronic", code="M03900", begins_on=date(2026, 1, 1)),
        Filing(filing_id="2", kind="chronic", code="M01600", begins_on=date(2026, 1, 1), ends_on=date(2026, 5, 31)),
        Filing(filing_id="3", kind="chosen", code="H99010100001", begins_on=date(2026, 1, 1)),
    ]
    patient = replace(PATIENT, inpatient=False, med_type="14", disease_code="M03900", filings=filings)
    c = circumstances_of(patient, COVER, institution(marks=("traditional",)), rules, DAY)
    assert (c.disease, c.enrolled) == ("hypertension", frozenset({"hypertension"}))
    assert c.facility == frozenset({"traditional", "chosen", "own_county"})


@pytest.mark.parametrize(
    ("born_on", "day", "age"),
    [
        (date(1980, 6, 2), date(2026, 6, 1), 45),
        (date(1980, 6, 1), date(2026, 6, 1), 46),
        (date(2024, 2, 29), date(2026, 2, 28), 1),
        (date(2026, 6, 1), date(2026, 6, 1), 0),
    ],
)
def test_age(born_on: date, day: date, age: int) -> None:
    assert age_on(born_on, day) == age


def test_tenure_counts_periods_that_follow_each_other() -> None:
    years = [cover(date(y, 1, 1), date(y, 12, 31)) for y in (2022, 2024, 2025)] + [cover(date(2026, 1, 1))]
    assert tenure_months(years, "390", date(2026, 6, 1)) == 29
    assert tenure_months(years, "390", date(2026, 5, 31)) == 28
    assert tenure_months(years, "310", date(2026, 6, 1)) == 0
    assert tenure_months(years[:1], "390", date(2026, 6, 1)) == 0
