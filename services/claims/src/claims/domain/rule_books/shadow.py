"""A trial of a draft on past settlements (试算): what would have been paid, beside what was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from claims.domain.adjudication import Decision
from shared.errors import Refusal

LARGEST: Final = 20
"""How many settlements are named."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """Sums over the settlements that were decided again; amounts in fen. Each is decided with the year's state as stored."""

    count: int = 0
    same: int = 0
    """Claims of which nobody pays or gets another amount."""
    winners: int = 0
    """Claims of which the person bears less than he did."""
    losers: int = 0
    uncovered: int = 0
    """Claims that the draft refuses."""
    funds: dict[str, dict[str, int]] = field(default_factory=dict)
    """By fund book: ``before_fen``, ``after_fen``."""
    person_before_fen: int = 0
    person_after_fen: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    """Refusal code to number of claims."""
    largest: list[dict[str, Any]] = field(default_factory=list)
    """The claims whose funds' payments differ most: ``settlement_id``, ``before_fen``, ``after_fen``."""

    def add(self, settlement_id: str, stored: Mapping[str, int], person_fen: int, decision: Decision | Refusal) -> None:
        """One settlement. ``stored``: what each fund book paid; ``person_fen``: what the person bore, by account or in cash."""
        self.count += 1
        if isinstance(decision, Refusal):
            self.uncovered += 1
            self.refusals[decision.code] = self.refusals.get(decision.code, 0) + 1
            return
        paid: dict[str, int] = {}
        for done in decision.layers:
            book = done.step.layer.book.value
            paid[book] = paid.get(book, 0) + done.payment_fen
        for book in {*stored, *paid}:
            sums = self.funds.setdefault(book, {"before_fen": 0, "after_fen": 0})
            sums["before_fen"] += stored.get(book, 0)
            sums["after_fen"] += paid.get(book, 0)
        self.person_before_fen += person_fen
        self.person_after_fen += decision.person_fen
        self.winners += decision.person_fen < person_fen
        self.losers += decision.person_fen > person_fen
        books = {book for book in {*stored, *paid} if stored.get(book, 0) != paid.get(book, 0)}
        self.same += not books and decision.person_fen == person_fen
        if books:
            self._name(settlement_id, sum(stored.values()), sum(paid.values()))

    def _name(self, settlement_id: str, before: int, after: int) -> None:
        self.largest.append({"settlement_id": settlement_id, "before_fen": before, "after_fen": after})
        self.largest.sort(key=lambda row: (-abs(row["after_fen"] - row["before_fen"]), row["settlement_id"]))
        del self.largest[LARGEST:]
