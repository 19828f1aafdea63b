"""Look at every open clock once a day, and again when a provisional year becomes announced."""

from __future__ import annotations

from gateway.application.ports import Matters, Store
from gateway.application.record_matter import RecordMatter

BATCH = 100


class CheckLights:
    """The job: changed lights and due days are stored and logged, one matter a transaction."""

    def __init__(self, *, store: Store, matters: Matters, record: RecordMatter) -> None:
        self._store = store
        self._matters = matters
        self._record = record

    async def __call__(self) -> None:
        """Until no matter is left that was looked at on another day or with other announced years."""
        while True:
            checked_as = self._record.checked_as()
            async with self._store.reading() as tx:
                matter_ids = await self._matters.ids_to_check(tx, checked_as, BATCH)
            for matter_id in matter_ids:
                async with self._store.transaction() as tx:
                    matter = await self._matters.get(tx, matter_id, for_update=True)
                    light, due_on = await self._matters.standing(tx, matter_id)
                    await self._record.looked_at(tx, matter, light, due_on)
            if len(matter_ids) < BATCH:
                return
