"""The rules of personal accounts as dated data: monthly credits by place, interest and family sharing for the whole country.

All amounts fen, rates millionths; every value names its source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, Literal

from claims.domain.adjudication.rule_book import Source
from shared.errors import not_found
from shared.money import share
from shared.rules import Fen, Origin, Rate, RuleError, in_force, in_order, read_rules

CREDITS_SUFFIX: Final = ".credits.yaml"
NATIONAL_FILE: Final = "national.yaml"

Relation = Literal["spouse", "parent", "child", "near_relative"]
"""配偶, 父母, 子女, 其他近亲属."""
RELATIONS: Final[Mapping[Relation, str]] = {
    "spouse": "配偶",
    "parent": "父母",
    "child": "子女",
    "near_relative": "其他近亲属",
}
Rounding = Literal["fen", "yuan"]

_YUAN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredStep:
    """What a retired person of this age and older gets a month: an amount, or a share of the area's average pension."""

    from_age: int = 0
    amount: Fen | None = None
    rate: Rate | None = None

    def __post_init__(self) -> None:
        if (self.amount is None) == (self.rate is None):
            raise ValueError("a step has an amount or a rate, and not both")


@dataclass(frozen=True, slots=True, kw_only=True)
class InWork:
    """在职: a share of the contribution base."""

    rate: Rate
    rounding: Rounding = "fen"
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """退休: by age."""

    steps: tuple[RetiredStep, ...]
    pension_base: Fen | None = None
    """The area's average monthly pension in the year of the reform, where steps have rates."""
    rounding: Rounding = "fen"
    source: str

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0].from_age != 0:
            raise ValueError("the first step begins at age 0")
        if any(later.from_age <= earlier.from_age for earlier, later in pairwise(self.steps)):
            raise ValueError("the steps' from_age must rise")
        if self.pension_base is None and any(step.rate is not None for step in self.steps):
            raise ValueError("a step with a rate needs pension_base")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditVersion:
    """What is credited a month, from one day to another."""

    version: str
    effective_from: date
    effective_to: date | None = None
    sources: Mapping[str, Source]
    in_work: InWork
    retired: Retired
    origin: Origin

    def __post_init__(self) -> None:
        for source in {self.in_work.source, self.retired.source} - set(self.sources):
            raise RuleError(self.origin, f"{source!r} is not among the version's sources")

    def in_work_fen(self, base_fen: int) -> int:
        """The credit of a month on a contribution base."""
        return _rounded(share(base_fen, self.in_work.rate), self.in_work.rounding)

    def retired_fen(self, age: int) -> int:
        """The credit of a month at an age in full years."""
        step = next(s for s in reversed(self.retired.steps) if s.from_age <= age)
        if step.amount is not None:
            return step.amount
        return _rounded(share(self.retired.pension_base or 0, step.rate or 0), self.retired.rounding)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFile:
    """A file: the credits of one place. A city's holds for its counties, a province's for its cities."""

    format: Literal["onewindow-account-credits/1"]
    region: str
    place: str
    versions: tuple[CreditVersion, ...]
    origin: Origin

    def __post_init__(self) -> None:
        if len(self.region) != 6 or not self.region.isdecimal():
            raise ValueError(f"region {self.region!r} is no six-digit code")
        in_order(self.versions)


class CreditRules:
    """The credits of all places."""

    def __init__(self, files: Iterable[CreditFile]) -> None:
        self._versions: dict[str, tuple[CreditVersion, ...]] = {}
        for file in files:
            if file.region in self._versions:
                raise RuleError(file.origin, f"a second file for region {file.region}")
            self._versions[file.region] = in_order(file.versions)

    @classmethod
    def read(cls, texts: Mapping[str, str]) -> CreditRules:
        """From file texts by file name. Raises RuleError."""
        return cls(read_rules(text, name, CreditFile) for name, text in texts.items())

    def on(self, region: str, day: date) -> CreditVersion:
        """Those of the region itself, else of its city, else of its province. Refuses ``claims.account.no-credit-rules``."""
        for area in areas(region):
            if versions := self._versions.get(area):
                if found := in_force(versions, day):
                    return found
                break
        raise not_found("claims.account.no-credit-rules", f"统筹区{region}在{day}没有个人账户划入标准", field="region")


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestPeriod:
    """Yearly rates, from one day to another."""

    effective_from: date
    effective_to: date | None = None
    carried_over: Rate
    """On what was carried over from the year before (上年结转)."""
    current: Rate
    """On what came in during the year (当年筹集)."""
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestRules:
    """计息: daily balances times the yearly rate over a year of ``day_count`` days."""

    day_count: int
    periods: tuple[InterestPeriod, ...]
    sources: Mapping[str, Source]

    def __post_init__(self) -> None:
        if self.day_count not in (360, 365):
            raise ValueError("day_count is 360 or 365")
        in_order(self.periods)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingPeriod:
    """Whose bills an account may pay besides the holder's (家庭共济), from one day to another."""

    effective_from: date
    effective_to: date | None = None
    relations: frozenset[Relation]
    source: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalRules:
    """What holds for every account."""

    format: Literal["onewindow-account-rules/1"]
    interest: InterestRules
    sharing: tuple[SharingPeriod, ...]
    sources: Mapping[str, Source]
    origin: Origin

    def __post_init__(self) -> None:
        in_order(self.sharing)
        for source in {period.source for period in self.sharing} - set(self.sources):
            raise RuleError(self.origin, f"{source!r} is not among the sources")

    def relations_on(self, day: date) -> frozenset[Relation]:
        """The relations that may be authorised on a day."""
        found = in_force(self.sharing, day)
        return found.relations if found else frozenset()


def areas(region: str) -> tuple[str, str, str]:
    """A region, its city, its province."""
    return region, region[:4] + "00", region[:2] + "0000"


def age_on(born_on: date, day: date) -> int:
    """Full years (周岁)."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def _rounded(amount_fen: int, rounding: Rounding) -> int:
    """Half up to the whole yuan where the notice says so; the product itself is rounded half up to the fen."""
    return amount_fen if rounding == "fen" else (amount_fen + _YUAN // 2) // _YUAN * _YUAN
