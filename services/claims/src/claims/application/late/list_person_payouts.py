"""Read whom the books owe, why, and the payments that wait or were made."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from claims.application.late.person_payouts import PersonDues, PersonPayouts, shown
from shared.transactions import UnitOfWork


class ListPersonPayouts:
    """Queries."""

    def __init__(self, uow: UnitOfWork, payouts: PersonPayouts) -> None:
        self._uow = uow
        self._payouts = payouts

    async def owed(self, after: str, limit: int) -> list[dict[str, Any]]:
        """Persons whom some book owes, by id, after one."""
        async with self._uow.transaction() as tx:
            return [_dues(each) for each in await self._payouts.owed(tx, after, limit)]

    async def owed_to(self, person_id: str) -> dict[str, Any]:
        """What each book owes a person, and the corrections behind it."""
        async with self._uow.transaction() as tx:
            dues = await self._payouts.owed_to(tx, person_id)
            corrections = await self._payouts.corrections(tx, person_id)
        return _dues(PersonDues(person_id=person_id, dues=dues)) | {"corrections": [asdict(c) for c in corrections]}

    async def one(self, payout_id: str) -> dict[str, Any]:
        """Refuses an unknown one."""
        async with self._uow.transaction() as tx:
            return shown(await self._payouts.find(tx, payout_id))

    async def in_state(self, state: str, after: str, limit: int) -> list[dict[str, Any]]:
        """Oldest first, after an id."""
        async with self._uow.transaction() as tx:
            return [shown(payout) for payout in await self._payouts.listed(tx, state, after, limit)]


def _dues(each: PersonDues) -> dict[str, Any]:
    return asdict(each) | {"amount_fen": sum(due.amount_fen for due in each.dues)}
