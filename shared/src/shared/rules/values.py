"""What may stand in a rule file beside text, whole numbers, days and truth values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

Fen = NewType("Fen", int)
"""An amount >= 0. Written in yuan: ``1200``, or as text when there are fen: ``"2875.30"``."""

Rate = NewType("Rate", int)
"""A share 0..1 in millionths. Written as text: ``"0.65"``."""

Points = NewType("Points", int)
"""A change of a rate, -1..1, in millionths. Written as text: ``"-0.20"`` for 20 points less."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object stands in its file. A field of this type is filled by the reader and is no key of the file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class RuleError(ValueError):
    """A rule file is wrong; the text begins with ``file:line``."""

    def __init__(self, origin: Origin, problem: str) -> None:
        super().__init__(f"{origin}: {problem}")
        self.origin = origin
        self.problem = problem
