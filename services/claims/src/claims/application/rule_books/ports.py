"""What the use cases of rule books need from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from claims.domain.adjudication import RuleBooks
from claims.domain.policy_lint import Finding
from claims.domain.rule_books.in_force import Change, Enacted
from claims.domain.rule_books.life import Life
from shared.transactions import Tx, UnitOfWork

BY_FILE = "file"
"""Who acts where a book comes from the folder that the service was started with."""


class PolicyLint(Protocol):
    """Checks rules beyond what the reader of books refuses."""

    def __call__(self, books: RuleBooks, /) -> list[Finding]:
        """The findings on the versions that a draft would add."""
        ...


class Store(UnitOfWork, Protocol):
    """The service's database."""

    def reading(self) -> AbstractAsyncContextManager[Tx]:
        """A read-only snapshot."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBook:
    """A rule book with where it stands."""

    book_id: str
    region: str
    place: str
    scheme: str
    title: str
    file: str
    """Its name in messages."""
    text: str
    revision: int
    """Counts the texts it has had."""
    origin: Literal["submitted", "file"]
    life: Life
    submitted_at: datetime
    findings: tuple[Finding, ...] | None = None
    """Of the last check of this text; None: not checked yet."""
    shadow: Mapping[str, Any] | None = None
    """Result of the last trial on past settlements of this text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One line of a book's history."""

    act: str
    by: str
    at: datetime
    state: str
    """Afterwards."""
    note: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookFilter:
    """Which books a list shows; None does not restrict."""

    region: str | None = None
    scheme: str | None = None
    state: str | None = None


class Books(Protocol):
    """The books and their histories."""

    async def lock(self, tx: Tx, book_id: str) -> StoredBook:
        """The book, locked. Refusal ``claims.rule-book.unknown`` when there is none."""
        ...

    async def get(self, tx: Tx, book_id: str) -> StoredBook:
        """The book. Refusal as ``lock``."""
        ...

    async def add(self, tx: Tx, book: StoredBook, act: Act) -> None:
        """A new book and the first line of its history."""
        ...

    async def save(self, tx: Tx, book: StoredBook, act: Act) -> None:
        """A locked book as it stands now, and what was done with it."""
        ...

    async def acts(self, tx: Tx, book_id: str) -> list[Act]:
        """Its history, oldest first."""
        ...

    async def page(self, tx: Tx, wanted: BookFilter, after: str, limit: int) -> list[StoredBook]:
        """Books by id, newest first, older than ``after`` unless it is empty."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledUnder:
    """Settlements that stand and were decided alike."""

    digest: str
    region: str
    """Of insurance."""
    begun_on: date
    ended_on: date
    settled_on: date


class Register(Protocol):
    """What is in force. Whoever changes it takes ``lock`` first, before any book."""

    async def lock(self, tx: Tx) -> str | None:
        """Take the register for this transaction; its edition, None when nothing was registered yet."""
        ...

    async def edition(self, tx: Tx) -> str | None:
        """Which state of things is in force: another text after every change."""
        ...

    async def enacted(self, tx: Tx) -> list[Enacted]:
        """Every version that was made effective."""
        ...

    async def apply(self, tx: Tx, change: Change) -> None:
        """Write a change and begin a new edition."""
        ...

    async def settled(self, tx: Tx, scheme: str, since: date, *, exclude_others: bool) -> list[SettledUnder]:
        """How claims of a scheme were settled from a day on. ``exclude_others``: and no settlement can be written until this
        transaction ends."""
        ...


JobState = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowJob:
    """A trial of a book on the settlements of a period."""

    job_id: str
    book_id: str
    revision: int
    version: str
    """Which of the book's versions decides."""
    from_on: date
    to_on: date
    """The last day, included."""
    state: JobState = "queued"
    done: int = 0
    total: int = 0
    cursor: str = ""
    """The last settlement decided."""
    tally: Mapping[str, Any] = field(default_factory=dict)
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSettlement:
    """What a trial needs of a settlement."""

    settlement_id: str
    insured_region: str
    person_fen: int
    """What the person bore."""
    payments: Sequence[Mapping[str, Any]]
    facts: Mapping[str, Any]


class Jobs(Protocol):
    """Trials and the settlements they read."""

    async def add(self, tx: Tx, job: ShadowJob) -> None:
        """Queue it."""
        ...

    async def take(self, tx: Tx) -> ShadowJob | None:
        """The oldest open job that no other process holds, locked."""
        ...

    async def save(self, tx: Tx, job: ShadowJob) -> None:
        """A taken job as it stands now."""
        ...

    async def get(self, tx: Tx, job_id: str) -> ShadowJob:
        """The job. Refusal ``claims.rule-book.job-unknown`` when there is none."""
        ...

    async def of_book(self, tx: Tx, book_id: str, after: str, limit: int) -> list[ShadowJob]:
        """A book's jobs, newest first, older than ``after`` unless it is empty."""
        ...

    async def open_for(self, tx: Tx, book_id: str) -> bool:
        """Whether a job of the book is queued or running."""
        ...

    async def count(self, tx: Tx, scheme: str, from_on: date, to_on: date) -> int:
        """How many settlements of the scheme stand that were made in the period."""
        ...

    async def settlements(self, tx: Tx, job: ShadowJob, scheme: str, limit: int) -> list[PastSettlement]:
        """The next of them behind the job's cursor."""
        ...
