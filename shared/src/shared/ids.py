"""Identifiers: time-ordered ids of our own, and the check digits of the ids that the state issues.

Our ids are 26 characters of Crockford base32 over a UUIDv7 (48 bits of milliseconds, then 80 random bits), so they sort
by time, fit the national interface's C(30) fields and can be read out on the telephone.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Final, Protocol

from shared.clock import Clock

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [a + b for a in _ALPHABET for b in _ALPHABET]
_PAIR_MASK: Final = 0x3FF

_RESIDENT_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECK: Final = "10X98765432"

_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = tuple(pow(3, i, 31) for i in range(17))


class IdFactory(Protocol):
    """Where ids come from; tests give one that counts."""

    def new(self) -> str:
        """A fresh id, greater than every id this factory made before."""
        ...


class TimeOrderedIds:
    """Ids ordered by the clock; strictly increasing within one factory, also inside one millisecond."""

    def __init__(self, clock: Clock, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        """A fresh id; see the module."""
        millis = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            candidate = (millis << 80) | self._random_bits(80)
            # A clock that stands still or steps back must not make ids that sort before earlier ones.
            self._last = candidate if candidate > self._last else self._last + 1 + self._random_bits(24)
            value = self._last
        return encode_id(value)


class CountingIds:
    """Predictable ids for tests: prefix and a counter, 26 characters."""

    def __init__(self, prefix: str = "T") -> None:
        self._prefix = prefix
        self._count = 0

    def new(self) -> str:
        """The next id of the sequence."""
        self._count += 1
        return f"{self._prefix}{self._count:0{26 - len(self._prefix)}d}"


def encode_id(value: int) -> str:
    """128 bits as 26 Crockford base32 characters."""
    pairs = _PAIRS
    return "".join([pairs[(value >> shift) & _PAIR_MASK] for shift in range(120, -1, -10)])


def resident_id_is_valid(number: str) -> bool:
    """Whether an 18-character resident id has a right check digit (GB 11643-1999, ISO 7064 MOD 11-2)."""
    if len(number) != 18 or not number[:17].isascii() or not number[:17].isdigit():
        return False
    return resident_id_check_digit(number[:17]) == number[17].upper()


def resident_id_check_digit(first17: str) -> str:
    """The 18th character for 17 digits (GB 11643-1999)."""
    return _RESIDENT_CHECK[sum(int(c) * w for c, w in zip(first17, _RESIDENT_WEIGHTS, strict=True)) % 11]


def credit_code_is_valid(code: str) -> bool:
    """Whether an 18-character unified social credit code (统一社会信用代码) is well formed (GB 32100-2015, MOD 31)."""
    if len(code) != 18 or any(c not in _USCC_ALPHABET for c in code):
        return False
    return credit_code_check_digit(code[:17]) == code[17]


def credit_code_check_digit(first17: str) -> str:
    """The 18th character of a unified social credit code (GB 32100-2015)."""
    total = sum(_USCC_ALPHABET.index(c) * w for c, w in zip(first17, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[(31 - total % 31) % 31]
