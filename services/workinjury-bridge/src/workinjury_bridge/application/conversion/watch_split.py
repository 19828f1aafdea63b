"""Whoever's turn it is with a split has its working days; after them the split goes on without an answer (B5)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.transactions import Tx
from workinjury_bridge.application.ports import Policies
from workinjury_bridge.application.recovery.remind import end_of
from workinjury_bridge.domain.split import Split, SplitState


@dataclass(frozen=True, slots=True)
class WatchSplit:
    """In the transaction that stores the split."""

    policies: Policies
    calendar: WorkCalendar
    clock: Clock

    def run(self, tx: Tx, deadline: str, subject_id: str, split: Split) -> None:
        """Nobody is waited for once it is agreed or decided."""
        if not split.open:
            tx.cancel(deadline, subject_id)
            return
        today = self.clock.today()
        limits = self.policies.on(today).splits
        days = limits.review_within if split.state is SplitState.PROPOSED else limits.opinion_within
        tx.schedule(deadline, subject_id, end_of(self.calendar.add_working_days(today, days).on))
