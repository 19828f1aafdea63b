"""What the rules are told of a person's past: years without a payment, and the stays that one follows by transfer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from claims.domain.adjudication import ClaimFacts, RuleSet
from claims.domain.settlement import Basis, VisitToSettle
from shared.contracts.enrollment import CoveragePeriod

ZERO_CLAIM_SINCE: Final = 2025
"""The first year that counts as one without a payment (国办发〔2024〕38号)."""
DEFERRED_FEN: Final = 10**12
"""Deductible that a part counts as charged already when the deductible falls to a later part: more than any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Of one claim's person, as far as its rules ask (``asks_for_years``, ``transfer_days``)."""

    paid_years: frozenset[int] = frozenset()
    """Benefit years of the scheme in which a medical fund has paid."""
    episode: Mapping[str, int] = field(default_factory=dict)
    """Stays at other facilities that this one follows by transfer, with a settled part, and the deductible each was charged."""


def asks_for_years(rules: RuleSet) -> bool:
    """Whether years without a payment raise anything."""
    return rules.version.incentive is not None and rules.version.incentive.per_zero_claim_year > 0


def transfer_days(basis: Basis, visit: VisitToSettle) -> int | None:
    """How many days a transfer may take to be of the same episode; None where each stay stands alone."""
    stays = basis.rules.version.stays
    return stays.transfer_days if visit.inpatient and stays.transfer == "difference" else None


def told(basis: Basis, visit: VisitToSettle, history: History) -> Basis:
    """The basis with what the history says."""
    years = 0
    if asks_for_years(basis.rules):
        years = zero_claim_years(visit.coverages, visit.scheme, basis.rules, basis.benefit_year, history.paid_years)
    circumstances = basis.circumstances._replace(zero_claim_years=years)
    return replace(basis, circumstances=circumstances, episode=history.episode)


def facts_of(basis: Basis, visit: VisitToSettle, *, account_fen: int = 0, family_fen: int = 0) -> ClaimFacts:
    """The claim as the kernel takes it."""
    defers = basis.defers_deductible
    return ClaimFacts(
        split=basis.split,
        circumstances=basis.circumstances,
        account_fen=account_fen,
        family_account_fen=family_fen,
        continues_stay=visit.continues_stay or defers,
        stay_deductible_fen=DEFERRED_FEN if defers else visit.stay_deductible_fen,
        transferred=bool(basis.episode),
        episode_deductible_fen=sum(basis.episode.values()),
        sessions=basis.sessions,
    )


def zero_claim_years(
    coverages: Iterable[CoveragePeriod], scheme: str, rules: RuleSet, benefit_year: int, paid_years: Set[int]
) -> int:
    """Benefit years in a row, up to the one before, that the person was covered throughout and no fund paid in (零报销)."""
    periods = sorted((c.begins_on, c.ends_on or date.max) for c in coverages if c.scheme == scheme and c.status == "active")
    year = benefit_year - 1
    while (
        year >= ZERO_CLAIM_SINCE
        and year not in paid_years
        and _covered(periods, rules.first_day(year), rules.first_day(year + 1) - timedelta(days=1))
    ):
        year -= 1
    return benefit_year - 1 - year


def _covered(periods: Iterable[tuple[date, date]], first: date, last: date) -> bool:
    for begins_on, ends_on in periods:
        if begins_on <= first <= ends_on:
            if ends_on >= last:
                return True
            first = ends_on + timedelta(days=1)
    return False
