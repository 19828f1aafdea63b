"""The books as a state machine: journals, contras, closed months and seals in any order; what must hold after every step.

Journals and their chain as the domain makes them, without a database, which holds the same rules once more (see the tests of the
store).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from shared.ledger import ACCOUNT_NAMES, Book, Entry, LedgerError, contra, credit, debit
from shared.ledger.store import chain_hash

MONTHS = [(2026, 1), (2026, 2), (2026, 3)]
BOOKS = [Book.EMP, Book.RES, Book.WI]
ACCOUNTS = sorted(ACCOUNT_NAMES)
days = st.builds(lambda month, day: date(month[0], month[1], day), st.sampled_from(MONTHS), st.integers(1, 28))
amounts = st.lists(st.integers(1, 10**12), min_size=1, max_size=4)


class Books(RuleBasedStateMachine):
    """What the store promises, kept in memory."""

    standing = Bundle("standing")

    @initialize()
    def empty(self) -> None:
        self.journals: dict[str, Entry] = {}
        self.closed: set[tuple[Book, int, int]] = set()
        self.chain: dict[Book, list[tuple[str, str]]] = {book: [] for book in BOOKS}
        self.frozen: dict[tuple[Book, int, int], dict[str, int]] = {}
        self.taken_back: dict[str, str] = {}

    def _may(self, book: Book, on: date) -> bool:
        return (book, on.year, on.month) not in self.closed

    @rule(target=standing, book=st.sampled_from(BOOKS), on=days, parts=amounts, account=st.sampled_from(ACCOUNTS))
    def append(self, book: Book, on: date, parts: list[int], account: str) -> Any:
        lines = (*(debit(account, part) for part in parts), credit("2201", sum(parts), "H:1"))
        entry = Entry(entry_id=f"J{len(self.journals)}", book=book, booked_on=on, kind="settlement", lines=lines)
        if not self._may(book, on):
            return multiple()
        self.journals[entry.entry_id] = entry
        return entry.entry_id

    @rule(entry_id=consumes(standing), on=days)
    def take_back(self, entry_id: str, on: date) -> None:
        original = self.journals[entry_id]
        back = contra(original, entry_id=f"J{len(self.journals)}", booked_on=on, memo="撤销")
        assert back.total_fen == original.total_fen
        assert contra(back, entry_id="x", booked_on=on, memo="").lines == original.lines
        if self._may(original.book, on):
            self.journals[back.entry_id] = back
            self.taken_back[entry_id] = back.entry_id

    @rule(book=st.sampled_from(BOOKS), month=st.sampled_from(MONTHS))
    def close(self, book: Book, month: tuple[int, int]) -> None:
        self.closed.add((book, *month))
        self.frozen.setdefault((book, *month), self._balances(book, month))

    @rule(amount=st.integers(1, 10**9), off=st.integers(1, 10**9))
    def what_does_not_balance_never_exists(self, amount: int, off: int) -> None:
        for lines in ((debit("1003", amount), credit("2201", amount + off)), (debit("1003", amount),), ()):
            with pytest.raises(LedgerError):
                Entry(entry_id="x", book=Book.EMP, booked_on=date(2026, 1, 1), kind="k", lines=lines)

    @rule()
    def seal(self) -> None:
        sealed = {entry_id for links in self.chain.values() for entry_id, _ in links}
        for entry in self.journals.values():
            if entry.entry_id not in sealed:
                links = self.chain[entry.book]
                links.append((entry.entry_id, chain_hash(links[-1][1] if links else "", entry, entry.lines)))

    def _balances(self, book: Book, month: tuple[int, int] | None = None) -> dict[str, int]:
        sums: dict[str, int] = {}
        for entry in self.journals.values():
            if entry.book is book and month in (None, (entry.booked_on.year, entry.booked_on.month)):
                for each in entry.lines:
                    sums[each.account] = sums.get(each.account, 0) + each.debit_fen - each.credit_fen
        return sums

    @invariant()
    def every_book_balances_every_month(self) -> None:
        for book in BOOKS:
            for month in (None, *MONTHS):
                assert sum(self._balances(book, month).values()) == 0

    @invariant()
    def a_closed_month_never_changes(self) -> None:
        for (book, year, month), balances in self.frozen.items():
            assert self._balances(book, (year, month)) == balances

    @invariant()
    def a_journal_and_its_contra_leave_nothing(self) -> None:
        for entry_id, contra_id in self.taken_back.items():
            original, back = self.journals[entry_id], self.journals[contra_id]
            assert (back.reverses, back.book, back.kind) == (original.entry_id, original.book, "contra")
            net: dict[tuple[str, str], int] = {}
            for each in (*original.lines, *back.lines):
                place = (each.account, each.dim)
                net[place] = net.get(place, 0) + each.debit_fen - each.credit_fen
            assert set(net.values()) == {0}

    @invariant()
    def the_chain_holds_and_any_change_breaks_it(self) -> None:
        for links in self.chain.values():
            before = ""
            for entry_id, link in links:
                entry = self.journals[entry_id]
                assert chain_hash(before, entry, entry.lines) == link
                assert chain_hash(before, entry, entry.lines[::-1]) != link
                before = link


Books.TestCase.settings = settings(max_examples=60, stateful_step_count=40, derandomize=True, database=None)
test_books = Books.TestCase
