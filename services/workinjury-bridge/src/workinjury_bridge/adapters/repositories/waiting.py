"""Payments that wait for money, and the shortages told for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from sqlalchemy import Select, delete, func, insert, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.database import opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables_clearing as tc
from workinjury_bridge.application.clearing.ports import WaitingPayout
from workinjury_bridge.application.payout import Payout
from workinjury_bridge.domain.clearing import PaymentShortage, Remedy
from workinjury_bridge.domain.journals import Concern

_MOST = 10_000


class SqlWaitingPayouts:
    """Implements ``WaitingPayouts``."""

    async def add(self, tx: Tx, waiting: WaitingPayout) -> None:
        """See the port."""
        payout = waiting.payout
        month = None if payout.month is None else payout.month.isoformat()
        stored = asdict(payout) | {"items": [list(item) for item in payout.items], "month": month}
        await opened(tx).execute(
            insert(tc.waiting).values(
                payout_id=waiting.payout_id,
                person_id=payout.concern.person_id,
                case_id=payout.concern.case_id,
                amount_fen=payout.due_fen,
                payout=stored,
                since=waiting.since,
            )
        )

    async def oldest(self, tx: Tx, limit: int, after: WaitingPayout | None = None) -> Sequence[WaitingPayout]:
        """See the port."""
        statement, c = select(tc.waiting).limit(limit), tc.waiting.c
        if after is not None:
            statement = statement.where(tuple_(c.since, c.payout_id) > tuple_(literal(after.since), literal(after.payout_id)))
        return await self._in_order(tx, statement)

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[WaitingPayout]:
        """See the port."""
        return await self._in_order(tx, select(tc.waiting).where(tc.waiting.c.case_id == case_id).limit(_MOST))

    async def remove(self, tx: Tx, payout_id: str) -> bool:
        """See the port."""
        mine = delete(tc.waiting).where(tc.waiting.c.payout_id == payout_id).returning(tc.waiting.c.payout_id)
        return (await opened(tx).execute(mine)).first() is not None

    async def hold(self, tx: Tx, payout_id: str, *, held: bool) -> bool:
        """See the port."""
        mine = update(tc.waiting).where(tc.waiting.c.payout_id == payout_id).values(held=held)
        return (await opened(tx).execute(mine.returning(tc.waiting.c.payout_id))).first() is not None

    async def total(self, tx: Tx) -> tuple[int, int]:
        """See the port."""
        c = tc.waiting.c
        found = select(func.count().label("number"), func.coalesce(func.sum(c.amount_fen), 0).label("fen"))
        row = await opened(tx).first(found.where(c.held.is_(False)))
        return (0, 0) if row is None else (int(row.number), int(row.fen))

    async def shortage(self, tx: Tx, shortage_id: str | None = None) -> PaymentShortage | None:
        """See the port."""
        c = tc.payment_shortage.c
        mine = c.ended_on.is_(None) if shortage_id is None else c.shortage_id == shortage_id
        row = await opened(tx).first(select(tc.payment_shortage).where(mine))
        if row is None:
            return None
        return PaymentShortage(shortage_id=row.shortage_id, since=row.since, remedy=Remedy(row.remedy), ended_on=row.ended_on)

    async def save_shortage(self, tx: Tx, shortage: PaymentShortage) -> None:
        """See the port."""
        values = asdict(shortage)
        statement = upsert(tc.payment_shortage).values(**values)
        await opened(tx).execute(statement.on_conflict_do_update(index_elements=["shortage_id"], set_=values))

    async def _in_order(self, tx: Tx, statement: Select[Any]) -> list[WaitingPayout]:
        return [
            WaitingPayout(payout_id=row.payout_id, payout=_payout(row.payout), since=row.since, held=row.held)
            for row in await opened(tx).all(statement.order_by(tc.waiting.c.since, tc.waiting.c.payout_id))
        ]


def _payout(stored: Mapping[str, Any]) -> Payout:
    month = stored["month"]
    typed = {
        "concern": Concern(**{f.name: stored["concern"][f.name] for f in fields(Concern)}),
        "items": tuple((kind, amount) for kind, amount in stored["items"]),
        "month": None if month is None else date.fromisoformat(month),
    }
    return Payout(**{**stored, **typed})
