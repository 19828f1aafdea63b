"""The runner: consumes facts, one transaction for what is fetched together, inbox in the same transaction, then the
offsets. When that fails, one transaction per partition; when that fails, one per record.

What happens (architecture, section 6): a record that cannot be decoded or is refused is parked with its cause, in one
transaction with its inbox mark, and later events of the same key are parked behind it; a database that is away pauses the
partition and is retried with back-off, never skipped; a bug is tried a few times and then parked when it stands alone.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import insert, select, text, update

from shared.contracts import Envelope
from shared.db.database import Database, SqlTx
from shared.errors import Kind, Refusal
from shared.messaging.bus import Position, Subscriber
from shared.messaging.codec import DecodeError, Record, decode
from shared.telemetry import span

log = structlog.get_logger()

Handler = Callable[[Any, Envelope], Awaitable[None]]
"""(tx, envelope): the reaction to a foreign fact, inside the runner's transaction."""

BatchHandler = Callable[[Any, Sequence[Envelope]], Awaitable[None]]
"""(tx, envelopes): the reaction to several facts that stand one behind the other, at once. Types may share a reaction."""

CONSUMED = Counter("onewindow_events_consumed_total", "Events whose effect is committed", ["service", "type"])
PARKED = Counter("onewindow_events_parked_total", "Events parked with a cause", ["service", "type"])
LAG = Gauge("onewindow_consumer_lag_records", "Records behind the end of the topic", ["service", "topic", "partition"])

BATCH = 200
TRIES = 3
MAX_PARKED_IN_A_ROW = 20


# One array parameter however many records: the text stays the same, so that nothing is compiled or planned again.
_MARK = text("INSERT INTO inbox (event_id) SELECT unnest(CAST(:ids AS text[])) ON CONFLICT DO NOTHING RETURNING event_id")
_BLOCKED = text("SELECT DISTINCT topic, key FROM parked_event WHERE replayed_at IS NULL AND key = ANY(CAST(:keys AS text[]))")


class TooManyParked(RuntimeError):
    """So many records in a row failed that the fault is ours; the worker stops instead of parking everything."""


