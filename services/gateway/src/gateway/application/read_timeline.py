"""Read a person's timeline."""

from __future__ import annotations

from typing import Any

from gateway.application.ports import Store, Timeline
from gateway.domain.timeline import Entry


class ReadTimeline:
    """Newest line first."""

    def __init__(self, *, store: Store, lines: Timeline) -> None:
        self._store = store
        self._lines = lines

    async def __call__(self, person_id: str, limit: int, after: list[Any] | None) -> list[tuple[Entry, list[Any]]]:
        """Lines with their sort keys."""
        async with self._store.reading() as tx:
            return await self._lines.page(tx, person_id, limit, after)
