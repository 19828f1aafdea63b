"""The rule book of the cash benefits (policy/benefits-*.yaml): terms of the law, figures of the area by date, yearly adjustments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from shared.rules import Fen, Origin, Rate, in_force, in_order
from workinjury_bridge.domain.benefits.kinds import MONTHLY, BenefitKind
from workinjury_bridge.domain.benefits.refusals import no_benefit_rules
from workinjury_bridge.domain.policy import Approval, Sourced

_NOWHERE: Final = Origin("", 0)
GRADES: Final = range(1, 11)
_NO_RATE: Final = Rate(0)
_NO_SUM: Final = Fen(0)


class Payer(StrEnum):
    """Who pays a monthly allowance."""

    FUND = "fund"
    EMPLOYER = "employer"


@dataclass(frozen=True, slots=True, kw_only=True)
class WageBounds(Sourced):
    """Bounds of the own wage (本人工资) on the area's average wage, in percent (条例 64)."""

    lowest_percent: int
    highest_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeTerms(Sourced):
    """What a disability grade gives (条例 35–37)."""

    grade: int
    one_off_months: int
    """Months of own wage."""
    monthly_percent: int | None = None
    """Of own wage; None: no monthly allowance."""
    monthly_payer: Payer | None = None
    contract_end_medical_months: int | None = None
    """Months of the province's average wage from the fund when the contract ends; None: not for this grade."""
    contract_end_employment_months: int | None = None
    """The same from the employer (一次性伤残就业补助金): for information, never booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NursingTerms(Sourced):
    """Nursing allowance (生活护理费) in percent of the area's average wage (条例 34)."""

    full_percent: int
    large_percent: int
    partial_percent: int
    follows_area_wage: bool
    """Whether a new average wage changes running allowances; otherwise that of the first month stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeathTerms(Sourced):
    """Death benefits (条例 39)."""

    funeral_months: int
    """Of the area's average wage."""
    income_times: int
    """One-off death benefit in yearly national urban disposable incomes per head."""
    spouse_percent: int
    relative_percent: int
    lone_points: int
    """Added for a lone elderly person or an orphan."""
    ceiling: Literal["basic", "paid"]
    """Own wage limits the sum of the basic pensions, or of what is paid after adjustments too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingTerms(Sourced):
    """A worker missing in an accident or rescue (条例 41)."""

    pension_from_month: int
    """Dependants' pensions begin in this month, that of the accident being the first."""
    hardship_percent: int
    """Of the one-off death benefit, in advance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelTerms(Sourced):
    """Treatment outside the pooling area (条例 30)."""

    lodging_per_night: Fen
    board_per_day: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(Sourced):
    """An assistive device with its price standard (条例 32)."""

    code: str
    name: str
    price: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTerms(Sourced):
    """Fee of an appraisal (劳动能力鉴定费)."""

    at_most: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Sourced):
    """When a pension is looked at again."""

    certificate_months: int
    """A proof of life (待遇资格认证) holds this long."""
    recheck_after_months: int
    """A re-check (复查鉴定) may be asked for this long after the last conclusion (条例 28)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTerms(Sourced):
    """The monthly run."""

    day: int
    """Day of the month from which its pensions are paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitRules:
    """Terms in force from one day to another, both included."""

    effective_from: date
    own_wage: WageBounds
    grades: tuple[GradeTerms, ...]
    nursing: NursingTerms
    death: DeathTerms
    missing: MissingTerms
    travel: TravelTerms
    devices: tuple[Device, ...]
    appraisal_fee: FeeTerms
    approval: Approval
    review: Review
    run: RunTerms
    effective_to: date | None = None
    origin: Origin = _NOWHERE

    def __post_init__(self) -> None:
        if [terms.grade for terms in self.grades] != list(GRADES):
            raise ValueError("the grades 1 to 10 must be listed in order")

    def grade(self, grade: int) -> GradeTerms:
        """Terms of a grade 1–10."""
        return self.grades[grade - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaFigures(Sourced):
    """Published wages in force from one day to another; the newest stay until the next are published, which then pays arrears."""

    effective_from: date
    area_wage: Fen
    """Average monthly wage of the pooling area."""
    provincial_wage: Fen
    minimum_wage: Fen
    """Local monthly minimum wage."""
    effective_to: date | None = None
    origin: Origin = _NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalIncome(Sourced):
    """National urban disposable income per head that counts for the deaths of a year: that of the year before (条例 39)."""

    deaths_of: int
    amount: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment(Sourced):
    """A yearly adjustment of running pensions (条例 40): a rate on the amount before, a sum, or both, rate first."""

    from_month: date
    kind: BenefitKind
    begun_before: date
    """Pensions that began before this month are adjusted."""
    grades: frozenset[int] = frozenset(GRADES)
    rate: Rate = _NO_RATE
    fixed: Fen = _NO_SUM

    def __post_init__(self) -> None:
        if self.kind not in MONTHLY:
            raise ValueError(f"{self.kind} is not paid monthly")
        if self.from_month.day != 1 or self.begun_before.day != 1:
            raise ValueError("an adjustment begins with a month")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitBook:
    """One rule book: its versions and figures without gap or overlap, its adjustments in order."""

    code: str
    versions: tuple[BenefitRules, ...]
    figures: tuple[AreaFigures, ...]
    incomes: tuple[NationalIncome, ...]
    adjustments: tuple[Adjustment, ...] = ()

    def __post_init__(self) -> None:
        in_order(self.versions)
        in_order(self.figures)
        if len({income.deaths_of for income in self.incomes}) != len(self.incomes):
            raise ValueError("two national incomes for the deaths of one year")
        if list(self.adjustments) != sorted(self.adjustments, key=lambda a: a.from_month):
            raise ValueError("adjustments stand in the order of their months")

    def on(self, day: date) -> BenefitRules:
        """Terms of a day. Refuses a day without."""
        found = in_force(self.versions, day)
        if found is None:
            raise no_benefit_rules(day)
        return found

    def figures_on(self, day: date) -> AreaFigures:
        """Figures of a day. Refuses a day without."""
        found = in_force(self.figures, day)
        if found is None:
            raise no_benefit_rules(day)
        return found

    def income_for(self, died_on: date) -> NationalIncome:
        """For a death of that year. Refuses a year whose figure is not published: it is final and never guessed."""
        found = next((income for income in self.incomes if income.deaths_of == died_on.year), None)
        if found is None:
            raise no_benefit_rules(died_on)
        return found
