"""Timeline and access log in PostgreSQL: append-only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text, tuple_

from gateway.adapters.tables import access_log, timeline_entry
from gateway.domain.timeline import Entry

_COLUMNS = ("event_id", "person_id", "happened_at", "kind", "title", "detail", "amount_fen", "links")
# One array for each column however many lines: the text stays the same, so that nothing is compiled or planned again.
_ADD = text(
    "INSERT INTO timeline_entry (event_id, person_id, happened_at, kind, title, detail, amount_fen, links)"
    " SELECT event_id, person_id, happened_at, kind, title, detail, amount_fen, CAST(links AS jsonb)"
    " FROM unnest(CAST(:event_id AS text[]), CAST(:person_id AS text[]), CAST(:happened_at AS timestamptz[]), CAST(:kind AS text[]),"
    " CAST(:title AS text[]), CAST(:detail AS text[]), CAST(:amount_fen AS bigint[]), CAST(:links AS text[]))"
    " AS line (event_id, person_id, happened_at, kind, title, detail, amount_fen, links) ON CONFLICT DO NOTHING"
)


class SqlTimeline:
    """Implements ``ports.Timeline``."""

    async def add(self, tx: Any, entries: Mapping[str, Entry]) -> None:
        """See the port."""
        rows = [
            (
                event_id,
                e.person_id,
                e.at,
                e.kind,
                e.title,
                e.detail,
                e.amount_fen,
                json.dumps(dict(e.links), ensure_ascii=False),
            )
            for event_id, e in entries.items()
        ]
        columns = zip(*rows, strict=True)
        await tx.execute(_ADD, dict(zip(_COLUMNS, map(list, columns), strict=True)))

    async def page(self, tx: Any, person_id: str, limit: int, after: list[Any] | None) -> list[tuple[Entry, list[Any]]]:
        """See the port."""
        columns = timeline_entry.c
        query = select(timeline_entry).where(columns.person_id == person_id)
        if after is not None:
            query = query.where(tuple_(columns.happened_at, columns.event_id) < tuple_(*after))
        query = query.order_by(columns.happened_at.desc(), columns.event_id.desc()).limit(limit)
        return [
            (
                Entry(
                    person_id=row.person_id,
                    at=row.happened_at,
                    kind=row.kind,
                    title=row.title,
                    detail=row.detail,
                    amount_fen=row.amount_fen,
                    links=row.links,
                ),
                [row.happened_at.isoformat(), row.event_id],
            )
            for row in await tx.all(query)
        ]


class SqlAccessLog:
    """Implements ``ports.AccessLog``."""

    async def record(self, tx: Any, *, at: datetime, by: str, by_name: str, person_id: str, what: str) -> None:
        """See the port."""
        row = {"viewed_at": at, "viewer_id": by, "viewer_name": by_name, "person_id": person_id, "what": what}
        await tx.execute(insert(access_log).values(row))

    async def page(self, tx: Any, person_id: str | None, limit: int, after: list[Any] | None) -> list[dict[str, Any]]:
        """See the port."""
        query = select(access_log).order_by(access_log.c.access_id.desc()).limit(limit)
        if person_id is not None:
            query = query.where(access_log.c.person_id == person_id)
        if after is not None:
            query = query.where(access_log.c.access_id < after[0])
        return [
            {
                "at": row.viewed_at,
                "by": row.viewer_id,
                "by_name": row.viewer_name,
                "person_id": row.person_id,
                "what": row.what,
                "cursor": [row.access_id],
            }
            for row in await tx.all(query)
        ]
