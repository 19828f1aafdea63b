"""Pay an institution what a fund owes it for a month (月结算): what it owes the fund is set off first (B0.5, F4).

A month that is cleared decides how a conversion moves the money: between the funds when the institution was paid, by taking
the debt over when it was not (same-month net).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from claims.application.settlement.ports import Journals
from shared.clock import Clock, local
from shared.errors import conflict
from shared.ids import IdFactory
from shared.ledger import Book, Entry, credit, debit
from shared.ledger.books import BANK, DUE_FROM_INSTITUTION, DUE_TO_INSTITUTION
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """One institution's month in one book, paid."""

    book: Book
    institution_code: str
    month: str
    """YYYY-MM."""
    paid_fen: int
    offset_fen: int
    """Met from what the institution owed the book (1122)."""
    voucher_no: str


class Clearings(Protocol):
    """Which months of which institutions are paid."""

    async def lock(self, tx: Tx, institution_code: str) -> None:
        """Nobody else clears this institution, or takes a settlement of it back, until the transaction ends."""
        ...

    async def cleared(self, tx: Tx, institution_code: str, month: str) -> set[str]:
        """The books that have paid the institution for that month."""
        ...

    async def lock_all(self, tx: Tx, institution_codes: Collection[str]) -> None:
        """The same lock on each of these institutions."""
        ...

    async def all_cleared(self, tx: Tx, institution_codes: Collection[str]) -> Mapping[tuple[str, str], set[str]]:
        """By institution and month, the books that have paid it."""
        ...

    async def owed(self, tx: Tx, book: Book, institution_code: str, month: str) -> tuple[int, int]:
        """(what the book owes the institution by the end of the month, what the institution owes the book), fen."""
        ...

    async def add(self, tx: Tx, clearing: Clearing) -> None:
        """Remember a clearing."""
        ...


@dataclass(frozen=True, slots=True)
class ClearInstitution:
    """Refuses a month that is not over, and one that is cleared already."""

    once: Once
    clearings: Clearings
    journals: Journals
    clock: Clock
    ids: IdFactory

    async def __call__(self, key: OnceKey, book: Book, institution_code: str, month: str) -> dict[str, Any]:
        """Dr 2201(H) / Cr 1122(H) for the set-off, Cr 1003 for the rest; the month is cleared also when nothing is owed."""
        if month >= f"{self.clock.today():%Y-%m}":
            raise conflict("claims.clearing.month-not-over", f"{month}尚未结束，不能清算", field="month")

        async def work(tx: Tx) -> dict[str, Any]:
            await self.clearings.lock(tx, institution_code)
            if book.value in await self.clearings.cleared(tx, institution_code, month):
                raise conflict("claims.clearing.done", f"{institution_code} {month} 已清算", field="month")
            owed, owing = await self.clearings.owed(tx, book, institution_code, month)
            owed = max(0, owed)
            offset = min(owed, max(0, owing))
            dim, entry_id = f"H:{institution_code}", self.ids.new()
            clearing = Clearing(
                book=book,
                institution_code=institution_code,
                month=month,
                paid_fen=owed - offset,
                offset_fen=offset,
                voucher_no=f"{book}{month}{institution_code}",
            )
            if owed:
                sides = ((DUE_FROM_INSTITUTION, offset, dim), (BANK, owed - offset, ""))
                entry = Entry(
                    entry_id=entry_id,
                    book=book,
                    booked_on=self.clock.today(),
                    kind="clearing",
                    lines=(debit(DUE_TO_INSTITUTION, owed, dim), *(credit(a, n, d) for a, n, d in sides if n)),
                    memo=f"{month} 医疗机构月结算",
                    voucher_no=clearing.voucher_no,
                )
                await self.journals.append(tx, [entry])
            await self.clearings.add(tx, clearing)
            return {
                "book": book.value,
                "institution_code": institution_code,
                "month": month,
                "paid_fen": clearing.paid_fen,
                "offset_fen": offset,
                "voucher_no": clearing.voucher_no,
            }

        return (await self.once.run(key, work))[0]


def month_of(instant: datetime) -> str:
    """The month in China to which an instant belongs."""
    return f"{local(instant):%Y-%m}"
