"""Money and rates as integers.

An amount is a number of fen (1/100 yuan) in a plain ``int``. A rate is a number of millionths (``RATE_ONE`` = 100 %), so
that a product with any amount up to ``MAX_FEN`` fits in a signed 64-bit word and the same arithmetic runs on arrays.
Rounding is half up, away from nothing else: see benefit policies, section 8 (sums published by 清远 and others).
Floats never touch money: a float handed to a parser here is refused.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

RATE_ONE: Final = 1_000_000
"""100 % as an integer rate (millionths)."""

MAX_FEN: Final = 10**12
"""Largest amount accepted anywhere: ten billion yuan. amount x rate then stays below 2**63."""

_CENT: Final = Decimal("0.01")


class MoneyError(ValueError):
    """The text is no amount or rate; the message says why, in English."""


def fen(value: str | int | Decimal) -> int:
    """Yuan (text, int or Decimal) to fen, exactly.

    Raises MoneyError when the value is a float, no number, not finite, finer than a fen or beyond ``MAX_FEN``.
    """
    amount = _decimal(value)
    scaled = amount.scaleb(2)
    if scaled != scaled.to_integral_value():
        raise MoneyError(f"{value} is finer than a fen")
    return _bounded(int(scaled))


def fen_rounded(value: str | int | Decimal) -> int:
    """Yuan to fen, half up (away from zero for negatives). For products such as quantity x price, never for inputs."""
    return _bounded(int(_decimal(value).quantize(_CENT, ROUND_HALF_UP).scaleb(2)))


def rate(value: str | int | Decimal) -> int:
    """A share such as ``"0.65"`` to millionths, exactly. Raises MoneyError outside 0..1 or finer than a millionth."""
    scaled = _decimal(value).scaleb(6)
    if scaled != scaled.to_integral_value():
        raise MoneyError(f"rate {value} is finer than a millionth")
    result = int(scaled)
    if not 0 <= result <= RATE_ONE:
        raise MoneyError(f"rate {value} is outside 0..1")
    return result


def share(amount: int, rate_: int) -> int:
    """``amount`` x ``rate_``, rounded half up to the fen. For amounts >= 0."""
    return (amount * rate_ + RATE_ONE // 2) // RATE_ONE


def yuan(amount: int) -> Decimal:
    """Fen to yuan as a Decimal with two places, for JSON numbers at the HIS edge."""
    return Decimal(amount).scaleb(-2).quantize(_CENT)


def format_yuan(amount: int) -> str:
    """Fen as people read it: ``-1234567`` -> ``-12,345.67``."""
    sign = "-" if amount < 0 else ""
    whole, cents = divmod(abs(amount), 100)
    return f"{sign}{whole:,}.{cents:02d}"


def allocate(total: int, weights: list[int]) -> list[int]:
    """Split ``total`` fen by ``weights``: each share floored, the rest one fen at a time to the largest remainders.

    Ties go to the earlier line (reference B0.2, allocation of shared amounts). Raises MoneyError without a positive weight.
    """
    base = sum(weights)
    if base <= 0 or any(w < 0 for w in weights):
        raise MoneyError("allocation needs non-negative weights with a positive sum")
    shares = [total * w // base for w in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % base), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def _decimal(value: str | int | Decimal) -> Decimal:
    if isinstance(value, bool | float):
        raise MoneyError(f"{type(value).__name__} is no exact number")
    try:
        result = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise MoneyError(f"{value!r} is no number") from None
    if not result.is_finite():
        raise MoneyError(f"{value} is not finite")
    if result.adjusted() > 18 or result.as_tuple().exponent < -30:  # type: ignore[operator]  # finite: an int
        raise MoneyError("number too long")
    return result


def _bounded(amount: int) -> int:
    if abs(amount) > MAX_FEN:
        raise MoneyError(f"amount beyond {format_yuan(MAX_FEN)}")
    return amount
