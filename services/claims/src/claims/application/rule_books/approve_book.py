"""Approve a book: two people, the second of whom did not submit it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from claims.application.rule_books.ask_shadow_run import trial_running
from claims.application.rule_books.describing import summary
from claims.application.rule_books.ports import Act, Books, Jobs
from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx


class ApproveBook:
    """Takes approvals."""

    def __init__(self, once: Once, books: Books, jobs: Jobs, clock: Clock) -> None:
        self._once = once
        self._books = books
        self._jobs = jobs
        self._clock = clock

    async def __call__(self, book_id: str, by: str, note: str, key: OnceKey | None) -> dict[str, Any]:
        """The book: with its maker after the first approval, approved after the second. Refuses as ``Life.approved`` does, and
        while a trial runs."""

        async def work(tx: Tx) -> dict[str, Any]:
            book = await self._books.lock(tx, book_id)
            life = book.life.approved(by)
            if await self._jobs.open_for(tx, book_id):
                raise trial_running()
            book = replace(book, life=life)
            act = "approve" if life.state == "approved" else "propose"
            await self._books.save(tx, book, Act(act=act, by=by, at=self._clock.now(), state=life.state, note=note))
            return summary(book)

        return (await self._once.run(key, work))[0]
