"""Stop a cover on a day (停保), for example because the person left the employer."""

from __future__ import annotations

from datetime import date
from typing import Any

from enrollment.application.ports import Covers, Persons
from shared.auth import Principal
from shared.transactions import Once, OnceKey, Tx


class StopCoverage:
    """The use case. Scope ``coverage:write`` in the region of the cover."""

    def __init__(self, once: Once, persons: Persons, covers: Covers) -> None:
        self._once = once
        self._persons = persons
        self._covers = covers

    async def __call__(self, caller: Principal, coverage_id: str, ends_on: date, key: OnceKey) -> dict[str, Any]:
        """The period's new end. Refuses what ``Coverage.stopped`` refuses, and an unknown period."""
        caller.require("coverage:write")

        async def work(tx: Tx) -> dict[str, Any]:
            file = await self._persons.lock(tx, await self._covers.person_of(tx, coverage_id))
            coverage = file.coverage(coverage_id)
            caller.require("coverage:write", coverage.region)
            stopped = coverage.stopped(ends_on)
            if stopped != coverage:
                changed = file.with_coverage(stopped)
                await self._covers.change(tx, stopped)
                await self._persons.set_version(tx, changed)
                tx.emit(changed.stated())
            return {"coverage_id": coverage_id, "ends_on": ends_on.isoformat()}

        return (await self._once.run(key, work))[0]
