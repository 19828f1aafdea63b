"""Everything about a claim that a rule may ask for besides amounts: who, where, how, at which level.

A rule set resolves what it looks at of a combination once into a plan of numbers (``plan.py``); the kernel never asks again.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal, NamedTuple, TypeVar

Care = Literal["inpatient", "outpatient", "chronic", "two_diseases", "maternity", "day_surgery"]
"""住院, 普通门诊, 门诊慢特病, 两病门诊 (高血压、糖尿病), 生育, 日间手术."""
STAYS_OF_CARE: Final = frozenset({"inpatient", "day_surgery"})
"""Care that counts as a stay for the ladder of deductibles."""
Status = Literal["active", "retired", "resident"]
"""在职, 退休, 居民."""
Place = Literal["local", "in_province", "out_of_province"]
"""本地, 省内异地, 跨省异地."""
Rank = Literal["village", "community", "township", "county", "city", "province"]
"""Administrative rank of the facility (村卫生室, 社区, 乡镇, 县, 市, 省), beside its level."""
Facility = Literal["traditional", "chosen", "linked", "outside_seat", "psychiatric", "own_county", "pharmacy"]
"""中医机构; 签约选定机构; 与其联动的机构; 市区和县城以外; 精神专科; 本县; 定点药店."""
PersonClass = Literal[
    "tekun",
    "orphan",
    "hardship_child",
    "dibao",
    "returned_poor",
    "monitored",
    "marginal",
    "illness_poor",
    "low_income",
    "lifted",
    "youfu",
    "retrenched_1960s",
    "tekun_worker",
    "severe_disability",
    "disability",
    "aids_patient",
    "family_planning_special",
    "student",
    "newborn",
]
"""特困, 孤儿, 困境儿童, 低保, 返贫致贫, 监测对象, 低保边缘, 因病致贫 (支出型), 低收入, 脱贫人口, 优抚, 六十年代精减退职, 特困职工, 重度残疾, 三四级残疾, 艾滋病患者,
计划生育特殊家庭, 学生儿童, 新生儿 (docs/glossary.md)."""

T = TypeVar("T")


class Circumstances(NamedTuple):
    """One combination. ``referred``: went there by the rules (no referral needed, referred, filed, or emergency)."""

    care: Care
    level: int
    """1, 2 or 3: the facility's level for deductible and rate (dedc_hosp_lv)."""
    status: Status
    classes: frozenset[str] = frozenset()
    """Identity classes held on the day; codes no rule names are ignored."""
    place: Place = "local"
    referred: bool = True
    emergency: bool = False
    """急诊抢救."""
    long_term: bool = False
    """Filed as living elsewhere for long (长期异地居住备案)."""
    rank: Rank = "county"
    facility: frozenset[str] = frozenset()
    age: int = 40
    """Completed years on the day."""
    tenure_months: int = 0
    """Months of continuous enrolment up to the day (连续参保)."""
    zero_claim_years: int = 0
    """Years in a row without any payment by a fund (零报销), as the incentive counts them."""
    disease: str = ""
    """Code of the disease or kind of delivery that the claim is for, as the book names it (病种)."""
    enrolled: frozenset[str] = frozenset()
    """Diseases that the person is certified for (慢特病认定)."""
    tier: str = ""
    """Tier of the scheme (档次), where a place has several."""
    month: int = 1
    """Calendar month of the day, for limits by the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Whole numbers ``at_least`` <= n < ``below``."""

    at_least: int = 0
    below: int | None = None

    def __post_init__(self) -> None:
        if self.below is not None and self.below <= self.at_least:
            raise ValueError("below must be more than at_least")

    def holds(self, value: int) -> bool:
        """Whether it contains the value."""
        return self.at_least <= value and (self.below is None or value < self.below)

    def meets(self, other: Range) -> bool:
        """Whether some number is in both."""
        return (self.below is None or other.at_least < self.below) and (other.below is None or self.at_least < other.below)

    def within(self, other: Range) -> bool:
        """Whether all of this is in the other."""
        return self.at_least >= other.at_least and (
            other.below is None or (self.below is not None and self.below <= other.below)
        )

    def bounds(self) -> set[int]:
        """Where the answer changes."""
        return {bound for bound in (self.at_least, self.below) if bound}


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
    emergency: bool | None = None
    long_term: bool | None = None
    ranks: frozenset[Rank] | None = None
    facility: frozenset[Facility] | None = None
    """Holds at a facility that is at least one of them."""
    age: Range | None = None
    tenure_months: Range | None = None
    diseases: frozenset[str] | None = None
    """The claim is for one of them."""
    except_diseases: frozenset[str] | None = None
    """The claim is for none of them (what has a package is not paid by the ordinary terms)."""
    enrolled: frozenset[str] | None = None
    """The person is certified for all of them."""
    tiers: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.levels is not None and not self.levels <= {1, 2, 3}:
            raise ValueError("levels are 1, 2 and 3")
        for field in fields(self):
            if getattr(self, field.name) == frozenset():
                raise ValueError(f"{field.name} is an empty list: no claim would meet it")

    def holds(self, c: Circumstances) -> bool:
        """Whether the condition holds."""
        return (
            (self.care is None or c.care in self.care)
            and (self.levels is None or c.level in self.levels)
            and (self.statuses is None or c.status in self.statuses)
            and (self.classes is None or not self.classes.isdisjoint(c.classes))
            and (self.places is None or c.place in self.places)
            and (self.referred is None or c.referred == self.referred)
            and (self.emergency is None or c.emergency == self.emergency)
            and (self.long_term is None or c.long_term == self.long_term)
            and (self.ranks is None or c.rank in self.ranks)
            and (self.facility is None or not self.facility.isdisjoint(c.facility))
            and (self.age is None or self.age.holds(c.age))
            and (self.tenure_months is None or self.tenure_months.holds(c.tenure_months))
            and (self.diseases is None or c.disease in self.diseases)
            and (self.except_diseases is None or c.disease not in self.except_diseases)
            and (self.enrolled is None or self.enrolled <= c.enrolled)
            and (self.tiers is None or c.tier in self.tiers)
        )

    def may_hold_with(self, other: When) -> bool:
        """Whether one person's claim can meet both. Classes, certified diseases and marks of a facility never exclude each
        other: there may be several."""
        return (
            _meet(self.care, other.care)
            and _meet(self.levels, other.levels)
            and _meet(self.statuses, other.statuses)
            and _meet(self.places, other.places)
            and _meet(self.ranks, other.ranks)
            and _meet(self.diseases, other.diseases)
            and _leaves(self.diseases, other.except_diseases)
            and _leaves(other.diseases, self.except_diseases)
            and _meet(self.tiers, other.tiers)
            and _same(self.referred, other.referred)
            and _same(self.emergency, other.emergency)
            and _same(self.long_term, other.long_term)
            and (self.age is None or other.age is None or self.age.meets(other.age))
            and (self.tenure_months is None or other.tenure_months is None or self.tenure_months.meets(other.tenure_months))
        )

    def covers(self, other: When) -> bool:
        """Whether every claim that meets ``other`` meets this."""
        return (
            _within(other.care, self.care)
            and _within(other.levels, self.levels)
            and _within(other.statuses, self.statuses)
            and _within(other.classes, self.classes)
            and _within(other.places, self.places)
            and _within(other.ranks, self.ranks)
            and _within(other.facility, self.facility)
            and _within(other.diseases, self.diseases)
            and _spares(other, self.except_diseases)
            and _within(other.tiers, self.tiers)
            and (self.enrolled is None or (other.enrolled is not None and self.enrolled <= other.enrolled))
            and self.referred in (None, other.referred)
            and self.emergency in (None, other.emergency)
            and self.long_term in (None, other.long_term)
            and (self.age is None or (other.age or Range()).within(self.age))
            and (self.tenure_months is None or (other.tenure_months or Range()).within(self.tenure_months))
        )


ALWAYS: Final = When()
"""The condition that every claim meets."""


def _meet(left: frozenset[T] | None, right: frozenset[T] | None) -> bool:
    return left is None or right is None or not left.isdisjoint(right)


def _leaves(named: frozenset[str] | None, barred: frozenset[str] | None) -> bool:
    """Whether a claim for one of the named diseases can be for none of the barred."""
    return named is None or barred is None or not named <= barred


def _spares(other: When, barred: frozenset[str] | None) -> bool:
    """Whether no claim that meets ``other`` is for a barred disease."""
    if barred is None:
        return True
    if other.except_diseases is not None and barred <= other.except_diseases:
        return True
    return other.diseases is not None and (other.diseases - (other.except_diseases or frozenset())).isdisjoint(barred)


def _same(left: bool | None, right: bool | None) -> bool:
    return left is None or right is None or left == right


def _within(inner: frozenset[T] | None, outer: frozenset[T] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)
