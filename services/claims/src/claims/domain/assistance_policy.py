"""Medical assistance by application, as policy: which classes may be applied for, the line of each, and the public notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from claims.domain.late_facts import EVERYWHERE
from claims.domain.person import CLASS_NAMES
from shared.money import share
from shared.rules import Origin, Rate, in_force, in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistanceSource:
    """Where a value is taken from."""

    title: str
    grade: Literal["A", "B", "C", "D", "synthetic"]
    url: str = ""
    article: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenClass:
    """A class that may be applied for; its line is a share of the yearly disposable income per head (人均可支配收入), which the
    place's lines of the burden watch state."""

    code: str
    line_share: Rate
    source: str
    article: str = ""

    def __post_init__(self) -> None:
        if self.code not in CLASS_NAMES:
            raise ValueError(f"{self.code!r} is no identity class")

    def line_fen(self, income_per_head_fen: int) -> int:
        """What a household's burden must come to, given a year's income per head."""
        return share(income_per_head_fen, self.line_share)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistancePolicy:
    """The policy from one day to another; the day is that of the application."""

    effective_from: date
    effective_to: date | None = None
    sources: Mapping[str, AssistanceSource]
    look_back_months: int
    """How far back from the application settlements count, and the class is granted."""
    look_back_source: str
    notice_working_days: int
    notice_source: str
    classes: tuple[OpenClass, ...]
    origin: Origin

    def __post_init__(self) -> None:
        named = {self.look_back_source, self.notice_source, *(c.source for c in self.classes)}
        if missing := named - self.sources.keys():
            raise ValueError(f"no source is named {', '.join(sorted(missing))}")
        if len({c.code for c in self.classes}) < len(self.classes):
            raise ValueError("a class stands twice")
        if self.look_back_months < 1 or self.notice_working_days < 1:
            raise ValueError("look_back_months and notice_working_days are at least 1")

    def open_class(self, class_code: str) -> OpenClass | None:
        """The class, if it may be applied for."""
        return next((c for c in self.classes if c.code == class_code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistanceArea:
    """The policies of one pooling area; ``000000`` holds where no other does."""

    region: str
    policies: tuple[AssistancePolicy, ...]
    origin: Origin

    def __post_init__(self) -> None:
        if len(self.region) != 6 or not self.region.isdecimal():
            raise ValueError(f"region {self.region!r} is no six-digit code")
        in_order(self.policies)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistancePolicies:
    """The file ``assistance.yaml``."""

    format: Literal["onewindow-assistance/1"]
    areas: tuple[AssistanceArea, ...]

    def __post_init__(self) -> None:
        regions = [area.region for area in self.areas]
        if len(set(regions)) < len(regions):
            raise ValueError("a region stands twice")

    def on(self, region: str, day: date) -> AssistancePolicy | None:
        """The policy of a region (else its city, its province, everywhere) on a day; None where there is none."""
        areas = {area.region: area for area in self.areas}
        for code in (region, region[:4] + "00", region[:2] + "0000", EVERYWHERE):
            if code in areas:
                return in_force(in_order(areas[code].policies), day)
        return None
