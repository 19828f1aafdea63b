"""Deductions after audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.database import opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import MAX_ROWS, lock_person
from workinjury_bridge.domain.audit_deduction import AuditDeduction, DeductionState


class SqlDeductions:
    """Implements ``Deductions``."""

    async def save(self, tx: Tx, deduction: AuditDeduction, at: datetime) -> None:
        """See the port."""
        values = asdict(deduction) | {"changed_at": at}
        statement = upsert(t.audit_deduction).values(deducted_at=at, **values)
        await opened(tx).execute(statement.on_conflict_do_update(index_elements=["deduction_id"], set_=values))

    async def locked(self, tx: Tx, deduction_id: str) -> AuditDeduction | None:
        """See the port."""
        condition = t.audit_deduction.c.deduction_id == deduction_id
        found = await self._where(tx, condition)
        if not found:
            return None
        await lock_person(tx, found[0].person_id)
        return (await self._where(tx, condition))[0]

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[AuditDeduction]:
        """See the port."""
        return await self._where(tx, t.audit_deduction.c.settlement_id == settlement_id)

    async def _where(self, tx: Tx, condition: Any) -> list[AuditDeduction]:
        c = t.audit_deduction.c
        names = [f.name for f in fields(AuditDeduction)]
        rows = await opened(tx).all(select(*(c[n] for n in names)).where(condition).order_by(c.deduction_id).limit(MAX_ROWS))
        return [AuditDeduction(**{**row._mapping, "state": DeductionState(row.state)}) for row in rows]
