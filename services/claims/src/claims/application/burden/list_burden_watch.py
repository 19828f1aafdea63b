"""List who is over a line, for the desk that goes to them before they apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from claims.application.burden.ports import WatchFilter, WatchLine, Worklist
from claims.domain.refusals import burden_unknown
from shared.transactions import UnitOfWork


class ListBurdenWatch:
    """Reads the worklist."""

    def __init__(self, uow: UnitOfWork, worklist: Worklist) -> None:
        self._uow = uow
        self._worklist = worklist

    async def __call__(self, wanted: WatchFilter, after: str | None, limit: int) -> Sequence[WatchLine]:
        """At most ``limit`` lines, newest first."""
        async with self._uow.transaction() as tx:
            return await self._worklist.page(tx, wanted, after, limit)

    async def one(self, crossing_id: str) -> Mapping[str, Any]:
        """One line. Refuses an unknown one."""
        async with self._uow.transaction() as tx:
            found = await self._worklist.find(tx, crossing_id)
            if found is None:
                raise burden_unknown()
            return found.values
