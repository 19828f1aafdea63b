"""Have enrollment grant the class of approved applications (认定): the saga's own step, taken by the worker.

What is next is read from the table. The command to enrollment bears the application's id as its key, so a worker that dies
between the command and its own row repeats it without effect. What the settlements then come to follows from enrollment's fact.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from claims.application.assistance.ports import Applications, Classes
from shared.clock import Clock
from shared.contracts.enrollment import IdentityClass
from shared.errors import Refusal
from shared.transactions import UnitOfWork

LONGEST_PAUSE: Final = timedelta(hours=1)


class GrantAssistance:
    """Tries until it is granted, with growing pauses; the hindrance is shown on the application."""

    def __init__(self, uow: UnitOfWork, applications: Applications, classes: Classes, clock: Clock) -> None:
        self._uow = uow
        self._applications = applications
        self._classes = classes
        self._clock = clock

    async def due(self) -> list[str]:
        """Applications to run now."""
        async with self._uow.transaction() as tx:
            return list(await self._applications.to_grant(tx, self._clock.now()))

    async def run(self, application_id: str) -> str | None:
        """One application; what hindered it, None when it is granted."""
        async with self._uow.transaction() as tx:
            application = await self._applications.find(tx, application_id)
        if application.state != "approved":
            return None
        given = IdentityClass(code=application.class_code, begins_on=application.look_back_from)
        answer = await self._classes.assign_class(application.person_id, given, f"assistance:{application_id}")
        async with self._uow.transaction() as tx:
            application = await self._applications.lock(tx, application_id)
            if application.state != "approved":
                return None
            if isinstance(answer, Refusal):
                pause = min(LONGEST_PAUSE, timedelta(seconds=2 ** min(application.tries, 12)))
                await self._applications.store(tx, application.hindered(answer.zh), next_try_at=self._clock.now() + pause)
                return answer.code
            await self._applications.store(tx, application.granted(answer))
        return None
