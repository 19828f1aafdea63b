"""Clues of bills at both funds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, union
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.database import opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import MAX_ROWS, lock_person
from workinjury_bridge.adapters.tables_out_of_area import stay as elsewhere
from workinjury_bridge.domain.double_bill import DoubleBill, DoubleBillState, Match


class SqlDoubleBills:
    """Implements ``DoubleBills``."""

    async def save(self, tx: Tx, clue: DoubleBill, at: datetime) -> None:
        """See the port."""
        values = asdict(clue) | {"changed_at": at}
        statement = upsert(t.double_bill).values(raised_at=at, **values)
        await opened(tx).execute(statement.on_conflict_do_update(index_elements=["double_bill_id"], set_=values))

    async def locked(self, tx: Tx, double_bill_id: str) -> DoubleBill | None:
        """See the port."""
        condition = t.double_bill.c.double_bill_id == double_bill_id
        found = await self._where(tx, condition)
        if not found:
            return None
        await lock_person(tx, found[0].person_id)
        return (await self._where(tx, condition))[0]

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[DoubleBill]:
        """See the port."""
        return await self._where(tx, t.double_bill.c.person_id == person_id)

    async def confirmed(self, tx: Tx, limit: int) -> Sequence[str]:
        """See the port."""
        c = t.double_bill.c
        statement = select(c.double_bill_id).where(
            c.state.in_((DoubleBillState.CONFIRMED.value, DoubleBillState.UNDOING.value))
        )
        rows = await opened(tx).all(statement.order_by(c.double_bill_id).limit(limit))
        return [row.double_bill_id for row in rows]

    async def persons_with_bills(self, tx: Tx, since: date, after: str, limit: int) -> Sequence[str]:
        """See the port."""
        persons = [
            select(table.c.person_id).where(table.c.ended_on >= since, table.c.person_id > after)
            for table in (t.paper_claim, t.direct_settlement)
        ]
        converted = (
            select(t.conversion.c.person_id)
            .join(t.stay, t.stay.c.settlement_id == t.conversion.c.settlement_id)
            .where(t.stay.c.ended_on >= since, t.conversion.c.person_id > after)
        )
        e = elsewhere.c
        away = select(e.person_id).where(e.discharged_on >= since, e.person_id > after)
        all_of_them = union(*persons, away, converted).subquery()
        rows = await opened(tx).all(select(all_of_them.c.person_id).order_by(all_of_them.c.person_id).limit(limit))
        return [row.person_id for row in rows]

    async def _where(self, tx: Tx, condition: Any) -> list[DoubleBill]:
        c = t.double_bill.c
        names = [f.name for f in fields(DoubleBill)]
        statement = select(*(c[n] for n in names)).where(condition).order_by(c.double_bill_id).limit(MAX_ROWS)
        return [
            DoubleBill(**{**row._mapping, "match": Match(row.match), "state": DoubleBillState(row.state)})
            for row in await opened(tx).all(statement)
        ]
