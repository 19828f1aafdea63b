"""Journals of a medical book when a settlement is taken back for the work-injury fund, and when it is restored (B0.5, B3).

Only lines are arranged here; a journal of a closed year goes to 5001.91 with the year as its dimension (B11).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.contracts.claims import FundPayment
from shared.ledger import Book, Entry, Line, credit, debit
from shared.ledger.books import (
    ACCOUNT_BENEFIT,
    DUE_FROM_EMPLOYER,
    DUE_FROM_FUND,
    DUE_FROM_INSTITUTION,
    DUE_FROM_PERSON,
    DUE_TO_EMPLOYER,
    DUE_TO_FUND,
    DUE_TO_INSTITUTION,
    DUE_TO_PERSON,
    PRIOR_YEAR_BENEFIT,
    WRITTEN_OFF,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerShare:
    """What of a book's t_f the employer owes that book itself: filed late, or not insured (B0.5, B7)."""

    employer_id: str
    by_book: tuple[tuple[str, int], ...]
    """(book, fen)."""

    def of(self, book: str) -> int:
        """Fen that the employer owes one book."""
        return sum(amount for name, amount in self.by_book if name == book)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfBook:
    """What is taken back in one book."""

    owed: Sequence[FundPayment]
    """t_f per account of the book."""
    employer_fen: int
    employer_dim: str
    institution_dim: str
    netted: bool
    """The institution was not paid yet: the work-injury fund takes its debt over (same-month net), no money moves."""
    closed_year: int | None
    """The settlement's year when it is over: its accounts stay as they are."""

    @property
    def owed_fen(self) -> int:
        """t_f of the book."""
        return sum(p.amount_fen for p in self.owed)

    @property
    def work_injury_fen(self) -> int:
        """Of it, what the work-injury fund owes."""
        return self.owed_fen - self.employer_fen

    def taken(self) -> list[Line]:
        """Dr 1121(WI) or 2201(H), 1123(E) / Cr expenditure."""
        lines = []
        if self.work_injury_fen:
            account, dim = (DUE_TO_INSTITUTION, self.institution_dim) if self.netted else (DUE_FROM_FUND, Book.WI.value)
            lines.append(debit(account, self.work_injury_fen, dim))
        if self.employer_fen:
            lines.append(debit(DUE_FROM_EMPLOYER, self.employer_fen, self.employer_dim))
        for p in self.owed:
            side = credit if p.amount_fen > 0 else debit
            lines.append(side(self._expense(p), abs(p.amount_fen), self._year))
        return lines

    def restored(self, short: int, person_dim: str, debt: EmployerDebt) -> list[Line]:
        """Dr expenditure / Cr 2202(WI), and what became of 1123(E): still owed, paid in, written off.

        ``short``: account money that is gone and becomes the person's debt (B3).
        """
        lines = []
        for p in self.owed:
            gone = min(short, max(0, p.amount_fen)) if p.account == ACCOUNT_BENEFIT else 0
            short -= gone
            left = p.amount_fen - gone
            if left:
                lines.append((debit if left > 0 else credit)(self._expense(p), abs(left), self._year))
            if gone:
                lines.append(debit(DUE_FROM_PERSON, gone, person_dim))
        parts = (
            (DUE_TO_FUND, self.work_injury_fen, Book.WI.value),
            (DUE_FROM_EMPLOYER, debt.open_fen, self.employer_dim),
            (DUE_TO_EMPLOYER, debt.received_fen, self.employer_dim),
            (WRITTEN_OFF, debt.written_off_fen, ""),
        )
        return [*lines, *(credit(account, amount, dim) for account, amount, dim in parts if amount)]

    @property
    def _year(self) -> str:
        return "" if self.closed_year is None else str(self.closed_year)

    def _expense(self, payment: FundPayment) -> str:
        return payment.account if self.closed_year is None else PRIOR_YEAR_BENEFIT


