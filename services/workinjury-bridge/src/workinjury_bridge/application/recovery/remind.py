"""A day on which a debt or an application should have gone on has passed: say so, and again (B6, B7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shared.clock import CHINA, Clock
from shared.transactions import Tx
from workinjury_bridge.application.ports import Advances, Policies, Recoveries
from workinjury_bridge.domain.facts import advance_changed, recovery_changed

RECOVERY_DEADLINE = "recovery-overdue"
ADVANCE_DEADLINE = "advance-overdue"


@dataclass(frozen=True, slots=True)
class Remind:
    """Changes nothing but the time of the next reminder."""

    recoveries: Recoveries
    advances: Advances
    policies: Policies
    clock: Clock

    async def of_recovery(self, tx: Tx, recovery_id: str) -> None:
        """A demand or a payment is overdue; reminded again while anything is open."""
        debt = await self.recoveries.locked(tx, recovery_id)
        if debt is None or debt.closed:
            return
        tx.emit(recovery_changed(debt, self.clock.now(), overdue=True))
        pause = timedelta(days=self.policies.on(self.clock.today()).recoveries.remind_every)
        tx.schedule(RECOVERY_DEADLINE, recovery_id, self.clock.now() + pause)

    async def of_advance(self, tx: Tx, advance_id: str) -> None:
        """A notice or a decision is overdue, or the employer's days have passed."""
        advance = await self.advances.locked(tx, advance_id)
        if advance is not None and advance.open:
            tx.emit(advance_changed(advance, self.clock.now(), overdue=True))


def end_of(day: date) -> datetime:
    """The instant after the last of a day in China."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA)
