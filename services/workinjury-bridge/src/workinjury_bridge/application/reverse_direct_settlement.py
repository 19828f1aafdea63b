"""Claims has reversed a settlement under a work-injury key: contra journals, or the reservation is dropped (B4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.clock import Clock
from shared.ids import IdFactory
from shared.ledger import Book, Entry, contra
from shared.ledger.books import DUE_TO_PERSON, WI_MEDICAL
from shared.transactions import Tx
from workinjury_bridge.application.audit.apply_deduction import DeductAfterAudit
from workinjury_bridge.application.benefits.ports import Losses
from workinjury_bridge.application.confirm_direct_settlement import PAY_MEALS_DEADLINE
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Directs, Ledger, Recoveries
from workinjury_bridge.application.recovery.open_debt import Grounds, OpenDebt
from workinjury_bridge.application.settle_directly import VOID_DEADLINE
from workinjury_bridge.domain import party
from workinjury_bridge.domain.benefits.loss import rerouted
from workinjury_bridge.domain.direct_settlement import DirectSettlement, DirectState
from workinjury_bridge.domain.journals import Stamp, about_direct, meals_recovery_entry, owed_by_hospital_entry, person_dim
from workinjury_bridge.domain.recovery import Cause
from workinjury_bridge.domain.refusals import unknown


@dataclass(frozen=True, slots=True)
class ReverseDirectSettlement:
    """Refuses (so that the event is parked) an unknown key; a reversal told twice changes nothing."""

    directs: Directs
    ledger: Ledger
    losses: Losses
    recoveries: Recoveries
    deduct: DeductAfterAudit
    pay: PayPerson
    open_debt: OpenDebt
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, key: str, settlement_id: str) -> None:
        """Take back what ``settlement_id`` booked; an allowance already paid becomes the person's debt."""
        found = await self.directs.get(tx, key)
        if found is None:
            raise unknown("settlement", "工伤结算预留")
        if found.state is DirectState.REVOKED and found.settlement_id == settlement_id:
            await self._after_revocation(tx, found)
            await self.directs.save(tx, found.reversed(), self.clock.now())
            return
        standing = found.stands or found.state is DirectState.REVERTING
        if not standing or (found.state is not DirectState.RESERVED and found.settlement_id != settlement_id):
            return
        if found.state is not DirectState.RESERVED:
            # since a revocation an allowance that was not paid is booked no more
            meals = found.state is DirectState.POSTED or found.meals_paid
            kinds = ("settlement", "benefit") if meals else ("settlement",)
            booked = await self.ledger.of_settlement(tx, settlement_id)
            await self.ledger.append(tx, [await self._take_back(tx, found, e) for e in booked if e.kind in kinds])
            await self.deduct.give_up(tx, settlement_id, "settlement reversed")
        await self.directs.save(tx, found.reversed(), self.clock.now())
        tx.cancel(VOID_DEADLINE, key)
        tx.cancel(PAY_MEALS_DEADLINE, key)

    async def beside(self, tx: Tx, key: str, settlement_id: str) -> None:
        """The medical settlement beside it is reversed with it: nothing is booked here (B5)."""
        found = await self.directs.get(tx, key)
        if found is not None and found.medical_settlement_id == settlement_id:
            await self.directs.save(tx, found.beside(None), self.clock.now())

    async def _after_revocation(self, tx: Tx, settlement: DirectSettlement) -> None:
        """The hospital gives back what the person was asked for; an allowance stays the person's debt. What came in is paid back."""
        concern, today = about_direct(settlement), self.clock.today()
        settlement_id = concern.settlement_id or ""
        await self.deduct.give_up(tx, settlement_id, "settlement reversed")
        if not settlement.version.work_injury_fen:
            return
        entries = await self.ledger.of_settlement(tx, settlement_id)
        asked = sum(x.credit_fen for e in entries if e.kind == "recovery" for x in e.lines if x.account == WI_MEDICAL)
        cut = settlement.version.work_injury_fen - asked
        debts = [d for d in await self.recoveries.of_settlement(tx, settlement_id) if d.cause is Cause.REVOKED]
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        payee = await self.pay.payee_of(tx, concern)
        entry = owed_by_hospital_entry(payee, settlement.version.work_injury_fen, cut, debts, stamp)
        await self.ledger.append(tx, [entry])
        left = asked
        for debt in debts:
            falls_away = min(left, debt.open_fen)
            if falls_away:
                await self.open_debt.track.run(tx, debt.moved(falls_away))
                left -= falls_away
        paid_in = sum(x.credit_fen for x in entry.lines if x.account == DUE_TO_PERSON)
        await self.pay.run(tx, concern, (("repayment", paid_in),))

    async def _take_back(self, tx: Tx, settlement: DirectSettlement, entry: Entry) -> Entry:
        today = self.clock.today()
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        if entry.kind == "benefit" and settlement.meals_paid:
            grounds = Grounds(
                case_id=settlement.case_id,
                person_id=settlement.person_id,
                settlement_id=entry.settlement_id or settlement.key,
                decision_version=settlement.decision_version,
            )
            debtor = party.person(settlement.person_id)
            await self.open_debt.run(tx, grounds, Book.WI, debtor, Cause.REVERSED, settlement.meals_fen)
            return meals_recovery_entry(about_direct(settlement), settlement.meals_fen, stamp, reverses=entry.entry_id)
        taken = contra(entry, entry_id=stamp.entry_id, booked_on=today, memo="工伤直接结算撤销")
        concern = rerouted(about_direct(settlement), await self.losses.of(tx, settlement.person_id))
        own, payee = person_dim(settlement.person_id), concern.payable_dim
        lines = tuple(replace(line, dim=payee) if line.dim == own else line for line in taken.lines)
        return replace(taken, voucher_no=stamp.voucher_no, lines=lines)
