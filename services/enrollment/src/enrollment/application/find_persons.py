"""Find persons by document number or whole name, page by page."""

from __future__ import annotations

from typing import Any

from enrollment.application.person_view import person_view
from enrollment.application.ports import IdentitySeals, Persons, Reading
from enrollment.domain.identity import RESIDENT_ID, document_number, person_name
from shared.auth import Principal


class FindPersons:
    """The query. Scope ``persons:read``; answers only persons of the caller's regions, in clear with ``persons:identify``."""

    def __init__(self, database: Reading, persons: Persons, seals: IdentitySeals) -> None:
        self._database = database
        self._persons = persons
        self._seals = seals

    async def __call__(
        self,
        caller: Principal,
        *,
        certno: str | None = None,
        cert_type: str = RESIDENT_ID,
        name: str | None = None,
        after: str | None = None,
        limit: int,
        masked: bool,
    ) -> list[dict[str, Any]]:
        """Up to ``limit`` persons after the person id ``after``. Sealed data are found whole or not at all, never by a part."""
        caller.require("persons:read")
        async with self._database.reading() as tx:
            files = await self._persons.page(
                tx,
                prefixes=caller.region_prefixes,
                certno_index=self._seals.certno_index(cert_type, document_number(certno)) if certno else None,
                name_index=self._seals.name_index(person_name(name)) if name else None,
                after=after,
                limit=limit,
            )
        clear = caller.has("persons:identify") and not masked
        return [person_view(file, self._seals.open(file.sealed, file.phone_sealed), clear=clear) for file in files]
