"""The lines as published, and what exceeds them."""

from __future__ import annotations

import pytest

from claims.domain.burden.lines import LINES_SUFFIX, BurdenLines, LinesFile
from claims.domain.burden.watch import Burden, Crossing, Subject, crossed
from claims.settings import read_claims_settings
from shared.rules import RuleError, read_rules, rule_texts

LINES = BurdenLines.read(rule_texts(read_claims_settings({}).burden_lines, LINES_SUFFIX))


def person(in_scope_fen: int, borne_fen: int = 0, region: str = "360402") -> Burden:
    """A person's burden of 2023."""
    return Burden(Subject("person", "P", 2023), "P", region, in_scope_fen, borne_fen)


def test_jiujiang_draws_its_lines_at_2875_30_and_7188_25() -> None:
    lines = LINES.on("360402", 2023)
    assert lines is not None
    assert [line.height_fen(lines.income_per_head, 1) for line in lines.lines] == [287_530, 718_825]
    assert crossed(person(287_530), lines) == []
    assert crossed(person(287_531), lines) == [Crossing("tenth", "上年人均可支配收入的10%", 287_531, 287_530)]
    assert [c.line for c in crossed(person(718_826), lines)] == ["tenth", "quarter"]


def test_a_households_line_rises_with_its_members() -> None:
    lines = LINES.on("990101", 2024)
    household = Burden(Subject("household", "H", 2024), "P", "990101", 0, 2_400_001, members=2)
    assert crossed(household, lines) == [Crossing("household_half", "家庭上年可支配收入的50%", 2_400_001, 2_400_000)]
    assert crossed(household._replace(members=3), lines) == []


def test_the_last_lines_hold_until_others_are_published_and_nothing_is_watched_without() -> None:
    assert LINES.on("360402", 2026) is LINES.on("360402", 2023)
    assert LINES.on("360402", 2022) is None
    assert LINES.on("110101", 2026) is None
    assert crossed(person(10**9), None) == ()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{code: a, name: n, subject: person, measure: out_of_pocket, source: s}", "a share or an amount"),
        ("{code: a, name: n, subject: person, measure: out_of_pocket, amount: 1, source: t}", "not among the year's sources"),
        ("{code: a, name: n, subject: town, measure: out_of_pocket, amount: 1, source: s}", "is not one of"),
    ],
)
def test_wrong_lines_are_named(line: str, problem: str) -> None:
    text = f"""
format: onewindow-burden-lines/1
region: "360400"
place: 九江市
years:
  - year: 2023
    income_per_head: 28753
    sources: {{s: {{title: t, grade: A}}}}
    lines: [{line}]
"""
    with pytest.raises(RuleError, match=problem):
        read_rules(text, "f", LinesFile)
