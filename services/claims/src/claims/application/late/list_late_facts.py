"""Read proposals: one, or those in a state, so that a checker finds them."""

from __future__ import annotations

from typing import Any

from claims.application.late.late_cases import LateCases, shown
from claims.domain.refusals import late_fact_unknown
from shared.transactions import UnitOfWork


class ListLateFacts:
    """Queries."""

    def __init__(self, uow: UnitOfWork, cases: LateCases) -> None:
        self._uow = uow
        self._cases = cases

    async def one(self, late_fact_id: str) -> dict[str, Any]:
        """Refuses an unknown one."""
        async with self._uow.transaction() as tx:
            case = await self._cases.find(tx, late_fact_id)
        if case is None:
            raise late_fact_unknown()
        return shown(case)

    async def in_state(self, state: str, after: str, limit: int) -> list[dict[str, Any]]:
        """Oldest first, after an id."""
        async with self._uow.transaction() as tx:
            return [shown(case) for case in await self._cases.listed(tx, state, after, limit)]
