"""Pools over the coming months: exact forecasts, seeded draws."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from claims.adapters.simulation.solvency import DRAWS, forecast, solvency
from claims.domain.simulation import PoolPlan
from shared.rules import RuleError, read_rules

YEAR = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000, 1_100, 1_201]


def plan(text: str) -> PoolPlan:
    return read_rules(f"format: onewindow-pools/1\n{text}", "pools.yaml", PoolPlan)


def payments(*rows: tuple[str, str, int, int, int]) -> pa.Table:
    names = ("fund", "month", "group", "a_fen", "b_fen")
    return pa.table({name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})


def test_the_coming_year_repeats_the_last_one() -> None:
    assert forecast(YEAR, 14, None) == [*YEAR, 100, 200]
    assert forecast([7, 7, *YEAR], 12, None) == YEAR


def test_growth_is_given_or_seen_in_two_years() -> None:
    assert forecast(YEAR, 13, 50_000)[:2] == [105, 210]
    assert forecast(YEAR, 13, 50_000)[11:] == [1_261, 110]
    doubled = [2 * amount for amount in YEAR]
    assert forecast([*YEAR, *doubled], 13, None) == [*(2 * amount for amount in doubled), 4 * 200]
    assert forecast([0] * 12 + YEAR, 2, None) == [100, 200]
    assert forecast(YEAR, 2, -100_000) == [90, 180]


def test_less_than_a_year_is_carried_on_as_its_mean() -> None:
    assert forecast([1, 2, 2], 3, None) == [2, 2, 2]
    assert forecast([1, 2], 13, 500_000) == [3] * 12 + [5]


def test_balances_and_how_sure_they_are() -> None:
    rows = [("RES", f"2025-{month:02d}", group, 1_000, 2_000) for month in range(1, 13) for group in range(256)]
    rows += [("RES", "2025-06", 3, 5_000_000, 0), ("EMP", "2025-01", 1, 9, 9)]
    pools = plan('months: 8\npools: {RES: {opening: "100.00", monthly_income: "2600"}}')
    got = solvency(payments(*rows), pools, seed=1)
    assert [(row["fund"], row["book"], row["month"]) for row in got] == [
        ("RES", book, f"2026-{month:02d}") for book in "ab" for month in range(1, 9)
    ]
    a, b = got[:8], got[8:]
    assert [row["payment_fen"] for row in a] == [256_000] * 5 + [5_256_000] + [256_000] * 2
    assert [row["balance_fen"] for row in a[:2]] == [14_000, 18_000]
    assert [row["balance_fen"] for row in b[:2]] == [10_000 + 260_000 - 512_000, 10_000 + 2 * (260_000 - 512_000)]
    assert [(row["payment_low_fen"], row["payment_high_fen"]) for row in a[:2]] == [(256_000, 256_000)] * 2
    # How often one of 256 groups is drawn: not at all in 1 of e draws, three times in about six of a hundred.
    assert (a[5]["payment_low_fen"], a[5]["payment_high_fen"]) == (256_000, 256_000 + 3 * 5_000_000)
    assert [row["draws_empty"] for row in a[:5]] == [0] * 5
    assert a[5]["draws_empty"] == a[7]["draws_empty"] == 613
    assert {row["draws_empty"] for row in b} == {DRAWS}
    assert solvency(payments(*rows), pools, seed=1) == got
    assert solvency(payments(*rows), pools, seed=2)[5]["draws_empty"] != 613


def test_a_pool_without_payments_only_grows() -> None:
    pools = plan('months: 2\npools: {CVL: {opening: 0, monthly_income: "0.01"}}')
    got = solvency(payments(("RES", "2025-01", 0, 5, 5)), pools, seed=1)
    assert [(row["payment_fen"], row["balance_fen"], row["draws_empty"]) for row in got] == [(0, 1, 0), (0, 2, 0)] * 2


def test_no_payments_no_forecast() -> None:
    pools = plan("pools: {RES: {opening: 1, monthly_income: 1}}")
    empty: list[Any] = []
    assert solvency(pa.table(dict.fromkeys(("fund", "month", "group", "a_fen", "b_fen"), empty)), pools, seed=1) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("months: 0", "months is 1 to 120"),
        ("pools: {XYZ: {opening: 1, monthly_income: 1}}", "no fund book: XYZ"),
        ("pools: {RES: {opening: 1.5, monthly_income: 1}}", "1.5 is a float"),
        ("colour: red", "unknown key 'colour'"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(RuleError, match=problem) as error:
        plan(text)
    assert str(error.value).startswith("pools.yaml:")
