"""Facts that enrollment publishes. Personal data travel sealed (see ``shared.crypto``); ids are ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from shared.contracts.envelope import event


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePeriod:
    """A dated stretch of cover in one scheme (参保关系)."""

    coverage_id: str
    scheme: str
    """insutype of the medical family: 310 employee, 390 resident; ``WI`` for work injury."""
    person_category: str
    """psn_type: 11 employed, 12 retired, 15 adult resident, 1403 pupil, ..."""
    begins_on: date
    ends_on: date | None
    """Last covered day; None while open."""
    status: str
    """``active`` or ``paused``; periods whose premium is not paid are not published."""
    region: str
    employer_id: str | None = None
    employer_name: str | None = None
    civil_servant: bool = False
    tier: str | None = None
    """Tier of the scheme that the premium is paid for (缴费档次), where a place has several; as its rule book names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityClass:
    """A dated class of the person that opens assistance (人员身份类别), e.g. ``dibao``, ``tekun``."""

    code: str
    """Code name of the class (docs/glossary.md): tekun, orphan, dibao, returned_poor, monitored, marginal, illness_poor."""
    begins_on: date
    ends_on: date | None = None


@event("enrollment.person-stated.v1", topic="enrollment.person.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonStated:
    """The whole state of one person as enrollment knows it; a higher version replaces a lower one, whatever the order."""

    person_id: str
    version: int
    sealed: str
    """Sealed JSON: name, cert_type, certno, naty."""
    certno_index: str
    """Blind index of cert_type|certno."""
    sex: str
    """gend: 1 male, 2 female, 9 not stated."""
    born_on: date
    coverages: list[CoveragePeriod] = field(default_factory=list)
    classes: list[IdentityClass] = field(default_factory=list)
    household_id: str | None = None
    """The household's number in the register (户号); None: not known."""


@event("enrollment.premium-paid.v1", topic="enrollment.coverage.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class PremiumPaid:
    """A premium arrived in full (缴费到账)."""

    premium_id: str
    person_id: str
    scheme: str
    year: int
    amount_fen: int
    paid_at: datetime
    matter_id: str | None = None


@event("enrollment.coverage-activated.v1", topic="enrollment.coverage.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageActivated:
    """Cover began to count because its premium is paid (参保生效)."""

    coverage_id: str
    person_id: str
    scheme: str
    begins_on: date
    ends_on: date | None
    region: str
    matter_id: str | None = None
