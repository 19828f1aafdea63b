"""The kinds of claims that a version tells apart: every combination of what its conditions look at, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final, get_args

from claims.domain.adjudication.circumstances import Care, Circumstances, Facility, PersonClass, Range, Rank, When
from claims.domain.adjudication.rule_book import Layer, RuleVersion

LEVELS_OF_RANK: Final = {
    "village": (1,),
    "community": (1,),
    "township": (1,),
    "county": (1, 2),
    "city": (1, 2, 3),
    "province": (1, 2, 3),
}
"""Levels that facilities of a rank have (医疗机构设置: 乡镇 and below are level 1, county hospitals at most level 2)."""
RANK_NAMES: Final = {
    "village": "村级",
    "community": "社区",
    "township": "乡镇级",
    "county": "县级",
    "city": "市级",
    "province": "省级",
}
STATUS_NAMES: Final = {"active": "在职职工", "retired": "退休人员", "resident": "居民"}
STATUSES: Final = {"310": ("active", "retired"), "390": ("resident",)}


@dataclass(frozen=True, slots=True)
class Kinds:
    """Values of each dimension that some condition of ``conditions`` looks at."""

    care: tuple[str, ...]
    statuses: tuple[str, ...]
    classes: tuple[frozenset[str], ...]
    places: tuple[tuple[str, bool, bool, bool], ...]
    """place, referred, emergency, long_term together: they constrain each other."""
    facilities: tuple[tuple[int, str, frozenset[str]], ...]
    """level, rank, marks."""
    ages: tuple[int, ...]
    tenures: tuple[int, ...]
    diseases: tuple[str, ...]
    enrolled: tuple[frozenset[str], ...]
    tiers: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many combinations there are."""
        return prod(len(getattr(self, name)) for name in self.__slots__)

    def __iter__(self) -> Iterator[Circumstances]:
        """Every combination, the simplest first."""
        for place, facility, care, status, age, tenure, disease, enrolled, tier, classes in product(
            self.places, self.facilities, self.care, self.statuses, self.ages, self.tenures, self.diseases, self.enrolled,
            self.tiers, self.classes,
        ):  # fmt: skip
            yield Circumstances(
                care=care,  # type: ignore[arg-type]  # one of the Literal's texts
                level=facility[0],
                status=status,  # type: ignore[arg-type]  # one of the Literal's texts
                classes=classes,
                place=place[0],  # type: ignore[arg-type]  # one of the Literal's texts
                referred=place[1],
                emergency=place[2],
                long_term=place[3],
                rank=facility[1],  # type: ignore[arg-type]  # one of the Literal's texts
                facility=facility[2],
                age=age,
                tenure_months=tenure,
                disease=disease,
                enrolled=enrolled,
                tier=tier,
            )


def kinds(scheme: str, version: RuleVersion, conditions: Sequence[When], classes: Iterable[frozenset[str]]) -> Kinds:
    """The combinations that matter to ``conditions``; ``classes``: the sets of identity classes to try."""
    cares = [care for care in get_args(Care) if any(w.care and care in w.care for w in all_conditions(version))]
    return Kinds(
        care=tuple(cares) or ("inpatient",),
        statuses=STATUSES[scheme],
        classes=tuple(classes),
        places=tuple(_places(conditions)),
        facilities=tuple(_facilities(conditions)),
        ages=_numbers((w.age for w in conditions), 40, exact=_each(version, "age")),
        tenures=_numbers((w.tenure_months for w in conditions), 0, exact=_each(version, "tenure_years"), step=12),
        diseases=("", *sorted({d for w in conditions for named in (w.diseases, w.except_diseases) for d in named or ()})),
        enrolled=(frozenset(), *sorted({w.enrolled for w in conditions if w.enrolled}, key=sorted)),
        tiers=tuple(sorted({t for w in conditions for t in w.tiers or ()})) or ("",),
    )


def single_classes(conditions: Iterable[When]) -> list[frozenset[str]]:
    """No class, and each class that some condition names."""
    named = {code for w in conditions for code in w.classes or ()}
    return [frozenset(), *(frozenset({code}) for code in get_args(PersonClass) if code in named)]


def all_conditions(version: RuleVersion) -> list[When]:
    """Every condition of a version."""
    found = [rule.when for rule in version.bill_adjustments]
    for layer in version.layers:
        found += layer_conditions(layer)
    return found


def layer_conditions(layer: Layer) -> list[When]:
    """Every condition of a layer."""
    caps = [*layer.caps, *(cap for terms in layer.terms for cap in terms.caps)]
    parts: list[Any] = [layer, *layer.terms, *layer.adjustments, *layer.lines, *caps]
    if layer.guarantee:
        parts.append(layer.guarantee)
    return [part.when for part in parts]


def _places(conditions: Sequence[When]) -> Iterator[tuple[str, bool, bool, bool]]:
    away = any(w.places or w.referred is not None for w in conditions)
    emergencies = any(w.emergency is not None for w in conditions)
    filings = any(w.long_term is not None for w in conditions)
    for place in ("local", "in_province", "out_of_province") if away or filings else ("local",):
        for emergency in (False, True) if emergencies else (False,):
            for long_term in (False, True) if filings and place != "local" else (False,):
                yield place, True, emergency, long_term
                if place != "local" and not emergency and not long_term:
                    yield place, False, False, False


def _facilities(conditions: Sequence[When]) -> Iterator[tuple[int, str, frozenset[str]]]:
    marks = {m for w in conditions for m in w.facility or ()}
    sets = [frozenset[str](), *(frozenset({m}) for m in get_args(Facility) if m in marks)]
    if any(w.ranks for w in conditions):
        pairs = [(level, rank) for rank in get_args(Rank) for level in LEVELS_OF_RANK[rank]]
    else:
        pairs = [(level, "county") for level in (1, 2, 3)]
    for level, rank in pairs:
        for marked in sets:
            yield level, rank, marked


def _numbers(ranges: Iterable[Range | None], usual: int, *, exact: bool, step: int = 1) -> tuple[int, ...]:
    """One number of each stretch that the ranges tell apart, the usual one first; where a formula looks at the number itself,
    also its ends."""
    bounds = sorted({b for r in ranges if r for b in r.bounds()})
    found = [usual] if not bounds else [0, *bounds]
    if exact:
        found += [0, 30 * step, 100 * step]
    return tuple(sorted(set(found), key=lambda n: (n != usual, n)))


def _each(version: RuleVersion, number: str) -> bool:
    return any(c.each is not None and c.each.of == number for layer in version.layers for c in layer.adjustments)