def charged_back(payments: Sequence[FundPayment], debtor: str, closed_year: int | None) -> list[Line]:
    """One book of a bill that the work-injury fund has paid too: Dr 1125(P) or 1122(H) / Cr expenditure (B10, F11)."""
    receivable = DUE_FROM_PERSON if debtor.startswith("P:") else DUE_FROM_INSTITUTION
    lines = [debit(receivable, sum(p.amount_fen for p in payments), debtor)]
    for p in payments:
        account, dim = (p.account, "") if closed_year is None else (PRIOR_YEAR_BENEFIT, str(closed_year))
        lines.append(credit(account, p.amount_fen, dim))
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedDebt:
    """What became of what a charge-back has made somebody owe one book: open + received + written off = charged."""

    open_fen: int
    received_fen: int = 0
    written_off_fen: int = 0

    @classmethod
    def of(cls, entries: Sequence[Entry], *, open_at_institution_fen: int) -> ChargedDebt:
        """Read from the journals of the book since the charge-back, itself the first. What an institution owes is met at its
        clearing, for all its settlements together: of that, what the institution still owes at most is open."""
        charged = entries[0].lines[0]
        if charged.account == DUE_FROM_INSTITUTION:
            still = min(charged.debit_fen, open_at_institution_fen)
            return cls(open_fen=still, received_fen=charged.debit_fen - still)
        moved = dict.fromkeys(("receipt", "fund-set-off", "write-off"), 0)
        for entry in entries[1:]:
            if entry.kind in moved:
                mine = [x for x in entry.lines if (x.account, x.dim) == (charged.account, charged.dim)]
                moved[entry.kind] += sum(x.credit_fen - x.debit_fen for x in mine)
        received = moved["receipt"] + moved["fund-set-off"]
        left = charged.debit_fen - received - moved["write-off"]
        return cls(open_fen=left, received_fen=received, written_off_fen=moved["write-off"])


def charge_undone(charged: Sequence[Line], debt: ChargedDebt, person_dim: str) -> list[Line]:
    """The contrary of a charge-back (first line what is owed, then the expenditure): what was paid in is owed back, Cr 2203(P) or
    2201(H), what was given up comes in again, Cr 5001.30."""
    owed, *expense = charged
    paid_in = (DUE_TO_INSTITUTION, owed.dim) if owed.account == DUE_FROM_INSTITUTION else (DUE_TO_PERSON, person_dim)
    parts = (
        (owed.account, debt.open_fen, owed.dim),
        (paid_in[0], debt.received_fen, paid_in[1]),
        (WRITTEN_OFF, debt.written_off_fen, ""),
    )
    back = [Line(x.account, x.dim, x.credit_fen, x.debit_fen) for x in expense]
    return [*back, *(credit(account, amount, dim) for account, amount, dim in parts if amount)]


def spent_account(undone: Sequence[Line], payments: Sequence[FundPayment], short: int, person_dim: str) -> list[Line]:
    """Account money that a charge-back had given back and that is spent by now: the person's debt, as after a restoring (B3).

    ``undone``: what ``charge_undone`` gives for these payments of the book, the expenditure first, in their order.
    """
    of_account = undone[[p.account for p in payments].index(ACCOUNT_BENEFIT)]
    return [debit(DUE_FROM_PERSON, short, person_dim), credit(of_account.account, short, of_account.dim)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerDebt:
    """What became of what an employer owes a book for one conversion: open + received + written off = charged."""

    open_fen: int = 0
    received_fen: int = 0
    written_off_fen: int = 0

    @classmethod
    def of(cls, entries: Iterable[Entry], book: str) -> EmployerDebt:
        """Read from the journals of the conversion."""
        open_fen = received = written_off = 0
        for entry in entries:
            if entry.book.value != book:
                continue
            moved = sum(x.debit_fen - x.credit_fen for x in entry.lines if x.account == DUE_FROM_EMPLOYER)
            open_fen += moved
            if entry.kind == "receipt":
                received -= moved
            elif entry.kind == "write-off":
                written_off -= moved
        return cls(open_fen=open_fen, received_fen=received, written_off_fen=written_off)
