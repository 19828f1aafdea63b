"""The catalogue is data; wrong data is refused with file and line."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.adapters.policy import load_catalogue, load_local_users, load_roles
from gateway.domain.catalogue import Catalogue
from gateway.domain.proposal import KINDS
from gateway.entrypoints.http.views import catalogue_view
from shared.rules import RuleError, read_rules

MATTER = """
  - {code: m, number: XX01, name: 事, kind: matter, effective_from: %s, %s owner: claims, source: 源, form: [], materials: [], tasks: [%s]}
"""
TASK = (
    "{code: %s, name: 环, owner: claims, after: [%s], result_from: command, legal: {days: 10, unit: working_days, source: 法},"
    " promised: {days: 3, unit: working_days, source: 诺}}"
)


def read(text: str) -> Catalogue:
    return read_rules("matters:\n" + text, "m.yaml", Catalogue)


def test_the_catalogue_of_the_package() -> None:
    rules = load_catalogue().on(date(2026, 11, 22))
    assert [(rule.code, rule.number, len(rule.tasks)) for rule in rules] == [
        ("enrol-and-pay", "CB01", 3),
        ("work-injury", "GS01", 3),
    ]
    assert load_catalogue().on(date(2023, 12, 31)) == []


def test_every_paper_is_told_with_what_may_replace_it() -> None:
    told = [paper for rule in load_catalogue().on(date(2026, 11, 22)) for paper in catalogue_view(rule)["materials"]]
    assert {tuple(paper) for paper in told} == {("code", "name", "shared_from", "reusable_days", "deferrable_days")}


def test_every_demonstration_user_has_a_role() -> None:
    assert {user.role for user in load_local_users().all()} == set(load_roles())


def test_acts_of_two_people_are_never_in_one_hand() -> None:
    apart = {frozenset({kind.propose, kind.approve}) for kind in KINDS.values()} | {
        frozenset({"conversions:check", "conversions:approve"}),
        frozenset({"settlements:manual", "settlements:approve"}),
        frozenset({"out-of-area:apply", "out-of-area:check"}),
        frozenset({"recurrences:apply", "injury-cases:decide"}),
    }
    assert frozenset({"ledger:propose", "ledger:close"}) in apart
    for role in load_roles().values():
        assert [pair for pair in apart if pair <= role.scopes] == [], role.name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MATTER % ("2026-01-01", "", TASK % ("a", "b")), "m: task a waits for unknown ['b']"),
        (
            MATTER % ("2026-01-01", "", TASK % ("a", "b") + ", " + TASK % ("b", "a")),
            "m: tasks wait for each other: ['a', 'b', 'a']",
        ),
        (MATTER % ("2026-01-01", "", TASK % ("a", "") + ", " + TASK % ("a", "")), "m: used twice: ['a']"),
        (
            MATTER % ("2026-01-01", "", TASK % ("a", "")) + MATTER % ("2026-06-01", "", TASK % ("a", "")),
            "in force from 2026-06-01, but so is the version at m.yaml:3",
        ),
        (MATTER % ("2026-01-01", "colour: red,", TASK % ("a", "")), "unknown key 'colour'"),
    ],
)
def test_contradictions_are_found(text: str, message: str) -> None:
    with pytest.raises(RuleError) as error:
        read(text)
    assert message in str(error.value)
    assert str(error.value).startswith("m.yaml:")


def test_versions_follow_each_other_by_date() -> None:
    catalogue = read(
        MATTER % ("2026-01-01", "effective_to: 2026-05-31,", TASK % ("a", "")) + MATTER % ("2026-06-01", "", TASK % ("b", ""))
    )
    tasks = [
        rule.tasks[0].code for day in (date(2026, 5, 31), date(2026, 6, 1)) if (rule := catalogue.find("m", day)) is not None
    ]
    assert tasks == ["a", "b"]
