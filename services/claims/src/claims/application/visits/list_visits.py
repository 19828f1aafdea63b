"""A person's visits for a screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from shared.transactions import Tx, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVisit:
    """A visit in a list; amounts in fen."""

    visit_id: str
    person_id: str
    institution_code: str
    institution_name: str
    inpatient: bool
    scheme: str
    med_type: str
    hospital_no: str
    state: str
    begun_on: date
    ended_on: date | None
    injury_suspect: bool
    work_injury: bool
    total_fen: int
    settled_fen: int


class VisitLists(Protocol):
    """Queries over visits."""

    async def of_person(self, tx: Tx, person_id: str, before: str, limit: int) -> Sequence[ListedVisit]:
        """Newest first, so by id; ``before``: the last one seen, or empty."""
        ...


class ListVisits:
    """Reads a person's visits."""

    def __init__(self, uow: UnitOfWork, lists: VisitLists) -> None:
        self._uow = uow
        self._lists = lists

    async def __call__(self, person_id: str, before: str, limit: int) -> Sequence[ListedVisit]:
        """A page of a person's visits, newest first."""
        async with self._uow.transaction() as tx:
            return await self._lists.of_person(tx, person_id, before, limit)
