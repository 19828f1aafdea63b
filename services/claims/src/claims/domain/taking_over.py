"""The journal of a medical book that takes over a stay which the work-injury fund had paid directly (B3)."""

from __future__ import annotations

from collections.abc import Sequence

from claims.domain.adjudication import Payment
from shared.ledger import Book, Line, credit, debit
from shared.ledger.books import DUE_TO_FUND, DUE_TO_PERSON


def taken_over(payments: Sequence[Payment], back_fen: int, person_dim: str) -> list[Line]:
    """Dr 5001.01 / Cr 2202(WI) ``back_fen``, and the rest, which the person has paid at the hospital, Cr 2203(P)."""
    rest = sum(p.amount_fen for p in payments) - back_fen
    lines = [debit(p.account, p.amount_fen) for p in payments]
    if back_fen:
        lines.append(credit(DUE_TO_FUND, back_fen, Book.WI.value))
    if rest:
        lines.append(credit(DUE_TO_PERSON, rest, person_dim))
    return lines
