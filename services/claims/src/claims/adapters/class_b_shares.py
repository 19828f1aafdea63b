"""The share of class B that a county's rule books name, for fee lines that are divided before anything is settled."""

from __future__ import annotations

from datetime import date

from claims.domain.adjudication import RuleBooks
from shared.errors import Refusal


class BookShares:
    """Implements ``ClassBShares``."""

    def __init__(self, books: RuleBooks) -> None:
        self._books = books

    def class_b_rate(self, scheme: str, region: str, on: date) -> int:
        """See ``ClassBShares``."""
        try:
            return int(self._books.on(region, scheme, on).version.class_b.rate)
        except Refusal:
            return 0
