"""Ask for a trial of a book on the settlements of a past period; a worker carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from claims.application.rule_books.describing import job_shown
from claims.application.rule_books.ports import Act, Books, Jobs, ShadowJob
from claims.domain.rule_books.in_force import read_book
from shared.clock import Clock
from shared.errors import Refusal, conflict, invalid
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx

MAX_DAYS: Final = 366
"""A trial looks at no more days than these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTrial:
    """Which settlements, and who asks."""

    book_id: str
    from_on: date
    to_on: date
    """The last day, included."""
    version: str | None = None
    """The version that decides, whatever the day; None: the book's last."""
    by: str


class AskShadowRun:
    """Queues trials."""

    def __init__(self, once: Once, books: Books, jobs: Jobs, clock: Clock, ids: IdFactory) -> None:
        self._once = once
        self._books = books
        self._jobs = jobs
        self._clock = clock
        self._ids = ids

    async def __call__(self, asked: AskedTrial, key: OnceKey | None) -> dict[str, Any]:
        """The job. Refuses a book that is not checked, or whose approval has begun, a period in the future or of more than
        ``MAX_DAYS``, a second trial while one runs."""
        days = (asked.to_on - asked.from_on).days + 1
        if not 1 <= days <= MAX_DAYS or asked.to_on > self._clock.today():
            raise invalid(
                "claims.rule-book.trial-period",
                f"试算期间须在今天以前且不超过{MAX_DAYS}天",
                f"a trial looks at 1 to {MAX_DAYS} days, none in the future",
                field="from_on",
            )

        async def work(tx: Tx) -> dict[str, Any]:
            book = await self._books.lock(tx, asked.book_id)
            book.life.may_shadow_run()
            if await self._jobs.open_for(tx, book.book_id):
                raise trial_running()
            versions = read_book(book.text, book.file).versions
            last = max(versions, key=lambda version: version.effective_from)
            wanted = next((v for v in versions if v.version == asked.version), None) if asked.version else last
            if wanted is None:
                raise invalid("claims.rule-book.version-unknown", f"规则集没有版本{asked.version}", field="version")
            now = self._clock.now()
            job = ShadowJob(
                job_id=self._ids.new(),
                book_id=book.book_id,
                revision=book.revision,
                version=wanted.version,
                from_on=asked.from_on,
                to_on=asked.to_on,
                asked_by=asked.by,
                asked_at=now,
            )
            await self._jobs.add(tx, job)
            details = {"job_id": job.job_id, "from_on": job.from_on.isoformat(), "to_on": job.to_on.isoformat()}
            await self._books.save(
                tx, book, Act(act="ask-shadow-run", by=asked.by, at=now, state=book.life.state, details=details)
            )
            return job_shown(job)

        return (await self._once.run(key, work))[0]


def trial_running() -> Refusal:
    """The book is being tried on past settlements."""
    return conflict("claims.rule-book.trial-running", "试算尚未完成", "a trial of this book is running", field="state")
