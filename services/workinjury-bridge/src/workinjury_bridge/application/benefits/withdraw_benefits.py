"""The recognition was finally revoked: one-off benefits are taken back; the monthly run takes back its own (B3, B15.14)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Tx
from workinjury_bridge.application.benefits.advance_benefit import AdvanceBenefit
from workinjury_bridge.application.benefits.ports import Entitlements, Items, Losses, PaidOut
from workinjury_bridge.application.clearing.check_cash import CheckCash
from workinjury_bridge.application.ports import Ledger
from workinjury_bridge.domain.benefits.item import STANDS, Item, ItemState
from workinjury_bridge.domain.benefits.journals import about_item, withdrawal_entry
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.loss import rerouted
from workinjury_bridge.domain.journals import Stamp
from workinjury_bridge.domain.recognition import InjuryCase


@dataclass(frozen=True, slots=True)
class WithdrawBenefits:
    """In the transaction of the revocation, under the person's lock."""

    items: Items
    entitlements: Entitlements
    losses: Losses
    paid_out: PaidOut
    cash: CheckCash
    advance: AdvanceBenefit
    ledger: Ledger
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, case: InjuryCase) -> None:
        """What was paid becomes a debt; what was not, waits for money, or came back from the bank, is no longer payable.

        A debt written off stays written off.

        Of what was advanced for an uninsured employer the employer's debt falls away, and what came in on it is given back.
        """
        today, loss = self.clock.today(), await self.losses.of(tx, case.person_id)
        for item in await self.items.of_case(tx, case.case_id):
            if item.state not in STANDS or item.kind is BenefitKind.ESTATE_WRITE_OFF:
                continue
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
            advanced = item.debtor is not None
            relief = await self.advance.relieve(tx, item.item_id, item.amount_fen) if advanced else None
            unpaid = await self._unpaid_fen(tx, item)
            entry = withdrawal_entry(rerouted(about_item(item, case), loss), item, stamp, relief, unpaid_fen=unpaid)
            await self.ledger.append(tx, [entry])
            await self.items.save(tx, item.withdrawn(), self.clock.now())
            if relief is not None:
                await self.advance.give_back(tx, case, item.item_id, relief)
        await self.entitlements.look_again(tx, case.case_id)

    async def _unpaid_fen(self, tx: Tx, item: Item) -> int:
        """What of an item nobody has got: from now on it neither goes out nor is paid again."""
        if item.state is not ItemState.PAID:
            return item.amount_fen
        items = ((item.kind.value, item.item_id),)
        unpaid = await self.cash.take_out(
            tx, item.case_id, lambda payout: tuple((kind, payout.benefit_id) for kind, _ in payout.items) == items
        )
        for payment in await self.paid_out.came_back(tx, item.case_id):
            if (payment.kind, payment.benefit_id) in items:
                await self.paid_out.mark_repaid(tx, payment.payment_id, self.clock.now())
                unpaid += payment.amount_fen
        return unpaid
