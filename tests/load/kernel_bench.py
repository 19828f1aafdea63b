"""How many claims a second the benefit kernel decides on one core, scalar: ``python tests/load/kernel_bench.py``.

CPU time of this process, best of several rounds, so that other work on the machine disturbs it little. "with the year" adds what
a settlement stores of a decision: its contribution and the state after it. "explained" adds the Chinese explanation.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

from claims.domain.adjudication import (
    BOOK_SUFFIX,
    Circumstances,
    ClaimFacts,
    Decision,
    RuleBooks,
    RuleSet,
    Split,
    YearState,
    adjudicate,
    explain,
)
from shared.rules import rule_texts

CLAIMS, ROUNDS = 20_000, 7
BOOKS = RuleBooks.read(rule_texts(Path("services/claims/src/claims/policy/books"), BOOK_SUFFIX))
RESIDENTS = BOOKS.on("990101", "390", date(2026, 6, 1))
EMPLOYEES = BOOKS.on("990101", "310", date(2026, 6, 1))
USED = YearState.of({"stays": 1, "pool.paid": 5_000_000, "catastrophic.base": 2_500_000, "assistance.base": 900_000})

Claim = tuple[RuleSet, ClaimFacts]


def stay(classes: frozenset[str] = frozenset(), largest: int = 20_000_000) -> Callable[[Random], ClaimFacts]:
    return lambda random: facts(random, Circumstances("inpatient", random.choice([1, 2, 3]), "resident", classes), largest)


def visit(random: Random) -> ClaimFacts:
    return facts(random, Circumstances("outpatient", random.choice([1, 2]), "resident"), 50_000)


def county(random: Random) -> ClaimFacts:
    """Nine visits to a stay, one stay in ten of an assistance class."""
    if random.random() < 0.9:
        return visit(random)
    return stay(frozenset({"dibao"}) if random.random() < 0.1 else frozenset(), 2_000_000)(random)


def facts(random: Random, circumstances: Circumstances, largest: int) -> ClaimFacts:
    in_scope, pre_selfpay = random.randrange(largest), random.randrange(10_000)
    return ClaimFacts(split=Split(in_scope + pre_selfpay, 0, 0, pre_selfpay, in_scope), circumstances=circumstances)


def per_second(rules: RuleSet, claim: Callable[[Random], ClaimFacts], work: Callable[[RuleSet, ClaimFacts], object]) -> float:
    random = Random(1)
    claims = [claim(random) for _ in range(CLAIMS)]
    best = min(_seconds(rules, claims, work) for _ in range(ROUNDS))
    return CLAIMS / best


def _seconds(rules: RuleSet, claims: list[ClaimFacts], work: Callable[[RuleSet, ClaimFacts], object]) -> float:
    begun = time.process_time()
    for claim in claims:
        work(rules, claim)
    return time.process_time() - begun


def decide(rules: RuleSet, claim: ClaimFacts) -> Decision:
    return adjudicate(rules, claim, USED)


def main() -> None:
    """Print the table."""
    rows: list[tuple[str, RuleSet, Callable[[Random], ClaimFacts], Callable[[RuleSet, ClaimFacts], object]]] = [
        ("one layer: resident visit", RESIDENTS, visit, decide),
        ("two layers: resident stay", RESIDENTS, stay(), decide),
        ("four layers: resident stay, low income", RESIDENTS, stay(frozenset({"dibao"})), decide),
        ("pool and large amount: employee stay", EMPLOYEES, stay(), decide),
        ("a county's mix", RESIDENTS, county, decide),
        ("four layers, with the year", RESIDENTS, stay(frozenset({"dibao"})), lambda r, c: decide(r, c).after),
        ("four layers, explained", RESIDENTS, stay(frozenset({"dibao"})), lambda r, c: explain(decide(r, c))),
    ]
    print(f"Python {platform.python_version()}, {platform.machine()}, one core, best of {ROUNDS} x {CLAIMS} claims")
    for name, rules, claim, work in rows:
        rate = per_second(rules, claim, work)
        print(f"{name:42} {rate:10,.0f} claims/s {1e6 / rate:8.2f} us")


if __name__ == "__main__":
    main()
