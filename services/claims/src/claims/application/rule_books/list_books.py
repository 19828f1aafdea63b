"""Read rule books: lists, one in full, its check, its trials, and what differs between two versions."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from claims.application.rule_books.describing import document, job_shown, lint_result, summary
from claims.application.rule_books.ports import BookFilter, Books, Jobs, Register, Store, StoredBook
from claims.domain.adjudication.rule_book import RuleBook, RuleVersion
from claims.domain.rule_books.diff import differences
from claims.domain.rule_books.in_force import Enacted, read_book
from shared.errors import invalid
from shared.rules import plain
from shared.transactions import Tx


class ListBooks:
    """Answers questions about books."""

    def __init__(self, store: Store, books: Books, register: Register, jobs: Jobs) -> None:
        self._store = store
        self._books = books
        self._register = register
        self._jobs = jobs

    async def page(self, wanted: BookFilter, after: str, limit: int) -> list[dict[str, Any]]:
        """Books, newest first."""
        async with self._store.reading() as tx:
            enacted = await self._register.enacted(tx)
            return [summary(book, _own(book, enacted)) for book in await self._books.page(tx, wanted, after, limit)]

    async def show(self, book_id: str) -> dict[str, Any]:
        """One book: text, parsed, sources, check, trial, history. Refuses an unknown one."""
        async with self._store.reading() as tx:
            book = await self._books.get(tx, book_id)
            return document(book, _own(book, await self._register.enacted(tx)), await self._books.acts(tx, book_id))

    async def region(self, book_id: str) -> str:
        """Whose book it is. Refuses an unknown one."""
        async with self._store.reading() as tx:
            return (await self._books.get(tx, book_id)).region

    async def lint(self, book_id: str) -> dict[str, Any]:
        """What the last check of the book's text found."""
        async with self._store.reading() as tx:
            book = await self._books.get(tx, book_id)
        return {
            "book_id": book_id,
            "region": book.region,
            "revision": book.revision,
            "state": book.life.state,
            "lint": lint_result(book.findings),
        }

    async def diff(self, book_id: str, against: str, version: str | None, against_version: str | None) -> dict[str, Any]:
        """What ``book_id`` says otherwise than ``against`` (another book, or the same): the named versions, else the last of
        each. Amounts are fen, rates millionths."""
        async with self._store.reading() as tx:
            enacted = await self._register.enacted(tx)
            before = await self._version(tx, against, against_version, enacted, "against_version")
            after = await self._version(tx, book_id, version, enacted, "version")
        return {
            "region": after[0].region,
            "before": {"book_id": against, "version": before[1].version},
            "after": {"book_id": book_id, "version": after[1].version},
            "differences": [asdict(d) for d in differences(_stated(*before), _stated(*after))],
        }

    async def job(self, job_id: str) -> dict[str, Any]:
        """A trial with its progress, and its result as far as it is. Refuses an unknown one."""
        async with self._store.reading() as tx:
            job = await self._jobs.get(tx, job_id)
            return {**job_shown(job), "region": (await self._books.get(tx, job.book_id)).region}

    async def jobs(self, book_id: str, after: str, limit: int) -> list[dict[str, Any]]:
        """A book's trials, newest first. Refuses an unknown book."""
        async with self._store.reading() as tx:
            book = await self._books.get(tx, book_id)
            return [{**job_shown(j), "region": book.region} for j in await self._jobs.of_book(tx, book_id, after, limit)]

    async def _version(
        self, tx: Tx, book_id: str, version: str | None, enacted: list[Enacted], field: str
    ) -> tuple[RuleBook, RuleVersion]:
        stored = await self._books.get(tx, book_id)
        book = read_book(stored.text, stored.file)
        ends = {e.effective_from: e.effective_to for e in _own(stored, enacted)}
        versions = sorted(book.versions, key=lambda v: v.effective_from)
        chosen = versions[-1] if version is None else next((v for v in versions if v.version == version), None)
        if chosen is None:
            raise invalid("claims.rule-book.diff-version-unknown", f"规则集没有版本{version}", field=field)
        return book, replace(chosen, effective_to=ends.get(chosen.effective_from, chosen.effective_to))


def _own(book: StoredBook, enacted: list[Enacted]) -> list[Enacted]:
    return [e for e in enacted if e.book_id == book.book_id]


def _stated(book: RuleBook, version: RuleVersion) -> Any:
    return {"region": book.region, "place": book.place, "scheme": book.scheme, "title": book.title, **plain(version)}
