"""An amount with the way to it: one line per step, each with the article it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workinjury_bridge.domain.policy import Sourced


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a calculation."""

    label: str
    """What it is, in the words of the office."""
    amount_fen: int
    source: str
    article: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculation:
    """Steps in order; the amount of the last one is what the whole comes to."""

    steps: tuple[Step, ...]

    @property
    def amount_fen(self) -> int:
        """The result, >= 0."""
        return self.steps[-1].amount_fen

    def then(self, label: str, amount_fen: int, rule: Sourced) -> Calculation:
        """One step more, resting on ``rule``."""
        step = Step(label=label, amount_fen=amount_fen, source=rule.source, article=rule.article)
        return Calculation(steps=(*self.steps, step))

    def plain(self) -> list[dict[str, Any]]:
        """As JSON."""
        return [asdict(step) for step in self.steps]


NOTHING = Calculation(steps=())
"""No step yet; it has no amount."""


def calculation_of(rows: Iterable[Mapping[str, Any]]) -> Calculation:
    """Back from JSON."""
    return Calculation(steps=tuple(Step(**row) for row in rows))


def percent_of(amount_fen: int, percent: int) -> int:
    """``percent`` % of an amount >= 0, half up to the fen."""
    return (amount_fen * percent + 50) // 100


def what_changed(before: Calculation | None, after: Calculation) -> str:
    """The steps of ``after`` that ``before`` has not; so the reason of a difference is what it was calculated from."""
    if before is None:
        return "首次核定"
    known = set(before.steps)
    new = [step.label for step in after.steps if step not in known]
    return "；".join(new[:3]) or "重新核定"
