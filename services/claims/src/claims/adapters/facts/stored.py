"""Stored settlements as facts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

import asyncpg
import orjson

from claims.application.simulation.ports import SettledFacts
from shared.clock import CHINA, local
from shared.crypto import Sealer
from shared.db.database import DATABASE_FAULTS, Database, translated

_SETTLED: Final = (
    "SELECT s.person_id, s.begun_on, s.ended_on, s.settled_at, coalesce(c.facts, s.facts) AS facts,"
    " s.answer->>'insured_region' AS region FROM settlement s LEFT JOIN LATERAL (SELECT k.facts FROM settlement_correction k"
    " WHERE k.settlement_id = s.settlement_id ORDER BY k.sequence DESC LIMIT 1) c ON true"
    " WHERE s.state = 'valid' AND s.work_injury_key IS NULL AND s.settled_at >= $1 AND s.settled_at < $2"
    " ORDER BY s.person_id, s.scheme, s.benefit_year, s.year_no, s.placed_on NULLS LAST, s.settled_at, s.settlement_id"
)
"""As they stand after all corrections, in the order in which the person-year counts them."""


class StoredClaims:
    """Implements ``SettledClaims``: one snapshot, read by a cursor."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db = db
        self._sealer = sealer

    async def between(self, begins_on: date, ends_on: date, at_once: int) -> AsyncIterator[Sequence[SettledFacts]]:
        """See ``SettledClaims``."""
        since = datetime.combine(begins_on, time(), CHINA)
        until = datetime.combine(ends_on + timedelta(days=1), time(), CHINA)
        pool = await self._db.pool()
        try:
            async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
                await conn.execute("SET LOCAL statement_timeout = 0")  # the first stretch comes when all is sorted
                cursor = await conn.cursor(_SETTLED, since, until)
                while records := await cursor.fetch(at_once):
                    yield [self._facts(record) for record in records]
        except DATABASE_FAULTS as cause:
            raise translated(cause) from cause

    def _facts(self, record: asyncpg.Record) -> SettledFacts:
        facts = orjson.loads(record["facts"])
        return SettledFacts(
            person=int(self._sealer.index(f"simulation|{record['person_id']}")[:16], 16) >> 1,
            region=record["region"] or facts["region"],
            begun_on=record["begun_on"],
            ended_on=record["ended_on"],
            settled_on=local(record["settled_at"]).date(),
            facts=facts,
        )


class FactsFolders:
    """Implements ``FactsFiles``; ``root``: where the folders are that simulations may name."""

    def __init__(self, root: Path | None) -> None:
        self._root = root

    def known(self, name: str) -> bool:
        """See ``FactsFiles``."""
        return self._root is not None and "/" not in name and not name.startswith(".") and (self._root / name).is_dir()

    @asynccontextmanager
    async def writing(self, folder: Path) -> AsyncIterator[Callable[[Sequence[SettledFacts]], Awaitable[None]]]:
        """See ``FactsFiles``."""
        from claims.adapters.facts.rows import FactsWriter, table  # what reads columns is loaded only where it is needed

        writer = FactsWriter(folder)

        async def write(rows: Sequence[SettledFacts]) -> None:
            await asyncio.to_thread(writer.add, table(rows, writer.rows))

        try:
            yield write
        except BaseException:
            writer.abandon()
            raise
        await asyncio.to_thread(writer.close)
