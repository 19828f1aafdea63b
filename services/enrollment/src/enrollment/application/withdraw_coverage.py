"""Withdraw a declared cover that nobody paid for, so that another can take its place."""

from __future__ import annotations

from typing import Any

from enrollment.application.ports import Covers, Persons
from shared.auth import Principal
from shared.transactions import Once, OnceKey, Tx


class WithdrawCoverage:
    """The use case. Scope ``coverage:write`` in the region of the cover. Nothing is published: it never counted."""

    def __init__(self, once: Once, persons: Persons, covers: Covers) -> None:
        self._once = once
        self._persons = persons
        self._covers = covers

    async def __call__(self, caller: Principal, coverage_id: str, key: OnceKey) -> dict[str, Any]:
        """The period's state. Refuses ``enrollment.coverage.not-pending`` (CONFLICT) and an unknown period."""
        caller.require("coverage:write")

        async def work(tx: Tx) -> dict[str, Any]:
            file = await self._persons.lock(tx, await self._covers.person_of(tx, coverage_id))
            coverage = file.coverage(coverage_id)
            caller.require("coverage:write", coverage.region)
            withdrawn = coverage.withdrawn()
            await self._covers.change(tx, withdrawn)
            return {"coverage_id": coverage_id, "state": withdrawn.state.value}

        return (await self._once.run(key, work))[0]
