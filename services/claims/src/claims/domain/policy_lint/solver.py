"""Rules solved for every cost of a claim at once, and asked again for one."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

from claims.domain.adjudication import Circumstances, ClaimFacts, Decision, RuleSet, Split, YearState, adjudicate
from claims.domain.adjudication.kernel import Amounts, Paid, pay
from claims.domain.adjudication.plan import Plan
from claims.domain.adjudication.year_state import STAYS
from claims.domain.policy_lint.curve import CURVES, Curve, as_curve
from shared.money import RATE_ONE, yuan


class Solver:
    """A version's plans as curves over the in-scope cost of a claim, at the beginning of a year or after some stays."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._solved: dict[tuple[Any, ...], Paid] = {}

    def paid(self, c: Circumstances, turn: int = 0) -> Paid:
        """What each layer pays, as curves. Raises Refusal for a kind of claim that nothing covers."""
        plan = self._rules.plan(c)
        key = (plan.first_share, turn, *(step[3:] for step in plan.steps))
        if key not in self._solved:
            self._solved[key] = solve(plan, turn)
        return self._solved[key]

    def funds(self, c: Circumstances, turn: int = 0) -> Curve:
        """What all layers pay together."""
        return sum((as_curve(done.payment_fen) for done in self.paid(c, turn).layers), Curve.constant(0))

    def decide(self, c: Circumstances, cost_fen: int, turn: int = 0) -> Decision:
        """The kernel's decision on a claim of that cost, all of it in scope."""
        facts = ClaimFacts(split=Split(cost_fen, 0, 0, 0, cost_fen), circumstances=c)
        return adjudicate(self._rules, facts, YearState.of({STAYS: turn}))

    def funds_at(self, c: Circumstances, cost_fen: int, turn: int = 0) -> int:
        """What the kernel's layers pay together, fen."""
        return self.decide(c, cost_fen, turn).funds_fen


def solve(plan: Plan, turn: int = 0) -> Paid:
    """A plan's payments as curves over the in-scope cost, with nothing used in the year but stays."""
    cost = Curve.cost()
    first = (cost * plan.first_share + RATE_ONE // 2) // RATE_ONE
    amounts = Amounts(cost, cost - first, (first, 0, 0), (0, 0), 0, turn, 0, 1)
    return pay(plan, amounts, lambda _name, nothing: nothing, CURVES)


def first_below(curve: Curve, bound: int, top: int) -> int | None:
    """The smallest whole cost up to ``top`` at which the curve is below ``bound``; None when there is none."""
    ends: list[Fraction] = [*curve.breaks(), Fraction(top + 1)]
    for (start, (value, gain)), end in zip(curve.pieces, ends, strict=True):
        at = ceil(start)
        if value + gain * at >= bound:
            if gain >= 0:
                continue
            at = max(at, floor(Fraction(bound - value, gain)) + 1)
        if at < end and at <= top:
            return at
    return None


def claim_of(rules: RuleSet, c: Circumstances, cost_fen: int, **shows: int) -> dict[str, Any]:
    """A claim in the form of a facts file, and what it shows."""
    usual = Circumstances(care=c.care, level=c.level, status=c.status)
    said = {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in c._asdict().items()
        if name != "month" and (name in ("care", "level", "status") or value != getattr(usual, name))
    }
    return {
        "format": "onewindow-facts/1",
        "region": rules.region,
        "scheme": rules.scheme,
        "day": rules.effective_from.isoformat(),
        **said,
        "bill": {"total": str(yuan(cost_fen))},
        "shows": {name: str(yuan(amount)) for name, amount in shows.items()},
    }
