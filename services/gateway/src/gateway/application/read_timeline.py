"""Read a person's timeline."""

from __future__ import annotations

from typing import Any

from gateway.application.check_region import CheckRegion
from gateway.application.ports import Store, Timeline
from gateway.domain.timeline import Entry
from shared.auth import Principal


class ReadTimeline:
    """Scope ``persons:read`` in the person's region; newest line first."""

    def __init__(self, *, store: Store, lines: Timeline, check_region: CheckRegion) -> None:
        self._check_region = check_region
        self._store = store
        self._lines = lines

    async def __call__(
        self, caller: Principal, person_id: str, limit: int, after: list[Any] | None
    ) -> list[tuple[Entry, list[Any]]]:
        """Lines with their sort keys."""
        caller.require("persons:read")
        await self._check_region(caller, "persons:read", {"person_id": person_id})
        async with self._store.reading() as tx:
            return await self._lines.page(tx, person_id, limit, after)
