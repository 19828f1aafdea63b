"""Appraisals of working capacity (劳动能力鉴定, 工伤保险条例 21–29) as versions: which grade counts in which month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from workinjury_bridge.domain.benefits.months import month_of, months_later
from workinjury_bridge.domain.benefits.refusals import appraisal_wrong, too_early
from workinjury_bridge.domain.benefits.rules import GRADES, NursingTerms


class NursingGrade(StrEnum):
    """Dependence on nursing (生活自理障碍等级)."""

    FULL = "full"
    LARGE = "large"
    PARTIAL = "partial"

    def percent(self, terms: NursingTerms) -> int:
        """Of the area's average wage."""
        return {
            NursingGrade.FULL: terms.full_percent,
            NursingGrade.LARGE: terms.large_percent,
            NursingGrade.PARTIAL: terms.partial_percent,
        }[self]


class AppraisalKind(StrEnum):
    """How a conclusion came about."""

    INITIAL = "initial"
    REAPPRAISAL = "reappraisal"
    """The province's final word on an objection (再次鉴定, 条例 26): counts from the month of the conclusion it replaces."""
    RECHECK = "recheck"
    """The condition changed (复查鉴定, 条例 28): counts from its own month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """A conclusion as the committee states it."""

    conclusion_no: str
    kind: AppraisalKind
    concluded_on: date
    decided_by: str
    grade: int | None = None
    """Disability grade 1–10; None: below any grade."""
    nursing: NursingGrade | None = None
    recheck_due_on: date | None = None
    """When the committee wants to see the person again; None: no day set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """One version."""

    appraisal_id: str
    case_id: str
    version: int
    conclusion: Conclusion
    counts_from: date
    """First month in which its grade decides."""


def appraise(
    appraisal_id: str, case_id: str, conclusion: Conclusion, before: Sequence[Appraisal], accident_on: date, recheck_after: int
) -> Appraisal:
    """The next version. A grade counts from the month after its conclusion, when wages of the paid time off end (条例 33).

    Refuses a grade outside 1–10, a day before the accident or the last conclusion, a second initial appraisal, anything
    else before the initial one, and a re-check earlier than ``recheck_after`` months after the last conclusion.
    """
    last = before[-1] if before else None
    if conclusion.grade is not None and conclusion.grade not in GRADES:
        raise appraisal_wrong("grade", "伤残等级应为1至10级")
    if (last is None) != (conclusion.kind is AppraisalKind.INITIAL):
        raise appraisal_wrong("kind", "首次结论应为初次鉴定，其后为再次鉴定或复查鉴定")
    if conclusion.concluded_on < (last.conclusion.concluded_on if last else accident_on):
        raise appraisal_wrong("concluded_on", "结论日期早于事故或上次结论日期")
    counts_from = months_later(month_of(conclusion.concluded_on), 1)
    if last is not None and conclusion.kind is AppraisalKind.RECHECK:
        month = months_later(month_of(last.conclusion.concluded_on), recheck_after)
        earliest = min(month + timedelta(days=last.conclusion.concluded_on.day - 1), months_later(month, 1) - timedelta(days=1))
        if conclusion.concluded_on < earliest:
            raise too_early(earliest)
    if last is not None and conclusion.kind is AppraisalKind.REAPPRAISAL:
        counts_from = last.counts_from
    return Appraisal(
        appraisal_id=appraisal_id,
        case_id=case_id,
        version=len(before) + 1,
        conclusion=conclusion,
        counts_from=counts_from,
    )


def counting(appraisals: Iterable[Appraisal], month: date) -> Appraisal | None:
    """The newest version that counts in ``month``; None before the first."""
    return max((a for a in appraisals if a.counts_from <= month), key=lambda a: a.version, default=None)


def newest(appraisals: Sequence[Appraisal]) -> Appraisal | None:
    """The version with the highest number, counting yet or not."""
    return max(appraisals, key=lambda a: a.version, default=None)
