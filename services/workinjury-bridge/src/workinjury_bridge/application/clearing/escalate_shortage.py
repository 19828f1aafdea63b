"""Whoever was asked for money has not sent it in time: the next one is asked (B13; 工伤保险条例 13, 社会保险法 65)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.contracts.workinjury_bridge import ShortageRaised
from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.application.clearing.ports import Clearings, Dues, OurPurse, WaitingPayouts
from workinjury_bridge.application.ports import Policies
from workinjury_bridge.application.recovery.remind import end_of
from workinjury_bridge.domain.clearing import Clearing, ClearingState, PaymentShortage, Remedy

SHORTAGE_DEADLINE = "clearing-shortage"


@dataclass(frozen=True, slots=True)
class EscalateShortage:
    """Reports a shortage and sets the time in which it is to be answered."""

    clearings: Clearings
    dues: Dues
    waiting: WaitingPayouts
    purse: OurPurse
    policies: Policies
    calendar: WorkCalendar
    clock: Clock

    async def run(self, tx: Tx, clearing_id: str) -> None:
        """The deadline has passed; the last one who can be asked is asked again."""
        clearing = await self.clearings.locked(tx, clearing_id)
        if clearing is None:
            await self._payments(tx, clearing_id)
            return
        if clearing.state is not ClearingState.PARTIAL or clearing.remedy is None:
            return
        after = clearing.escalated(clearing.remedy.next or clearing.remedy)
        left = sum(due.open_fen for due in await self.dues.of_clearing(tx, clearing_id))
        await self.report(tx, after, after.remedy or clearing.remedy, left)

    async def report(self, tx: Tx, clearing: Clearing, remedy: Remedy, open_interfund_fen: int) -> None:
        """Keep and tell the shortage, and wait for an answer. The caller holds the payer's lock."""
        short = (clearing.short_fen, open_interfund_fen)
        answer_by = self._tell(tx, clearing.clearing_id, clearing.payer, clearing.month, remedy, short)
        await self.clearings.save(tx, clearing.asked(self.clock.today(), answer_by), self.clock.now())

    async def report_payments(self, tx: Tx, shortage: PaymentShortage) -> None:
        """The same for payments to persons and employers outside a month-end run."""
        _, due = await self.waiting.total(tx)
        owed = sum(fen for payer, _, fen in await self.dues.open_sums(tx) if payer is Book.WI)
        short = max(0, due - max(0, await self.purse.cash_fen(tx)))
        month = f"{self.clock.today():%Y-%m}"
        self._tell(tx, shortage.shortage_id, Book.WI, month, shortage.remedy, (short, owed))

    async def _payments(self, tx: Tx, shortage_id: str) -> None:
        await self.clearings.lock(tx, Book.WI)
        shortage = await self.waiting.shortage(tx, shortage_id)
        if shortage is None or shortage.ended_on is not None:
            return
        after = replace(shortage, remedy=shortage.remedy.next or shortage.remedy)
        await self.waiting.save_shortage(tx, after)
        await self.report_payments(tx, after)

    def _tell(
        self, tx: Tx, subject_id: str, payer: Book, month: str, remedy: Remedy, short_and_interfund_fen: tuple[int, int]
    ) -> date:
        """The day by which an answer is expected."""
        today = self.clock.today()
        within = self.policies.on(today).clearing.escalate_within
        answer_by = self.calendar.add_working_days(today, within).on
        tx.schedule(SHORTAGE_DEADLINE, subject_id, end_of(answer_by))
        tx.emit(
            ShortageRaised(
                clearing_id=subject_id,
                payer=payer.value,
                month=month,
                short_fen=short_and_interfund_fen[0],
                open_interfund_fen=short_and_interfund_fen[1],
                remedy=remedy.value,
                raised_at=self.clock.now(),
                answer_by=answer_by,
            )
        )
        return answer_by
