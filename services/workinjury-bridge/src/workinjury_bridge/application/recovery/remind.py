"""A day on which a debt or an application should have gone on has passed, or a claim lapses soon: say so, and again (B6, B7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shared.clock import CHINA, Clock
from shared.transactions import Tx
from workinjury_bridge.application.ports import Advances, DoubleBills, Policies, Recoveries
from workinjury_bridge.domain.double_bill import DoubleBillState
from workinjury_bridge.domain.facts import advance_changed, double_bill_changed, recovery_changed
from workinjury_bridge.domain.policy import Limitation
from workinjury_bridge.domain.recovery import Recovery

RECOVERY_DEADLINE = "recovery-overdue"
ADVANCE_DEADLINE = "advance-overdue"
LIMITATION_DEADLINE = "limitation-near"
DOUBLE_BILL_DEADLINE = "double-bill-overdue"


@dataclass(frozen=True, slots=True)
class Remind:
    """Changes nothing but the time of the next reminder."""

    recoveries: Recoveries
    advances: Advances
    double_bills: DoubleBills
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

    async def of_limitation(self, tx: Tx, recovery_id: str) -> None:
        """The claim against a third party lapses soon, or has; said again until it is interrupted or has lapsed."""
        debt = await self.recoveries.locked(tx, recovery_id)
        if debt is None or debt.closed or debt.limitation_on is None:
            return
        today, policy = self.clock.today(), self.policies.on(self.clock.today())
        if alarm_on(debt.limitation_on, policy.limitation) > today:
            watch_limitation(tx, debt, policy.limitation)
            return
        tx.emit(recovery_changed(debt, self.clock.now(), limitation_near=True))
        if today <= debt.limitation_on:
            again = min(today + timedelta(days=policy.recoveries.remind_every), debt.limitation_on)
            tx.schedule(LIMITATION_DEADLINE, recovery_id, end_of(again))

    async def of_double_bill(self, tx: Tx, double_bill_id: str) -> None:
        """Nobody has looked at a clue; said again until somebody does."""
        clue = await self.double_bills.locked(tx, double_bill_id)
        if clue is None or clue.state is not DoubleBillState.RAISED:
            return
        tx.emit(double_bill_changed(clue, self.clock.now(), overdue=True))
        pause = timedelta(days=self.policies.on(self.clock.today()).recoveries.remind_every)
        tx.schedule(DOUBLE_BILL_DEADLINE, double_bill_id, self.clock.now() + pause)

    async def of_advance(self, tx: Tx, advance_id: str) -> None:
        """A notice or a decision is overdue, or the employer's days have passed."""
        advance = await self.advances.locked(tx, advance_id)
        if advance is not None and advance.open:
            tx.emit(advance_changed(advance, self.clock.now(), overdue=True))


def alarm_on(limitation_on: date, limit: Limitation) -> date:
    """The day on which a claim that lapses is put on the worklist."""
    return limitation_on - timedelta(days=limit.alarm_days)


def watch_limitation(tx: Tx, debt: Recovery, limit: Limitation) -> None:
    """Raise the alarm in time; none while no time runs."""
    if debt.limitation_on is None:
        tx.cancel(LIMITATION_DEADLINE, debt.recovery_id)
    else:
        tx.schedule(LIMITATION_DEADLINE, debt.recovery_id, datetime.combine(alarm_on(debt.limitation_on, limit), time(), CHINA))


def end_of(day: date) -> datetime:
    """The instant after the last of a day in China."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA)
