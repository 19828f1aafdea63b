"""What a person has used up in a benefit year: plain counters, so that taking a decision back is exact subtraction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

STAYS: Final = "stays"
"""Inpatient stays settled; a stay settled in parts counts once."""


@dataclass(frozen=True, slots=True)
class YearState:
    """Counters by name, zeros left out: ``stays`` and, per layer code, ``.base``, ``.deductible``, ``.cost``, ``.paid`` in fen.

    ``base``: amounts the layer looked at; ``deductible``: what of them fell under its deductible; ``cost``: what lay above the
    deductible and within the cost limit; ``paid``: payments.
    """

    counters: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, counters: Mapping[str, int]) -> YearState:
        """The state with these counters, as stored."""
        return cls({name: value for name, value in counters.items() if value})

    @property
    def stays(self) -> int:
        """Inpatient stays settled in the year."""
        return self.counters.get(STAYS, 0)

    def used(self, layer: str, what: str) -> int:
        """A counter of a layer in fen, e.g. ``used("pool", "paid")``."""
        return self.counters.get(f"{layer}.{what}", 0)

    def plus(self, other: YearState) -> YearState:
        """The state after a decision whose contribution is ``other``."""
        return self._combined(other, 1)

    def minus(self, other: YearState) -> YearState:
        """The state without a decision whose contribution is ``other``."""
        return self._combined(other, -1)

    def _combined(self, other: YearState, sign: int) -> YearState:
        result = dict(self.counters)
        for name, value in other.counters.items():
            result[name] = result.get(name, 0) + sign * value
        return YearState.of(result)
