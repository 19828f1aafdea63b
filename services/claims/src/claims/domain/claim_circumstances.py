"""What the rules are told of a claim besides its amounts, gathered from visit, person, cover, filings and institution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from claims.domain.adjudication import Circumstances, RuleSet
from claims.domain.adjudication.circumstances import Care, Place, Status
from claims.domain.filing import Filing
from claims.domain.institution import Institution
from shared.contracts.enrollment import CoveragePeriod, IdentityClass

_EMERGENCY: Final = frozenset({"13", "24"})
"""med_type: emergency, emergency turned inpatient (chs-interface 7.2)."""
_CARE: Final[dict[str, Care]] = {
    "14": "chronic",
    "16": "chronic",
    "28": "day_surgery",
    "51": "maternity",
    "52": "maternity",
    "53": "maternity",
    "9901": "two_diseases",
}
"""med_type with a benefit of its own (chs-interface 7.2); the rest is ordinary inpatient or outpatient care."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who was treated, for what, when."""

    inpatient: bool
    med_type: str
    disease_code: str
    born_on: date
    begun_on: date
    coverages: Sequence[CoveragePeriod]
    classes: Sequence[IdentityClass]
    filings: Sequence[Filing]


def circumstances_of(
    patient: Patient, cover: CoveragePeriod, institution: Institution, rules: RuleSet, day: date
) -> Circumstances:
    """The circumstances of a claim; ``day``: the one that chooses its rules."""
    place = place_of(cover.region, institution.region)
    standing = [filing for filing in patient.filings if filing.holds_on(patient.begun_on)]
    emergency = patient.med_type in _EMERGENCY
    long_term = place != "local" and any(
        f.kind == "long_term" and institution.region.startswith(f.code.rstrip("0")) for f in standing
    )
    referral = any(f.kind == "referral" and f.code in ("", institution.code) for f in standing)
    ordinary: Care = "inpatient" if patient.inpatient else "outpatient"
    codes = rules.version.disease_codes
    return Circumstances(
        care=rules.care(_CARE.get(patient.med_type, ordinary), ordinary),
        level=institution.level,
        status=status_of(cover),
        classes=frozenset(c.code for c in patient.classes if c.begins_on <= day and (c.ends_on is None or day <= c.ends_on)),
        place=place,
        referred=place not in rules.version.referral_needed or emergency or long_term or referral,
        emergency=emergency,
        long_term=long_term,
        rank=institution.rank,
        facility=_facility(institution, cover, standing),
        age=age_on(patient.born_on, day),
        tenure_months=tenure_months(patient.coverages, cover.scheme, patient.begun_on),
        disease=codes.get(patient.disease_code, patient.disease_code),
        tier=cover.tier or "",
        enrolled=frozenset(codes.get(f.code, f.code) for f in standing if f.kind == "chronic"),
        month=day.month,
    )


def place_of(insured_region: str, care_region: str) -> Place:
    """Where care was given, seen from the insured region: the same city is local, cities are the pooling level (市级统筹)."""
    if insured_region[:4] == care_region[:4]:
        return "local"
    return "in_province" if insured_region[:2] == care_region[:2] else "out_of_province"


def status_of(cover: CoveragePeriod) -> Status:
    """Employed, retired or resident, by scheme and person category."""
    if cover.scheme == "390":
        return "resident"
    return "retired" if cover.person_category.startswith("12") else "active"


def age_on(born_on: date, day: date) -> int:
    """Completed years (周岁)."""
    return max(day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day)), 0)


def tenure_months(coverages: Iterable[CoveragePeriod], scheme: str, day: date) -> int:
    """Whole months of cover in a scheme up to a day without a day between two periods (连续参保)."""
    periods = sorted((c for c in coverages if c.scheme == scheme and c.begins_on <= day), key=lambda c: c.begins_on)
    since: date | None = None
    until: date | None = None
    for period in periods:
        if since is None or (until is not None and period.begins_on > until + timedelta(days=1)):
            since = period.begins_on
        until = period.ends_on
        if until is None:
            break
    if since is None or (until is not None and until < day):
        return 0
    return (day.year - since.year) * 12 + day.month - since.month - (day.day < since.day)


def _facility(institution: Institution, cover: CoveragePeriod, standing: Iterable[Filing]) -> frozenset[str]:
    marks = set[str](institution.marks)
    if institution.kind == "2":
        marks.add("pharmacy")
    if institution.region == cover.region:
        marks.add("own_county")
    if any(f.kind == "chosen" and f.code == institution.code for f in standing):
        marks.add("chosen")
    return frozenset(marks)
