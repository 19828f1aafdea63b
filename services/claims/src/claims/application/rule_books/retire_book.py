"""Retire a book: give up one that never was in force, or, by two people, say which day is the last of one that is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from claims.application.rule_books.activate_book import does_not_fit
from claims.application.rule_books.apply_change import ApplyChange, details_of
from claims.application.rule_books.describing import summary
from claims.application.rule_books.ports import Act, Books, Register, StoredBook
from claims.domain.rule_books.in_force import end
from shared.clock import Clock
from shared.errors import invalid
from shared.rules import RuleError
from shared.transactions import Once, OnceKey, Tx


class RetireBook:
    """Takes books out of use. Claims of the days they were in force on are decided by them for ever."""

    def __init__(self, once: Once, books: Books, register: Register, apply: ApplyChange, clock: Clock) -> None:
        self._once = once
        self._books = books
        self._register = register
        self._apply = apply
        self._clock = clock

    async def __call__(self, book_id: str, by: str, ends_on: date | None, note: str, key: OnceKey | None) -> dict[str, Any]:
        """The book. ``ends_on``: the last day of one that is in force, not before today; the second person confirms the same.

        Refuses days that were settled by it, and an end that was decided otherwise."""

        async def work(tx: Tx) -> dict[str, Any]:
            await self._register.lock(tx)
            book = await self._books.lock(tx, book_id)
            if book.life.state != "effective":
                book = replace(book, life=book.life.given_up())
                await self._books.save(tx, book, self._act("give-up", by, book, note, {}))
                return summary(book)
            if ends_on is None or ends_on < self._clock.today():
                raise invalid(
                    "claims.rule-book.end-day", "须指定今天或以后的失效日期", "name today or a later day", field="ends_on"
                )
            book = replace(book, life=book.life.ended(by, ends_on))
            in_force = await self._register.enacted(tx)
            try:
                change = end(in_force, book_id, ends_on)
                if change.ended:
                    await self._apply.check(tx, change)
            except RuleError as error:
                raise does_not_fit(error) from None
            if book.life.state != "retired":
                await self._books.save(tx, book, self._act("ask-end", by, book, note, {"ends_on": ends_on.isoformat()}))
                return summary(book, in_force)
            await self._books.save(tx, book, self._act("retire", by, book, note, details_of(change)))
            if change.ended:
                await self._apply(tx, change, book_id, by)
            return summary(book, change.in_force)

        return (await self._once.run(key, work))[0]

    def _act(self, act: str, by: str, book: StoredBook, note: str, details: dict[str, Any]) -> Act:
        return Act(act=act, by=by, at=self._clock.now(), state=book.life.state, note=note, details=details)
