"""Replayed nonces: remembered in memory when one API process takes all messages, in the database when several do.

The memory guard costs nothing and is exact within its process; a restart forgets. The table makes any number of
processes agree: keys that arrive together go in one statement, without waiting for the disk. Either way a replay that slips
through does no harm to the books: claims answers a repeated message with the stored answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete

from gateway.adapters.tables import his_nonce
from shared.clock import Clock
from shared.db.database import Database, translated


class MemoryReplayGuard:
    """Implements ``ports.ReplayGuard``: two generations of keys, the older one dropped when its time is over."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()
        self._turn_at = float("-inf")

    async def first_time(self, key: str, keep_s: int) -> bool:
        """See the port."""
        now = self._seconds()
        if now >= self._turn_at:
            # A generation lives between one and two times as long as asked for.
            self._old = self._young if now < self._turn_at + keep_s else set()
            self._young = set()
            self._turn_at = now + keep_s
        digest = _digest(key)
        if digest in self._young or digest in self._old:
            return False
        self._young.add(digest)
        return True

    async def forget(self, keep_s: int) -> None:
        """Nothing to sweep: generations are dropped as time passes."""


class DatabaseReplayGuard:
    """Implements ``ports.ReplayGuard`` for several processes. Keys that wait while a statement runs form the next one."""

    _INSERT = (
        "INSERT INTO his_nonce (key, seen_at) SELECT k, $2 FROM unnest($1::bytea[]) k ON CONFLICT DO NOTHING RETURNING key"
    )

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._waiting: list[tuple[bytes, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def first_time(self, key: str, keep_s: int) -> bool:  # noqa: ARG002 -- ``forget`` sweeps the table
        """See the port."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((_digest(key), answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await answer

    async def forget(self, keep_s: int) -> None:
        """The job: drop keys older than ``keep_s``."""
        async with self._db.transaction() as tx:
            await tx.execute(delete(his_nonce).where(his_nonce.c.seen_at < self._clock.now() - timedelta(seconds=keep_s)))

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            # The same key twice in one group: only the first of them can be new.
            first = dict(reversed(group))
            try:
                pool = await self._db.pool()
                async with pool.acquire() as connection, connection.transaction():
                    await connection.execute("SET LOCAL synchronous_commit = off")
                    rows = await connection.fetch(self._INSERT, list(first), self._clock.now())
            except Exception as failure:
                for _, answer in group:
                    if not answer.done():
                        answer.set_exception(translated(failure))
                continue
            new = {row["key"] for row in rows}
            for key, answer in group:
                if not answer.done():
                    answer.set_result(key in new and first[key] is answer)


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
