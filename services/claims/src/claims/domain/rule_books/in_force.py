"""What is in force, as it was decided: the versions that were made effective, each under the digest it was approved with.

A version in force is never changed. A later book may decide its last day, if it had none; its digest, which decisions name,
stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

from claims.domain.adjudication import RuleBooks, RuleSet
from claims.domain.adjudication.rule_book import RuleBook, RuleVersion
from shared.rules import Origin, RuleError, digest_of, in_order, read_rules

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=1024)
def read_book(text: str, file: str) -> RuleBook:
    """The book of a text; what is in force is read again at every change of it, and mostly has not changed. Raises RuleError."""
    return read_rules(text, file, RuleBook)


class RulesByDay(Protocol):
    """Whoever can say which rules decide, and which decided."""

    def on(self, region: str, scheme: str, day: date) -> RuleSet:
        """See ``RuleBooks.on``."""
        ...

    def under(self, digest: str) -> RuleSet | None:
        """See ``InForce.under``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Enacted:
    """A version that was made effective."""

    digest: str
    """As it was approved: with the end of its text, whatever was decided about that later."""
    book_id: str
    book: RuleBook
    version: RuleVersion
    """With its last day as decided so far."""

    @property
    def effective_from(self) -> date:
        """First day."""
        return self.version.effective_from

    @property
    def effective_to(self) -> date | None:
        """Last day, None while open."""
        return self.version.effective_to

    @property
    def origin(self) -> Origin:
        """Where the version stands."""
        return self.version.origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What making a book effective, or ending one, changes."""

    added: tuple[Enacted, ...] = ()
    ended: tuple[Enacted, ...] = ()
    """Versions that get their last day."""
    in_force: tuple[Enacted, ...]
    """All versions afterwards."""

    @property
    def since(self) -> date:
        """The first day whose rules may be other ones. Raises ValueError when nothing changes."""
        return min(
            [e.effective_from for e in self.added]
            + [e.effective_to + ONE_DAY for e in self.ended if e.effective_to is not None]
        )


def enact(in_force: Sequence[Enacted], book_id: str, book: RuleBook) -> Change:
    """The change that a book makes.

    Versions of its text that are in force already stay, and may get their last day; the others are new, and an open version
    before them ends the day before. Raises RuleError when the versions then overlap, leave a gap, or an end was decided
    otherwise.
    """
    beside = [e for e in in_force if _place(e.book) == _place(book)]
    known = {_content(e.book, e.version): e for e in beside}
    added: list[Enacted] = []
    ended: list[Enacted] = []
    for rules in RuleBooks([book]).all():
        standing = known.get(_content(book, rules.version))
        if standing is None:
            added.append(Enacted(digest=rules.digest, book_id=book_id, book=book, version=rules.version))
        elif rules.effective_to is not None and standing.effective_to is None:
            ended.append(_ending(standing, rules.effective_to))
        elif rules.effective_to is not None and rules.effective_to != standing.effective_to:
            raise RuleError(rules.origin, f"it was decided that this version ends on {standing.effective_to}")
    if added:
        first = min(e.effective_from for e in added)
        decided = {e.digest for e in ended}
        ended += [
            _ending(e, first - ONE_DAY)
            for e in beside
            if e.effective_to is None and e.digest not in decided and e.effective_from < first
        ]
    changed = {e.digest: e for e in ended}
    beside = [*(changed.get(e.digest, e) for e in beside), *added]
    in_order(beside)
    others = [e for e in in_force if _place(e.book) != _place(book)]
    return Change(added=tuple(added), ended=tuple(ended), in_force=(*others, *beside))


def end(in_force: Sequence[Enacted], book_id: str, on: date) -> Change:
    """The change when ``on`` is the last day of a book. Raises RuleError when its last version ends on another day, or earlier
    than it begins, or others follow."""
    own = [e for e in in_force if e.book_id == book_id]
    last = max(own, key=lambda e: e.effective_from)
    if last.effective_to is not None and last.effective_to != on:
        raise RuleError(last.version.origin, f"it was decided that this version ends on {last.effective_to}")
    ended = _ending(last, on)
    after = tuple(ended if e.digest == last.digest else e for e in in_force)
    in_order(e for e in after if _place(e.book) == _place(last.book))
    return Change(ended=() if last.effective_to is not None else (ended,), in_force=after)


class InForce:
    """Every version that was ever made effective, to be asked by day, or by the digest that a decision names."""

    def __init__(self, enacted: Iterable[Enacted], edition: str) -> None:
        """``edition`` names this state of things. Raises RuleError."""
        standing = list(enacted)
        books = RuleBooks([replace(e.book, versions=(e.version,)) for e in standing])
        approved = {(*_place(e.book), e.effective_from): e.digest for e in standing}
        self.edition = edition
        self.enacted = tuple(standing)
        self._books = books
        self._by_content = {
            rules.digest: replace(rules, digest=approved[rules.region, rules.scheme, rules.effective_from])
            for rules in books.all()
        }
        self._by_digest = {rules.digest: rules for rules in self._by_content.values()}

    def on(self, region: str, scheme: str, day: date) -> RuleSet:
        """See ``RuleBooks.on``."""
        return self._by_content[self._books.on(region, scheme, day).digest]

    def all(self) -> list[RuleSet]:
        """Every version, by place, scheme and date."""
        return list(self._by_content.values())

    def under(self, digest: str) -> RuleSet | None:
        """The rules that a decision names; None when they were never in force here."""
        return self._by_digest.get(digest)

    def area(self, region: str, scheme: str, *, beside: tuple[str, str] | None = None) -> str | None:
        """Whose books decide for people insured in a region: its own, else its city's, else its province's. ``beside``: a
        place and scheme that has a book as well."""
        places = {_place(e.book) for e in self.enacted} | ({beside} if beside else set())
        areas = (region, region[:4] + "00", region[:2] + "0000")
        return next((area for area in areas if (area, scheme) in places), None)


def unregistered(books: Sequence[RuleBook]) -> InForce:
    """Books of files that nobody has registered yet, under the digests of their content. Raises RuleError."""
    return InForce(
        [
            Enacted(digest=rules.digest, book_id="", book=book, version=rules.version)
            for book in books
            for rules in RuleBooks([book]).all()
        ],
        edition="",
    )


def _place(book: RuleBook) -> tuple[str, str]:
    return book.region, book.scheme


def _content(book: RuleBook, version: RuleVersion) -> str:
    """Equal for versions that say the same, whatever their last day."""
    return digest_of({"region": book.region, "scheme": book.scheme, "version": replace(version, effective_to=None)})


def _ending(enacted: Enacted, on: date) -> Enacted:
    return replace(enacted, version=replace(enacted.version, effective_to=on))
