"""The database of one service: connections, transactions that commit inside the use case, and what they leave behind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import Executable, Row, delete, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as SqlTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.clock import Clock
from shared.contracts import REGISTRY
from shared.db.tables import PlatformTables
from shared.errors import invalid, unavailable
from shared.ids import IdFactory
from shared.messaging.codec import encode_data
from shared.telemetry import current_traceparent
from shared.transactions import Tx

STATEMENT_TIMEOUT_MS = 15_000
LOCK_TIMEOUT_MS = 5_000

DATABASE_FAULTS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises. A connection that is cut in the middle of an answer can show as an internal error of the client."""

PASSING = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATEs after which the same transaction may succeed: serialization, deadlock, lock time-out."""

UNSTORABLE = frozenset({"22021", "22P05"})
"""SQLSTATEs of text that no database text can hold, such as a NUL character: the caller's fault, whatever the field."""

OUTBOX_COLUMNS = ("event_id", "type", "topic", "key", "payload", "occurred_at", "traceparent")


class SqlTx:
    """One SQLAlchemy transaction (implements ``shared.transactions.Tx``). Events and deadlines are written at commit."""

    def __init__(self, conn: AsyncConnection, platform: PlatformTables, clock: Clock, ids: IdFactory) -> None:
        self.conn = conn
        self.platform = platform
        self.clock = clock
        self.ids = ids
        self._begun = False
        self._events: list[Any] = []
        self._scheduled: dict[tuple[str, str], tuple[datetime, str] | None] = {}

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run a Core statement."""
        return await self.conn.execute(statement, parameters)

    async def first(self, statement: Executable) -> Row[Any] | None:
        """The first row of a query, or None."""
        return (await self.conn.execute(statement)).first()

    async def all(self, statement: Executable) -> Sequence[Row[Any]]:
        """All rows of a query; put a limit on it."""
        return (await self.conn.execute(statement)).all()

    async def scalar(self, statement: Executable) -> Any:
        """The first column of the first row, or None."""
        return (await self.conn.execute(statement)).scalar()

    async def copy(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Add rows with one COPY, however many: the statement for a table that is written by the hundred."""
        if not rows:
            return
        if not self._begun:  # SQLAlchemy begins with its first statement, and COPY passes it by
            await self.conn.execute(text("SELECT 1"))
            self._begun = True
        raw = (await self.conn.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.copy_records_to_table(table, records=rows, columns=columns)

    def emit(self, event: Any) -> None:
        """See ``shared.transactions.Tx``. KeyError when the class is no registered event."""
        REGISTRY.of(type(event))
        self._events.append(event)

    def schedule(self, kind: str, subject_id: str, due_at: datetime, payload: Mapping[str, Any] | None = None) -> None:
        """See ``shared.transactions.Tx``."""
        self._scheduled[(kind, subject_id)] = (due_at, json.dumps(dict(payload or {}), ensure_ascii=False))

    def cancel(self, kind: str, subject_id: str) -> None:
        """See ``shared.transactions.Tx``."""
        self._scheduled[(kind, subject_id)] = None

    async def flush(self) -> None:
        """Write the staged events and deadlines; the transaction calls it before it commits."""
        if self._events:
            await self.copy("outbox", OUTBOX_COLUMNS, outbox_rows(self._events, self.clock, self.ids))
            await self.conn.execute(text("SELECT pg_notify('outbox', '')"))
            self._events = []
        deadline = self.platform.deadline
        for (kind, subject_id), due in self._scheduled.items():
            if due is None:
                await self.conn.execute(delete(deadline).where(deadline.c.kind == kind, deadline.c.subject_id == subject_id))
                continue
            statement = upsert(deadline).values(kind=kind, subject_id=subject_id, due_at=due[0], payload=due[1])
            await self.conn.execute(
                statement.on_conflict_do_update(
                    index_elements=["kind", "subject_id"],
                    set_={"due_at": due[0], "payload": due[1], "attempts": 0, "cause": None},
                )
            )
        self._scheduled = {}


def opened(tx: Tx) -> SqlTx:
    """The SQL transaction behind the ``Tx`` that use cases pass on. TypeError for any other."""
    if not isinstance(tx, SqlTx):
        raise TypeError(f"{type(tx).__name__} is no SQL transaction")
    return tx


def outbox_rows(
    events: Sequence[Any], clock: Clock, ids: IdFactory
) -> list[tuple[str, str, str, str, str, datetime, str | None]]:
    """Rows for the outbox, in the order of ``OUTBOX_COLUMNS``; for the hot path, which copies them in through asyncpg."""
    now = clock.now()
    trace = current_traceparent()
    rows = []
    for item in events:
        entry = REGISTRY.of(type(item))
        rows.append((ids.new(), entry.name, entry.topic, getattr(item, entry.key_field), encode_data(item), now, trace))
    return rows


class Database:
    """A service's own database. Nobody else reads its tables.

    ``transaction()`` for use cases (SQLAlchemy Core), ``reading()`` for queries, ``pool()`` for the hot path (asyncpg).
    """

    def __init__(self, url: str, platform: PlatformTables, clock: Clock, ids: IdFactory, *, pool_size: int = 8) -> None:
        self.url = url
        self.platform = platform
        self.clock = clock
        self.ids = ids
        self._pool_size = pool_size
        self._engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg" + url.removeprefix("postgresql"),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=10,
            hide_parameters=True,  # errors are logged, and parameters hold personal data
            connect_args={"server_settings": self._server_settings(), "timeout": 10},
        )
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlTx]:
        """A transaction; commits when the block ends well, rolls back on any exception.

        Refuses with kind UNAVAILABLE while the database is away, and when it gave up on this transaction (deadlock,
        serialization, lock or statement time-out): nothing was done, the same request may succeed later.
        """
        try:
            async with self._engine.connect() as conn, conn.begin():
                tx = SqlTx(conn, self.platform, self.clock, self.ids)
                yield tx
                await tx.flush()
        except (*DATABASE_FAULTS, DBAPIError, SqlTimeout) as cause:
            raise translated(cause) from cause

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlTx]:
        """A read-only snapshot for queries; nothing can be emitted from it."""
        try:
            async with self._engine.connect() as conn:
                await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                yield SqlTx(conn, self.platform, self.clock, self.ids)
        except (*DATABASE_FAULTS, DBAPIError, SqlTimeout) as cause:
            raise translated(cause) from cause

    async def pool(self) -> asyncpg.Pool[asyncpg.Record]:
        """The asyncpg pool of the hot path, opened on first use."""
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                self.url, min_size=1, max_size=self._pool_size, server_settings=self._server_settings(), timeout=10
            )
        return self._pool

    async def ping(self) -> None:
        """Raises when the database does not answer."""
        async with self._engine.connect() as conn:
            await conn.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None
        await self._engine.dispose()

    @staticmethod
    def _server_settings() -> dict[str, str]:
        return {
            "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            "lock_timeout": str(LOCK_TIMEOUT_MS),
            "idle_in_transaction_session_timeout": "30000",
            "timezone": "UTC",
        }


def translated(cause: BaseException) -> BaseException:
    """A passing fault as a Refusal of kind UNAVAILABLE, text that cannot be stored as one of kind INVALID; any other cause (a
    bug, a constraint) as it is."""
    state = getattr(getattr(cause, "orig", cause), "sqlstate", None) or ""
    if state in UNSTORABLE:
        return invalid("request.text-unstorable", "文本中含有不能保存的字符（如空字符）", "text that cannot be stored")
    passing = (
        isinstance(cause, OSError | SqlTimeout | asyncpg.InterfaceError | asyncpg.InternalClientError)
        or state[:2] in ("08", "53", "57")
        or state in PASSING
    )
    cut_off = isinstance(cause, DBAPIError) and cause.connection_invalidated
    if not (passing or cut_off):
        return cause
    return unavailable(
        "database.away", "数据库暂时不可用，请稍后重试", f"database is away or gave up: {type(cause).__name__} {state}"
    )
