"""The life of a person's claims in a benefit year: settled, reversed, taken back, restored, in any order.

Domain level: the kernel, the year's counters and the journals. Whatever happens, the counters are the sum of what the
standing settlements added, and the books are the sum of what they pay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

import claims
from claims.domain.adjudication import (
    BOOK_SUFFIX,
    Circumstances,
    ClaimFacts,
    Decision,
    RuleBooks,
    RuleSet,
    Split,
    YearState,
    adjudicate,
)
from claims.domain.settlement import journals
from shared.errors import Refusal
from shared.ids import CountingIds
from shared.ledger import Book, Entry, contra
from shared.rules import rule_texts

DAY = date(2026, 6, 1)
BOOKS = RuleBooks.read(rule_texts(Path(str(claims.__file__)).parent / "policy", BOOK_SUFFIX))
RULES: list[RuleSet] = [rules for rules in BOOKS.all() if rules.effective_from <= DAY <= (rules.effective_to or DAY)]


@dataclass
class Settlement:
    """A settlement, its journals in force, and whether it counts."""

    decision: Decision
    journals: list[Entry] = field(default_factory=list)
    state: str = "standing"


class ClaimsLife(RuleBasedStateMachine):
    """One person under one rule set."""

    settled = Bundle("settled")

    @initialize(rules=st.sampled_from(RULES))
    def begin(self, rules: RuleSet) -> None:
        self.rule_set = rules
        self.ids = CountingIds()
        self.year = YearState()
        self.book: list[Entry] = []
        self.all: list[Settlement] = []

    @rule(
        target=settled,
        in_scope=st.integers(0, 30_000_000) | st.sampled_from([1, 50_000, 120_000_00]),
        outside=st.integers(0, 100_000),
        level=st.integers(1, 3),
        classes=st.frozensets(st.sampled_from(["tekun", "dibao", "marginal"]), max_size=2),
        account=st.integers(0, 500_000),
    )
    def settle(self, in_scope: int, outside: int, level: int, classes: frozenset[str], account: int) -> Any:
        facts = ClaimFacts(
            split=Split(in_scope + outside, outside, 0, 0, in_scope),
            circumstances=Circumstances(
                care="inpatient",
                level=level,
                status="resident" if self.rule_set.scheme == "390" else "active",
                classes=classes,
            ),
            account_fen=account,
        )
        try:
            settlement = Settlement(adjudicate(self.rule_set, facts, self.year))
        except Refusal:  # some books say nothing of some levels
            return multiple()
        self._post(settlement)
        self.year = self.year.plus(settlement.decision.contribution)
        self.all.append(settlement)
        return settlement

    def _post(self, settlement: Settlement) -> None:
        settlement.journals = journals(
            settlement.decision.payments,
            settlement_id=self.ids.new(),
            person_id="P",
            institution_code="H1",
            booked_on=DAY,
            ids=self.ids,
        )
        self.book.extend(settlement.journals)

    def _end(self, settlement: Settlement, state: str) -> None:
        if settlement.state != "standing":
            return
        self.book.extend(contra(e, entry_id=self.ids.new(), booked_on=DAY, memo=state) for e in settlement.journals)
        self.year = self.year.minus(settlement.decision.contribution)
        settlement.state = state

    @rule(settlement=settled)
    def reverse(self, settlement: Settlement) -> None:
        self._end(settlement, "reversed")

    @rule(settlement=settled)
    def take_back(self, settlement: Settlement) -> None:
        self._end(settlement, "taken back")

    @rule(settlement=settled)
    def restore(self, settlement: Settlement) -> None:
        """A final revocation: the settlement stands again as it was decided."""
        if settlement.state == "taken back":
            self._post(settlement)
            self.year = self.year.plus(settlement.decision.contribution)
            settlement.state = "standing"

    @property
    def standing(self) -> list[Settlement]:
        return [each for each in self.all if each.state == "standing"]

    @invariant()
    def counters_are_what_the_standing_settlements_added(self) -> None:
        expected = YearState()
        for each in self.standing:
            expected = expected.plus(each.decision.contribution)
        assert self.year == expected
        assert all(value > 0 for value in self.year.counters.values())
        assert self.year.stays == len(self.standing)

    @invariant()
    def books_are_what_the_standing_settlements_pay(self) -> None:
        booked: dict[tuple[Book, str], int] = {}
        for entry in self.book:
            for line in entry.lines:
                place = (entry.book, line.account)
                booked[place] = booked.get(place, 0) + line.debit_fen - line.credit_fen
        paid: dict[tuple[Book, str], int] = {}
        for each in self.standing:
            for payment in each.decision.payments:
                for account, amount in ((payment.account, payment.amount_fen), ("2201", -payment.amount_fen)):
                    place = (payment.book, account)
                    paid[place] = paid.get(place, 0) + amount
        assert {place: amount for place, amount in booked.items() if amount} == paid

    @invariant()
    def every_decision_adds_up(self) -> None:
        for each in self.all:
            decision = each.decision
            total = decision.facts.split.total_fen
            assert total == sum(p.amount_fen for p in decision.payments) + decision.cash_fen
            assert decision.cash_fen >= 0
            assert decision.after == decision.before.plus(decision.contribution)
            assert decision.after.minus(decision.contribution) == decision.before


ClaimsLife.TestCase.settings = settings(max_examples=40, stateful_step_count=25, derandomize=True, database=None)
test_claims_life = ClaimsLife.TestCase
