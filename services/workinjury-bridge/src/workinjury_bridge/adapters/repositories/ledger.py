"""The work-injury book, its vouchers and payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date

from sqlalchemy import func, insert, select

from shared.db.database import opened
from shared.ledger import Book, Entry
from shared.ledger.books import DUE_FROM_FUND, DUE_FROM_PERSON, DUE_TO_FUND
from shared.ledger.store import LedgerStore
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.application.ports import Mutual, Payment
from workinjury_bridge.domain import party


class SqlLedger:
    """Implements ``Ledger`` on the shared store."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def append(self, tx: Tx, entries: Sequence[Entry]) -> None:
        """See the port."""
        await self._store.append(opened(tx), entries, move=True)

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Entry]:
        """See the port."""
        return await self._store.entries(opened(tx), settlement_id=settlement_id)

    async def person_debt_fen(self, tx: Tx, person_id: str) -> int:
        """See the port."""
        line = t.LEDGER.line.c
        balance = await opened(tx).scalar(
            select(func.coalesce(func.sum(line.debit_fen - line.credit_fen), 0)).where(
                line.book == Book.WI.value, line.account == DUE_FROM_PERSON, line.dim == party.person(person_id)
            )
        )
        return max(0, int(balance))

    async def fund_balances(self, tx: Tx) -> Mapping[Book, Mutual]:
        """See the port."""
        line = t.LEDGER.line.c
        found = await opened(tx).all(
            select(line.account, line.dim, func.sum(line.debit_fen - line.credit_fen).label("balance"))
            .where(line.book == Book.WI.value, line.account.in_((DUE_FROM_FUND, DUE_TO_FUND)))
            .group_by(line.account, line.dim)
        )
        sums = {(row.account, row.dim): int(row.balance) for row in found}
        return {
            Book(dim): Mutual(sums.get((DUE_FROM_FUND, dim), 0), -sums.get((DUE_TO_FUND, dim), 0)) for _, dim in sorted(sums)
        }

    async def next_voucher(self, tx: Tx, on: date) -> str:
        """See the port: ``WI``, the day, a running number."""
        number = await opened(tx).scalar(select(t.voucher_no.next_value()))
        return f"WI{on:%Y%m%d}{number:08d}"

    async def add_payment(self, tx: Tx, payment: Payment) -> None:
        """See the port."""
        await opened(tx).execute(insert(t.payment).values(**asdict(payment)))
