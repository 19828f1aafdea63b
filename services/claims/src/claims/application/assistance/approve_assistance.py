"""Approve an application after its public notice (复核): the checker's step. The class and the money follow."""

from __future__ import annotations

from typing import Any

from claims.application.assistance.answers import shown
from claims.application.assistance.deciding import decided
from claims.application.assistance.ports import NOTICE_DEADLINE, Applications
from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx


class ApproveAssistance:
    """Refuses like ``Application.approved``."""

    def __init__(self, once: Once, applications: Applications, calendar: WorkCalendar, clock: Clock) -> None:
        self._once = once
        self._applications = applications
        self._calendar = calendar
        self._clock = clock

    async def __call__(self, application_id: str, approver: str, key: OnceKey) -> dict[str, Any]:
        """The application; the worker has the class granted."""

        async def work(tx: Tx) -> dict[str, Any]:
            application = await self._applications.lock(tx, application_id)
            application = application.approved(approver, self._calendar, self._clock.now(), self._clock.today())
            await self._applications.store(tx, application)
            tx.cancel(NOTICE_DEADLINE, application_id)
            tx.emit(decided(application))
            return shown(application, self._calendar)

        return (await self._once.run(key, work))[0]
