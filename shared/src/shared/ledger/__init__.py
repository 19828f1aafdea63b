"""The books: chart of accounts and journals that balance by construction (pure), and their append-only store."""

from shared.ledger.books import ACCOUNT_NAMES, BOOK_NAMES, Book
from shared.ledger.journal import Entry, LedgerError, Line, contra, credit, debit

__all__ = ["ACCOUNT_NAMES", "BOOK_NAMES", "Book", "Entry", "LedgerError", "Line", "contra", "credit", "debit"]
