"""The Jiangsu interface calls persons by a number, we by a text: every command on a person goes through here."""

from __future__ import annotations

from claims.application.registry.ports import PersonNumbers
from claims.domain.refusals import person_unknown
from shared.transactions import UnitOfWork

_DIGITS = 18


class FindByNumber:
    """Refuses ``claims.person.unknown`` for a number that was never given."""

    def __init__(self, uow: UnitOfWork, numbers: PersonNumbers) -> None:
        self._uow = uow
        self._numbers = numbers

    async def number_of(self, person_id: str) -> int:
        """The person's number, given now if it has none."""
        async with self._uow.transaction() as tx:
            return await self._numbers.number_of(tx, person_id)

    async def person_of(self, number: str) -> str:
        """Whose number it is."""
        found = None
        if number.isascii() and number.isdigit() and len(number) <= _DIGITS:
            async with self._uow.transaction() as tx:
                found = await self._numbers.person_of(tx, int(number))
        if found is None:
            raise person_unknown("psn_no")
        return found
