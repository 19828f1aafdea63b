"""A debt that is new or has changed is stored, and watched as long as it is owed (B0.6)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.transactions import Tx
from workinjury_bridge.application.ports import Policies, Recoveries
from workinjury_bridge.application.recovery.remind import LIMITATION_DEADLINE, RECOVERY_DEADLINE, end_of, watch_limitation
from workinjury_bridge.domain.facts import recovery_changed
from workinjury_bridge.domain.recovery import Recovery


@dataclass(frozen=True, slots=True)
class TrackDebt:
    """In the transaction of whatever changes it, under the person's lock."""

    recoveries: Recoveries
    policies: Policies
    calendar: WorkCalendar
    clock: Clock

    async def run(self, tx: Tx, debt: Recovery, *, again: bool = False) -> Recovery:
        """Nobody is reminded of a closed debt; one without a day, or owed ``again`` as before, has its day and its reminders."""
        today = self.clock.today()
        policy = self.policies.on(today)
        if debt.closed:
            tx.cancel(RECOVERY_DEADLINE, debt.recovery_id)
            tx.cancel(LIMITATION_DEADLINE, debt.recovery_id)
        elif again or debt.due_on is None:
            due_on = debt.due_on or self.calendar.add_working_days(today, policy.recoveries.demand_within).on
            debt = replace(debt, due_on=due_on)
            tx.schedule(RECOVERY_DEADLINE, debt.recovery_id, end_of(due_on))
            if debt.limitation_on is not None:
                watch_limitation(tx, debt, policy.limitation)
        await self.recoveries.save(tx, debt, self.clock.now())
        tx.emit(recovery_changed(debt, self.clock.now()))
        return debt
