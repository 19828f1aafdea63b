"""Whoever was asked for money has not sent it in time: the next one is asked (B13; 工伤保险条例 13, 社会保险法 65)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.contracts.workinjury_bridge import ShortageRaised
from shared.transactions import Tx
from workinjury_bridge.application.clearing.ports import Clearings, Dues
from workinjury_bridge.application.ports import Policies
from workinjury_bridge.application.recovery.remind import end_of
from workinjury_bridge.domain.clearing import Clearing, ClearingState, Remedy

SHORTAGE_DEADLINE = "clearing-shortage"


@dataclass(frozen=True, slots=True)
class EscalateShortage:
    """Reports a shortage and sets the time in which it is to be answered."""

    clearings: Clearings
    dues: Dues
    policies: Policies
    calendar: WorkCalendar
    clock: Clock

    async def run(self, tx: Tx, clearing_id: str) -> None:
        """The deadline has passed; the last one who can be asked is asked again."""
        clearing = await self.clearings.locked(tx, clearing_id)
        if clearing is None or clearing.state is not ClearingState.PARTIAL or clearing.remedy is None:
            return
        after = clearing.escalated(clearing.remedy.next or clearing.remedy)
        left = sum(due.open_fen for due in await self.dues.of_clearing(tx, clearing_id))
        await self.report(tx, after, after.remedy or clearing.remedy, left)

    async def report(self, tx: Tx, clearing: Clearing, remedy: Remedy, open_interfund_fen: int) -> None:
        """Keep and tell the shortage, and wait for an answer. The caller holds the payer's lock."""
        today = self.clock.today()
        within = self.policies.on(today).clearing.escalate_within
        answer_by = self.calendar.add_working_days(today, within).on
        await self.clearings.save(tx, clearing.asked(today, answer_by), self.clock.now())
        tx.schedule(SHORTAGE_DEADLINE, clearing.clearing_id, end_of(answer_by))
        tx.emit(
            ShortageRaised(
                clearing_id=clearing.clearing_id,
                payer=clearing.payer.value,
                month=clearing.month,
                short_fen=clearing.short_fen,
                open_interfund_fen=open_interfund_fen,
                remedy=remedy.value,
                raised_at=self.clock.now(),
                answer_by=answer_by,
            )
        )
