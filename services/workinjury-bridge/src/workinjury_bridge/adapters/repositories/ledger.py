"""The work-injury book, its vouchers and payments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date

from sqlalchemy import func, select

from shared.db.arrays import any_of
from shared.db.database import opened
from shared.ledger import Book, Entry
from shared.ledger.books import DUE_FROM_FUND, DUE_FROM_PERSON, DUE_TO_FUND
from shared.ledger.store import LedgerStore
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.application.ports import Mutual, Payment
from workinjury_bridge.domain import party

_PAYMENT = tuple(f.name for f in fields(Payment))


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

    async def of_voucher(self, tx: Tx, voucher_no: str) -> Entry | None:
        """See the port."""
        return next(iter(await self._store.entries(opened(tx), voucher_no=voucher_no)), None)

    async def person_debt_fen(self, tx: Tx, person_id: str) -> int:
        """See the port."""
        line = t.LEDGER.line.c
        balance = await opened(tx).scalar(
            select(func.coalesce(func.sum(line.debit_fen - line.credit_fen), 0)).where(
                line.book == Book.WI.value, line.account == DUE_FROM_PERSON, line.dim == party.person(person_id)
            )
        )
        return max(0, int(balance))

    async def person_debts(self, tx: Tx, person_ids: Collection[str]) -> Mapping[str, int]:
        """See the port."""
        line = t.LEDGER.line.c
        persons = {party.person(person_id): person_id for person_id in person_ids}
        found = await opened(tx).all(
            select(line.dim, func.sum(line.debit_fen - line.credit_fen).label("balance"))
            .where(
                line.book == Book.WI.value,
                line.account == DUE_FROM_PERSON,
                any_of(line.dim, persons),
            )
            .group_by(line.dim)
        )
        return {persons[row.dim]: int(row.balance) for row in found if row.balance > 0}

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
        """See the port."""
        return (await self.next_vouchers(tx, on, 1))[0]

    async def next_vouchers(self, tx: Tx, on: date, count: int) -> Sequence[str]:
        """See the port: ``WI``, the day, a running number."""
        if not count:
            return []
        numbers = select(t.voucher_no.next_value().label("number")).select_from(func.generate_series(1, count))
        return [f"WI{on:%Y%m%d}{row.number:08d}" for row in await opened(tx).all(numbers)]

    async def add_payments(self, tx: Tx, payments: Sequence[Payment]) -> None:
        """See the port."""
        rows = [[getattr(payment, name) for name in _PAYMENT] for payment in payments]
        await opened(tx).copy(t.payment.name, _PAYMENT, rows)
