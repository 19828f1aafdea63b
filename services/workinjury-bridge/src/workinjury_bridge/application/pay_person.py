"""Pay a person or an employer what the work-injury book owes, less what the same party owes the same book (B0.5, B15.11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.clock import Clock
from shared.contracts.workinjury_bridge import BenefitPaid
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.application.benefits.ports import Losses
from workinjury_bridge.application.ports import Ledger, Payment, Recoveries
from workinjury_bridge.domain import party
from workinjury_bridge.domain.benefits.loss import expect_payable, rerouted
from workinjury_bridge.domain.facts import recovery_changed
from workinjury_bridge.domain.journals import Concern, Stamp, payment_entry, set_off_entry


@dataclass(frozen=True, slots=True)
class PayPerson:
    """Inside the caller's transaction, under the person's lock; the payable (2203, 2204) is already booked."""

    ledger: Ledger
    recoveries: Recoveries
    losses: Losses
    clock: Clock
    ids: IdFactory

    async def run(
        self,
        tx: Tx,
        concern: Concern,
        items: Sequence[tuple[str, int]],
        *,
        matter_id: str | None = None,
        benefit_id: str | None = None,
        month: date | None = None,
        repays: str | None = None,
        against_debt: bool = True,
        to: str | None = None,
    ) -> None:
        """Pay ``items`` (kind, fen); a debt is met from the last of them first. One journal each for set-off and payment.

        Every item is told, also one that a debt has eaten up: the person has had it, and a matter may wait for it.
        Somebody dead or missing is never paid, only heirs who have proven it; refuses until they have (B15.12).
        ``against_debt``: False for what is the payee's in its own right, not the person's. ``to``: a party other than the person.
        """
        due = sum(amount for _, amount in items)
        if due == 0:
            return
        loss = await self.losses.of(tx, concern.person_id)
        to_employer = to is not None and party.is_employer(to)
        if not to_employer:
            expect_payable(loss)
        concern = rerouted(concern, loss)
        who = concern.payable_dim if to in (None, party.person(concern.person_id)) else to or ""
        debtor = who if to_employer else party.person(concern.person_id)
        set_off = await self._set_off(tx, concern, debtor, due) if against_debt else 0
        if set_off:
            await self.ledger.append(tx, [set_off_entry(concern, who, debtor, set_off, await self._stamp(tx))])
        left = due - set_off
        voucher_no = ""
        if left:
            stamp = await self._stamp(tx)
            voucher_no = stamp.voucher_no
            await self.ledger.append(tx, [payment_entry(concern, who, left, stamp)])
        now = self.clock.now()
        for kind, amount in items:
            if not amount:
                continue
            paid = min(amount, left)
            left -= paid
            payment_id = self.ids.new()
            if paid:
                payment = Payment(
                    payment_id=payment_id,
                    case_id=concern.case_id,
                    person_id=concern.person_id,
                    settlement_id=concern.settlement_id,
                    conversion_id=concern.conversion_id,
                    kind=kind,
                    amount_fen=paid,
                    voucher_no=voucher_no,
                    paid_at=now,
                    payee=who,
                    benefit_id=benefit_id,
                    month=month,
                    repays=repays,
                )
                await self.ledger.add_payment(tx, payment)
            tx.emit(
                BenefitPaid(
                    payment_id=payment_id,
                    case_id=concern.case_id,
                    person_id=concern.person_id,
                    kind=kind,
                    amount_fen=paid,
                    set_off_fen=amount - paid,
                    paid_at=now,
                    conversion_id=concern.conversion_id,
                    matter_id=matter_id,
                    benefit_id=benefit_id,
                    month=month,
                    to_heirs=loss is not None and loss.stands and not to_employer,
                    paid_to=who,
                )
            )

    async def payee_of(self, tx: Tx, concern: Concern) -> Concern:
        """The concern whose payables go to the heirs when its person is gone; for whoever books what is paid here later."""
        return rerouted(concern, await self.losses.of(tx, concern.person_id))

    async def write_off(self, tx: Tx, person_id: str, amount_fen: int) -> None:
        """What a dead person owed is given up and booked (B14): its debts say so, oldest first."""
        left = amount_fen
        for debt in await self.recoveries.open_of(tx, Book.WI, party.person(person_id)):
            given_up = min(left, debt.open_fen)
            if given_up:
                after = debt.given_up(given_up)
                await self.recoveries.save(tx, after, self.clock.now())
                tx.emit(recovery_changed(after, self.clock.now()))
                left -= given_up

    async def _set_off(self, tx: Tx, concern: Concern, debtor: str, due: int) -> int:
        """Meet the debts to this book, oldest first: the person's, also those of benefits; an employer's about the same person,
        whose lock is held."""
        met = 0
        for debt in await self.recoveries.open_of(tx, Book.WI, debtor):
            amount = min(debt.open_fen, due - met)
            if amount and debt.person_id == concern.person_id:
                after = debt.received(amount)
                await self.recoveries.save(tx, after, self.clock.now())
                tx.emit(recovery_changed(after, self.clock.now()))
                met += amount
        if party.is_employer(debtor):
            return met
        return min(due, await self.ledger.person_debt_fen(tx, concern.person_id))

    async def _stamp(self, tx: Tx) -> Stamp:
        today = self.clock.today()
        return Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
