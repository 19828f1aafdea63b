"""What callers read of month-end clearings, straight from the tables to JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from shared.db.database import Database
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters import tables_clearing as tc

_INTERNAL = frozenset({"planned", "tries", "next_try_at"})
_MOST_CASES = 10_000


class SqlClearingViews:
    """Implements ``ClearingViews`` on read-only snapshots."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def clearing(self, clearing_id: str) -> dict[str, Any] | None:
        """See the port."""
        of_it = tc.transfer.c.clearing_id == clearing_id
        async with self._db.reading() as tx:
            row = await tx.first(select(tc.clearing).where(tc.clearing.c.clearing_id == clearing_id))
            if row is None:
                return None
            vouchers = await tx.all(select(tc.transfer).where(of_it).order_by(tc.transfer.c.transfer_id).limit(1000))
            cases = await tx.all(
                select(
                    tc.part.c.transfer_id,
                    tc.part.c.amount_fen,
                    tc.due.c.conversion_id,
                    tc.due.c.origin,
                    func.coalesce(tc.due.c.case_id, t.conversion.c.case_id).label("case_id"),
                )
                .join(tc.transfer, tc.transfer.c.transfer_id == tc.part.c.transfer_id)
                .join(tc.due, tc.due.c.due_id == tc.part.c.due_id)
                .outerjoin(t.conversion, t.conversion.c.conversion_id == tc.due.c.conversion_id)
                .where(of_it)
                .order_by(tc.part.c.transfer_id, tc.due.c.due_on, tc.part.c.due_id)
                .limit(_MOST_CASES)
            )
            first = await tx.all(
                select(tc.institution)
                .where(tc.institution.c.clearing_id == clearing_id)
                .order_by(tc.institution.c.since, tc.institution.c.institution_code)
                .limit(_MOST_CASES)
            )
            last = await tx.all(
                select(
                    tc.due.c.payee,
                    tc.due.c.due_on,
                    tc.due.c.amount_fen,
                    tc.due.c.paid_fen,
                    tc.due.c.conversion_id,
                    tc.due.c.origin,
                    func.coalesce(tc.due.c.case_id, t.conversion.c.case_id).label("case_id"),
                )
                .outerjoin(t.conversion, t.conversion.c.conversion_id == tc.due.c.conversion_id)
                .where(tc.due.c.clearing_id == clearing_id)
                .order_by(tc.due.c.due_on, tc.due.c.amount_fen.desc(), tc.due.c.due_id)
                .limit(_MOST_CASES)
            )
            owed = await tx.all(
                select(
                    tc.due.c.payer,
                    tc.due.c.payee,
                    func.sum(tc.due.c.amount_fen).label("amount_fen"),
                    func.sum(tc.due.c.paid_fen).label("paid_fen"),
                )
                .where(tc.due.c.clearing_id == clearing_id)
                .group_by(tc.due.c.payer, tc.due.c.payee)
                .order_by(tc.due.c.payer, tc.due.c.payee)
            )
        return _clearing(row) | {
            "queue": _queue(first, last),
            "pairs": [
                {
                    "payer": p.payer,
                    "payee": p.payee,
                    "amount_fen": int(p.amount_fen),
                    "paid_fen": int(p.paid_fen),
                    "open_fen": int(p.amount_fen) - int(p.paid_fen),
                }
                for p in owed
            ],
            "transfers": [
                dict(v._mapping)
                | {
                    "cases": [
                        {
                            "case_id": c.case_id,
                            "conversion_id": c.conversion_id,
                            "origin": c.origin,
                            "amount_fen": c.amount_fen,
                        }
                        for c in cases
                        if c.transfer_id == v.transfer_id
                    ]
                }
                for v in vouchers
            ],
        }

    async def clearings(self, *, payer: str | None, state: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        c = tc.clearing.c
        statement = select(tc.clearing).order_by(c.clearing_id.desc()).limit(limit)
        for column, value in ((c.payer, payer), (c.state, state)):
            if value is not None:
                statement = statement.where(column == value)
        if after is not None:
            statement = statement.where(c.clearing_id < after)
        async with self._db.reading() as tx:
            return [_clearing(row) for row in await tx.all(statement)]


def _queue(institutions: Sequence[Row[Any]], dues: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """Behind persons and employers (``set_aside_fen``): institutions as whole items, then other funds, each in its order (B13)."""
    second = [
        {
            "priority": 2,
            "party": i.institution_code,
            "since": i.since,
            "amount_fen": i.owed_fen,
            "offset_fen": i.offset_fen,
            "paid_fen": i.owed_fen - i.offset_fen if i.paid else 0,
            "open_fen": 0 if i.paid else i.owed_fen - i.offset_fen,
            "conversion_id": None,
            "origin": None,
            "case_id": None,
        }
        for i in institutions
    ]
    third = [
        {
            "priority": 3,
            "party": d.payee,
            "since": d.due_on,
            "amount_fen": d.amount_fen,
            "offset_fen": 0,
            "paid_fen": d.paid_fen,
            "open_fen": d.amount_fen - d.paid_fen,
            "conversion_id": d.conversion_id,
            "origin": d.origin,
            "case_id": d.case_id,
        }
        for d in dues
    ]
    return second + third


def _clearing(row: Row[Any]) -> dict[str, Any]:
    return {key: value for key, value in row._mapping.items() if key not in _INTERNAL} | {"region": None}
