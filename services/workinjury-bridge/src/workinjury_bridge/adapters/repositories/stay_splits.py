"""Splits of stays that are not settled yet."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.database import opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.conversions import split_of
from workinjury_bridge.domain.split import StaySplit


class SqlStaySplits:
    """Implements ``StaySplits``."""

    async def get(self, tx: Tx, visit_id: str) -> StaySplit | None:
        """See the port."""
        row = await opened(tx).first(select(t.stay_split).where(t.stay_split.c.visit_id == visit_id))
        if row is None:
            return None
        return StaySplit(visit_id=row.visit_id, case_id=row.case_id, person_id=row.person_id, split=split_of(row.split))

    async def save(self, tx: Tx, split: StaySplit, at: datetime) -> None:
        """See the port."""
        values = asdict(split) | {"changed_at": at}
        statement = upsert(t.stay_split).values(values)
        await opened(tx).execute(statement.on_conflict_do_update(index_elements=["visit_id"], set_=values))
