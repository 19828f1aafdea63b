"""What accounts write into the employees' book besides settlements."""

from __future__ import annotations

from datetime import date

from shared.ledger import Book, Entry, credit, debit
from shared.ledger.books import ACCOUNT_BENEFIT, ACCOUNT_INTEREST, DUE_TO_PERSON, POOL_INTEREST

HEIRS = "HEIRS"
"""Dim of 2203 for heirs (B0.4)."""


def interest_entry(entry_id: str, booked_on: date, amount_fen: int, memo: str, person_id: str | None = None) -> Entry:
    """Interest credited to accounts: of the fund's interest income, the accounts' share (国发〔1998〕44号 六)."""
    return Entry(
        entry_id=entry_id,
        book=Book.EMP,
        booked_on=booked_on,
        kind="interest",
        lines=(debit(POOL_INTEREST, amount_fen), credit(ACCOUNT_INTEREST, amount_fen)),
        memo=memo,
        person_id=person_id,
    )


def payout_entry(
    entry_id: str, booked_on: date, amount_fen: int, *, person_id: str, voucher_no: str, maker: str, checker: str
) -> Entry:
    """An account paid out to the heirs: Dr 5001.02 / Cr 2203(HEIRS) (B0.4, B14)."""
    return Entry(
        entry_id=entry_id,
        book=Book.EMP,
        booked_on=booked_on,
        kind="payment",
        lines=(debit(ACCOUNT_BENEFIT, amount_fen), credit(DUE_TO_PERSON, amount_fen, HEIRS)),
        memo="个人账户余额由继承人继承",
        person_id=person_id,
        voucher_no=voucher_no,
        maker=maker,
        checker=checker,
    )
