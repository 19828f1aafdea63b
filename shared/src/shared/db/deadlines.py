"""Deadlines: durable timers in the service's own database. A handler runs in a transaction with the row that fired."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete, select, update

from shared.db.database import Database
from shared.errors import Kind, Refusal

log = structlog.get_logger()

DeadlineHandler = Callable[[Any, str, dict[str, Any]], Awaitable[None]]
"""(tx, subject_id, payload). It may schedule itself again."""

MAX_PAUSE = timedelta(hours=1)


class DeadlineRunner:
    """Fires due deadlines one at a time per subject; several workers share them by SKIP LOCKED."""

    def __init__(self, db: Database, handlers: Mapping[str, DeadlineHandler], *, poll_s: float = 1.0) -> None:
        self._db = db
        self._handlers = handlers
        self._poll_s = poll_s

    async def run(self, stop: asyncio.Event) -> None:
        """Fire until stopped."""
        while not stop.is_set():
            try:
                fired = await self.fire_one()
            except Refusal as away:
                if away.kind is not Kind.UNAVAILABLE:
                    raise
                fired = False
            if not fired:
                try:
                    await asyncio.wait_for(stop.wait(), self._poll_s)
                except TimeoutError:
                    continue

    async def fire_one(self) -> bool:
        """Fire the oldest due deadline; False when none is due. A failing one is put off with growing pauses."""
        table = self._db.platform.deadline
        now = self._db.clock.now()
        row = None
        try:
            async with self._db.transaction() as tx:
                row = await tx.first(
                    select(table)
                    .where(table.c.due_at <= now, table.c.kind.in_(list(self._handlers)))
                    .order_by(table.c.due_at)
                    .limit(1)
                    .with_for_update(skip_locked=True)
                )
                if row is None:
                    return False
                await tx.execute(delete(table).where(table.c.kind == row.kind, table.c.subject_id == row.subject_id))
                await self._handlers[row.kind](tx, row.subject_id, json.loads(row.payload))
        except Exception as failed:
            if row is None:
                raise
            log.warning("deadline.failed", kind=row.kind, subject=row.subject_id, cause=f"{type(failed).__name__}: {failed}")
            pause = min(MAX_PAUSE, timedelta(seconds=2 ** min(row.attempts, 12)))
            async with self._db.transaction() as tx:
                await tx.execute(
                    update(table)
                    # as we saw it: meanwhile another worker may have fired it, and its handler set it anew
                    .where(
                        table.c.kind == row.kind,
                        table.c.subject_id == row.subject_id,
                        table.c.due_at == row.due_at,
                        table.c.attempts == row.attempts,
                    )
                    .values(due_at=now + pause, attempts=row.attempts + 1, cause=str(failed)[:2000])
                )
        return True
