"""The saga of a month-end clearing: plan a round, move each pair's voucher, finish, reconcile (reference B13).

A step is at most one call to claims followed by one transaction here under the payer's lock; what to do next is read from
what is stored. So it may die between any two lines, run twice at once, or be handed to another machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.calendar import WorkCalendar
from shared.clock import Clock, local
from shared.errors import Refusal
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.clearing.escalate_shortage import EscalateShortage
from workinjury_bridge.application.clearing.ports import Clearings, Dues, OurPurse
from workinjury_bridge.application.ports import ClaimsGateway, Ledger, Policies
from workinjury_bridge.domain.clearing import (
    Clearing,
    ClearingState,
    ClearingStep,
    ClearingTransfer,
    InterfundDue,
    Plan,
    next_clearing_step,
    plan,
)
from workinjury_bridge.domain.facts import clearing_changed, clearing_transfer_changed
from workinjury_bridge.domain.journals import Hands, Stamp, clearing_transfer_entry, institution_clearing_entry
from workinjury_bridge.domain.refusals import vouchers_differ
from workinjury_bridge.domain.transfer import Direction, TransferState


@dataclass(frozen=True, slots=True)
class AdvanceClearing:
    """Drives runs; safe to call at any time, by anybody, also twice at once."""

    work: UnitOfWork
    clearings: Clearings
    dues: Dues
    purse: OurPurse
    ledger: Ledger
    claims: ClaimsGateway
    policies: Policies
    escalate: EscalateShortage
    calendar: WorkCalendar
    clock: Clock
    ids: IdFactory

    async def due(self, limit: int = 20) -> Sequence[str]:
        """Runs that can go on now."""
        async with self.work.transaction() as tx:
            return await self.clearings.due(tx, self.clock.now(), limit)

    async def run(self, clearing_id: str) -> str | None:
        """Go on as far as possible. Returns what hindered it, which is also stored with the time of the next try."""
        try:
            while await self.step(clearing_id):
                pass
        except Exception as failed:  # whatever went wrong, the step is tried again later and the cause is on the worklist
            hindrance = failed.zh if isinstance(failed, Refusal) else f"{type(failed).__name__}: {failed}"
            async with self.work.transaction() as tx:
                await self.clearings.put_off(tx, clearing_id, self.clock.now(), hindrance)
            return f"{type(failed).__name__}: {failed}"
        return None

    async def step(self, clearing_id: str) -> bool:
        """Take the next step; False when there is none. Raises what claims or the database raise."""
        async with self.work.transaction() as tx:
            clearing = await self.clearings.get(tx, clearing_id)
            transfers = await self.clearings.transfers(tx, clearing_id)
            opened = {t.transfer_id: at for t, at in await self.clearings.open_transfers(tx)}
        step = next_clearing_step(clearing, transfers) if clearing is not None else None
        if clearing is None or step is None:
            return False
        match step:
            case ClearingStep.PLAN:
                await self._plan(clearing)
            case ClearingStep.TRANSFER:
                transfer = next(t for t in transfers if t.open)
                await self._transfer(clearing, transfer, opened.get(transfer.transfer_id, self.clock.now()))
            case ClearingStep.FINISH:
                await self._finish(clearing)
            case ClearingStep.RECONCILE:
                await self._reconcile(clearing, transfers)
        return True

    async def _plan(self, clearing: Clearing) -> None:
        foreign = None if clearing.payer is Book.WI else await self.claims.purse_of(clearing.payer, clearing.cut_off)
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, clearing):
                return
            purse = foreign or await self.purse.purse(tx, clearing.cut_off)
            found = plan(purse, await self.dues.of_clearing(tx, clearing.clearing_id))
            after = clearing.with_plan(found)
            await self._pay_institutions(tx, after, found)
            for payee in dict.fromkeys(due.payee for due, _ in found.parts):
                await self._instruct(tx, after, [(d, part) for d, part in found.parts if d.payee is payee])
            await self.clearings.keep_queue(tx, clearing.clearing_id, found)
            if after.remedy is not None:
                await self.escalate.report(tx, after, after.remedy, found.open_interfund_fen)
            else:
                await self.clearings.save(tx, after, self.clock.now())

    async def _pay_institutions(self, tx: Tx, clearing: Clearing, found: Plan) -> None:
        today = self.clock.today()
        for due in found.institutions:
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
            await self.ledger.append(tx, [institution_clearing_entry(due, stamp, _hands(clearing))])

    async def _instruct(self, tx: Tx, clearing: Clearing, parts: Sequence[tuple[InterfundDue, int]]) -> None:
        payee = parts[0][0].payee
        out = clearing.payer is Book.WI
        transfer = ClearingTransfer(
            transfer_id=self.ids.new(),
            clearing_id=clearing.clearing_id,
            voucher_no=await self.ledger.next_voucher(tx, self.clock.today()),
            book=payee if out else clearing.payer,
            direction=Direction.OUT if out else Direction.BACK,
            amount_fen=sum(part for _, part in parts),
            parts=tuple(sorted((due.due_id, part) for due, part in parts)),
        )
        await self.clearings.add_transfer(tx, transfer, self.clock.now())
        tx.emit(clearing_transfer_changed(transfer, self.clock.now()))

    async def _transfer(self, clearing: Clearing, transfer: ClearingTransfer, instructed_at: datetime) -> None:
        match transfer.state:
            case TransferState.INSTRUCTED:
                after = await self._reserve(clearing, transfer, instructed_at)
                await self._change(clearing, transfer, after)
            case TransferState.RESERVED:
                await self._commit(clearing, transfer)
            case TransferState.COMMITTED:
                (refused,) = await self.claims.post([transfer])
                if refused is not None:
                    raise refused
                await self._change(clearing, transfer, transfer.confirmed())
            case _:
                await self.claims.void(transfer)
                await self._change(clearing, transfer, transfer.voided())

    async def _reserve(self, clearing: Clearing, transfer: ClearingTransfer, instructed_at: datetime) -> ClearingTransfer:
        try:
            await self.claims.reserve_clearing(clearing, transfer)
            return transfer.reserved()
        except Refusal as refused:
            if not refused.retriable:
                return transfer.voiding(f"{refused.code}: {refused.zh}")
            within = self.policies.on(self.clock.today()).clearing.return_within
            if self.clock.today() <= self.calendar.add_working_days(local(instructed_at).date(), within).on:
                raise
            return transfer.voiding(f"{within}个工作日内未获对方确认，退回")

    async def _commit(self, clearing: Clearing, transfer: ClearingTransfer) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, clearing, transfer):
                return
            stamp = Stamp(entry_id=self.ids.new(), booked_on=self.clock.today(), voucher_no=transfer.voucher_no)
            await self.ledger.append(tx, [clearing_transfer_entry(transfer, stamp, _hands(clearing))])
            await self.dues.pay(tx, transfer)
            await self.clearings.save_transfer(tx, transfer.committed(), self.clock.now())

    async def _change(self, clearing: Clearing, before: ClearingTransfer, after: ClearingTransfer) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, clearing, before):
                return
            now = self.clock.now()
            await self.clearings.save_transfer(tx, after, now)
            if after.state is TransferState.CONFIRMED:
                await self.dues.confirm(tx, after, now)
            if after.state is TransferState.VOIDED:
                await self.clearings.save(tx, clearing.returned(after.cause), now)
            if not after.open:
                tx.emit(clearing_transfer_changed(after, now))

    async def _finish(self, clearing: Clearing) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, clearing):
                return
            left = sum(due.open_fen for due in await self.dues.of_clearing(tx, clearing.clearing_id))
            after = clearing.finished(left)
            await self.clearings.save(tx, after, self.clock.now())
            tx.emit(clearing_changed(after, left, self.clock.now()))

    async def _reconcile(self, clearing: Clearing, transfers: Sequence[ClearingTransfer]) -> None:
        """Every voucher is in the other book as it is here."""
        for transfer in transfers:
            if transfer.state is TransferState.CONFIRMED and not await self.claims.has_posted(transfer):
                raise vouchers_differ(transfer.voucher_no)
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, clearing):
                return
            after = clearing.closed()
            await self.clearings.save(tx, after, self.clock.now())
            tx.emit(clearing_changed(after, 0, self.clock.now()))

    async def _unchanged(self, tx: Tx, clearing: Clearing, transfer: ClearingTransfer | None = None) -> bool:
        """Whether nobody was faster: under the payer's lock, what is stored is still what this step started from."""
        if await self.clearings.locked(tx, clearing.clearing_id) != clearing:
            return False
        return transfer is None or transfer in await self.clearings.transfers(tx, clearing.clearing_id)


def _hands(clearing: Clearing) -> Hands:
    if clearing.checker is None or clearing.state is ClearingState.OPEN:
        raise AssertionError("a clearing moves money only when two have agreed")
    return Hands(maker=clearing.maker, checker=clearing.checker)
