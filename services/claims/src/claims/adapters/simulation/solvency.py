"""Whether the pools last: payments by month carried forward, and how sure that is.

The coming months repeat the last twelve of the facts, month by month, grown from year to year (less than twelve: their mean).
How sure: the persons are dealt into groups once (``GROUPS``), and the whole is calculated again with groups drawn with
replacement, as many as there are (bootstrap). Draws come from a counter through a fixed mixing function, so a seed gives the
same draws on every machine and in every version. All amounts are whole fen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from claims.adapters.facts.reading import mixed
from claims.adapters.simulation.blocks import GROUPS
from claims.adapters.vector.columns import Ints
from claims.domain.simulation import PoolPlan
from shared.money import RATE_ONE

DRAWS: Final = 1_000
LOW, HIGH = DRAWS * 5 // 100, DRAWS - DRAWS * 5 // 100 - 1
"""Ranks between which nine draws of ten lie."""
_YEAR: Final = 12


def solvency(months: pa.Table, plan: PoolPlan, seed: int) -> list[dict[str, Any]]:
    """For each pool, book and coming month: payment and balance at its end with the interval of nine draws of ten, and in how
    many of ``DRAWS`` draws the pool was empty by then."""
    names = sorted(set(months["month"].to_pylist()))
    if not names:
        return []
    calendar = [str(m) for m in np.arange(np.datetime64(names[0], "M"), np.datetime64(names[-1], "M") + 1)]
    coming = [str(np.datetime64(names[-1], "M") + 1 + i) for i in range(plan.months)]
    counts = _draws(seed)
    rows = []
    for fund, pool in plan.pools.items():
        for side in ("a", "b"):
            by_group = _by_group(months, fund, side, calendar)
            drawn = counts @ by_group.T
            growth = None if plan.yearly_growth is None else int(plan.yearly_growth)
            expected = forecast([int(v) for v in by_group.sum(axis=1)], plan.months, growth)
            balances = _balances(expected, pool.opening, pool.monthly_income)
            paths = [forecast([int(v) for v in months_], plan.months, growth) for months_ in drawn]
            drawn_balances = [_balances(path, pool.opening, pool.monthly_income) for path in paths]
            empty = np.logical_or.accumulate(np.array(drawn_balances, dtype=object) < 0, axis=1).sum(axis=0)
            for i, month in enumerate(coming):
                payments = sorted(path[i] for path in paths)
                ends = sorted(path[i] for path in drawn_balances)
                rows.append(
                    {
                        "fund": fund,
                        "book": side,
                        "month": month,
                        "income_fen": int(pool.monthly_income),
                        "payment_fen": expected[i],
                        "payment_low_fen": payments[LOW],
                        "payment_high_fen": payments[HIGH],
                        "balance_fen": balances[i],
                        "balance_low_fen": ends[LOW],
                        "balance_high_fen": ends[HIGH],
                        "draws_empty": int(empty[i]),
                        "draws": DRAWS,
                    }
                )
    return rows


def forecast(months: Sequence[int], coming: int, yearly_growth: int | None) -> list[int]:
    """Payments of the coming months in fen, half up. ``yearly_growth`` in millionths; None: that of the last twelve months over
    the twelve before, if there are so many, else none."""
    if len(months) < _YEAR:
        return _grown([_half_up(sum(months), len(months))] * _YEAR, coming, RATE_ONE + (yearly_growth or 0), RATE_ONE)
    last = list(months[-_YEAR:])
    if yearly_growth is not None:
        return _grown(last, coming, RATE_ONE + yearly_growth, RATE_ONE)
    before = sum(months[-2 * _YEAR : -_YEAR]) if len(months) >= 2 * _YEAR else 0
    return _grown(last, coming, sum(last), before) if before else _grown(last, coming, 1, 1)


def _grown(year: Sequence[int], coming: int, over: int, under: int) -> list[int]:
    result = []
    for i in range(coming):
        times = i // _YEAR + 1
        result.append(_half_up(year[i % _YEAR] * over**times, under**times))
    return result


def _half_up(over: int, under: int) -> int:
    return (2 * over + under) // (2 * under)


def _balances(payments: Sequence[int], opening: int, income: int) -> list[int]:
    result, balance = [], opening
    for payment in payments:
        balance += income - payment
        result.append(balance)
    return result


def _draws(seed: int) -> Ints:
    """How often each group is drawn in each draw."""
    numbers = np.arange(DRAWS * GROUPS, dtype=np.int64) + (seed << 32)
    chosen = ((mixed(numbers) >> np.uint64(32)) * np.uint64(GROUPS)) >> np.uint64(32)
    cell = np.repeat(np.arange(DRAWS), GROUPS) * GROUPS + chosen.astype(np.int64)
    return np.bincount(cell, minlength=DRAWS * GROUPS).reshape(DRAWS, GROUPS)


def _by_group(months: pa.Table, fund: str, side: str, calendar: Sequence[str]) -> Ints:
    """Payments of a fund by month and group."""
    at: Mapping[str, int] = {month: i for i, month in enumerate(calendar)}
    result = np.zeros((len(calendar), GROUPS), np.int64)
    columns = (months[name].to_pylist() for name in ("fund", "month", "group", f"{side}_fen"))
    for name, month, group, amount in zip(*columns, strict=True):
        if name == fund:
            result[at[month], group] += amount
    return result
