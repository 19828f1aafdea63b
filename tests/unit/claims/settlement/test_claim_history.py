"""Years in a row that a person was covered throughout and no fund paid in (国办发〔2024〕38号)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from claims.domain.adjudication import BOOK_SUFFIX, RuleBooks
from claims.domain.claim_history import zero_claim_years
from shared.contracts.enrollment import CoveragePeriod
from shared.rules import rule_texts

RULES = RuleBooks.read(rule_texts(Path("services/claims/src/claims/policy/books"), BOOK_SUFFIX)).on(
    "990101", "390", date(2026, 6, 1)
)


def cover(begins: str, ends: str | None, scheme: str = "390", status: str = "active") -> CoveragePeriod:
    return CoveragePeriod(
        coverage_id="c",
        scheme=scheme,
        person_category="15",
        begins_on=date.fromisoformat(begins),
        ends_on=date.fromisoformat(ends) if ends else None,
        status=status,
        region="990101",
    )


YEARS = [cover(f"{year}-01-01", f"{year}-12-31") for year in (2028, 2025, 2026, 2027)]


@pytest.mark.parametrize(
    ("covers", "paid", "years"),
    [
        (YEARS, set(), 3),
        ([cover("2019-01-01", None)], set(), 3),
        (YEARS, {2025}, 2),
        (YEARS, {2026}, 1),
        (YEARS, {2027}, 0),
        (YEARS, {2028}, 3),
        ([*YEARS[:2], YEARS[3]], set(), 1),
        ([cover("2026-01-01", "2026-06-30"), cover("2026-07-01", None)], set(), 2),
        ([cover("2026-01-01", "2026-06-30"), cover("2026-07-02", None)], set(), 1),
        ([cover("2019-01-01", None, scheme="310")], set(), 0),
        ([cover("2019-01-01", None, status="paused")], set(), 0),
        ([], set(), 0),
    ],
)
def test_in_2028(covers: Sequence[CoveragePeriod], paid: set[int], years: int) -> None:
    assert zero_claim_years(covers, "390", RULES, 2028, paid) == years


def test_a_benefit_year_of_its_own_is_covered_throughout() -> None:
    rules = replace(RULES, version=replace(RULES.version, policy_year="07-01"))
    assert zero_claim_years([cover("2025-07-01", "2027-06-30")], "390", rules, 2027, set()) == 2
    assert zero_claim_years([cover("2025-07-02", "2027-06-30")], "390", rules, 2027, set()) == 1
