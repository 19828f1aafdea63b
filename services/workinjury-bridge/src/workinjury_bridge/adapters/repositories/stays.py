"""Settled stays as claims told them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.arrays import any_of
from shared.db.database import opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.domain.stay import SettledStay


class SqlStays:
    """Implements ``Stays``."""

    async def put(self, tx: Tx, stays: Sequence[SettledStay]) -> None:
        """See the port."""
        values = [{k: v for k, v in asdict(stay).items() if k != "reversed"} for stay in stays]
        await opened(tx).execute(upsert(t.stay).on_conflict_do_nothing(), values)

    async def mark_reversed(self, tx: Tx, settlement_id: str) -> None:
        """See the port."""
        await opened(tx).execute(upsert(t.reversed_settlement).values(settlement_id=settlement_id).on_conflict_do_nothing())

    async def mark_standing(self, tx: Tx, settlement_id: str) -> None:
        """See the port."""
        table = t.reversed_settlement
        await opened(tx).execute(delete(table).where(table.c.settlement_id == settlement_id))

    async def is_reversed(self, tx: Tx, settlement_id: str) -> bool:
        """See the port."""
        known = t.reversed_settlement.c.settlement_id == settlement_id
        return await opened(tx).first(select(t.reversed_settlement).where(known)) is not None

    async def hear_correction(self, tx: Tx, settlement_id: str, sequence: int) -> bool:
        """See the port."""
        table = t.corrected_settlement
        statement = upsert(table).values(settlement_id=settlement_id, sequence=sequence)
        heard = await opened(tx).execute(
            statement.on_conflict_do_update(
                index_elements=["settlement_id"],
                set_={"sequence": sequence},
                where=table.c.sequence < statement.excluded.sequence,
            ).returning(table.c.sequence)
        )
        return heard.first() is not None

    async def get(self, tx: Tx, settlement_id: str) -> SettledStay | None:
        """See the port."""
        row = await opened(tx).first(self._select().where(t.stay.c.settlement_id == settlement_id))
        return None if row is None else SettledStay(**row._mapping)

    async def many(self, tx: Tx, settlement_ids: Sequence[str]) -> Sequence[SettledStay]:
        """See the port."""
        return await self._where(tx, any_of(t.stay.c.settlement_id, settlement_ids))

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[SettledStay]:
        """See the port."""
        return await self._where(tx, any_of(t.stay.c.person_id, person_ids))

    async def _where(self, tx: Tx, condition: Any) -> list[SettledStay]:
        statement = self._select().where(condition).order_by(t.stay.c.begun_on, t.stay.c.settlement_id)
        return [SettledStay(**row._mapping) for row in await opened(tx).all(statement)]

    @staticmethod
    def _select() -> Any:
        undone = exists().where(t.reversed_settlement.c.settlement_id == t.stay.c.settlement_id)
        return select(t.stay, undone.label("reversed"))
