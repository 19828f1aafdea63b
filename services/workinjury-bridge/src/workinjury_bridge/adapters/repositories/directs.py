"""Direct settlements by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.codes import Code, CodeSystem
from shared.db.database import opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import MAX_ROWS, lock_person
from workinjury_bridge.domain.bill import WorkInjuryVersion
from workinjury_bridge.domain.direct_settlement import DirectSettlement, DirectState
from workinjury_bridge.domain.split import KeptLine


class SqlDirects:
    """Implements ``Directs``."""

    async def get(self, tx: Tx, key: str) -> DirectSettlement | None:
        """See the port."""
        row = await opened(tx).first(select(t.direct_settlement).where(t.direct_settlement.c.key == key))
        return None if row is None else self._direct(row)

    async def of_settlement(self, tx: Tx, settlement_id: str) -> DirectSettlement | None:
        """See the port."""
        of_it = t.direct_settlement.c.settlement_id == settlement_id
        key = await opened(tx).scalar(select(t.direct_settlement.c.key).where(of_it))
        return None if key is None else await self.locked(tx, key)

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[DirectSettlement]:
        """See the port."""
        c = t.direct_settlement.c
        statement = select(t.direct_settlement).where(c.person_id == person_id).order_by(c.key).limit(MAX_ROWS)
        return [self._direct(row) for row in await opened(tx).all(statement)]

    async def reverting(self, tx: Tx, limit: int) -> Sequence[str]:
        """See the port."""
        c = t.direct_settlement.c
        statement = select(c.key).where(c.state == DirectState.REVERTING.value).order_by(c.key).limit(limit)
        return [row.key for row in await opened(tx).all(statement)]

    async def after(self, tx: Tx, key: str, limit: int) -> Sequence[DirectSettlement]:
        """See the port."""
        c = t.direct_settlement.c
        statement = select(t.direct_settlement).where(c.key > key).order_by(c.key).limit(limit)
        return [self._direct(row) for row in await opened(tx).all(statement)]

    @staticmethod
    def _direct(row: Row[Any]) -> DirectSettlement:
        return DirectSettlement(
            key=row.key,
            case_id=row.case_id,
            decision_id=row.decision_id,
            decision_no=row.decision_no,
            decision_version=row.decision_version,
            person_id=row.person_id,
            visit_id=row.visit_id,
            institution_code=row.institution_code,
            begun_on=row.begun_on,
            ended_on=row.ended_on,
            version=WorkInjuryVersion(
                work_injury_fen=row.work_injury_fen,
                person_fen=row.person_fen,
                hospital_fen=row.hospital_fen,
                unrelated_fen=row.unrelated_fen,
            ),
            state=DirectState(row.state),
            settlement_id=row.settlement_id,
            meals_fen=row.meals_fen,
            meals_paid=row.meals_paid,
            invoice_no=row.invoice_no,
            keep_lines=tuple(KeptLine(**line) for line in row.keep_lines),
            medical_settlement_id=row.medical_settlement_id,
            taken_over_by=row.taken_over_by,
            medical_fen=row.medical_fen,
            not_taken_over=row.not_taken_over,
            care=None if row.care_code is None else Code(CodeSystem(row.care_system), row.care_code),
        )

    async def locked(self, tx: Tx, key: str) -> DirectSettlement | None:
        """See the port."""
        settlement = await self.get(tx, key)
        if settlement is not None:
            await lock_person(tx, settlement.person_id)
        return await self.get(tx, key)

    async def save(self, tx: Tx, settlement: DirectSettlement, at: datetime) -> None:
        """See the port."""
        values = asdict(settlement)
        values |= values.pop("version") | {"changed_at": at}
        care = values.pop("care") or {"system": None, "value": None}
        values |= {"care_system": care["system"], "care_code": care["value"]}
        statement = upsert(t.direct_settlement).values(reserved_at=at, **values)
        await opened(tx).execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))
