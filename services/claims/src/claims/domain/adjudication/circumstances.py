"""Everything about a claim that a rule may ask for besides amounts: who, where, how, at which level.

These are few and discrete, so a rule set resolves each combination once into a plan of numbers (``plan.py``) and the kernel
never asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeVar

Care = Literal["inpatient", "outpatient"]
"""住院, 门诊."""
Status = Literal["active", "retired", "resident"]
"""在职, 退休, 居民."""
Place = Literal["local", "in_province", "out_of_province"]
"""本地, 省内异地, 跨省异地."""
PersonClass = Literal["tekun", "orphan", "dibao", "returned_poor", "monitored", "marginal", "illness_poor"]
"""特困, 孤儿, 低保, 返贫致贫, 监测对象, 低保边缘, 因病致贫 (docs/glossary.md)."""

T = TypeVar("T")


class Circumstances(NamedTuple):
    """One combination. ``referred``: went there by the rules (no referral needed, referred, filed, or emergency)."""

    care: Care
    level: int
    """1, 2 or 3: the facility's level for deductible and rate (dedc_hosp_lv)."""
    status: Status
    classes: frozenset[str] = frozenset()
    """Assistance classes held on the day; codes no rule names are ignored."""
    place: Place = "local"
    referred: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A condition: every stated part must hold; a part that is not stated holds always."""

    care: frozenset[Care] | None = None
    levels: frozenset[int] | None = None
    statuses: frozenset[Status] | None = None
    classes: frozenset[PersonClass] | None = None
    """Holds for a person who has at least one of them."""
    places: frozenset[Place] | None = None
    referred: bool | None = None

    def __post_init__(self) -> None:
        if self.levels is not None and not self.levels <= {1, 2, 3}:
            raise ValueError("levels are 1, 2 and 3")

    def holds(self, c: Circumstances) -> bool:
        """Whether the condition holds."""
        return (
            (self.care is None or c.care in self.care)
            and (self.levels is None or c.level in self.levels)
            and (self.statuses is None or c.status in self.statuses)
            and (self.classes is None or not self.classes.isdisjoint(c.classes))
            and (self.places is None or c.place in self.places)
            and (self.referred is None or c.referred == self.referred)
        )

    def may_hold_with(self, other: When) -> bool:
        """Whether one person's claim can meet both. Classes never exclude each other: a person may hold several."""
        return (
            _meet(self.care, other.care)
            and _meet(self.levels, other.levels)
            and _meet(self.statuses, other.statuses)
            and _meet(self.places, other.places)
            and (self.referred is None or other.referred is None or self.referred == other.referred)
        )

    def covers(self, other: When) -> bool:
        """Whether every claim that meets ``other`` meets this."""
        return (
            _within(other.care, self.care)
            and _within(other.levels, self.levels)
            and _within(other.statuses, self.statuses)
            and _within(other.classes, self.classes)
            and _within(other.places, self.places)
            and (self.referred is None or other.referred == self.referred)
        )


ALWAYS: Final = When()
"""The condition that every claim meets."""


def _meet(left: frozenset[T] | None, right: frozenset[T] | None) -> bool:
    return left is None or right is None or not left.isdisjoint(right)


def _within(inner: frozenset[T] | None, outer: frozenset[T] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)
