"""What a premium costs (缴费标准): dated, sourced data of a place, and the amount that follows for one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from enrollment.domain.coverage import EMPLOYEES, RESIDENTS, RETIRED, Coverage
from shared.errors import invalid
from shared.money import share
from shared.rules import Fen, Origin, Rate, in_force, in_order

V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentYear:
    """The residents' premium of one year. A person with several classes gets the highest subsidy only."""

    origin: Origin
    year: int
    personal: Fen
    fiscal: Fen | None = None
    """What the budget adds per head; for information, not collected here."""
    subsidies: Mapping[str, Fen] = field(default_factory=dict)
    """Identity class to what is paid for the person."""
    refunded: bool = False
    """The person pays in full first, the subsidy is refunded afterwards (先缴后补)."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WageTerms:
    """Premiums as shares of the monthly contribution base, between floor and cap where the place has them."""

    origin: Origin
    effective_from: date
    effective_to: date | None = None
    employer_rate: Rate
    personal_rate: Rate
    base_floor: Fen | None = None
    base_cap: Fen | None = None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InjuryTerms:
    """Work-injury premium rates by industry class, all paid by the employer (社会保险法 33)."""

    origin: Origin
    effective_from: date
    effective_to: date | None = None
    rates: Mapping[str, Rate]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """All premiums of one place. ``region`` is what its division codes begin with; left out in the national frame."""

    origin: Origin
    place: str
    region: str = ""
    residents: tuple[ResidentYear, ...] = ()
    employees: tuple[WageTerms, ...] = ()
    work_injury: tuple[InjuryTerms, ...] = ()

    def __post_init__(self) -> None:
        if len({r.year for r in self.residents}) < len(self.residents):
            raise ValueError("a year of the residents' premium stands twice")
        in_order(self.employees)
        in_order(self.work_injury)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What is to be paid for a period and why."""

    amount_fen: int
    source: str
    subsidy_fen: int = 0
    """What is paid for the person: off the amount already, or refunded later where the place says so."""
    subsidy_class: str | None = None


@dataclass(frozen=True, slots=True)
class Tariffs:
    """The tariffs of every place; the narrowest that has the year speaks, the national frame last."""

    places: tuple[Tariff, ...]

    def quote(
        self,
        coverage: Coverage,
        year: int,
        classes: frozenset[str],
        *,
        monthly_base_fen: int | None = None,
        industry_class: int | None = None,
    ) -> Quote:
        """The premium of ``coverage`` for ``year``.

        Residents: a sum per year less the subsidy of a class held when the period begins. Employees and work injury: months in
        the year x the base's shares, each rounded half up; the retired pay nothing.
        Refuses with ``enrollment.premium.*``: ``year-differs``, ``year-unknown``, ``base-missing``, ``industry-class-missing``.
        """
        if coverage.begins_on.year != year:
            raise invalid(
                "enrollment.premium.year-differs", "参保开始日期不在缴费年度内", "begins in another year", field="year"
            )
        if coverage.scheme == RESIDENTS:
            return self._for_resident(coverage, year, classes)
        if coverage.person_category == RETIRED:
            return Quote(amount_fen=0, source="社会保险法 27")
        if monthly_base_fen is None or monthly_base_fen <= 0:
            raise invalid(
                "enrollment.premium.base-missing", "须填写月缴费基数", "the monthly base is needed", field="monthly_base_fen"
            )
        months = _months(coverage, year)
        if coverage.scheme == EMPLOYEES:
            wage = _narrowest([in_force(t.employees, coverage.begins_on) for t in self._of(coverage.region)], year)
            base = max(monthly_base_fen, wage.base_floor or 0)
            base = min(base, wage.base_cap or base)
            return Quote(
                amount_fen=months * (share(base, wage.employer_rate) + share(base, wage.personal_rate)), source=wage.source
            )
        injury = _narrowest([in_force(t.work_injury, coverage.begins_on) for t in self._of(coverage.region)], year)
        rate = injury.rates.get(str(industry_class))
        if rate is None:
            raise invalid(
                "enrollment.premium.industry-class-missing",
                "参保单位未核定工伤保险行业类别",
                "the employer has no industry class",
                field="employer_id",
            )
        return Quote(amount_fen=months * share(monthly_base_fen, rate), source=injury.source)

    def _for_resident(self, coverage: Coverage, year: int, classes: frozenset[str]) -> Quote:
        terms = _narrowest([next((r for r in t.residents if r.year == year), None) for t in self._of(coverage.region)], year)
        subsidy_fen, subsidy_class = max(
            ((min(fen, terms.personal), code) for code, fen in terms.subsidies.items() if code in classes), default=(0, None)
        )
        return Quote(
            amount_fen=terms.personal - (0 if terms.refunded else subsidy_fen),
            source=terms.source,
            subsidy_fen=subsidy_fen,
            subsidy_class=subsidy_class,
        )

    def _of(self, region: str) -> list[Tariff]:
        return sorted((t for t in self.places if region.startswith(t.region)), key=lambda t: -len(t.region))


def _narrowest(found: Iterable[V | None], year: int) -> V:
    for terms in found:
        if terms is not None:
            return terms
    raise invalid("enrollment.premium.year-unknown", f"{year} 年度缴费标准尚未公布", f"no tariff for {year}", field="year")


def _months(coverage: Coverage, year: int) -> int:
    last = coverage.ends_on.month if coverage.ends_on is not None and coverage.ends_on.year == year else 12
    return last - coverage.begins_on.month + 1