class Runner:
    """Runs the handlers of one service on one group membership."""

    def __init__(
        self,
        db: Database,
        subscriber: Subscriber,
        handlers: Mapping[str, Handler],
        service: str,
        *,
        batches: Mapping[str, BatchHandler] | None = None,
        rng: random.Random | None = None,
        pause_s: float = 0.5,
        linger_s: float = 0.05,
    ) -> None:
        self._db = db
        self._subscriber = subscriber
        self._handlers = handlers
        self._batches = batches or {}
        self._service = service
        self._rng = rng or random.Random()
        self._pause_s = pause_s
        self._linger_s = linger_s
        self._parked_in_a_row = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until stopped. Raises TooManyParked when nothing works any more."""
        await self._subscriber.start()
        try:
            last_lag = 0.0
            loop = asyncio.get_running_loop()
            while not stop.is_set():
                fetched = await self.step(timeout_ms=500)
                if 0 < fetched < BATCH:
                    # What comes in the meantime shares the next transaction; a trickle of facts would else cost a commit each.
                    await asyncio.sleep(self._linger_s)
                if loop.time() - last_lag > 5:
                    last_lag = loop.time()
                    for position, behind in (await self._subscriber.lag()).items():
                        LAG.labels(self._service, position.topic, str(position.partition)).set(behind)
        finally:
            await self._subscriber.stop()

    async def step(self, timeout_ms: int = 0) -> int:
        """Fetch and work off one round; returns how many records were fetched."""
        fetched = await self._subscriber.fetch(timeout_ms, BATCH)
        batches = {p: [_storable(r) for r in records] for p, records in fetched.items() if records}
        if len(batches) > 1 and await self._together(batches):
            return sum(map(len, batches.values()))
        results = await asyncio.gather(*(self._partition(p, records) for p, records in batches.items()))
        for failure in results:
            if failure is not None:
                raise failure
        return sum(map(len, batches.values()))

    async def _together(self, batches: Mapping[Position, Sequence[Record]]) -> bool:
        """All partitions of a round in one transaction; False when that failed: then each has one of its own."""
        try:
            async with self._db.transaction() as tx:
                await self._apply(tx, [record for records in batches.values() for record in records])
        except Exception:
            return False
        self._parked_in_a_row = 0
        await self._commit({position: records[-1].offset + 1 for position, records in batches.items()})
        return True

    async def _commit(self, offsets: Mapping[Position, int]) -> None:
        try:
            await self._subscriber.commit(offsets)
        except Exception as lost:  # a partition may have moved to another member; its inbox drops what we did
            log.warning("consumer.commit-failed", service=self._service, cause=type(lost).__name__)

    async def _partition(self, position: Position, records: Sequence[Record]) -> Exception | None:
        try:
            await self._batch(records)
        except TooManyParked as failure:
            return failure
        except Refusal as away:
            if away.kind is not Kind.UNAVAILABLE:
                raise
            pause_s = self._pause_s * (1 + self._rng.random())
            log.warning(
                "consumer.paused", service=self._service, topic=position.topic, cause=away.en, pause_s=round(pause_s, 2)
            )
            await self._subscriber.seek(position, records[0].offset)
            await asyncio.sleep(pause_s)
            return None
        await self._commit({position: records[-1].offset + 1})
        return None

    async def _batch(self, records: Sequence[Record]) -> None:
        """All records in one transaction; when one of them fails, one by one."""
        try:
            async with self._db.transaction() as tx:
                await self._apply(tx, records)
            self._parked_in_a_row = 0
        except Refusal as refused:
            if refused.kind is Kind.UNAVAILABLE:
                raise
            await self._one_by_one(records)
        except Exception:
            await self._one_by_one(records)

    async def _one_by_one(self, records: Sequence[Record]) -> None:
        for record in records:
            cause = ""
            for attempt in range(TRIES):
                try:
                    async with self._db.transaction() as tx:
                        await self._apply(tx, [record])
                    self._parked_in_a_row = 0
                    break
                except Refusal as refused:
                    if refused.kind is Kind.UNAVAILABLE:
                        raise
                    cause = str(refused)
                    await self._park(record, cause)
                    break
                except DecodeError as broken:
                    await self._park(record, str(broken))
                    break
                except Exception as bug:
                    cause = f"{type(bug).__name__}: {bug}"
                    log.exception("consumer.failed", service=self._service, topic=record.topic, attempt=attempt + 1)
                    if attempt + 1 == TRIES:
                        await self._park(record, cause)

    async def _apply(self, tx: SqlTx, records: Sequence[Record]) -> None:
        # What is not for us is not even read: a fault in it is no concern of ours.
        fresh = [r for r in await self._unseen(tx, records) if r.headers.get("ce_type", "") in {"", *self._handlers}]
        if not fresh:
            return
        blocked = await self._blocked_keys(tx, fresh)
        together: list[Envelope] = []
        for record in fresh:
            if (record.topic, record.key) in blocked:
                await self._store_parked(tx, record, "behind a parked event of the same key")
                continue
            envelope = decode(record)
            if envelope is None:
                continue
            reaction = self._batches.get(envelope.type)
            if together and (reaction is None or reaction is not self._batches.get(together[0].type)):
                await self._handle(tx, together)
                together = []
            together.append(envelope)
        if together:
            await self._handle(tx, together)

    async def _handle(self, tx: SqlTx, envelopes: Sequence[Envelope]) -> None:
        """One fact by its handler, or several that have one reaction at once; a trace goes on with the first."""
        type_ = envelopes[0].type
        with span(f"consume {type_}", traceparent=envelopes[0].traceparent):
            if len(envelopes) == 1:
                await self._handlers[type_](tx, envelopes[0])
            else:
                await self._batches[type_](tx, envelopes)
        for envelope in envelopes:
            CONSUMED.labels(self._service, envelope.type).inc()

    async def _unseen(self, tx: SqlTx, records: Sequence[Record]) -> list[Record]:
        """Mark the records in the inbox and keep those that were not there, once each."""
        by_id: dict[str, Record] = {}
        for record in records:
            event_id = record.headers.get("ce_id", f"{record.topic}/{record.partition}/{record.offset}")
            by_id.setdefault(event_id, record)
        new = {row.event_id for row in await tx.execute(_MARK, {"ids": list(by_id)})}
        return [record for event_id, record in by_id.items() if event_id in new]

    async def _blocked_keys(self, tx: SqlTx, records: Sequence[Record]) -> set[tuple[str, str]]:
        rows = await tx.all(_BLOCKED.bindparams(keys=list({record.key for record in records})))
        return {(row.topic, row.key) for row in rows}

    async def _park(self, record: Record, cause: str) -> None:
        log.error("consumer.parked", service=self._service, topic=record.topic, offset=record.offset, cause=cause)
        async with self._db.transaction() as tx:
            if await self._unseen(tx, [record]):
                await self._store_parked(tx, record, cause)
        self._parked_in_a_row += 1
        if self._parked_in_a_row >= MAX_PARKED_IN_A_ROW:
            raise TooManyParked(f"{self._parked_in_a_row} records in a row failed, last: {cause}")

    async def _store_parked(self, tx: SqlTx, record: Record, cause: str) -> None:
        type_ = record.headers.get("ce_type", "?")
        await tx.execute(
            insert(tx.platform.parked).values(
                event_id=record.headers.get("ce_id", f"{record.topic}/{record.partition}/{record.offset}"),
                topic=record.topic,
                partition=record.partition,
                position=record.offset,
                key=record.key,
                type=type_,
                payload=record.value.decode(errors="replace"),
                headers=json.dumps(record.headers),
                cause=cause[:2000].replace("\0", "\ufffd"),
                parked_at=tx.clock.now(),
            )
        )
        PARKED.labels(self._service, type_).inc()


async def replay_parked(
    db: Database, handlers: Mapping[str, Handler], *, limit: int = 1000
) -> tuple[int, list[tuple[str, str]]]:
    """Run parked events again, oldest first per key; returns how many succeeded and (event id, cause) of those that did not.

    An event that fails again keeps every later event of its key parked.
    """
    parked = db.platform.parked
    async with db.reading() as tx:
        rows = await tx.all(
            select(parked).where(parked.c.replayed_at.is_(None)).order_by(parked.c.parked_at, parked.c.position).limit(limit)
        )
    done = 0
    failed: list[tuple[str, str]] = []
    stuck: set[tuple[str, str]] = set()
    for row in rows:
        if (row.topic, row.key) in stuck:
            continue
        record = Record(row.topic, row.key, row.payload.encode(), json.loads(row.headers), row.partition, row.position)
        try:
            async with db.transaction() as tx:
                mine = update(parked).where(parked.c.event_id == row.event_id, parked.c.replayed_at.is_(None))
                if not (await tx.execute(mine.values(replayed_at=tx.clock.now()))).rowcount:
                    continue  # somebody else replays at the same time and was first
                envelope = decode(record)
                if envelope is not None and envelope.type in handlers:
                    await handlers[envelope.type](tx, envelope)
            done += 1
        except Exception as cause:
            stuck.add((row.topic, row.key))
            failed.append((row.event_id, str(cause) if isinstance(cause, Refusal | DecodeError) else repr(cause)))
    return done, failed


def _storable(record: Record) -> Record:
    """The record without zero bytes: PostgreSQL keeps no text with one, and a record of ours has none."""
    if b"\0" not in record.value and "\0" not in record.key and not any("\0" in v for v in record.headers.values()):
        return record
    return replace(
        record,
        key=record.key.replace("\0", "\ufffd"),
        value=record.value.replace(b"\0", "\ufffd".encode()),
        headers={name: value.replace("\0", "\ufffd") for name, value in record.headers.items()},
    )
