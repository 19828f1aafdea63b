"""A service made of nothing but the platform: its tables, a table of what it has seen, and a few facts to tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text, insert
from sqlalchemy.ext.asyncio import create_async_engine

from shared.clock import FixedClock
from shared.contracts import Envelope
from shared.contracts.gateway import MatterTaskChanged
from shared.db.database import OUTBOX_COLUMNS, Database, SqlTx, outbox_rows
from shared.db.tables import NAMING, platform_tables
from shared.errors import conflict
from shared.ids import TimeOrderedIds
from shared.ledger.tables import LEDGER_DDL, ledger_tables
from shared.messaging.codec import Record, to_record

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FACT = "gateway.matter-task-changed.v1"

METADATA = MetaData(naming_convention=NAMING)
PLATFORM = platform_tables(METADATA)
LEDGER = ledger_tables(METADATA)
SEEN = Table(
    "seen",
    METADATA,
    Column("seq", BigInteger, Identity(), primary_key=True),
    Column("key", Text, nullable=False),
    Column("note", Text, nullable=False),
)


async def create_schema(url: str) -> None:
    """The tables in an empty database, as a migration would make them."""
    engine = create_async_engine("postgresql+asyncpg" + url.removeprefix("postgresql"))
    async with engine.begin() as conn:
        await conn.run_sync(METADATA.create_all)
        for statement in LEDGER_DDL:
            await conn.exec_driver_sql(statement)
    await engine.dispose()


def database(url: str, **options: Any) -> Database:
    """A service's database with a clock that stands still."""
    clock = FixedClock(START)
    return Database(url, PLATFORM, clock, TimeOrderedIds(clock), **options)


def fact(key: str, note: str = "") -> MatterTaskChanged:
    """A fact about ``key``."""
    return MatterTaskChanged(matter_id="M1", person_id=key, task_code=note, task_name="核定", state="done", changed_at=START)


def record(event_id: str, key: str, note: str = "", *, topic: str = "facts", **headers: str) -> Record:
    """A fact as the bus carries it; ``headers`` replace its own."""
    made = to_record(
        event_id=event_id,
        type_=FACT,
        topic=topic,
        key=key,
        payload=(
            f'{{"matter_id":"M1","person_id":"{key}","task_code":"{note}","task_name":"核定","state":"done",'
            f'"changed_at":"2026-03-02T01:00:00Z"}}'
        ),
        occurred_at=START,
        traceparent=None,
    )
    return Record(made.topic, made.key, made.value, made.headers | headers)


async def emit(db: Database, topic: str, *events: Any) -> None:
    """Commit the events with their topic replaced, so that tests that share a broker do not meet."""
    async with db.transaction() as tx:
        await put(tx, topic, *events)


async def put(tx: SqlTx, topic: str, *events: Any) -> None:
    """Write the events into the outbox of an open transaction."""
    rows = [dict(zip(OUTBOX_COLUMNS, row, strict=True)) | {"topic": topic} for row in outbox_rows(events, tx.clock, tx.ids)]
    await tx.execute(insert(PLATFORM.outbox), rows)


@dataclass
class Witness:
    """A handler that writes down what it sees; it refuses the notes in ``refused`` and raises what ``failures`` holds."""

    refused: set[str] = field(default_factory=set)
    failures: list[Exception] = field(default_factory=list)
    calls: int = 0

    async def __call__(self, tx: SqlTx, envelope: Envelope) -> None:
        """The handler."""
        self.calls += 1
        data: MatterTaskChanged = envelope.data
        await tx.execute(insert(SEEN).values(key=data.person_id, note=data.task_code))
        if data.task_code in self.refused:
            raise conflict("test.fact.refused", "不行", f"{data.task_code} is refused")
        if self.failures:
            raise self.failures.pop(0)


async def rows(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a query, on a connection of its own."""
    conn = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await conn.fetch(query, *values)]
    finally:
        await conn.close()


async def seen(url: str) -> dict[str, list[str]]:
    """What the witness saw, by key, in order."""
    found: dict[str, list[str]] = {}
    for key, note in await rows(url, "SELECT key, note FROM seen ORDER BY seq"):
        found.setdefault(key, []).append(note)
    return found
