"""Numbers of persons in SQL."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.tables.registry import PERSON_NUMBER
from shared.db.database import opened
from shared.transactions import Tx


class SqlPersonNumbers:
    """Implements ``PersonNumbers``."""

    async def number_of(self, tx: Tx, person_id: str) -> int:
        """See the port."""
        c = PERSON_NUMBER.c
        known = select(c.number).where(c.person_id == person_id)
        found = await opened(tx).scalar(known)
        if found is None:
            await opened(tx).execute(upsert(PERSON_NUMBER).values(person_id=person_id).on_conflict_do_nothing())
            found = await opened(tx).scalar(known)
        return int(found or 0)

    async def person_of(self, tx: Tx, number: int) -> str | None:
        """See the port."""
        found = await opened(tx).scalar(select(PERSON_NUMBER.c.person_id).where(PERSON_NUMBER.c.number == number))
        return None if found is None else str(found)
