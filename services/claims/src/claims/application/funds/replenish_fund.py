"""Money comes into a medical fund's payment account from its fiscal account (reference B13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from claims.application.settlement.ports import Journals
from shared.clock import Clock
from shared.errors import conflict
from shared.ids import IdFactory
from shared.ledger import Book, Entry, credit, debit
from shared.ledger.books import BANK, FISCAL_ACCOUNT
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Replenishment:
    """What came in; two persons answer for it."""

    book: Book
    amount_fen: int
    reference: str
    maker: str
    checker: str


@dataclass(frozen=True, slots=True)
class ReplenishFund:
    """Refuses one person alone, and the work-injury fund, whose book is not here."""

    once: Once
    journals: Journals
    clock: Clock
    ids: IdFactory

    async def __call__(self, key: OnceKey, command: Replenishment) -> dict[str, Any]:
        """Dr 1003 / Cr 1004."""
        if command.maker == command.checker:
            raise conflict("claims.fund.same-hand", "经办人与复核人不能是同一人", field="checker")
        if command.book is Book.WI:
            raise conflict("claims.fund.other-book", "工伤保险基金账套不在本系统", field="book")

        async def work(tx: Tx) -> dict[str, Any]:
            entry = Entry(
                entry_id=self.ids.new(),
                book=command.book,
                booked_on=self.clock.today(),
                kind="replenishment",
                lines=(debit(BANK, command.amount_fen), credit(FISCAL_ACCOUNT, command.amount_fen)),
                memo=f"财政专户拨款：{command.reference}",
                maker=command.maker,
                checker=command.checker,
            )
            await self.journals.append(tx, [entry])
            return {"replenishment_id": entry.entry_id, "book": command.book.value, "amount_fen": command.amount_fen}

        return (await self.once.run(key, work))[0]
