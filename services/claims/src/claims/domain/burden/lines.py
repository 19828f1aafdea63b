"""The lines of the burden watch as dated data: by place and year, each with its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from claims.domain.accounts.rules import areas
from claims.domain.adjudication.rule_book import Source
from shared.money import share
from shared.rules import Fen, Origin, Rate, RuleError, read_rules

LINES_SUFFIX: Final = ".lines.yaml"

SubjectKind = Literal["person", "household"]
Measure = Literal["in_scope_self_pay", "out_of_pocket"]
"""政策范围内自付: of the in-scope amount what no fund paid; 个人负担: all that no fund and no hospital bore."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. Crossed by what exceeds it (超过): an amount, or a share of last year's disposable income per head."""

    code: str
    name: str
    subject: SubjectKind
    measure: Measure
    share: Rate | None = None
    """Of the income per head; of a household, times its members."""
    amount: Fen | None = None
    source: str

    def __post_init__(self) -> None:
        if (self.share is None) == (self.amount is None):
            raise ValueError("a line has a share or an amount, and not both")

    def height_fen(self, income_per_head_fen: int, members: int) -> int:
        """The line in fen."""
        if self.amount is not None:
            return self.amount
        return share(income_per_head_fen * members, self.share or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesOfYear:
    """The lines for the burdens of one year. ``income_per_head``: disposable, of the year before."""

    year: int
    income_per_head: Fen
    sources: Mapping[str, Source]
    lines: tuple[Line, ...]
    origin: Origin

    def __post_init__(self) -> None:
        codes = [line.code for line in self.lines]
        if len(set(codes)) < len(codes):
            raise ValueError("a code stands twice")
        for source in {line.source for line in self.lines} - set(self.sources):
            raise RuleError(self.origin, f"{source!r} is not among the year's sources")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesFile:
    """A file: the lines of one place. A city's hold for its counties, a province's for its cities."""

    format: Literal["onewindow-burden-lines/1"]
    region: str
    place: str
    years: tuple[LinesOfYear, ...]
    origin: Origin

    def __post_init__(self) -> None:
        if len(self.region) != 6 or not self.region.isdecimal():
            raise ValueError(f"region {self.region!r} is no six-digit code")
        if len({one.year for one in self.years}) < len(self.years):
            raise ValueError("a year stands twice")


class BurdenLines:
    """The lines of all places."""

    def __init__(self, files: Iterable[LinesFile]) -> None:
        self._years: dict[str, tuple[LinesOfYear, ...]] = {}
        for file in files:
            if file.region in self._years:
                raise RuleError(file.origin, f"a second file for region {file.region}")
            self._years[file.region] = tuple(sorted(file.years, key=lambda one: one.year))

    @classmethod
    def read(cls, texts: Mapping[str, str]) -> BurdenLines:
        """From file texts by file name. Raises RuleError."""
        return cls(read_rules(text, name, LinesFile) for name, text in texts.items())

    def on(self, region: str, year: int) -> LinesOfYear | None:
        """Those of the region, else of its city, else of its province; until a year's are published the last ones hold.

        None where nothing is watched.
        """
        for area in areas(region):
            if years := self._years.get(area):
                return next((one for one in reversed(years) if one.year <= year), None)
        return None
