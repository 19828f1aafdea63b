"""What is done about facts that come late, by pooling area and date: a small policy of its own beside the rule books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from shared.rules import Origin, in_force, in_order

Reason = Literal["reversal", "take-back", "restore", "class", "manual-claim", "line"]
Ripple = Literal["redecide", "list"]

REASONS: Final[Mapping[Reason, str]] = {
    "reversal": "在前的结算已撤销",
    "take-back": "在前的结算已转由工伤保险基金支付",
    "restore": "转工伤的结算已恢复",
    "class": "人员身份类别追溯调整",
    "manual-claim": "补录在前的手工报销",
    "line": "费用明细审核更正",
}
"""Why a settlement is decided again, in the words of the office."""

EVERYWHERE: Final = "000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class LateSource:
    """Where the policy is taken from."""

    title: str
    grade: Literal["A", "B", "C", "D", "synthetic"]
    article: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RippleSwitch:
    """``redecide``: later settlements of the person-year are decided again; ``list``: they are named and keep their amounts."""

    reversal: Ripple
    conversion: Ripple
    """Taken back for the work-injury fund, and restored."""
    class_change: Ripple
    manual_claim: Ripple
    line: Ripple

    def of(self, reason: Reason) -> Ripple:
        """What a reason sets off."""
        return {
            "reversal": self.reversal,
            "take-back": self.conversion,
            "restore": self.conversion,
            "class": self.class_change,
            "manual-claim": self.manual_claim,
            "line": self.line,
        }[reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePolicy:
    """The policy from one day to another; the day is the one on which the late fact is dealt with."""

    effective_from: date
    effective_to: date | None = None
    source: LateSource
    ripple: RippleSwitch
    manual_claim_months: int | None = None
    """How many months after the last day of care a paper claim is still taken; None: no limit."""
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The policies of one pooling area; ``000000`` holds where no other does."""

    region: str
    policies: tuple[LatePolicy, ...]
    origin: Origin

    def __post_init__(self) -> None:
        if len(self.region) != 6 or not self.region.isdecimal():
            raise ValueError(f"region {self.region!r} is no six-digit code")
        in_order(self.policies)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFacts:
    """The file ``late-facts.yaml``."""

    format: Literal["onewindow-late-facts/1"]
    areas: tuple[Area, ...]

    def __post_init__(self) -> None:
        regions = [area.region for area in self.areas]
        if len(set(regions)) < len(regions):
            raise ValueError("a region stands twice")
        if EVERYWHERE not in regions:
            raise ValueError(f"the area {EVERYWHERE}, for everywhere else, is missing")

    def on(self, region: str, day: date) -> LatePolicy:
        """The policy of a region (else its city, its province, everywhere) on a day; before the first one, the first."""
        areas = {area.region: area for area in self.areas}
        area = next(areas[r] for r in (region, region[:4] + "00", region[:2] + "0000", EVERYWHERE) if r in areas)
        policies = in_order(area.policies)
        return in_force(policies, day) or policies[0]


def months_after(day: date, months: int) -> date:
    """The same day that many months on, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
