"""What an account earns in a year, and what it carries over (计息, 结转).

Day by day: the balance at the end of each day times the yearly rate over a year of 360 days; what was carried over from the
year before at one rate, what came in during the year at another. Spending takes what came in first, then what was carried
over; money given back fills what was carried over first (鄂医保办〔2024〕10号; 国发〔1998〕44号 六). One rounding, half up to the fen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from claims.domain.accounts.rules import InterestRules
from shared.money import RATE_ONE


class Moved(NamedTuple):
    """A movement of an account, on a day."""

    day: date
    amount_fen: int
    """Positive: in."""
    given_back: bool = False
    """Of money in: it had been spent before (reversal, take-back), and is no new income."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountYear:
    """One account in one year; opening + credited + given back - spent + interest = closing."""

    opening_fen: int
    """Carried over from the year before, its interest included."""
    credited_fen: int
    spent_fen: int
    """Less what was given back."""
    interest_fen: int
    closing_fen: int
    """Carried over to the next year."""


def close_year(opening_fen: int, movements: Sequence[Moved], year: int, rules: InterestRules, *, until: date) -> AccountYear:
    """The year of an account, with interest for each day before ``until``. ``movements``: of that year, in order.

    ``until``: 1 January of the next year, or the day on which the account is paid out.
    """
    carried, current = opening_fen, 0
    credited = spent = 0
    day = date(year, 1, 1)
    earned = 0
    for movement in (*movements, Moved(until, 0)):
        earned += _earned(carried, current, day, movement.day, rules)
        day = max(day, movement.day)
        amount = movement.amount_fen
        if amount < 0:
            from_current = min(current, -amount)
            current -= from_current
            carried += amount + from_current
            spent -= amount
        elif movement.given_back:
            back = min(opening_fen - carried, amount)
            carried += back
            current += amount - back
            spent -= amount
        else:
            current += amount
            credited += amount
    divisor = rules.day_count * RATE_ONE
    interest = (earned + divisor // 2) // divisor
    return AccountYear(
        opening_fen=opening_fen,
        credited_fen=credited,
        spent_fen=spent,
        interest_fen=interest,
        closing_fen=carried + current + interest,
    )


def _earned(carried: int, current: int, begin: date, end: date, rules: InterestRules) -> int:
    """Fen times days times millionths, from one day to before another, through every period of rates."""
    total = 0
    for period in rules.periods:
        first = max(begin, period.effective_from)
        last = end if period.effective_to is None else min(end, period.effective_to + timedelta(days=1))
        days = max((last - first).days, 0)
        total += days * (carried * period.carried_over + current * period.current)
    return total
