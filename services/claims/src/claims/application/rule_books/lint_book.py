"""Check a draft: whether it fits to the books in force, and, by solving them, its new versions (``lint-policy``)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from claims.application.rule_books.describing import lint_result, summary
from claims.application.rule_books.ports import Act, Books, PolicyLint, Register, StoredBook
from claims.domain.adjudication import RuleBooks
from claims.domain.policy_lint import Finding, Severity, lint
from claims.domain.rule_books.in_force import Enacted, InForce, enact, read_book
from claims.domain.rule_books.wording import in_chinese
from shared.clock import Clock
from shared.rules import RuleError
from shared.transactions import Once, OnceKey, Tx


class LintBook:
    """Checks drafts."""

    def __init__(self, once: Once, books: Books, register: Register, clock: Clock, lint: PolicyLint = lint) -> None:
        self._once = once
        self._books = books
        self._register = register
        self._clock = clock
        self._lint = lint

    async def __call__(self, book_id: str, by: str, key: OnceKey | None) -> dict[str, Any]:
        """The book with its findings: linted, or a draft while there are errors. Refuses in any later state."""

        async def work(tx: Tx) -> dict[str, Any]:
            book = await self._books.lock(tx, book_id)
            findings = await self._findings(book, await self._register.enacted(tx))
            life = book.life.linted(findings)
            book = replace(book, life=life, findings=tuple(findings))
            result = lint_result(findings)
            assert result is not None
            counts = {"errors": result["errors"], "warnings": result["warnings"]}
            act = Act(act="lint", by=by, at=self._clock.now(), state=life.state, details=counts)
            await self._books.save(tx, book, act)
            return {**summary(book), "lint": result}

        return (await self._once.run(key, work))[0]

    async def _findings(self, book: StoredBook, in_force: list[Enacted]) -> list[Finding]:
        draft = read_book(book.text, book.file)
        try:
            change = enact(in_force, book.book_id, draft)
            InForce(change.in_force, edition="")
        except RuleError as error:
            return [_finding(book, "does-not-fit", str(error.origin), f"与生效的规则不衔接：{in_chinese(error.problem)}")]
        if not change.added and not change.ended:
            return [_finding(book, "nothing-new", str(draft.origin), "规则集的所有版本均已生效")]
        added = RuleBooks([replace(draft, versions=tuple(e.version for e in change.added))]) if change.added else RuleBooks([])
        # It solves the rules and takes its time: not in the loop that answers everybody else.
        return await asyncio.to_thread(self._lint, added)


def _finding(book: StoredBook, code: str, place: str, zh: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.ERROR,
        region=book.region,
        scheme=book.scheme,
        version="",
        place=place,
        subject=book.title,
        zh=zh,
    )
