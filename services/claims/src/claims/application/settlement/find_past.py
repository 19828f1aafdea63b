"""What a claim's rules ask of the person's past, looked up for claims that are decided together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from claims.domain.claim_history import History, asks_for_years, told, transfer_days
from claims.domain.settlement import Basis, VisitToSettle


class Transfer(NamedTuple):
    """A stay, to be followed back over transfers that took at most ``days`` each."""

    visit_id: str
    person_id: str
    scheme: str
    institution_code: str
    begun_on: date
    days: int


class Past(Protocol):
    """Reads it; each method costs one statement, and none for no key."""

    async def paid_years(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], frozenset[int]]:
        """By person and scheme: benefit years with a standing payment of a medical fund."""
        ...

    async def episodes(self, transfers: Sequence[Transfer]) -> Mapping[str, Mapping[str, int]]:
        """By visit: the stays before it in its episode that have a standing settlement, and the deductible each was charged."""
        ...


async def with_past(past: Past, claims: Sequence[tuple[VisitToSettle, Basis]]) -> list[Basis]:
    """The bases, with the past where their rules ask for it."""
    askers = {(visit.person_id, visit.scheme) for visit, basis in claims if asks_for_years(basis.rules)}
    transfers = {
        Transfer(visit.visit_id, visit.person_id, visit.scheme, visit.institution_code, visit.begun_on, days)
        for visit, basis in claims
        if (days := transfer_days(basis, visit)) is not None
    }
    if not askers and not transfers:
        return [basis for _, basis in claims]
    years = await past.paid_years(sorted(askers)) if askers else {}
    episodes = await past.episodes(sorted(transfers)) if transfers else {}
    return [
        told(
            basis,
            visit,
            History(
                paid_years=years.get((visit.person_id, visit.scheme), frozenset()), episode=episodes.get(visit.visit_id, {})
            ),
        )
        for visit, basis in claims
    ]
