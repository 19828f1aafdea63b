"""The saga of a conversion: one step after the other until a person must act or nothing is left (reference B0.5, B1, B3).

A step is at most one call to claims followed by one transaction here. What to do next is read from what is stored, never
from memory; so the process may die between any two lines, run twice at once, or be handed to another machine. A call whose
answer was lost is repeated with the same key. Order: take back in claims, book here, reserve both sides of each transfer,
post both sides, pay the person. A final revocation turns the same way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.clock import Clock
from shared.errors import Kind, Refusal, unavailable
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import ClaimsGateway, Conversions, Ledger, Policies, Stays, Transfers
from workinjury_bridge.application.propose_conversions import ProposeConversions
from workinjury_bridge.domain.conversion import Conversion, Figures, Step, convert, next_step, same_payments
from workinjury_bridge.domain.facts import conversion_changed, transfer_confirmed
from workinjury_bridge.domain.journals import (
    Stamp,
    about_conversion,
    conversion_entry,
    reversion_entry,
    transfer_entry,
)
from workinjury_bridge.domain.refusals import claims_disagrees
from workinjury_bridge.domain.transfer import Direction, Transfer, TransferState

_OURS = frozenset({Kind.UNAVAILABLE, Kind.TOO_MANY, Kind.UNAUTHENTICATED, Kind.FORBIDDEN})
"""Refusals that say nothing about the settlement: the step is tried again, the conversion does not fail."""


@dataclass(frozen=True, slots=True)
class AdvanceConversion:
    """Drives conversions; safe to call at any time, by anybody, also twice at once."""

    work: UnitOfWork
    stays: Stays
    conversions: Conversions
    transfers: Transfers
    ledger: Ledger
    claims: ClaimsGateway
    policies: Policies
    pay: PayPerson
    propose: ProposeConversions
    clock: Clock
    ids: IdFactory

    async def due(self, limit: int = 50) -> Sequence[str]:
        """Conversions that can go on now."""
        async with self.work.transaction() as tx:
            return await self.conversions.due(tx, self.clock.now(), limit)

    async def run(self, conversion_id: str) -> str | None:
        """Go on as far as possible. Returns what hindered it, which is also stored with the time of the next try."""
        try:
            while await self.step(conversion_id):
                pass
        except Exception as failed:  # whatever went wrong, the step is tried again later and the cause is on the worklist
            hindrance = failed.zh if isinstance(failed, Refusal) else f"{type(failed).__name__}: {failed}"
            async with self.work.transaction() as tx:
                await self.conversions.put_off(tx, conversion_id, self.clock.now(), hindrance)
            return f"{type(failed).__name__}: {failed}"
        return None

    async def step(self, conversion_id: str) -> bool:
        """Take the next step; False when there is none. Raises what claims or the database raise."""
        async with self.work.transaction() as tx:
            conversion = await self.conversions.get(tx, conversion_id)
            transfers = await self.transfers.of_conversion(tx, conversion_id)
        step = next_step(conversion, transfers) if conversion is not None else None
        if conversion is None or step is None:
            return False
        match step:
            case Step.ASSESS:
                await self._assess(conversion)
            case Step.BEGIN:
                await self._change(conversion, conversion.begin())
            case Step.TAKE_BACK:
                await self._take_back(conversion)
            case Step.INSTRUCT:
                await self._start_transfers(conversion)
            case Step.TRANSFER:
                await self._transfer(conversion, next(t for t in transfers if t.open))
            case Step.PAY:
                await self._pay(conversion)
            case Step.RESTORE:
                await self._restore(conversion)
            case Step.CLOSE:
                await self._close(conversion)
        return True

    async def _assess(self, conversion: Conversion) -> None:
        try:
            bill = await self.claims.read_bill(conversion.settlement_id)
            async with self.work.transaction() as tx:
                stay = await self.stays.get(tx, conversion.settlement_id)
            policy = self.policies.on(bill.ended_on)
            after = conversion.assessed(convert(bill, policy, inpatient=stay is not None and stay.inpatient))
        except Refusal as refused:
            if refused.kind in _OURS:
                raise
            after = conversion.withdrawn(f"{refused.code}: {refused.zh}")
        await self._change(conversion, after, tell=True)

    async def _take_back(self, conversion: Conversion) -> None:
        figures = _figures(conversion)
        try:
            taken = await self.claims.take_back(conversion)
        except Refusal as refused:
            if refused.kind in _OURS:
                raise
            await self._change(conversion, conversion.withdrawn(f"{refused.code}: {refused.zh}"), tell=True)
            return
        if not same_payments(taken.payments, figures.owed) or taken.cash_fen != figures.cash_fen:
            raise claims_disagrees(conversion.conversion_id)
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return
            concern = await self.pay.payee_of(tx, about_conversion(conversion))
            entry = conversion_entry(concern, figures, await self._stamp(tx))
            await self.ledger.append(tx, [entry])
            await self._save(tx, conversion.posted())

    async def _start_transfers(self, conversion: Conversion) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return
            await self._instruct_all(tx, conversion, Direction.OUT)
            await self._save(tx, conversion.transferring())

    async def _transfer(self, conversion: Conversion, transfer: Transfer) -> None:
        match transfer.state:
            case TransferState.INSTRUCTED:
                try:
                    await self.claims.reserve(conversion, transfer)
                    after = transfer.reserved()
                except Refusal as refused:
                    if refused.kind in _OURS:
                        raise
                    after = transfer.voiding(f"{refused.code}: {refused.zh}")
                await self._change_transfer(conversion, transfer, after)
            case TransferState.RESERVED:
                await self._commit(conversion, transfer)
            case TransferState.COMMITTED:
                await self.claims.post(transfer)
                await self._change_transfer(conversion, transfer, transfer.confirmed())
            case _:
                await self.claims.void(transfer)
                await self._replace(conversion, transfer)

    async def _commit(self, conversion: Conversion, transfer: Transfer) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion, transfer):
                return
            stamp = Stamp(entry_id=self.ids.new(), booked_on=self.clock.today(), voucher_no=transfer.voucher_no)
            await self.ledger.append(tx, [transfer_entry(about_conversion(conversion), transfer, stamp)])
            await self.transfers.save(tx, transfer.committed(), self.clock.now())

    async def _replace(self, conversion: Conversion, transfer: Transfer) -> None:
        """Both sides hold nothing any more: a successor under a new voucher number, taken up after a pause."""
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion, transfer):
                return
            await self.transfers.save(tx, transfer.voided(), self.clock.now())
            await self._instruct(tx, transfer.conversion_id, transfer.book, transfer.direction, transfer.amount_fen)
        raise unavailable(
            "workinjury-bridge.transfer.refused", f"基金间调拨被拒绝：{transfer.cause}", f"transfer refused: {transfer.cause}"
        )

    async def _pay(self, conversion: Conversion) -> None:
        figures = _figures(conversion)
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return
            if conversion.revoked:
                await self._save(tx, conversion.reverting())
                return
            items = (("refund", max(0, figures.refund_fen)), ("meals", figures.meals_fen))
            await self.pay.run(tx, about_conversion(conversion), items, matter_id=conversion.matter_id)
            await self._save(tx, conversion.settled())

    async def _restore(self, conversion: Conversion) -> None:
        figures = _figures(conversion)
        owed = await self.claims.restore(conversion)
        if not same_payments(owed, figures.owed):
            raise claims_disagrees(conversion.conversion_id)
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return
            entries = await self.ledger.of_settlement(tx, conversion.settlement_id)
            original = next(e for e in entries if e.conversion_id == conversion.conversion_id and e.kind == "conversion")
            entry = reversion_entry(
                await self.pay.payee_of(tx, about_conversion(conversion)),
                figures,
                await self._stamp(tx),
                paid=conversion.paid,
                reverses=original.entry_id,
            )
            await self.ledger.append(tx, [entry])
            await self._instruct_all(tx, conversion, Direction.BACK)
            await self.conversions.save(tx, conversion.medically_restored(), self.clock.now())

    async def _close(self, conversion: Conversion) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion):
                return
            await self._save(tx, conversion.reverted())
            await self.propose.run(tx, conversion.person_id)

    async def _change(self, before: Conversion, after: Conversion, *, tell: bool = False) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, before):
                return
            await self.conversions.save(tx, after, self.clock.now())
            if tell:
                tx.emit(conversion_changed(after, self.clock.now()))

    async def _change_transfer(self, conversion: Conversion, before: Transfer, after: Transfer) -> None:
        async with self.work.transaction() as tx:
            if not await self._unchanged(tx, conversion, before):
                return
            now = self.clock.now()
            await self.transfers.save(tx, after, now)
            if after.state is TransferState.CONFIRMED:
                tx.emit(transfer_confirmed(conversion, after, now))

    async def _unchanged(self, tx: Tx, conversion: Conversion, transfer: Transfer | None = None) -> bool:
        """Whether nobody was faster: under the person's lock, what is stored is still what this step started from."""
        if await self.conversions.locked(tx, conversion.conversion_id) != conversion:
            return False
        return transfer is None or transfer in await self.transfers.of_conversion(tx, conversion.conversion_id)

    async def _save(self, tx: Tx, conversion: Conversion) -> None:
        now = self.clock.now()
        await self.conversions.save(tx, conversion, now)
        tx.emit(conversion_changed(conversion, now))

    async def _instruct_all(self, tx: Tx, conversion: Conversion, direction: Direction) -> None:
        """One transfer per book, each under a voucher number of its own."""
        for book, amount in _figures(conversion).owed_by_book().items():
            await self._instruct(tx, conversion.conversion_id, book, direction, amount)

    async def _instruct(self, tx: Tx, conversion_id: str, book: Book, direction: Direction, amount_fen: int) -> None:
        transfer = Transfer(
            transfer_id=self.ids.new(),
            conversion_id=conversion_id,
            voucher_no=await self.ledger.next_voucher(tx, self.clock.today()),
            book=book,
            direction=direction,
            amount_fen=amount_fen,
        )
        await self.transfers.add(tx, transfer, self.clock.now())

    async def _stamp(self, tx: Tx) -> Stamp:
        today = self.clock.today()
        return Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))


def _figures(conversion: Conversion) -> Figures:
    if conversion.figures is None:
        raise AssertionError("a conversion is checked only when its figures are known")
    return conversion.figures
