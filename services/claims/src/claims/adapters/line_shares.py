"""The first shares that a county's rule books name, for fee lines that are divided before anything is settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from claims.domain.adjudication.rule_book import RuleVersion
from claims.domain.adjudication.split import LineShare
from claims.domain.rule_books.in_force import RulesByDay
from shared.errors import Refusal


@dataclass(frozen=True, slots=True)
class VersionShares:
    """Implements ``Shares``."""

    version: RuleVersion | None

    @property
    def class_b_rate(self) -> int:
        """See ``Shares``."""
        return int(self.version.class_b.rate) if self.version else 0

    def of(self, line_class: str) -> LineShare | None:
        """See ``Shares``."""
        if self.version is None or line_class not in {rule.code for rule in self.version.line_classes}:
            return None
        return self.version.line_share(line_class)


class BookShares:
    """Implements ``LineShares``."""

    def __init__(self, books: RulesByDay) -> None:
        self._books = books

    def shares(self, scheme: str, region: str, on: date) -> VersionShares:
        """See ``LineShares``."""
        try:
            return VersionShares(self._books.on(region, scheme, on).version)
        except Refusal:
            return VersionShares(None)
