"""Cover of a person in a scheme over time (参保关系): what may be declared, when it counts, how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Final

from shared.contracts.enrollment import CoverageActivated, CoveragePeriod
from shared.errors import conflict, invalid

EMPLOYEES, RESIDENTS, WORK_INJURY = "310", "390", "WI"
EMPLOYED, RETIRED = "11", "12"

SCHEME_NAMES: Final[Mapping[str, str]] = {
    EMPLOYEES: "职工基本医疗保险",
    RESIDENTS: "城乡居民基本医疗保险",
    WORK_INJURY: "工伤保险",
}

_CATEGORIES: Final[Mapping[str, frozenset[str]]] = {
    EMPLOYEES: frozenset({EMPLOYED, RETIRED}),
    RESIDENTS: frozenset({"14", "1401", "1402", "1403", "1404", "1405", "15", "151", "16", "1701"}),
    WORK_INJURY: frozenset({EMPLOYED}),
}
_FAMILY: Final[Mapping[str, str]] = {EMPLOYEES: "medical", RESIDENTS: "medical", WORK_INJURY: "injury"}
"""Schemes of one family exclude each other: nobody is in both basic medical schemes at once (社会保险法; 重复参保)."""


class State(Enum):
    """Where a period stands."""

    PENDING = "pending"
    """Declared, premium not paid: counts for nothing and is not published."""
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    """Given up before it was paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One period of cover. ``ends_on`` is the last covered day; None while open."""

    coverage_id: str
    person_id: str
    scheme: str
    person_category: str
    region: str
    begins_on: date
    ends_on: date | None
    state: State
    employer_id: str | None = None
    employer_name: str | None = None
    civil_servant: bool = False
    tier: str | None = None
    """Tier of the scheme (缴费档次), as the place's rule book names it; None where there is but one."""
    matter_id: str | None = None

    def overlaps(self, other: Coverage) -> bool:
        """Whether both claim the same day in schemes that exclude each other."""
        if _FAMILY[self.scheme] != _FAMILY[other.scheme] or State.WITHDRAWN in (self.state, other.state):
            return False
        return self.begins_on <= (other.ends_on or date.max) and other.begins_on <= (self.ends_on or date.max)

    def activated(self) -> Coverage:
        """The same period, counting from now on because its premium is paid."""
        return replace(self, state=State.ACTIVE)

    def withdrawn(self) -> Coverage:
        """Given up before it was paid. Refuses ``enrollment.coverage.not-pending``."""
        if self.state is not State.PENDING:
            raise conflict(
                "enrollment.coverage.not-pending", "只有未缴费的参保登记可以撤回", "only an unpaid coverage can be withdrawn"
            )
        return replace(self, state=State.WITHDRAWN)

    def stopped(self, ends_on: date) -> Coverage:
        """Ending on ``ends_on`` (停保). Refuses ``enrollment.coverage.not-active`` and ``enrollment.coverage.end-wrong``."""
        if self.state is not State.ACTIVE:
            raise conflict(
                "enrollment.coverage.not-active", "该参保关系未生效，不能停保", "only an active coverage can be stopped"
            )
        if ends_on < self.begins_on or ends_on > (self.ends_on or date.max):
            raise invalid(
                "enrollment.coverage.end-wrong",
                "停保日期应在参保起止日期之内",
                "the end lies outside of the period",
                field="ends_on",
            )
        return replace(self, ends_on=ends_on)

    def activation(self) -> CoverageActivated:
        """The fact that the period counts now."""
        return CoverageActivated(
            coverage_id=self.coverage_id,
            person_id=self.person_id,
            scheme=self.scheme,
            begins_on=self.begins_on,
            ends_on=self.ends_on,
            region=self.region,
            matter_id=self.matter_id,
        )

    def published(self) -> CoveragePeriod:
        """The period as other services know it."""
        return CoveragePeriod(
            coverage_id=self.coverage_id,
            scheme=self.scheme,
            person_category=self.person_category,
            begins_on=self.begins_on,
            ends_on=self.ends_on,
            status=State.ACTIVE.value,
            region=self.region,
            employer_id=self.employer_id,
            employer_name=self.employer_name,
            civil_servant=self.civil_servant,
            tier=self.tier,
        )


def check_coverage(coverage: Coverage, born_on: date, others: Iterable[Coverage]) -> None:
    """Whether a new period may stand beside the person's others.

    Refuses with ``enrollment.coverage.*``: ``scheme-unknown``, ``category-wrong``, ``employer-missing``, ``employer-unwanted``,
    ``period-wrong``, ``before-birth``, ``overlaps`` (CONFLICT; names the other period).
    """
    zh = SCHEME_NAMES.get(coverage.scheme)
    if zh is None:
        raise invalid("enrollment.coverage.scheme-unknown", "险种应为 310、390 或 WI", "unknown scheme", field="scheme")
    if coverage.person_category not in _CATEGORIES[coverage.scheme]:
        raise invalid(
            "enrollment.coverage.category-wrong",
            f"人员类别 {coverage.person_category} 不能参加{zh}",
            "category not in this scheme",
            field="person_category",
        )
    if coverage.person_category == EMPLOYED and coverage.employer_id is None:
        raise invalid(
            "enrollment.coverage.employer-missing", f"{zh}须填写参保单位", "an employer is needed", field="employer_id"
        )
    if coverage.scheme == RESIDENTS and coverage.employer_id is not None:
        raise invalid("enrollment.coverage.employer-unwanted", f"{zh}不应有参保单位", "no employer here", field="employer_id")
    if coverage.ends_on is not None and coverage.ends_on < coverage.begins_on:
        raise invalid("enrollment.coverage.period-wrong", "终止日期早于开始日期", "ends before it begins", field="ends_on")
    if coverage.begins_on < born_on:
        raise invalid("enrollment.coverage.before-birth", "参保开始日期早于出生日期", "begins before birth", field="begins_on")
    for other in others:
        if coverage.overlaps(other):
            raise conflict(
                "enrollment.coverage.overlaps",
                f"与已有的{SCHEME_NAMES[other.scheme]}参保关系重叠（{other.begins_on} 起）",
                "overlaps another period of an excluding scheme",
                field="begins_on",
                coverage_id=other.coverage_id,
            )
