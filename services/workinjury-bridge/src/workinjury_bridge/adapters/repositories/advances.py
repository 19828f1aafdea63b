"""Applications for an advance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.database import opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import MAX_ROWS, lock_person
from workinjury_bridge.domain.advance import Advance, AdvanceState


class SqlAdvances:
    """Implements ``Advances``."""

    async def save(self, tx: Tx, advance: Advance, at: datetime) -> None:
        """See the port."""
        values = asdict(advance) | {"changed_at": at}
        statement = upsert(t.advance).values(opened_at=at, **values)
        await opened(tx).execute(statement.on_conflict_do_update(index_elements=["advance_id"], set_=values))

    async def locked(self, tx: Tx, advance_id: str) -> Advance | None:
        """See the port."""
        condition = t.advance.c.advance_id == advance_id
        found = await self._where(tx, condition)
        if not found:
            return None
        await lock_person(tx, found[0].person_id)
        return (await self._where(tx, condition))[0]

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Advance]:
        """See the port."""
        return await self._where(tx, t.advance.c.case_id == case_id)

    async def _where(self, tx: Tx, condition: Any) -> list[Advance]:
        statement = select(t.advance).where(condition).order_by(t.advance.c.advance_id).limit(MAX_ROWS)
        return [
            Advance(
                advance_id=row.advance_id,
                case_id=row.case_id,
                person_id=row.person_id,
                debtor=row.debtor,
                applied_on=row.applied_on,
                due_on=row.due_on,
                state=AdvanceState(row.state),
                served_on=row.served_on,
                maker=row.maker,
                checker=row.checker,
                note=row.note,
            )
            for row in await opened(tx).all(statement)
        ]
