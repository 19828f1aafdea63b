"""Check a draft: with the books in force by the reader of books, then by itself with the rest of its place's rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from claims.application.rule_books.describing import lint_result, summary
from claims.application.rule_books.ports import Act, Books, PolicyLint, Register, StoredBook
from claims.domain.adjudication import RuleBooks
from claims.domain.rule_books.findings import Finding, unreadable
from claims.domain.rule_books.in_force import Enacted, InForce, enact, read_book
from shared.clock import Clock
from shared.rules import RuleError
from shared.transactions import Once, OnceKey, Tx


def reader_only(_: RuleBooks) -> list[Finding]:
    """Nothing beyond what the reader of books refuses."""
    return []


class LintBook:
    """Checks drafts."""

    def __init__(self, once: Once, books: Books, register: Register, clock: Clock, lint: PolicyLint = reader_only) -> None:
        self._once = once
        self._books = books
        self._register = register
        self._clock = clock
        self._lint = lint

    async def __call__(self, book_id: str, by: str, key: OnceKey | None) -> dict[str, Any]:
        """The book with its findings: linted, or a draft while there are errors. Refuses in any later state."""

        async def work(tx: Tx) -> dict[str, Any]:
            book = await self._books.lock(tx, book_id)
            findings = self._findings(book, await self._register.enacted(tx))
            life = book.life.linted(findings)
            book = replace(book, life=life, findings=tuple(findings))
            result = lint_result(findings)
            assert result is not None
            counts = {"errors": result["errors"], "warnings": result["warnings"]}
            act = Act(act="lint", by=by, at=self._clock.now(), state=life.state, details=counts)
            await self._books.save(tx, book, act)
            return {**summary(book), "lint": result}

        return (await self._once.run(key, work))[0]

    def _findings(self, book: StoredBook, in_force: list[Enacted]) -> list[Finding]:
        draft = read_book(book.text, book.file)
        try:
            change = enact(in_force, book.book_id, draft)
            InForce(change.in_force, edition="")
        except RuleError as error:
            return [unreadable(error)]
        if not change.added and not change.ended:
            text = "every version of the text is in force already"
            return [Finding(severity="error", rule="nothing-new", where=str(draft.origin), text=text)]
        place = [e for e in change.in_force if (e.book.region, e.book.scheme) == (book.region, book.scheme)]
        return self._lint(RuleBooks([replace(e.book, versions=(e.version,)) for e in place]))
