"""Paying a person what the books owe him (2203): from corrections in his favour, or a paper claim. Two people answer for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from shared.errors import Refusal, conflict, not_found
from shared.ids import IdFactory
from shared.ledger import Book, Entry, credit, debit
from shared.ledger.books import BANK, DUE_TO_PERSON

PayoutState = Literal["proposed", "paid", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookDue:
    """What one book owes a person, in fen, above 0."""

    book: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPayout:
    """One payment to one person, in each book that owes him."""

    payout_id: str
    person_id: str
    dues: tuple[BookDue, ...]
    state: PayoutState
    maker: str
    checker: str | None = None

    def paid(self, checker: str, owed: Sequence[BookDue]) -> PersonPayout:
        """Paid out. ``owed``: by now. Refuses the maker, one that is decided, and amounts that are not owed any more as
        proposed: it is then to be rejected and proposed anew."""
        decided = self._decided("paid", checker)
        if tuple(owed) != self.dues:
            raise conflict("claims.payout.changed", "应付金额已变动，请退回后重新提出", field="payout_id")
        return decided

    def rejected(self, checker: str) -> PersonPayout:
        """Nothing is paid. Refuses the maker, and one that is decided."""
        return self._decided("rejected", checker)

    def _decided(self, state: PayoutState, checker: str) -> PersonPayout:
        if self.state != "proposed":
            text = {"paid": "已支付", "rejected": "已退回"}[self.state]
            raise conflict("claims.payout.decided", f"该笔支付{text}，不能再办理", field="payout_id", state=self.state)
        if checker == self.maker:
            raise conflict("claims.payout.same-person", "经办人不能复核自己提出的支付", field="checker")
        return replace(self, state=state, checker=checker)

    def entries(self, days: Sequence[date], ids: IdFactory) -> list[Entry]:
        """A voucher in each book, on an open day each: Dr 2203(P) / Cr 1003. What the person owes (1125) is not set off."""
        return [
            Entry(
                entry_id=ids.new(),
                book=Book(due.book),
                booked_on=day,
                kind="payment",
                lines=(debit(DUE_TO_PERSON, due.amount_fen, f"P:{self.person_id}"), credit(BANK, due.amount_fen)),
                memo="支付应付个人的医疗待遇",
                person_id=self.person_id,
                voucher_no=f"{self.payout_id}-{due.book}",
                maker=self.maker,
                checker=self.checker,
            )
            for due, day in zip(self.dues, days, strict=True)
        ]


def payout_unknown() -> Refusal:
    """There is no such payment."""
    return not_found("claims.payout.unknown", "没有这笔对个人的支付", field="payout_id")


def nothing_due() -> Refusal:
    """No book owes the person anything."""
    return conflict("claims.payout.nothing-due", "没有应付该人员的款项", field="person_id")


def payout_open() -> Refusal:
    """Another payment to the person waits for its checker."""
    return conflict("claims.payout.open", "该人员已有一笔支付待复核", field="person_id")
