"""The bank returns a payment, and it is paid again (``benefit.payment.returned``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.contracts.workinjury_bridge import PaymentReturned
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.ports import Losses, PaidOut
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Cases, Ledger, Payment
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain import party
from workinjury_bridge.domain.benefits.journals import returned_entry
from workinjury_bridge.domain.benefits.kinds import AFTER_DEATH
from workinjury_bridge.domain.benefits.loss import dependant_dim, rerouted
from workinjury_bridge.domain.benefits.refusals import payment_not_returned, payment_returned_already
from workinjury_bridge.domain.journals import Concern, Stamp
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.refusals import unknown


@dataclass(frozen=True, slots=True)
class ReturnPayment:
    """Refuses an unknown payment, one returned already, and paying again what was not returned or is paid again."""

    once: Once
    cases: Cases
    losses: Losses
    paid_out: PaidOut
    ledger: Ledger
    pay: PayPerson
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def run(self, key: OnceKey, payment_id: str, reason: str, actor: str) -> dict[str, Any]:
        """Payable again: Dr 1003 / Cr 2203, for an employer 2204; to the heirs when the person is gone by now."""

        async def work(tx: Tx) -> dict[str, Any]:
            payment = await self._locked(tx, payment_id)
            if await self.paid_out.returned(tx, payment_id):
                raise payment_returned_already()
            now, today = self.clock.now(), self.clock.today()
            concern = rerouted(await self._concern(tx, payment), await self.losses.of(tx, payment.person_id))
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
            await self.ledger.append(
                tx, [returned_entry(concern, _other(payment) or concern.payable_dim, payment.amount_fen, stamp)]
            )
            await self.paid_out.mark_returned(tx, payment_id, reason, now)
            await self.record.run(tx, payment.case_id, Act.PAYMENT_RETURNED, actor, payment_id)
            tx.emit(
                PaymentReturned(
                    payment_id=payment_id,
                    case_id=payment.case_id,
                    person_id=payment.person_id,
                    kind=payment.kind,
                    amount_fen=payment.amount_fen,
                    reason=reason,
                    returned_at=now,
                )
            )
            return {"payment_id": payment_id, "state": "returned", "amount_fen": payment.amount_fen}

        return (await self.once.run(key, work))[0]

    async def repay(self, key: OnceKey, payment_id: str, actor: str) -> dict[str, Any]:
        """Pay again what came back, less what the person owes by now."""

        async def work(tx: Tx) -> dict[str, Any]:
            payment = await self._locked(tx, payment_id)
            if not await self.paid_out.returned(tx, payment_id) or await self.paid_out.repaid(tx, payment_id):
                raise payment_not_returned()
            await self.pay.run(
                tx,
                await self._concern(tx, payment),
                ((payment.kind, payment.amount_fen),),
                benefit_id=payment.benefit_id,
                month=payment.month,
                repays=payment_id,
                against_debt=payment.kind not in AFTER_DEATH,
                to=_other(payment),
            )
            await self.paid_out.mark_repaid(tx, payment_id, self.clock.now())
            await self.record.run(tx, payment.case_id, Act.PAYMENT_REPAID, actor, payment_id)
            return {"payment_id": payment_id, "state": "repaid", "amount_fen": payment.amount_fen}

        return (await self.once.run(key, work))[0]

    async def _locked(self, tx: Tx, payment_id: str) -> Payment:
        payment = await self.paid_out.get(tx, payment_id)
        if payment is None:
            raise unknown("payment", "支付记录")
        await self.cases.lock_persons(tx, [payment.person_id])
        return payment

    async def _concern(self, tx: Tx, payment: Payment) -> Concern:
        """Of the case alone: a conversion has paid its person once, whatever the bank did with it."""
        case = await self.cases.get(tx, payment.case_id)
        newest = case.newest if case is not None else None
        dependant = dependant_dim(payment.person_id)
        return Concern(
            person_id=payment.person_id,
            case_id=payment.case_id,
            decision_version=newest.version if newest is not None else 0,
            payee=dependant if payment.payee == dependant else None,
        )


def _other(payment: Payment) -> str | None:
    """The employer or third party that was paid; None for the person and whoever stands in its place."""
    return payment.payee if party.is_other(payment.payee) else None
