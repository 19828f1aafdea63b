"""What is in force: what a book adds and ends, and which digest decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from claims.domain.rule_books.in_force import Change, Enacted, InForce, enact, end, read_book
from shared.rules import RuleError
from tests.factories.rule_books import county_book

FIRST = county_book(version="demo-1", begins="2024-01-01", rate="0.50")
SECOND = county_book(version="demo-2", begins="2026-03-21")


def after(*texts: str) -> Change:
    """The change of the last of some books made effective one after the other."""
    in_force: Sequence[Enacted] = ()
    for number, text in enumerate(texts, 1):
        change = enact(in_force, f"B{number}", read_book(text, f"{number}.yaml"))
        in_force = change.in_force
    return change


def test_a_later_book_ends_the_open_version_before_it_which_keeps_its_digest() -> None:
    first, change = after(FIRST), after(FIRST, SECOND)
    (one,) = first.added
    (two,) = change.added
    assert [(e.digest, e.effective_to) for e in change.ended] == [(one.digest, date(2026, 3, 20))]
    assert change.since == date(2026, 3, 21)
    books = InForce(change.in_force, "E1")
    assert books.edition == "E1"
    assert books.on("990101", "390", date(2026, 3, 20)).digest == one.digest
    assert books.on("990101", "390", date(2026, 3, 21)).digest == two.digest
    assert books.under(one.digest) == books.on("990101", "390", date(2025, 1, 1))
    assert books.under("sha256:0") is None
    assert [rules.digest for rules in books.all()] == [one.digest, two.digest]


def test_the_same_text_again_changes_nothing() -> None:
    change = after(FIRST, FIRST)
    assert (change.added, change.ended) == ((), ())


def test_a_text_with_an_end_and_a_new_version_ends_what_is_in_force() -> None:
    versions = county_book(version="demo-1", begins="2024-01-01", ends="2026-06-30", rate="0.50")
    new = county_book(begins="2026-07-01").split("versions:\n")[1]
    change = after(FIRST, versions + new)
    assert [e.version.version for e in change.added] == ["demo-2"]
    assert [(e.version.version, e.effective_to) for e in change.ended] == [("demo-1", date(2026, 6, 30))]


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ([FIRST, county_book(begins="2024-01-01")], "in force from 2024-01-01, but so is the version at"),
        ([FIRST, county_book(begins="2023-01-01")], "in force from 2024-01-01, but so is the version at 2.yaml:8"),
        (
            [county_book(begins="2024-01-01", ends="2025-12-31"), county_book(begins="2026-02-01")],
            "no version is in force from 2026-01-01 to 2026-01-31",
        ),
        (
            [FIRST, SECOND, county_book(version="demo-1", begins="2024-01-01", ends="2026-06-30", rate="0.50")],
            "it was decided that this version ends on 2026-03-20",
        ),
    ],
)
def test_what_does_not_fit_is_refused(texts: list[str], problem: str) -> None:
    with pytest.raises(RuleError) as refused:
        after(*texts)
    assert problem in str(refused.value)


def test_earlier_rules_may_be_added_up_to_the_first_day() -> None:
    change = after(FIRST, county_book(version="demo-0", begins="2023-01-01", ends="2023-12-31"))
    assert [e.version.version for e in change.added] == ["demo-0"]
    assert change.ended == ()


def test_an_end_without_a_successor() -> None:
    change = end(after(FIRST).in_force, "B1", date(2026, 12, 31))
    (ended,) = change.ended
    assert (ended.effective_to, change.since) == (date(2026, 12, 31), date(2027, 1, 1))
    again = end(change.in_force, "B1", date(2026, 12, 31))
    assert again.ended == ()
    for wrong in (date(2026, 11, 30), date(2027, 1, 31)):
        with pytest.raises(RuleError):
            end(change.in_force, "B1", wrong)
    with pytest.raises(RuleError):
        end(after(FIRST).in_force, "B1", date(2023, 12, 31))


def test_whose_book_decides_for_a_region() -> None:
    books = InForce(after(FIRST).in_force, "E1")
    assert books.area("990101", "390") == "990101"
    assert books.area("990102", "390") is None
    assert books.area("990102", "390", beside=("990100", "390")) == "990100"
    assert books.area("990101", "390", beside=("990100", "390")) == "990101"
