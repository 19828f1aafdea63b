"""What a settlement counts for against the line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from claims.domain.adjudication import BOOK_SUFFIX, Circumstances, ClaimFacts, RuleBooks, Split, YearState, adjudicate
from claims.domain.assistance import burden_fen, counted
from claims.domain.redecision import Position, Standing, outcome_of
from claims.settings import read_claims_settings
from shared.rules import rule_texts

BOOKS = RuleBooks.read(rule_texts(read_claims_settings({}).rule_books, BOOK_SUFFIX))
DAY = date(2026, 3, 1)


def stay(split: Split, *, account_fen: int = 0, on: date = DAY) -> Standing:
    """A first stay of the year of a resident, level 2."""
    care = Circumstances(care="inpatient", level=2, status="resident")
    decision = adjudicate(
        BOOKS.on("990101", "390", DAY), ClaimFacts(split=split, circumstances=care, account_fen=account_fen), YearState()
    )
    return Standing(
        position=Position(2026, 1, date.max, datetime(2026, 3, 20, tzinfo=UTC), "S1"),
        visit_id="V1",
        inpatient=True,
        counts_on=on,
        rules=decision.rules,
        facts=decision.facts,
        outcome=outcome_of(decision),
    )


def test_what_is_in_scope_and_no_fund_has_paid_counts() -> None:
    assert burden_fen(stay(Split(200_000, 0, 0, 0, 200_000))) == 87_500


def test_what_is_out_of_scope_does_not_count() -> None:
    assert burden_fen(stay(Split(300_000, 50_000, 30_000, 20_000, 200_000))) == 87_500


def test_what_the_account_paid_was_borne_all_the_same() -> None:
    standing = stay(Split(200_000, 0, 0, 0, 200_000), account_fen=60_000)
    assert standing.outcome.account_fen == 60_000
    assert burden_fen(standing) == 87_500


def test_of_a_bill_that_is_partly_taken_over_only_what_is_left_counts() -> None:
    standing = stay(Split(200_000, 0, 0, 0, 200_000))
    rest = replace(standing, outcome=standing.outcome._replace(total_fen=70_000, payments=(), cash_fen=70_000))
    assert burden_fen(rest) == 70_000


def test_the_look_back_includes_its_first_and_its_last_day() -> None:
    standing = [stay(Split(200_000, 0, 0, 0, 200_000), on=date(2026, 3, day)) for day in (1, 2, 3, 4)]
    found = counted("P1", standing, date(2026, 3, 2), date(2026, 3, 3))
    assert [(c.person_id, c.settlement_id, c.counts_on.day, c.burden_fen) for c in found] == [
        ("P1", "S1", 2, 87_500),
        ("P1", "S1", 3, 87_500),
    ]
