"""Show one person with his cover, classes and premiums."""

from __future__ import annotations

from typing import Any

from enrollment.application.person_view import person_view
from enrollment.application.ports import IdentitySeals, Persons, Premiums, Reading
from shared.auth import Principal


class ShowPerson:
    """The query. Scope ``persons:read`` in the person's region; in clear with ``persons:identify``."""

    def __init__(self, database: Reading, persons: Persons, premiums: Premiums, seals: IdentitySeals) -> None:
        self._database = database
        self._persons = persons
        self._premiums = premiums
        self._seals = seals

    async def __call__(self, caller: Principal, person_id: str, *, masked: bool) -> dict[str, Any]:
        """The person; ``masked`` asks for the masked form also when the caller may see the clear one."""
        caller.require("persons:read")
        async with self._database.reading() as tx:
            file = await self._persons.find(tx, person_id=person_id)
            caller.require("persons:read", file.region)
            premiums = await self._premiums.of_person(tx, person_id)
        clear = caller.has("persons:identify") and not masked
        view = person_view(file, self._seals.open(file.sealed, file.phone_sealed), clear=clear)
        view["premiums"] = [
            {
                "premium_id": due.premium_id,
                "coverage_id": due.coverage_id,
                "scheme": due.scheme,
                "year": due.year,
                "amount_fen": due.amount_fen,
                "subsidy_fen": due.subsidy_fen,
                "subsidy_class": due.subsidy_class,
                "source": due.source,
                "paid_on": paid.paid_on if paid else None,
                "channel": paid.channel if paid else None,
                "receipt_no": paid.receipt_no if paid else None,
            }
            for due, paid in premiums
        ]
        return view
