"""Claims as columns: what a rule may ask for as codes of few values, amounts as 64-bit whole numbers of fen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from claims.domain.adjudication import Circumstances
from shared.errors import Refusal, invalid

Ints: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int32]
Column: TypeAlias = Ints | int
"""A column, or the one number that it would hold throughout."""

MOST_FEN: Final = 10**11
"""Largest amount of a claim: a billion yuan. Times a rate in millionths it stays far below 2**63."""
MOST_SESSIONS: Final = 10**4
"""Most treatments of a claim, and most claims of a person in a benefit year."""

CIRCUMSTANCES: Final = tuple(name for name in Circumstances._fields if name != "month")
"""What of the circumstances a facts file states; the month follows from the day."""
SPLIT: Final = ("total", "self_funded", "over_limit", "pre_selfpay", "in_scope", "class_b", "traditional", "flat")
AMOUNTS: Final = (*SPLIT, "account", "family_account", "stay_deductible", "episode_deductible")
MARKS: Final = ("continues_stay", "transferred")
NUMBERS: Final = (*AMOUNTS, "sessions", *MARKS)
DAYS: Final = ("begun_on", "ended_on", "settled_on")


def throughout(number: int, n: int) -> Codes:
    """A column of one number that takes no memory."""
    return np.broadcast_to(np.int32(number), n)


def is_throughout(column: NDArray[Any]) -> bool:
    """Whether a column is one of ``throughout``, or empty."""
    return column.strides == (0,) or not len(column)


@dataclass(frozen=True)
class Coded:
    """A column of few different values."""

    codes: Codes
    values: tuple[Any, ...]

    @classmethod
    def constant(cls, value: Any, n: int) -> Coded:
        """A column that holds one value throughout."""
        return cls(throughout(0, n), (value,))

    @classmethod
    def of(cls, values: Sequence[Any]) -> Coded:
        """A column of given values."""
        known = {value: code for code, value in enumerate(dict.fromkeys(values))}
        return cls(np.fromiter((known[v] for v in values), np.int32, len(values)), tuple(known))

    @cached_property
    def single(self) -> bool:
        """Whether one value is all that is there."""
        return len(self.values) == 1 or not len(self.codes) or bool(self.codes.min() == self.codes.max())

    def at(self, i: int) -> Any:
        """The value of a row."""
        return self.values[self.codes[i]]

    def mapped(self, change: Callable[[Any], Any]) -> Coded:
        """The column with each value replaced; equal results share a code."""
        results = [change(value) for value in self.values]
        known = {value: code for code, value in enumerate(dict.fromkeys(results))}
        if len(known) == len(results):
            return Coded(self.codes, tuple(results))
        return Coded(np.array([known[r] for r in results], np.int32)[self.codes], tuple(known))


@dataclass(frozen=True, kw_only=True)
class ClaimColumns:
    """Claims of whole persons: all claims of a person stand together, in the order in which they were settled.

    Refuses (``claims.facts.wrong``, with the row) amounts that are negative, beyond ``MOST_FEN`` or do not add up.
    """

    person: Ints
    """A number that stands for a person; equal numbers stand together."""
    scheme: Coded
    region: Coded
    circumstances: Mapping[str, Coded]
    """By name, ``CIRCUMSTANCES``."""
    days: Mapping[str, NDArray[np.int32]]
    """``DAYS``, as days since 1970-01-01."""
    numbers: Mapping[str, Column]
    """``NUMBERS``."""
    labels: Mapping[str, Coded] = field(default_factory=dict)
    """Columns that results are shown by and no rule looks at, such as the town."""

    def __post_init__(self) -> None:
        if set(self.circumstances) != set(CIRCUMSTANCES) or set(self.numbers) != set(NUMBERS) or set(self.days) != set(DAYS):
            raise ValueError("a column is missing or unknown")
        _check(self.numbers, len(self.person))

    def __len__(self) -> int:
        return len(self.person)

    @cached_property
    def who(self) -> Ints:
        """The person of each claim as 0, 1, 2 … in the order of appearance."""
        if not len(self.person):
            return self.person
        changes = self.person[1:] != self.person[:-1]
        if changes.all():
            return np.arange(len(self.person))
        return np.concatenate(([0], np.cumsum(changes)))

    @cached_property
    def persons(self) -> int:
        """How many persons there are."""
        return int(self.who[-1]) + 1 if len(self.who) else 0


def _check(numbers: Mapping[str, Column], n: int) -> None:
    def require(fine: Any, why: str) -> None:
        if not np.all(fine):
            row = int(np.argmin(np.broadcast_to(fine, n)))
            raise _wrong(row, why)

    for name in NUMBERS:
        column = numbers[name]
        most = 1 if name in MARKS else MOST_SESSIONS if name == "sessions" else MOST_FEN
        low, high = (column, column) if isinstance(column, int) else (column.min(initial=1), column.max(initial=0))
        if low < (name == "sessions") or high > most:
            require((column >= int(name == "sessions")) & (np.asarray(column) <= most), f"{name}不在0至{most}之间")
    parts = numbers["self_funded"] + numbers["over_limit"] + numbers["pre_selfpay"] + numbers["in_scope"]
    require(np.equal(parts, numbers["total"]), "费用各部分之和不等于总额")
    for name in ("class_b", "traditional", "flat"):
        if not (isinstance(numbers[name], int) and numbers[name] == 0):
            require(np.less_equal(numbers[name], numbers["in_scope"]), f"{name}大于政策范围内金额")


def _wrong(row: int, why: str) -> Refusal:
    return invalid("claims.facts.wrong", f"第{row + 1}行：{why}", field="facts", row=row)
