"""What must hold between two decisions, whatever the amounts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.domain.adjudication import (
    BOOK_SUFFIX,
    Care,
    Circumstances,
    ClaimFacts,
    Decision,
    RuleBooks,
    RuleSet,
    Split,
    YearState,
    adjudicate,
)
from shared.rules import rule_texts

BOOKS = RuleBooks.read(rule_texts(Path("services/claims/src/claims/policy/books"), BOOK_SUFFIX))
RESIDENTS = BOOKS.on("420500", "390", date(2024, 6, 1))
EMPLOYEES = BOOKS.on("990101", "310", date(2026, 6, 1))
FROM_LOW_TO_HIGH = ["illness_poor", "marginal", "monitored", "dibao", "tekun"]

fen = st.integers(0, 50_000_000)
levels = st.sampled_from([1, 2, 3])


def decide(
    rules: RuleSet,
    in_scope: int,
    *,
    outside: int = 0,
    level: int = 3,
    classes: frozenset[str] = frozenset(),
    care: Care = "inpatient",
    account: int = 0,
    referred: bool = True,
    state: YearState | None = None,
) -> Decision:
    facts = ClaimFacts(
        split=Split(in_scope + outside, outside, 0, 0, in_scope),
        circumstances=Circumstances(care, level, "active", classes, "in_province", referred),
        account_fen=account,
    )
    return adjudicate(rules, facts, state or YearState())


@pytest.mark.parametrize("rules", [RESIDENTS, EMPLOYEES], ids=["residents", "employees"])
@settings(max_examples=300)
@given(in_scope=fen, before=fen, level=levels, more=st.integers(1, 10_000_000))
def test_more_cost_never_pays_less_and_never_more_than_the_cost(
    rules: RuleSet, in_scope: int, before: int, level: int, more: int
) -> None:
    state = decide(rules, before, level=level).after
    one = decide(rules, in_scope, level=level, state=state)
    other = decide(rules, in_scope + more, level=level, state=state)
    assert 0 <= other.funds_fen - one.funds_fen <= more


@settings(max_examples=300)
@given(stays=st.lists(fen, min_size=1, max_size=4), level=levels, lower=st.integers(0, 3), step=st.integers(1, 4))
def test_a_poorer_class_is_never_paid_less_in_a_year(stays: list[int], level: int, lower: int, step: int) -> None:
    funds = []
    for rank in (lower, min(lower + step, 4)):
        state, paid = YearState(), 0
        for in_scope in stays:
            decision = decide(RESIDENTS, in_scope, level=level, classes=frozenset({FROM_LOW_TO_HIGH[rank]}), state=state)
            state, paid = decision.after, paid + decision.funds_fen
        funds.append(paid)
    assert funds[0] <= funds[1] + len(stays)  # half a fen of rounding for each payment


@settings(max_examples=200)
@given(in_scope=fen, level=levels, held=st.lists(st.sampled_from(FROM_LOW_TO_HIGH), min_size=1, unique=True))
def test_of_several_classes_the_highest_counts(in_scope: int, level: int, held: list[str]) -> None:
    highest = max(held, key=FROM_LOW_TO_HIGH.index)
    several = decide(RESIDENTS, in_scope, level=level, classes=frozenset(held))
    alone = decide(RESIDENTS, in_scope, level=level, classes=frozenset({highest}))
    assert several.payments == alone.payments


@settings(max_examples=200)
@given(in_scope=fen, outside=fen, level=levels)
def test_cost_outside_of_the_scope_is_the_persons_and_changes_nothing_else(in_scope: int, outside: int, level: int) -> None:
    without, with_ = decide(RESIDENTS, in_scope, level=level), decide(RESIDENTS, in_scope, outside=outside, level=level)
    assert with_.payments == without.payments
    assert with_.person_fen == without.person_fen + outside


@settings(max_examples=200)
@given(in_scope=fen, level=levels, account=fen)
def test_the_account_pays_for_the_person_and_for_no_fund(in_scope: int, level: int, account: int) -> None:
    without, with_ = decide(EMPLOYEES, in_scope, level=level), decide(EMPLOYEES, in_scope, level=level, account=account)
    assert with_.funds_fen == without.funds_fen
    assert with_.account_fen == min(account, without.person_fen)
    assert with_.cash_fen == without.cash_fen - with_.account_fen
    assert with_.contribution == without.contribution


@settings(max_examples=200)
@given(parts=st.lists(fen, min_size=1, max_size=6), level=levels)
def test_a_years_catastrophic_payment_follows_the_years_base(parts: list[int], level: int) -> None:
    """However the year's self-pay is spread over stays, the payments add up to that of one sum, but for half a fen each."""
    state = YearState()
    for part in parts:
        state = decide(RESIDENTS, part, level=level, state=state).after
    base = state.used("catastrophic", "base")
    bands = [(1_200_000, 3_000_000, 60), (3_000_000, 10_000_000, 65), (10_000_000, 10**12, 75)]
    due_hundredths = sum(max(0, min(base, high) - low) * percent for low, high, percent in bands)
    want = min(due_hundredths, 50_000_000 * 100)
    assert abs(state.used("catastrophic", "paid") * 100 - want) <= 50 * len(parts)


@settings(max_examples=100)
@given(amounts=st.lists(fen, min_size=2, max_size=6))
def test_caps_of_the_year_hold_over_any_number_of_claims(amounts: list[int]) -> None:
    state = YearState()
    for amount in amounts:
        state = decide(RESIDENTS, amount, level=1, classes=frozenset({"dibao"}), state=state).after
    assert state.used("pool", "paid") <= 15_000_000
    assert state.used("assistance", "paid") <= 8_000_000
    assert state.used("tilt", "paid") <= 5_000_000
