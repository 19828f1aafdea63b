"""Insured persons as enrollment states them: what claims knows of a person's cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from shared.contracts.enrollment import CoveragePeriod, IdentityClass

WORK_INJURY: Final = "WI"
"""Scheme code of work injury, which is no insutype of the medical family."""

MEDICAL_SCHEMES: Final = ("310", "390")
"""insutype of employees and of residents."""

CoverStatus = Literal["active", "paused", "ended"]

CLASS_NAMES: Final = {
    "tekun": "特困人员",
    "orphan": "孤儿",
    "hardship_child": "困境儿童",
    "dibao": "低保对象",
    "returned_poor": "返贫致贫人口",
    "monitored": "农村易返贫监测对象",
    "marginal": "低保边缘家庭成员",
    "illness_poor": "因病致贫重病患者",
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
"""Identity classes that open assistance, by code name (docs/glossary.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InsuredPerson:
    """The newest state of one person; ``sealed`` holds name, cert_type, certno and naty."""

    person_id: str
    version: int
    sealed: str
    certno_index: str
    sex: str
    born_on: date
    coverages: tuple[CoveragePeriod, ...]
    classes: tuple[IdentityClass, ...]
    household_id: str | None = None

    def cover_on(self, scheme: str, day: date) -> CoveragePeriod | None:
        """The active cover in a scheme on a day."""
        return next((c for c in self.coverages if c.scheme == scheme and cover_status(c, day) == "active"), None)

    def medical_covers_on(self, day: date) -> list[CoveragePeriod]:
        """Per medical scheme the cover that counts on a day: the active one, else the latest that had begun."""
        begun = [c for c in self.coverages if c.scheme != WORK_INJURY and c.begins_on <= day]
        return [
            max((c for c in begun if c.scheme == scheme), key=lambda c: (cover_status(c, day) == "active", c.begins_on))
            for scheme in sorted({c.scheme for c in begun})
        ]

    def classes_on(self, day: date) -> list[IdentityClass]:
        """The identity classes on a day."""
        return [c for c in self.classes if c.begins_on <= day and (c.ends_on is None or c.ends_on >= day)]


def classes_changed_from(old: InsuredPerson, new: InsuredPerson) -> date | None:
    """The first day that may see other identity classes than before; None when the classes are the same."""
    changed = {(c.code, c.begins_on, c.ends_on) for c in old.classes} ^ {(c.code, c.begins_on, c.ends_on) for c in new.classes}
    return min((begins_on for _, begins_on, _ in changed), default=None)


def cover_status(cover: CoveragePeriod, day: date) -> CoverStatus:
    """Whether a period that may have begun covers a day."""
    if cover.begins_on > day or (cover.ends_on is not None and cover.ends_on < day):
        return "ended"
    return "active" if cover.status == "active" else "paused"


def paused_on(cover: CoveragePeriod, day: date) -> date | None:
    """The first day without cover, for a period that does not cover ``day``; None while covered."""
    status = cover_status(cover, day)
    if status == "active":
        return None
    return cover.ends_on + timedelta(days=1) if status == "ended" and cover.ends_on else cover.begins_on
