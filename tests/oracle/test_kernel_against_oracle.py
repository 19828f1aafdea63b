"""The kernel and the oracle agree to the fen on generated policies, years of claims and reversals, and on the real books."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claims.domain.adjudication import BOOK_SUFFIX, Circumstances, ClaimFacts, RuleBooks, RuleSet, Split, YearState, adjudicate
from shared.rules import rule_texts
from tests.oracle import benefit_oracle, policies

CLAIMS_A_YEAR = 70
BOOKS = Path("services/claims/src/claims/policy/books")


def in_fen(amount: Fraction) -> int:
    scaled = amount * 100
    assert scaled.denominator == 1
    return scaled.numerator


def kernel_facts(claim: dict[str, Any]) -> ClaimFacts:
    parts = [claim[name] for name in ("self_funded", "over_limit", "pre_selfpay", "in_scope")]
    return ClaimFacts(
        split=Split(sum(parts), *parts),
        circumstances=Circumstances(
            *(claim[name] for name in ("care", "level", "status", "classes", "place", "referred")),
        ),
        account_fen=claim["account"],
        continues_stay=claim["continues_stay"],
        stay_deductible_fen=claim["stay_deductible"],
    )


def oracle_claim(claim: dict[str, Any]) -> benefit_oracle.Claim:
    amounts = {"self_funded", "over_limit", "pre_selfpay", "in_scope", "account", "stay_deductible"}
    facts: dict[str, Any] = {name: Fraction(value, 100) if name in amounts else value for name, value in claim.items()}
    return benefit_oracle.Claim(**facts)


def live_through_a_year(
    rules: RuleSet, version: dict[str, Any], near: list[int], random: Random, claims: int, cares: list[str]
) -> None:
    """Settle claims and reverse some, comparing every amount; at the end reverse all the rest in a random order."""
    state = YearState()
    standing: list[tuple[YearState, benefit_oracle.Outcome]] = []
    for _ in range(claims):
        claim = policies.claim(random, near, cares)
        got = adjudicate(rules, kernel_facts(claim), state)
        want = benefit_oracle.decide(version, oracle_claim(claim), [outcome for _, outcome in standing])
        assert [done.step.layer.code for done in got.layers] == list(want.layers)
        for done, layer in zip(got.layers, want.layers.values(), strict=True):
            assert (done.base_fen, done.deductible_fen, done.above_fen[0], done.uncapped_fen, done.payment_fen) == tuple(
                map(in_fen, (layer.base, layer.deductible, layer.cost, layer.uncapped, layer.payment))
            ), (claim, done.step.layer.code)
            assert done.base_fen == done.deductible_fen + done.over_cost_fen + sum(done.bands_fen)
        assert (got.person_fen, got.account_fen, got.cash_fen) == tuple(map(in_fen, (want.person, want.account, want.cash)))
        assert got.facts.split.total_fen == sum(done.payment_fen for done in got.layers) + got.person_fen
        assert got.person_fen == got.account_fen + got.cash_fen
        assert min(got.person_fen, got.account_fen, got.cash_fen) >= 0
        state = got.after
        standing.append((got.contribution, want))
        if random.random() < 0.2:
            contribution, _ = standing.pop(random.randrange(len(standing)))
            state = state.minus(contribution)
    random.shuffle(standing)
    for contribution, _ in standing:
        state = state.minus(contribution)
    assert state == YearState()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(book=policies.books(), seed=st.integers(0, 2**32))
def test_generated_policies(book: dict[str, Any], seed: int) -> None:
    rules = RuleBooks.read({"generated": yaml.safe_dump(book, allow_unicode=True)}).on("990200", "310", policies.DAY)
    live_through_a_year(
        rules,
        book["versions"][0],
        policies.figures(book),
        Random(seed),
        CLAIMS_A_YEAR,
        ["inpatient", "inpatient", "outpatient"],
    )


@pytest.mark.parametrize(
    ("region", "scheme", "day", "cares"),
    [
        ("420500", "390", date(2024, 6, 1), ["inpatient"]),
        ("990101", "390", date(2026, 6, 1), ["inpatient", "outpatient"]),
        ("990101", "310", date(2026, 6, 1), ["inpatient", "outpatient"]),
    ],
)
def test_real_books(region: str, scheme: str, day: date, cares: list[str]) -> None:
    texts = rule_texts(BOOKS, BOOK_SUFFIX)
    rules = RuleBooks.read(texts).on(region, scheme, day)
    [book] = [b for text in texts.values() if (b := yaml.safe_load(text))["region"] == rules.region and b["scheme"] == scheme]
    random = Random(420500)
    for _ in range(20):
        live_through_a_year(rules, book["versions"][0], policies.figures(book), random, 40, cares)
