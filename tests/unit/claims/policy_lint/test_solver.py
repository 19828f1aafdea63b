"""A solved curve is what the kernel pays, to the fen that rounding takes, at every cost."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claims.domain.adjudication import Circumstances, RuleBooks
from claims.domain.policy_lint.curve import CURVES, Curve, as_curve, larger, smaller
from claims.domain.policy_lint.solver import Solver, first_below
from shared.money import RATE_ONE
from tests.oracle import policies


def without_gate(book: dict[str, Any]) -> bool:
    """A layer behind a gate jumps where another's cap is reached, and rounding may put that a fen of payment earlier or later."""
    return all("after_cap_of" not in layer for layer in book["versions"][0]["layers"])


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(book=policies.books().filter(without_gate), seed=st.integers(0, 2**32))
def test_curves_are_what_the_kernel_pays(book: dict[str, Any], seed: int) -> None:
    rules = RuleBooks.read({"generated": yaml.safe_dump(book, allow_unicode=True)}).on("990200", "310", policies.DAY)
    random, near, solver = Random(seed), policies.figures(book), Solver(rules)
    for care in ("inpatient", "outpatient"):
        for level in (1, 3):
            c = Circumstances(care, level, "active", frozenset(random.sample(policies.CLASSES, 1)))
            for turn in (0, 2):
                layers = solver.paid(c, turn).layers
                breaks = [int(b) for done in layers for b in as_curve(done.payment_fen).breaks() if b < 10**11]
                for _ in range(8):
                    cost = random.choice([policies.amount(random, near), *breaks])
                    decision = solver.decide(c, cost, turn)
                    drift = Fraction(0)
                    for done, solved in zip(decision.layers, layers, strict=True):
                        drift += 2
                        if done.step.beyond >= 0:
                            # What a capped payment stands for is payment / rate: half a fen of it is that much cost.
                            drift += Fraction(
                                RATE_ONE, min((r for r in decision.layers[done.step.beyond].step.rates if r), default=RATE_ONE)
                            )
                        assert abs(as_curve(solved.payment_fen).at(cost) - done.payment_fen) <= drift, (c, cost, done)


numbers = st.integers(-50, 50)


@st.composite
def _curves(draw: st.DrawFn) -> Curve:
    curve: Curve = Curve.cost() * draw(st.integers(-3, 3)) + draw(numbers)
    for _ in range(draw(st.integers(0, 3))):
        other = Curve.cost() * draw(st.integers(-3, 3)) + draw(numbers)
        curve = as_curve(draw(st.sampled_from([smaller, larger]))(curve, other))
    return curve


@given(left=_curves(), right=_curves() | numbers, cost=st.integers(0, 60))
def test_arithmetic_of_curves(left: Curve, right: Curve | int, cost: int) -> None:
    a, b = left.at(cost), as_curve(right).at(cost)
    assert (left + right).at(cost) == a + b
    assert (left - right).at(cost) == a - b
    assert as_curve(CURVES.lo(left, right)).at(cost) == min(a, b)
    assert as_curve(CURVES.hi(left, right)).at(cost) == max(a, b)
    if a != b:
        assert (left < right).at(cost) == int(a < b)
        assert (left >= right).at(cost) == int(a >= b)


@given(curve=_curves(), bound=numbers)
def test_the_first_cost_below_a_bound_is_the_first(curve: Curve, bound: int) -> None:
    below = [cost for cost in range(201) if curve.at(cost) < bound]
    assert first_below(curve, bound, 200) == (below[0] if below else None)
