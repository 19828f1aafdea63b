from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import MAX_FEN, RATE_ONE, MoneyError, allocate, fen, fen_rounded, format_yuan, rate, share, yuan


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1234.56", 123456),
        ("-0.01", -1),
        (12, 1200),
        (Decimal("1E+2"), 10000),
        ("1.230", 123),
        (" 5 ", 500),
        ("0", 0),
        ("1e10", MAX_FEN),
    ],
)
def test_yuan_to_fen_is_exact(value: Any, expected: int) -> None:
    assert fen(value) == expected


@pytest.mark.parametrize(
    "value",
    [1.5, True, "1.005", "", "abc", "NaN", "Infinity", None, "10000000000.01", "1e19", "1e-31", Decimal("-1e11"), "1,000"],
)
def test_no_amount(value: Any) -> None:
    with pytest.raises(MoneyError):
        fen(value)


@pytest.mark.parametrize(("value", "expected"), [("1.005", 101), ("1.0049999", 100), ("-1.005", -101), ("0.285", 29)])
def test_products_round_half_up(value: str, expected: int) -> None:
    assert fen_rounded(value) == expected


def test_products_beyond_the_limit_are_refused() -> None:
    with pytest.raises(MoneyError, match="beyond"):
        fen_rounded("1e11")


@pytest.mark.parametrize(("value", "expected"), [("0.65", 650_000), ("1", RATE_ONE), (0, 0), ("0.123456", 123_456)])
def test_rates_are_millionths(value: Any, expected: int) -> None:
    assert rate(value) == expected


@pytest.mark.parametrize("value", ["1.000001", "-0.1", "0.1234567", 0.5, "65%"])
def test_no_rate(value: Any) -> None:
    with pytest.raises(MoneyError):
        rate(value)


@given(st.integers(0, MAX_FEN), st.integers(0, RATE_ONE))
def test_share_is_the_exact_product_rounded_half_up(amount: int, rate_: int) -> None:
    exact = Decimal(amount) * Decimal(rate_) / RATE_ONE
    assert share(amount, rate_) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert amount * rate_ + RATE_ONE // 2 < 2**63


@given(st.integers(-MAX_FEN, MAX_FEN))
def test_yuan_and_fen_are_inverse(amount: int) -> None:
    assert fen(yuan(amount)) == amount
    assert fen(format_yuan(amount).replace(",", "")) == amount


@pytest.mark.parametrize(
    ("amount", "text"), [(-1234567, "-12,345.67"), (0, "0.00"), (5, "0.05"), (-5, "-0.05"), (100000000, "1,000,000.00")]
)
def test_amounts_as_people_read_them(amount: int, text: str) -> None:
    assert format_yuan(amount) == text


@given(st.integers(0, MAX_FEN), st.lists(st.integers(0, MAX_FEN), min_size=1, max_size=12).filter(any))
def test_allocation_adds_up_and_no_share_is_a_fen_off(total: int, weights: list[int]) -> None:
    shares = allocate(total, weights)
    assert sum(shares) == total
    for got, weight in zip(shares, weights, strict=True):
        assert abs(Fraction(got) - Fraction(total * weight, sum(weights))) < 1


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [(100, [1, 1, 1], [34, 33, 33]), (1, [1, 2], [0, 1]), (5, [0, 3, 0], [0, 5, 0]), (10, [1, 2, 4], [1, 3, 6])],
)
def test_allocation_gives_the_rest_to_the_largest_remainders_then_the_earlier(
    total: int, weights: list[int], shares: list[int]
) -> None:
    assert allocate(total, weights) == shares


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_allocation_needs_weights(weights: list[int]) -> None:
    with pytest.raises(MoneyError):
        allocate(100, weights)
