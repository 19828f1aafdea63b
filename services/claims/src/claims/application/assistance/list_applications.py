"""Read applications: one, or the work list of a state."""

from __future__ import annotations

from typing import Any

from claims.application.assistance.answers import shown
from claims.application.assistance.ports import Applications, Wanted
from shared.calendar import WorkCalendar
from shared.transactions import UnitOfWork


class ListApplications:
    """Queries."""

    def __init__(self, uow: UnitOfWork, applications: Applications, calendar: WorkCalendar) -> None:
        self._uow = uow
        self._applications = applications
        self._calendar = calendar

    async def one(self, application_id: str) -> dict[str, Any]:
        """Refuses an unknown one."""
        async with self._uow.transaction() as tx:
            return shown(await self._applications.find(tx, application_id), self._calendar)

    async def listed(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Oldest first, after an id."""
        async with self._uow.transaction() as tx:
            return [shown(each, self._calendar) for each in await self._applications.listed(tx, wanted)]
