"""Transfers between the funds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import select, text

from shared.db.arrays import any_of
from shared.db.database import opened
from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.domain.transfer import Direction, Transfer, TransferState

_TRANSFER = tuple(f.name for f in fields(Transfer))
_MOVE_TRANSFERS = text(
    "UPDATE transfer SET state = n.state, cause = n.cause, changed_at = :at"
    " FROM unnest(CAST(:transfer_id AS text[]), CAST(:state AS text[]), CAST(:cause AS text[])) AS n (transfer_id, state, cause)"
    " WHERE transfer.transfer_id = n.transfer_id"
)


class SqlTransfers:
    """Implements ``Transfers``."""

    async def add(self, tx: Tx, transfers: Sequence[Transfer], at: datetime) -> None:
        """See the port."""
        rows = [(*(getattr(transfer, name) for name in _TRANSFER), at, at) for transfer in transfers]
        await opened(tx).copy(t.transfer.name, (*_TRANSFER, "instructed_at", "changed_at"), rows)

    async def save(self, tx: Tx, transfers: Sequence[Transfer], at: datetime) -> None:
        """See the port."""
        if transfers:
            columns = {name: [getattr(x, name) for x in transfers] for name in ("transfer_id", "state", "cause")}
            await opened(tx).execute(_MOVE_TRANSFERS, columns | {"at": at})

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[Transfer]:
        """See the port."""
        return await self.of_conversions(tx, [conversion_id])

    async def of_conversions(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[Transfer]:
        """See the port."""
        these = any_of(t.transfer.c.conversion_id, conversion_ids)
        statement = select(t.transfer).where(these).order_by(t.transfer.c.transfer_id)
        return [
            Transfer(
                transfer_id=row.transfer_id,
                conversion_id=row.conversion_id,
                voucher_no=row.voucher_no,
                book=Book(row.book),
                direction=Direction(row.direction),
                amount_fen=row.amount_fen,
                state=TransferState(row.state),
                cause=row.cause,
            )
            for row in await opened(tx).all(statement)
        ]
