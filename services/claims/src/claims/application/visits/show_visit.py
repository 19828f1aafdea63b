"""One visit for a screen, with the fee lines that its next settlement would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from claims.application.visits.list_visits import ListedVisit
from claims.domain.refusals import visit_unknown
from shared.transactions import Tx, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLine:
    """A fee line in a list; the amount in fen."""

    line_id: str
    """feedetl_sn, by which a split of the stay names it too."""
    returns_line_id: str | None
    """The line that this negative one gives back in part."""
    item_code: str
    item_name: str
    charge_class: str
    occurred_on: date
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVisit:
    """A visit and what of it is not settled."""

    visit: ListedVisit
    lines: Sequence[ListedLine]


class VisitDetails(Protocol):
    """Queries over one visit."""

    async def one(self, tx: Tx, visit_id: str) -> ListedVisit | None:
        """The visit; None when there is none."""
        ...

    async def unsettled(self, tx: Tx, visit_id: str) -> Sequence[ListedLine]:
        """The lines of its unsettled charge batches that come to anything, by day."""
        ...


class ShowVisit:
    """Reads one visit."""

    def __init__(self, uow: UnitOfWork, details: VisitDetails) -> None:
        self._uow = uow
        self._details = details

    async def __call__(self, visit_id: str) -> ShownVisit:
        """The visit with its unsettled lines; one that was given back wholly is left out with what gives it back. Refuses an unknown one."""
        async with self._uow.transaction() as tx:
            visit = await self._details.one(tx, visit_id)
            if visit is None:
                raise visit_unknown()
            return ShownVisit(visit=visit, lines=_standing(await self._details.unsettled(tx, visit_id)))


def _standing(lines: Sequence[ListedLine]) -> list[ListedLine]:
    left = {line.line_id: line.amount_fen for line in lines if line.returns_line_id is None}
    for line in lines:
        if line.returns_line_id in left:
            left[line.returns_line_id] += line.amount_fen
    gone = {line.line_id for line in lines if line.amount_fen and left.get(line.line_id) == 0}
    return [line for line in lines if line.line_id not in gone and line.returns_line_id not in gone]
