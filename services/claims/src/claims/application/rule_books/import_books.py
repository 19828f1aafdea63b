"""The books of the folder that a service is started with: registered once, approved "by file".

What the register says of a place wins: a file that says otherwise of days that are decided, or were settled, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from claims.application.rule_books.apply_change import ApplyChange, details_of
from claims.application.rule_books.ports import BY_FILE, Act, Books, Register, Store, StoredBook
from claims.domain.adjudication.rule_book import RuleBook
from claims.domain.rule_books.in_force import Change, enact, read_book
from claims.domain.rule_books.life import Life
from shared.clock import Clock
from shared.errors import Kind, Refusal
from shared.ids import IdFactory
from shared.rules import RuleError


class ImportBooks:
    """Registers files."""

    def __init__(
        self,
        store: Store,
        books: Books,
        register: Register,
        apply: ApplyChange,
        texts: Mapping[str, str],
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        """``texts``: by file name."""
        self._store = store
        self._books = books
        self._register = register
        self._apply = apply
        self._texts = texts
        self._clock = clock
        self._ids = ids

    async def __call__(self) -> list[str]:
        """Why files were left out. Two processes may do this at once; a file that is registered already changes nothing."""
        left_out: list[str] = []
        read = [(read_book(text, file), file, text) for file, text in self._texts.items()]
        async with self._store.transaction() as tx:
            edition = await self._register.lock(tx)
            in_force = await self._register.enacted(tx)
            for book, file, text in sorted(read, key=lambda item: _first_day(item[0])):
                stored = self._stored(book, file, text)
                try:
                    change = enact(in_force, stored.book_id, book)
                    if not change.added and not change.ended:
                        continue
                    await self._apply.check(tx, change, first=edition is None)
                except RuleError as error:
                    left_out.append(str(error))
                    continue
                except Refusal as refusal:
                    if refusal.kind is Kind.UNAVAILABLE:
                        raise
                    left_out.append(f"{file}: {refusal.en}")
                    continue
                await self._books.add(tx, stored, self._act(stored, change))
                await self._apply(tx, change, stored.book_id, BY_FILE)
                in_force = list(change.in_force)
        return left_out

    def _stored(self, book: RuleBook, file: str, text: str) -> StoredBook:
        return StoredBook(
            book_id=self._ids.new(),
            region=book.region,
            place=book.place,
            scheme=book.scheme,
            title=book.title,
            file=file,
            text=text,
            revision=1,
            origin="file",
            life=Life(state="effective", submitted_by=BY_FILE),
            submitted_at=self._clock.now(),
        )

    @staticmethod
    def _act(stored: StoredBook, change: Change) -> Act:
        return Act(
            act="import",
            by=BY_FILE,
            at=stored.submitted_at,
            state=stored.life.state,
            note=stored.file,
            details=details_of(change),
        )


def _first_day(book: RuleBook) -> date:
    return min(version.effective_from for version in book.versions)
