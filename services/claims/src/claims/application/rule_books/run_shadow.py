"""Carry trials out: a stretch of settlements in each transaction, from where the last one stopped.

A worker that dies in the middle leaves the job as it was after the last whole stretch; two workers never work on one job at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from claims.application.rule_books.load_books import LiveBooks
from claims.application.rule_books.ports import Act, Books, Jobs, PastSettlement, ShadowJob, Store, StoredBook
from claims.application.settlement.stored_facts import facts_from_json
from claims.domain.adjudication import Decision, RuleBooks, RuleSet, adjudicate
from claims.domain.rule_books.in_force import InForce, read_book
from claims.domain.rule_books.shadow import Tally
from shared.clock import Clock
from shared.errors import Refusal
from shared.transactions import Tx


class RunShadow:
    """Works on queued trials."""

    def __init__(self, store: Store, books: Books, jobs: Jobs, live: LiveBooks, clock: Clock, *, stretch: int = 500) -> None:
        self._store = store
        self._books = books
        self._jobs = jobs
        self._live = live
        self._clock = clock
        self._stretch = stretch

    async def __call__(self) -> bool:
        """One stretch of the oldest open job; False when there is none that another process is not working on."""
        async with self._store.transaction() as tx:
            job = await self._jobs.take(tx)
            if job is None:
                return False
            book = await self._books.get(tx, job.book_id)
            if book.revision != job.revision or book.life.state not in ("linted", "shadow-run"):
                await self._jobs.save(tx, self._over(job, "failed", "the text was changed, or the book given up"))
                return True
            if job.state == "queued":
                job = replace(job, state="running", total=await self._jobs.count(tx, book.scheme, job.from_on, job.to_on))
            settlements = await self._jobs.settlements(tx, job, book.scheme, self._stretch)
            job = _decide(job, book, settlements, self._live.now)
            if len(settlements) == self._stretch:
                await self._jobs.save(tx, job)
                return True
            await self._finish(tx, self._over(replace(job, total=job.done), "done", ""))
        return True

    async def _finish(self, tx: Tx, job: ShadowJob) -> None:
        await self._jobs.save(tx, job)
        book = await self._books.lock(tx, job.book_id)
        if book.revision != job.revision:
            return
        result = {
            "job_id": job.job_id,
            "version": job.version,
            "from_on": job.from_on.isoformat(),
            "to_on": job.to_on.isoformat(),
            **job.tally,
        }
        life = book.life.shadow_run()
        details = {"job_id": job.job_id, "count": job.tally["count"]}
        act = Act(act="shadow-run", by=job.asked_by, at=self._clock.now(), state=life.state, details=details)
        await self._books.save(tx, replace(book, life=life, shadow=result), act)

    def _over(self, job: ShadowJob, state: Any, cause: str) -> ShadowJob:
        return replace(job, state=state, cause=cause, finished_at=self._clock.now())


def _decide(job: ShadowJob, book: StoredBook, settlements: Sequence[PastSettlement], now: InForce) -> ShadowJob:
    """The job with these settlements in its sums: those of people for whom this book would be the one to decide."""
    rules = next(r for r in RuleBooks([read_book(book.text, book.file)]).all() if r.version.version == job.version)
    tally = Tally(**job.tally) if job.tally else Tally()
    for past in settlements:
        if now.area(past.insured_region, book.scheme, beside=(book.region, book.scheme)) == book.region:
            paid: dict[str, int] = {}
            for payment in past.payments:
                if payment["layer"] not in ("account", "family"):
                    paid[payment["book"]] = paid.get(payment["book"], 0) + payment["amount_fen"]
            tally.add(past.settlement_id, paid, past.person_fen, _again(rules, past.facts))
    cursor = settlements[-1].settlement_id if settlements else job.cursor
    return replace(job, done=job.done + len(settlements), cursor=cursor, tally=asdict(tally))


def _again(rules: RuleSet, facts: Mapping[str, Any]) -> Decision | Refusal:
    try:
        return adjudicate(rules, *facts_from_json(facts))
    except Refusal as refusal:
        return refusal
