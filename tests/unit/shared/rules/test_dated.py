"""Versions by date: one for each day, none missing in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from shared.rules import Origin, RuleError, in_force, in_order


@dataclass(frozen=True)
class Version:
    effective_from: date
    effective_to: date | None
    origin: Origin


def version(line: int, begins: str, ends: str | None) -> Version:
    return Version(date.fromisoformat(begins), date.fromisoformat(ends) if ends else None, Origin("a.yaml", line))


OLD = version(3, "2023-01-01", "2023-12-31")
NEW = version(9, "2024-01-01", None)


def test_the_version_of_a_day() -> None:
    versions = in_order([NEW, OLD])
    assert versions == (OLD, NEW)
    assert in_force(versions, date(2022, 12, 31)) is None
    assert in_force(versions, date(2023, 1, 1)) is OLD
    assert in_force(versions, date(2023, 12, 31)) is OLD
    assert in_force(versions, date(2024, 1, 1)) is NEW
    assert in_force(versions, date(2099, 1, 1)) is NEW


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ([OLD, version(9, "2023-12-31", None)], "a.yaml:9: in force from 2023-12-31, but so is the version at a.yaml:3"),
        ([NEW, version(20, "2025-01-01", None)], "a.yaml:20: in force from 2025-01-01, but so is the version at a.yaml:9"),
        ([OLD, version(9, "2024-01-03", None)], "a.yaml:9: no version is in force from 2024-01-01 to 2024-01-02"),
        ([version(3, "2024-01-01", "2023-12-31")], "a.yaml:3: ends on 2023-12-31, before it begins on 2024-01-01"),
    ],
)
def test_overlaps_gaps_and_reversed_dates(versions: list[Version], message: str) -> None:
    with pytest.raises(RuleError) as caught:
        in_order(versions)
    assert str(caught.value) == message
