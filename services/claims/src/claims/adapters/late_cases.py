"""Proposals of late facts (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.tables.corrections import LATE_FACT
from claims.adapters.tables.settlement import SETTLEMENT
from claims.application.late.late_cases import LateCase
from shared.db.database import opened
from shared.transactions import Tx


class SqlLateCases:
    """Implements ``LateCases``."""

    async def add(self, tx: Tx, case: LateCase) -> bool:
        """See ``LateCases``."""
        added = await opened(tx).execute(
            upsert(LATE_FACT)
            .values(
                late_fact_id=case.late_fact_id,
                kind=case.kind,
                person_id=case.person_id,
                settlement_id=case.settlement_id,
                invoice_no=case.invoice_no,
                state=case.state,
                body=dict(case.body),
                maker=case.maker,
                recorded_at=opened(tx).clock.now(),
            )
            .on_conflict_do_nothing()
            .returning(LATE_FACT.c.late_fact_id)
        )
        return added.first() is not None

    async def invoice_used(self, tx: Tx, person_id: str, invoice_no: str) -> bool:
        """See ``LateCases``."""
        s = SETTLEMENT.c
        found = await opened(tx).first(
            select(s.settlement_id).where(
                s.person_id == person_id,
                s.state == "valid",
                # a bill of the work-injury fund the bridge is asked about
                s.work_injury_key.is_(None),
                s.answer["invoice_no"].as_string() == invoice_no,
            )
        )
        return found is not None

    async def lock(self, tx: Tx, late_fact_id: str) -> LateCase | None:
        """See ``LateCases``."""
        row = await opened(tx).first(select(LATE_FACT).where(LATE_FACT.c.late_fact_id == late_fact_id).with_for_update())
        return None if row is None else _case(row)

    async def find(self, tx: Tx, late_fact_id: str) -> LateCase | None:
        """See ``LateCases``."""
        row = await opened(tx).first(select(LATE_FACT).where(LATE_FACT.c.late_fact_id == late_fact_id))
        return None if row is None else _case(row)

    async def decide(self, tx: Tx, case: LateCase) -> None:
        """See ``LateCases``."""
        await opened(tx).execute(
            update(LATE_FACT)
            .where(LATE_FACT.c.late_fact_id == case.late_fact_id)
            .values(
                state=case.state,
                checker=case.checker,
                settlement_id=case.settlement_id,
                decided_at=opened(tx).clock.now(),
            )
        )

    async def listed(self, tx: Tx, state: str, after: str, limit: int) -> Sequence[LateCase]:
        """See ``LateCases``."""
        c = LATE_FACT.c
        rows = await opened(tx).all(
            select(LATE_FACT).where(c.state == state, c.late_fact_id > after).order_by(c.late_fact_id).limit(limit)
        )
        return [_case(row) for row in rows]


def _case(row: Row[Any]) -> LateCase:
    return LateCase(**{name: row._mapping[name] for name in LateCase.__slots__})
