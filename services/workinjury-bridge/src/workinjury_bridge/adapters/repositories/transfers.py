"""Transfers between the funds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import insert, select, update

from shared.db.database import opened
from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import MAX_ROWS
from workinjury_bridge.domain.transfer import Direction, Transfer, TransferState


class SqlTransfers:
    """Implements ``Transfers``."""

    async def add(self, tx: Tx, transfer: Transfer, at: datetime) -> None:
        """See the port."""
        await opened(tx).execute(insert(t.transfer).values(instructed_at=at, changed_at=at, **asdict(transfer)))

    async def save(self, tx: Tx, transfer: Transfer, at: datetime) -> None:
        """See the port."""
        await opened(tx).execute(
            update(t.transfer)
            .where(t.transfer.c.transfer_id == transfer.transfer_id)
            .values(state=transfer.state, cause=transfer.cause, changed_at=at)
        )

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[Transfer]:
        """See the port."""
        statement = (
            select(t.transfer)
            .where(t.transfer.c.conversion_id == conversion_id)
            .order_by(t.transfer.c.transfer_id)
            .limit(MAX_ROWS)
        )
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
