"""Pay a person what the work-injury book owes, less what the same person owes the same book (B0.5 set-off, B15.11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.clock import Clock
from shared.contracts.workinjury_bridge import BenefitPaid
from shared.ids import IdFactory
from shared.transactions import Tx
from workinjury_bridge.application.benefits.ports import Losses
from workinjury_bridge.application.ports import Ledger, Payment
from workinjury_bridge.domain.benefits.loss import expect_payable, rerouted
from workinjury_bridge.domain.journals import Concern, Stamp, payment_entry, set_off_entry


@dataclass(frozen=True, slots=True)
class PayPerson:
    """Inside the caller's transaction, under the person's lock; the payable (2203) is already booked."""

    ledger: Ledger
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
    ) -> None:
        """Pay ``items`` (kind, fen); a debt is met from the last of them first. One journal each for set-off and payment.

        Every item is told, also one that a debt has eaten up: the person has had it, and a matter may wait for it.
        Somebody dead or missing is never paid, only heirs who have proven it; refuses until they have (B15.12).
        ``against_debt``: False for what is the payee's in its own right, not the person's.
        """
        due = sum(amount for _, amount in items)
        if due == 0:
            return
        loss = await self.losses.of(tx, concern.person_id)
        expect_payable(loss)
        concern = rerouted(concern, loss)
        set_off = min(due, await self.ledger.person_debt_fen(tx, concern.person_id)) if against_debt else 0
        if set_off:
            await self.ledger.append(tx, [set_off_entry(concern, set_off, await self._stamp(tx))])
        left = due - set_off
        voucher_no = ""
        if left:
            stamp = await self._stamp(tx)
            voucher_no = stamp.voucher_no
            await self.ledger.append(tx, [payment_entry(concern, left, stamp)])
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
                    payee=concern.payable_dim,
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
                    to_heirs=loss is not None and loss.stands,
                )
            )

    async def payee_of(self, tx: Tx, concern: Concern) -> Concern:
        """The concern whose payables go to the heirs when its person is gone; for whoever books what is paid here later."""
        return rerouted(concern, await self.losses.of(tx, concern.person_id))

    async def _stamp(self, tx: Tx) -> Stamp:
        today = self.clock.today()
        return Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
