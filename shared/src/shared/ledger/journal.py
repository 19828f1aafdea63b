"""Journals: double entry, balanced by construction, never changed. A correction is a linked contra journal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from shared.ledger.books import ACCOUNT_NAMES, Book


class LedgerError(ValueError):
    """A journal that must not exist: unbalanced, empty, unknown account, or maker and checker the same person."""


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a journal: exactly one of debit and credit is greater than zero, in fen."""

    account: str
    dim: str
    """Whom or what the account is about: a book code, ``H:<institution>``, ``P:<person>``, ``E:<employer>``; "" for none."""
    debit_fen: int = 0
    credit_fen: int = 0

    def __post_init__(self) -> None:
        if self.account not in ACCOUNT_NAMES:
            raise LedgerError(f"unknown account {self.account}")
        if not ((self.debit_fen > 0) ^ (self.credit_fen > 0)) or self.debit_fen < 0 or self.credit_fen < 0:
            raise LedgerError(f"line on {self.account}: exactly one positive side, got {self.debit_fen}/{self.credit_fen}")


def debit(account: str, amount_fen: int, dim: str = "") -> Line:
    """A debit line."""
    return Line(account, dim, debit_fen=amount_fen)


def credit(account: str, amount_fen: int, dim: str = "") -> Line:
    """A credit line."""
    return Line(account, dim, credit_fen=amount_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One journal of one book (记账凭证). Construction refuses what does not balance (reference B0.4, B15.1)."""

    entry_id: str
    book: Book
    booked_on: date
    kind: str
    """What it records: settlement, reversal, conversion, transfer, payment, interest, recovery, contra."""
    lines: tuple[Line, ...]
    memo: str = ""
    person_id: str | None = None
    settlement_id: str | None = None
    case_id: str | None = None
    conversion_id: str | None = None
    decision_version: int | None = None
    voucher_no: str | None = None
    maker: str = "system"
    checker: str | None = None
    reverses: str | None = None
    """The journal that this one takes back (红字)."""
    total_fen: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        debits = credits = 0
        for line in self.lines:
            debits += line.debit_fen
            credits += line.credit_fen
        if debits != credits or debits <= 0:
            raise LedgerError(f"{self.book} {self.kind}: debit {debits} and credit {credits} must be equal and positive")
        if self.checker is not None and self.checker == self.maker:
            raise LedgerError("maker and checker must be two persons")
        object.__setattr__(self, "total_fen", debits)


def contra(
    entry: Entry, *, entry_id: str, booked_on: date, memo: str, maker: str = "system", checker: str | None = None
) -> Entry:
    """The journal that takes ``entry`` back: the same lines with the sides exchanged, linked by ``reverses``."""
    lines = tuple(Line(line.account, line.dim, line.credit_fen, line.debit_fen) for line in entry.lines)
    return replace(
        entry, entry_id=entry_id, booked_on=booked_on, kind="contra", lines=lines, memo=memo, maker=maker, checker=checker,
        reverses=entry.entry_id,
    )  # fmt: skip
