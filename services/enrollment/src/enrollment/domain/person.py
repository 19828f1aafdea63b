"""The file of one person: document, cover, identity classes; published as a whole, with a version that only grows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from enrollment.domain.coverage import Coverage, State
from shared.contracts.enrollment import IdentityClass, PersonStated
from shared.errors import conflict, invalid

CLASS_NAMES: Final = {
    "tekun": "特困人员",
    "orphan": "孤儿",
    "dibao": "低保对象",
    "returned_poor": "返贫致贫人口",
    "monitored": "监测对象",
    "marginal": "低保边缘家庭成员",
    "illness_poor": "因病致贫重病患者",
    "hardship_child": "困境儿童",
    "low_income": "低收入人口",
    "lifted": "稳定脱贫人口",
    "youfu": "优抚对象",
    "retrenched_1960s": "六十年代精减退职职工",
    "tekun_worker": "特困职工",
    "severe_disability": "重度残疾人",
    "disability": "三四级残疾人",
    "aids_patient": "艾滋病患者",
    "family_planning_special": "计划生育特殊家庭成员",
    "student": "学生儿童",
    "newborn": "新生儿",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFile:
    """What is kept of a person. The document itself is sealed; ``certno_index`` finds it."""

    person_id: str
    version: int
    sealed: str
    certno_index: str
    sex: str
    born_on: date
    region: str
    household_id: str | None = None
    """The household's number in the register (户号)."""
    phone_sealed: str | None = None
    coverages: tuple[Coverage, ...] = ()
    classes: tuple[IdentityClass, ...] = ()

    def coverage(self, coverage_id: str) -> Coverage:
        """One of the person's periods; KeyError when it is not his."""
        return {c.coverage_id: c for c in self.coverages}[coverage_id]

    def with_coverage(self, changed: Coverage) -> PersonFile:
        """The next version, with this period added or in place of its former state."""
        kept = (c for c in self.coverages if c.coverage_id != changed.coverage_id)
        return replace(self, version=self.version + 1, coverages=(*kept, changed))

    def with_class(self, given: IdentityClass) -> PersonFile:
        """The next version, with this class added, or ended when it began on the same day. Refuses like ``check_class``."""
        kept = tuple(c for c in self.classes if (c.code, c.begins_on) != (given.code, given.begins_on))
        check_class(given, kept)
        return replace(self, version=self.version + 1, classes=(*kept, given))

    def in_household(self, household_id: str | None) -> PersonFile:
        """The next version, in this household; None: in none."""
        return replace(self, version=self.version + 1, household_id=household_id)

    def classes_on(self, day: date) -> frozenset[str]:
        """Codes of the classes held that day."""
        return frozenset(c.code for c in self.classes if c.begins_on <= day and day <= (c.ends_on or date.max))

    def stated(self) -> PersonStated:
        """The state that other services get: cover that counts, in order of time."""
        active = sorted((c for c in self.coverages if c.state is State.ACTIVE), key=lambda c: (c.begins_on, c.coverage_id))
        return PersonStated(
            person_id=self.person_id,
            version=self.version,
            sealed=self.sealed,
            certno_index=self.certno_index,
            sex=self.sex,
            born_on=self.born_on,
            coverages=[c.published() for c in active],
            classes=sorted(self.classes, key=lambda c: (c.begins_on, c.code)),
            household_id=self.household_id,
        )


def check_class(given: IdentityClass, others: Iterable[IdentityClass]) -> None:
    """Whether a class may be recorded.

    Refuses ``enrollment.class.unknown``, ``enrollment.class.period-wrong``, and ``enrollment.class.overlaps`` (CONFLICT) when the
    same class is held on one of the days already.
    """
    if given.code not in CLASS_NAMES:
        raise invalid("enrollment.class.unknown", f"没有人员身份类别 {given.code}", "unknown identity class", field="code")
    if given.ends_on is not None and given.ends_on < given.begins_on:
        raise invalid("enrollment.class.period-wrong", "终止日期早于开始日期", "ends before it begins", field="ends_on")
    for other in others:
        same = other.code == given.code
        if same and given.begins_on <= (other.ends_on or date.max) and other.begins_on <= (given.ends_on or date.max):
            raise conflict(
                "enrollment.class.overlaps",
                f"{CLASS_NAMES[given.code]}身份期间重叠（{other.begins_on} 起）",
                "the same class is held already",
                field="begins_on",
            )
