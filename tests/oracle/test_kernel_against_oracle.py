"""The kernel and the oracle agree to the fen on generated rule books, years of claims and reversals, and on the real books."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from claims.domain.adjudication import BOOK_SUFFIX, CatalogueEntry, FeeLine, RuleBooks, RuleSet, split_line
from claims.domain.adjudication.rule_book import Waiting
from claims.domain.adjudication.split import LineShare
from shared.rules import rule_texts
from tests.oracle import benefit_oracle, policies
from tests.oracle.comparing import Year, in_fen, live_through_a_year, oracle_claim
from tests.oracle.features import all_features, features_of

BOOKS = Path("services/claims/src/claims/policy/books")
TEXTS = rule_texts(BOOKS, BOOK_SUFFIX)
REAL = [(rules.region, rules.scheme, rules.version.version, rules.effective_from) for rules in RuleBooks.read(TEXTS).all()]


def read(book: dict[str, Any]) -> RuleSet:
    return RuleBooks.read({"generated": policies.text(book)}).on(policies.REGION, policies.SCHEME, policies.DAY)


@pytest.mark.parametrize("part", range(8))
def test_generated_books(part: int) -> None:
    """10,800 claims in all."""
    compared = 0
    for seed in range(30):
        random = Random(part * 1_000 + seed)
        book = policies.book(random)
        rules, version = read(book), book["versions"][0]
        for _ in range(3):
            compared += live_through_a_year(Year(rules, version), policies.figures(version), random, 15, policies.CARES)
    assert compared >= 1_350


def test_what_no_rule_covers() -> None:
    """Books with a gap: a layer for one kind of care only, or one of its terms gone. Both refuse the same claims."""
    refused = compared = 0
    for seed in range(60):
        random = Random(seed)
        book = policies.book(random)
        version = book["versions"][0]
        layer = random.choice(version["layers"])
        if len(layer["terms"]) > 1:
            layer["terms"].pop()
        else:
            for one in version["layers"]:
                one["when"] = {"care": ["inpatient"]}
        year = Year(read(book), version)
        compared += live_through_a_year(year, policies.figures(version), random, 15, policies.CARES)
        refused += year.refused
    assert refused >= 100
    assert compared >= 200


def test_the_generator_uses_every_feature_of_the_format() -> None:
    """Each key and each word has a say in ten claims of six hundred books at least."""
    seen: Counter[str] = Counter()
    for seed in range(600):
        random = Random(seed)
        version = policies.book(random)["versions"][0]
        person = policies.Person.drawn(random, policies.CARES)
        for _ in range(4):
            claim = oracle_claim(policies.claim(random, [], person))
            seen.update(features_of(version, claim, benefit_oracle.decide(version, claim, []).layers))
    assert {feature: seen[feature] for feature in all_features() if seen[feature] < 10} == {}


@pytest.mark.parametrize(("region", "scheme", "name", "day"), REAL)
def test_real_books(region: str, scheme: str, name: str, day: date) -> None:
    rules = RuleBooks.read(TEXTS).on(region, scheme, day)
    [version] = [
        version
        for text in TEXTS.values()
        if (book := yaml.safe_load(text))["region"] == region and book["scheme"] == scheme
        for version in book["versions"]
        if version["version"] == name
    ]
    random = Random(f"{region}{scheme}{name}")
    compared = refused = 0
    for _ in range(15):
        year = Year(rules, version)
        compared += live_through_a_year(year, policies.figures(version), random, 20, policies.CARES)
        refused += year.refused
    assert compared + refused == 300
    assert compared > 0


@pytest.mark.parametrize(("named", "begins"), [("calendar", (1, 1)), ("07-01", (7, 1)), ("11-01", (11, 1)), ("09-01", (9, 1))])
def test_benefit_years(named: str, begins: tuple[int, int]) -> None:
    book = policies.book(Random(1))
    book["versions"][0]["policy_year"] = named
    rules = read(book)
    assert rules.version.year_begins == begins
    for n in range(800):
        day = date(2026, 1, 1) + timedelta(n)
        assert rules.benefit_year(day) == benefit_oracle.benefit_year(book["versions"][0], day)


def test_waiting_periods() -> None:
    random = Random(3)
    for _ in range(2_000):
        rules: dict[str, Any] = {
            "fixed_months": random.randrange(7),
            "per_missed_year_months": random.randrange(3),
            "exempt_classes": random.sample(["newborn", "dibao"], random.randrange(3)),
        }
        if random.random() < 0.5:
            rules |= {"long_gap_years": random.randint(1, 5), "long_gap_least_months": random.randrange(12)}
        missed = random.randrange(8)
        repaired = random.randint(0, missed)
        classes = frozenset(random.sample(["newborn", "dibao", "tekun"], random.randrange(2)))
        waiting = Waiting(**rules | {"exempt_classes": frozenset(rules["exempt_classes"])}, repairable=True)
        want = benefit_oracle.waiting_months(rules, missed, repaired, classes)
        assert waiting.months(missed, repaired, classes=classes) == want, (rules, missed, repaired)


def test_lines() -> None:
    """A line divided, its return, and what it adds to class B, traditional medicine and flat lines."""
    random = Random(5)
    for _ in range(3_000):
        amount, price = random.randrange(1_000_000), Decimal(random.randrange(10**9)) / 10**6
        quantity = Decimal(random.randint(1, 100_000)) / 10**4
        limits = tuple(random.choice([None, Decimal(random.randrange(10**8)) / 10**6]) for _ in range(3))
        share = random.choice([None, random.randint(0, 1_000_000)])
        of_class = random.choice([None, LineShare(rate=random.randint(0, 1_000_000), flat=random.random() < 0.5)])
        entry = CatalogueEntry(
            charge_class=random.choice(["A", "B", "C"]),
            pre_selfpay_rate=share,
            price_limits=(limits[0], limits[1], limits[2]),
            limited_use=random.random() < 0.2,
            traditional=random.random() < 0.3,
        )
        approved, level, class_b = random.random() < 0.5, random.choice([1, 2, 3]), random.randint(0, 1_000_000)
        line = FeeLine(amount_fen=amount, quantity=quantity, price=price, approved_use=approved)
        got = split_line(line, entry, level, class_b, of_class)
        limit = limits[level - 1]
        want = benefit_oracle.divide_line(
            amount=Fraction(amount, 100),
            over=None if limit is None else (Fraction(price) - Fraction(limit)) * Fraction(quantity),
            outside=entry.charge_class == "C" or (entry.limited_use and not approved),
            rates=[
                Fraction(rate, 1_000_000)
                for rate in (of_class.rate if of_class else None, share, class_b if entry.charge_class == "B" else 0)
                if rate is not None
            ],
            class_b=entry.charge_class == "B",
            traditional=entry.traditional,
            flat=of_class is not None and of_class.flat,
        )
        assert got == tuple(map(in_fen, want)), (line, entry, level, class_b, of_class)
        back = split_line(
            FeeLine(amount_fen=-amount, quantity=-quantity, price=price, approved_use=approved), entry, level, class_b, of_class
        )
        assert back == tuple(-part for part in got)
