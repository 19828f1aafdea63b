"""Move an application between review and decision: notice, objection, end of the notice, rejection, withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from claims.application.assistance.answers import shown
from claims.application.assistance.deciding import decided
from claims.application.assistance.ports import NOTICE_DEADLINE, Applications
from claims.domain.assistance import Application, Objection
from shared.calendar import WorkCalendar
from shared.clock import CHINA, Clock
from shared.transactions import Once, OnceKey, Tx


class MoveApplication:
    """Each refuses like the method of ``Application`` behind it."""

    def __init__(self, once: Once, applications: Applications, calendar: WorkCalendar, clock: Clock) -> None:
        self._once = once
        self._applications = applications
        self._calendar = calendar
        self._clock = clock

    async def publish(self, application_id: str, key: OnceKey) -> dict[str, Any]:
        """Begin the public notice; its end is watched."""
        return await self._move(application_id, key, lambda a: a.published(self._clock.today()))

    async def object(self, application_id: str, text: str, recorded_by: str, key: OnceKey) -> dict[str, Any]:
        """Record an objection: back to the reviewer."""
        objection = Objection(text=text, recorded_by=recorded_by, recorded_on=self._clock.today())
        return await self._move(application_id, key, lambda a: a.objected(objection))

    async def withdraw(self, application_id: str, reason: str, key: OnceKey) -> dict[str, Any]:
        """The applicant takes it back."""
        return await self._move(application_id, key, lambda a: a.withdrawn(reason))

    async def reject(self, application_id: str, decider: str, reason: str, key: OnceKey) -> dict[str, Any]:
        """Decide not to grant it."""
        return await self._move(application_id, key, lambda a: a.rejected(decider, reason, self._clock.now()))

    async def close_notice(self, tx: Tx, application_id: str) -> None:
        """The deadline of a notice: over, or watched on where holidays announced meanwhile have moved its end."""
        application = await self._applications.lock(tx, application_id)
        due = application.notice_ends(self._calendar)
        if application.state != "on_notice" or due is None:
            return
        if self._clock.today() <= due.on:
            self._watch(tx, application)
        else:
            await self._applications.store(tx, application.notice_closed(self._calendar, self._clock.today()))

    async def _move(self, application_id: str, key: OnceKey, step: Callable[[Application], Application]) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            application = step(await self._applications.lock(tx, application_id))
            await self._applications.store(tx, application)
            if application.state == "on_notice":
                self._watch(tx, application)
            else:
                tx.cancel(NOTICE_DEADLINE, application_id)
            if application.state == "rejected":
                tx.emit(decided(application))
            return shown(application, self._calendar)

        return (await self._once.run(key, work))[0]

    def _watch(self, tx: Tx, application: Application) -> None:
        due = application.notice_ends(self._calendar)
        assert due is not None
        at = datetime.combine(due.on + timedelta(days=1), time(), CHINA)
        tx.schedule(NOTICE_DEADLINE, application.application_id, at)
