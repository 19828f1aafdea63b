"""What may be set off across books, by debt and person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.arrays import any_of
from shared.db.database import opened
from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import MAX_ROWS, lock_person
from workinjury_bridge.domain.set_off import SetOff, SetOffGround, SetOffState

_NAMES = tuple(f.name for f in fields(SetOff))


class SqlSetOffs:
    """Implements ``SetOffs``."""

    async def save(self, tx: Tx, set_off: SetOff, at: datetime) -> None:
        """See the port."""
        values = asdict(set_off) | {"changed_at": at}
        statement = upsert(t.set_off).values(proposed_at=at, **values)
        await opened(tx).execute(statement.on_conflict_do_update(index_elements=["set_off_id"], set_=values))

    async def locked(self, tx: Tx, set_off_id: str) -> SetOff | None:
        """See the port."""
        condition = t.set_off.c.set_off_id == set_off_id
        found = await self._where(tx, condition)
        if not found:
            return None
        await lock_person(tx, found[0].person_id)
        return (await self._where(tx, condition))[0]

    async def of_recovery(self, tx: Tx, recovery_id: str) -> Sequence[SetOff]:
        """See the port."""
        return await self._where(tx, t.set_off.c.recovery_id == recovery_id)

    async def standing(self, tx: Tx, person_ids: Collection[str]) -> Sequence[SetOff]:
        """See the port."""
        return await self._where(tx, and_(any_of(t.set_off.c.person_id, person_ids), text(t.STANDING_SET_OFF)))

    async def _where(self, tx: Tx, condition: Any) -> list[SetOff]:
        c = t.set_off.c
        statement = select(*(c[n] for n in _NAMES)).where(condition).order_by(c.set_off_id).limit(MAX_ROWS)
        return [
            SetOff(
                **{
                    **row._mapping,
                    "book": Book(row.book),
                    "ground": SetOffGround(row.ground),
                    "state": SetOffState(row.state),
                }
            )
            for row in await opened(tx).all(statement)
        ]
