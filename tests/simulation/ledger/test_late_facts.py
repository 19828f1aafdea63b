"""Random lives with late facts, in the domain alone: settle, reverse, classes, audited bills, late claims, in any order.

After every step: each book bears what an oracle gets that decides the standing facts afresh, in order; the counters are those;
account, cash and debts agree to the fen.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import claims
from claims.domain.adjudication import BOOK_SUFFIX, Circumstances, ClaimFacts, RuleBooks, Split, YearState, adjudicate
from claims.domain.redecision import Change, Position, Standing, journals_of, outcome_of, place_of_claim, redecide, state_before
from claims.domain.settlement import journals
from shared.errors import Refusal
from shared.ids import CountingIds
from shared.ledger import Entry, contra
from shared.rules import rule_texts

FIRST = date(2026, 1, 5)
TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
BOOKS = RuleBooks.read(rule_texts(Path(str(claims.__file__)).parent / "policy" / "books", BOOK_SUFFIX))
SETS = [BOOKS.on("990101", "390", TODAY), BOOKS.on("990101", "310", TODAY)]
ACCOUNT = 300_000
amounts = st.integers(1, 400_000) | st.integers(1, 30_000_000)
classes = st.frozensets(st.sampled_from(["tekun", "dibao", "marginal"]), max_size=2)
days = st.integers(0, 100).map(lambda n: FIRST + timedelta(days=n))
which = st.integers(0, 50)


class LateLife(RuleBasedStateMachine):
    """One person under one rule set, with an account."""

    @initialize(rules=st.sampled_from(SETS))
    def begin(self, rules: Any) -> None:
        self.rule_set = rules
        self.ids = CountingIds()
        self.version = 0
        self.standing: list[Standing] = []
        self.book: list[Entry] = []
        self.balance = ACCOUNT
        self.year = YearState()

    # what happens

    @rule(
        fen=amounts,
        outside=st.integers(0, 50_000),
        held=classes,
        day=days,
        pays=st.booleans(),
        care=st.sampled_from(["inpatient", "outpatient"]),
    )
    def settle(self, fen: int, outside: int, held: frozenset[str], day: date, pays: bool, care: str) -> None:
        self._settle(self._facts(fen, outside, held, care, self.balance if pays else 0), day, late=False)

    @rule(fen=amounts, held=classes, day=days)
    def claim_late(self, fen: int, held: frozenset[str], day: date) -> None:
        self._settle(self._facts(fen, 0, held, "inpatient", 0), day, late=True)

    @precondition(lambda self: self.standing)
    @rule(n=which)
    def reverse(self, n: int) -> None:
        gone = self.standing.pop(n % len(self.standing))
        self.book += [
            contra(entry, entry_id=self.ids.new(), booked_on=TODAY, memo="")
            for entry in self.book
            if entry.settlement_id == gone.settlement_id and entry.kind in ("settlement", "correction")
        ]
        self.balance += gone.outcome.account_fen
        self.year = self.year.minus(gone.outcome.contribution)
        self._redecide(Change(since=gone.position, years=frozenset({2026}), visits=frozenset({gone.visit_id})))

    @precondition(lambda self: self.standing)
    @rule(n=which, held=classes)
    def change_classes_since(self, n: int, held: frozenset[str]) -> None:
        changed = {
            each.settlement_id: replace(each.facts, circumstances=each.facts.circumstances._replace(classes=held))
            for each in self.standing[n % len(self.standing) :]
            if each.facts.circumstances.classes != held
        }
        self._redecide(Change(facts=changed))

    @precondition(lambda self: self.standing)
    @rule(n=which, fen=amounts)
    def audit_a_bill(self, n: int, fen: int) -> None:
        each = self.standing[n % len(self.standing)]
        facts = replace(each.facts, split=Split(fen, 0, 0, 0, fen))
        self._redecide(
            Change(since=each.position, years=frozenset({2026}), facts={each.settlement_id: facts}), against=each.settlement_id
        )

    # how

    def _facts(self, fen: int, outside: int, held: frozenset[str], care: str, account: int) -> ClaimFacts:
        status = "resident" if self.rule_set.scheme == "390" else "active"
        circumstances = Circumstances(care=care, level=2, status=status, classes=held)  # type: ignore[arg-type]  # drawn texts
        return ClaimFacts(split=Split(fen + outside, outside, 0, 0, fen), circumstances=circumstances, account_fen=account)

    def _settle(self, facts: ClaimFacts, day: date, *, late: bool) -> None:
        settlement_id = self.ids.new()
        if late:
            position = place_of_claim(self.standing, 2026, day, settled_at=NOW, settlement_id=settlement_id)
        else:
            position = Position(2026, (self.version + 1) * 1000, date.max, NOW, settlement_id)
        state = state_before(self.standing, position)
        if not late:
            assert state == self.year
        try:
            decision = adjudicate(self.rule_set, facts, state)
        except Refusal:
            return
        self.version += 1
        new = Standing(
            position=position,
            visit_id=settlement_id,
            inpatient=facts.circumstances.care == "inpatient",
            counts_on=day,
            rules=self.rule_set,
            facts=facts,
            outcome=outcome_of(decision),
        )
        self.standing = sorted([*self.standing, new], key=lambda each: each.position)
        self.year = self.year.plus(decision.contribution)
        self.balance -= decision.account_fen
        self.book += journals(
            decision.payments,
            settlement_id=settlement_id,
            person_id="P",
            institution_code=None if late else "H1",
            booked_on=TODAY,
            ids=self.ids,
        )
        if late:
            self._redecide(Change(since=position, years=frozenset({2026})))

    def _redecide(self, change: Change, against: str = "") -> None:
        rest: Change | None = change
        while rest is not None:  # in pieces, as the worker does; new facts are given again, as it finds them
            result = redecide(self.standing, rest, balance_fen=self.balance, limit=3)
            now = {difference.standing.settlement_id: difference for difference in result.differences}
            for difference in result.differences:
                institution = "H1" if difference.standing.settlement_id == against else None
                self.book += journals_of(
                    difference,
                    person_id="P",
                    institution_code=institution,
                    settled_in=2026,
                    booked_on=dict.fromkeys(["EMP", "RES", "LARGE", "CII", "MAF"], TODAY),
                    memo="",
                    ids=self.ids,
                )
                self.balance += difference.movement_fen
                assert self.balance >= 0
                assert difference.total_fen == difference.cash_fen + sum(p.amount_fen for p in difference.payments)
            self.standing = [
                replace(each, facts=now[each.settlement_id].decision.facts, outcome=now[each.settlement_id].new)
                if each.settlement_id in now
                else each
                for each in self.standing
            ]
            self.year = result.states.get(2026, self.year)
            rest = result.rest and replace(result.rest, facts={k: v for k, v in change.facts.items() if k not in now})
        again = redecide(
            self.standing, Change(years=frozenset({2026}), since=change.since), balance_fen=self.balance, limit=10**6
        )
        assert not again.differences

    # what holds

    @invariant()
    def everything_is_what_deciding_afresh_gives(self) -> None:
        state = YearState()
        borne: Counter[str] = Counter()
        account = 0
        for each in self.standing:
            afresh = adjudicate(self.rule_set, each.facts, state)
            state = afresh.after
            assert outcome_of(afresh) == each.outcome
            for payment in afresh.payments:
                borne[payment.book.value] += payment.amount_fen
            account += afresh.account_fen
        booked: Counter[str] = Counter()
        for entry in self.book:
            for line in entry.lines:
                if line.account.startswith("5001"):
                    booked[entry.book.value] += line.debit_fen - line.credit_fen
        assert {k: v for k, v in booked.items() if v} == {k: v for k, v in borne.items() if v}
        assert self.year == state
        assert self.balance == ACCOUNT - account


LateLife.TestCase.settings = settings(max_examples=80, stateful_step_count=20, derandomize=True, database=None)
test_late_life = LateLife.TestCase
