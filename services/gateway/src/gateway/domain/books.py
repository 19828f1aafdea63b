"""Which service keeps which fund's book."""

from __future__ import annotations

from shared.errors import not_found
from shared.ledger import BOOK_NAMES, Book


def book_owner(book: str) -> str:
    """The service that keeps a fund's book. Refusal ``gateway.ledger.book-unknown``."""
    if book not in {known.value for known in BOOK_NAMES}:
        raise not_found("gateway.ledger.book-unknown", f"没有账套“{book}”", f"no book {book}", field="book")
    return "workinjury-bridge" if book == Book.WI.value else "claims"
