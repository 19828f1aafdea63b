"""The relay: takes committed events out of the outbox and publishes them, in order, at least once.

One relay per service holds an advisory lock. It works by ``published_at`` flags and never by a cursor on ``seq``: sequence
numbers are given before commit, so a cursor would skip the row of a slower transaction. NOTIFY wakes it, a poll is the fallback.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from shared.clock import Clock
from shared.db.database import DATABASE_FAULTS
from shared.messaging.bus import Publisher
from shared.messaging.codec import to_record

log = structlog.get_logger()

PUBLISHED = Counter("onewindow_outbox_published_total", "Events published from the outbox", ["service"])
BACKLOG_S = Gauge("onewindow_outbox_oldest_seconds", "Age of the oldest event not yet published", ["service"])

_LOCK_KEY = 0x0B0C5
_BATCH = 500
_LINGER_S = 0.03
_SELECT = (
    "SELECT seq, event_id, type, topic, key, payload, occurred_at, traceparent FROM outbox "
    "WHERE published_at IS NULL ORDER BY seq LIMIT $1"
)


class Relay:
    """Publishes the outbox of one service until stopped."""

    def __init__(self, dsn: str, publisher: Publisher, service: str, clock: Clock, *, poll_s: float = 0.5) -> None:
        self._dsn = dsn
        self._publisher = publisher
        self._service = service
        self._clock = clock
        self._poll_s = poll_s

    async def run(self, stop: asyncio.Event) -> None:
        """Connect, take the lock, publish; on any fault of database or bus start over after a pause."""
        pause_s = 0.2
        while not stop.is_set():
            try:
                await self._session(stop)
                pause_s = 0.2
            except (*DATABASE_FAULTS, TimeoutError, RuntimeError) as cause:
                log.warning("relay.interrupted", service=self._service, cause=f"{type(cause).__name__}: {cause}")
                await _sleep(stop, pause_s)
                pause_s = min(pause_s * 2, 5.0)

    async def _session(self, stop: asyncio.Event) -> None:
        conn = await asyncpg.connect(self._dsn, timeout=10, command_timeout=30)
        try:
            while not await conn.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK_KEY):
                if await _sleep(stop, 1.0):
                    return
            wake = asyncio.Event()
            await conn.add_listener("outbox", lambda *_: wake.set())
            await self._publisher.start()
            try:
                while not stop.is_set():
                    wake.clear()
                    if await self.publish_once(conn) < _BATCH:
                        await _either(stop, wake, self._poll_s)
                        # Who committed next shares the batch: marking events as published costs a commit of its own.
                        await _sleep(stop, _LINGER_S)
            finally:
                await self._publisher.stop()
        finally:
            await conn.close()

    async def publish_once(self, conn: asyncpg.Connection[Any]) -> int:
        """Publish one batch and mark it; returns how many. A crash between the two publishes the batch again."""
        rows = await conn.fetch(_SELECT, _BATCH)
        if not rows:
            BACKLOG_S.labels(self._service).set(0)
            return 0
        now = self._clock.now()
        oldest: datetime = rows[0]["occurred_at"]
        BACKLOG_S.labels(self._service).set(max(0.0, (now - oldest).total_seconds()))
        await self._publisher.publish(
            [
                to_record(
                    event_id=r["event_id"],
                    type_=r["type"],
                    topic=r["topic"],
                    key=r["key"],
                    payload=r["payload"],
                    occurred_at=r["occurred_at"],
                    traceparent=r["traceparent"],
                )
                for r in rows
            ]
        )
        await conn.execute("UPDATE outbox SET published_at = $2 WHERE seq = ANY($1::bigint[])", [r["seq"] for r in rows], now)
        PUBLISHED.labels(self._service).inc(len(rows))
        return len(rows)


async def republish_since(conn: asyncpg.Connection[Any], since: datetime) -> int:
    """Mark every event since an instant as unpublished, for a broker that lost its log; inboxes drop what was seen."""
    status = await conn.execute("UPDATE outbox SET published_at = NULL WHERE occurred_at >= $1", since)
    await conn.execute("SELECT pg_notify('outbox', '')")
    return int(status.rsplit(" ", 1)[1])


async def _sleep(stop: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def _either(stop: asyncio.Event, wake: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(wake.wait())]
    _, pending = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
