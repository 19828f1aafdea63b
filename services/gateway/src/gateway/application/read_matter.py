"""Read one matter with its log."""

from __future__ import annotations

from gateway.application.ports import Matters, Note, Store
from gateway.domain.matter import Matter
from shared.auth import Principal


class ReadMatter:
    """Scope ``matters:read`` in the matter's region; refusal ``gateway.matter.id-unknown``."""

    def __init__(self, *, store: Store, matters: Matters) -> None:
        self._store = store
        self._matters = matters

    async def __call__(self, caller: Principal, matter_id: str) -> tuple[Matter, list[Note]]:
        """The matter and its log, oldest line first."""
        async with self._store.reading() as tx:
            matter = await self._matters.get(tx, matter_id)
            notes = await self._matters.notes(tx, matter_id)
        caller.require("matters:read", matter.region)
        return matter, notes
