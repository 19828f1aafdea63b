"""Make an approved book effective: its new versions are in force from the days they say, in every process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from claims.application.rule_books.apply_change import ApplyChange, details_of
from claims.application.rule_books.describing import summary
from claims.application.rule_books.ports import Act, Books, Register
from claims.domain.rule_books.in_force import enact, read_book
from claims.domain.rule_books.wording import in_chinese, worded
from shared.clock import Clock
from shared.errors import Refusal, conflict
from shared.rules import RuleError
from shared.transactions import Once, OnceKey, Tx


class ActivateBook:
    """Puts books in force."""

    def __init__(self, once: Once, books: Books, register: Register, apply: ApplyChange, clock: Clock) -> None:
        self._once = once
        self._books = books
        self._register = register
        self._apply = apply
        self._clock = clock

    async def __call__(self, book_id: str, by: str, note: str, key: OnceKey | None) -> dict[str, Any]:
        """The book. An open version before it gets its last day. Refuses one that is not approved, versions that do not fit to
        those in force any more, and days that were settled under other rules."""

        async def work(tx: Tx) -> dict[str, Any]:
            await self._register.lock(tx)
            book = await self._books.lock(tx, book_id)
            life = book.life.made_effective()
            try:
                change = enact(await self._register.enacted(tx), book_id, read_book(book.text, book.file))
                if not change.added and not change.ended:
                    raise conflict(
                        "claims.rule-book.nothing-new", "规则集的所有版本均已生效", "every version of it is in force already"
                    )
                await self._apply.check(tx, change)
            except RuleError as error:
                raise does_not_fit(error) from None
            book = replace(book, life=life)
            act = Act(
                act="make-effective", by=by, at=self._clock.now(), state=life.state, note=note, details=details_of(change)
            )
            await self._books.save(tx, book, act)
            await self._apply(tx, change, book_id, by)
            return summary(book, change.in_force)

        return (await self._once.run(key, work))[0]


def does_not_fit(error: RuleError) -> Refusal:
    """The versions in force would overlap or leave a gap."""
    return conflict(
        "claims.rule-book.does-not-fit",
        f"与生效的规则不衔接：{worded(error)}",
        str(error),
        field="text",
        errors=[{"field": str(error.origin), "rule": in_chinese(error.problem)}],
    )
