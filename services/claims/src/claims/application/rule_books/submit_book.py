"""Submit a rule book, or another text of one that is not approved yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from claims.application.rule_books.describing import summary
from claims.application.rule_books.ports import Act, Books, StoredBook
from claims.domain.adjudication.rule_book import RuleBook
from claims.domain.rule_books.in_force import read_book
from claims.domain.rule_books.life import Life
from claims.domain.rule_books.wording import in_chinese, worded
from shared.clock import Clock
from shared.errors import conflict, invalid
from shared.ids import IdFactory
from shared.rules import RuleError
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A text and who submits it."""

    text: str
    file: str
    """What to call it in messages."""
    by: str
    note: str = ""
    book_id: str | None = None
    """The book that gets another text; None: a new one."""


class SubmitBook:
    """Takes drafts in."""

    def __init__(self, once: Once, books: Books, clock: Clock, ids: IdFactory) -> None:
        self._once = once
        self._books = books
        self._clock = clock
        self._ids = ids

    async def __call__(self, submission: Submission, may: Callable[[str], None], key: OnceKey | None) -> dict[str, Any]:
        """The draft. ``may`` refuses a region that the submitter has no say in.

        Refuses ``claims.rule-book.unreadable`` with ``errors`` (file:line, reason), another place or scheme under a book's id,
        a book that is approved already.
        """
        book = readable(submission.text, submission.file)
        may(book.region)

        async def work(tx: Tx) -> dict[str, Any]:
            stored = await self._changed(tx, submission, book) if submission.book_id else self._new(submission, book)
            act = Act(
                act="change" if submission.book_id else "submit",
                by=submission.by,
                at=stored.submitted_at,
                state=stored.life.state,
                note=submission.note,
                details={"revision": stored.revision},
            )
            await (self._books.save if submission.book_id else self._books.add)(tx, stored, act)
            return summary(stored)

        return (await self._once.run(key, work))[0]

    def _new(self, submission: Submission, book: RuleBook) -> StoredBook:
        return StoredBook(
            book_id=self._ids.new(),
            region=book.region,
            place=book.place,
            scheme=book.scheme,
            title=book.title,
            file=submission.file,
            text=submission.text,
            revision=1,
            origin="submitted",
            life=Life(submitted_by=submission.by),
            submitted_at=self._clock.now(),
        )

    async def _changed(self, tx: Tx, submission: Submission, book: RuleBook) -> StoredBook:
        stored = await self._books.lock(tx, submission.book_id or "")
        if (stored.region, stored.scheme) != (book.region, book.scheme):
            raise conflict(
                "claims.rule-book.other-place",
                f"该规则集属于统筹区{stored.region}险种{stored.scheme}，不能改为其他统筹区或险种",
                "the text is of another place or scheme",
                field="region",
            )
        return replace(
            stored,
            place=book.place,
            title=book.title,
            file=submission.file,
            text=submission.text,
            revision=stored.revision + 1,
            life=stored.life.changed(submission.by),
            submitted_at=self._clock.now(),
            findings=None,
            shadow=None,
        )


def readable(text: str, file: str) -> RuleBook:
    """The book that a text states. Refuses with file, line and reason."""
    try:
        return read_book(text, file)
    except RuleError as error:
        raise invalid(
            "claims.rule-book.unreadable",
            f"规则集有误：{worded(error)}",
            str(error),
            field="text",
            errors=[{"field": str(error.origin), "rule": in_chinese(error.problem)}],
        ) from None
