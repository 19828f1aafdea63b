"""List matters, the most urgent first, and count them by light."""

from __future__ import annotations

from typing import Any

from gateway.application.ports import MatterFilter, MatterLine, Matters, Store
from shared.auth import Principal
from shared.clock import Clock


class ListMatters:
    """Scope ``matters:read``; only matters of the caller's regions."""

    def __init__(self, *, store: Store, matters: Matters, clock: Clock) -> None:
        self._store = store
        self._matters = matters
        self._clock = clock

    async def __call__(self, caller: Principal, which: MatterFilter, limit: int, after: list[Any] | None) -> list[MatterLine]:
        """Up to ``limit`` lines behind the sort key ``after``."""
        caller.require("matters:read")
        async with self._store.reading() as tx:
            return await self._matters.page(tx, which, limit, after)

    async def counts(self, caller: Principal) -> dict[str, int]:
        """``open``, ``green``, ``yellow``, ``red``, ``closed_today``."""
        caller.require("matters:read")
        async with self._store.reading() as tx:
            return await self._matters.counts(tx, caller.regions, self._clock.today())
