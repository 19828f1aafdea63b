"""The recognition was finally revoked: one-off benefits are taken back; the monthly run takes back its own (B3, B15.14)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Tx
from workinjury_bridge.application.benefits.advance_benefit import AdvanceBenefit
from workinjury_bridge.application.benefits.ports import Entitlements, Items, Losses
from workinjury_bridge.application.ports import Ledger
from workinjury_bridge.application.stop_payments import StopPayments
from workinjury_bridge.domain.benefits.item import STANDS, ItemState
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
    stop: StopPayments
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
            unpaid = item.amount_fen
            if item.state is ItemState.PAID:
                unpaid = await self.stop.run(tx, item.case_id, item.item_id, {item.kind.value})
            entry = withdrawal_entry(rerouted(about_item(item, case), loss), item, stamp, relief, unpaid_fen=unpaid)
            await self.ledger.append(tx, [entry])
            await self.items.save(tx, item.withdrawn(), self.clock.now())
            if relief is not None:
                await self.advance.give_back(tx, case, item.item_id, relief)
        await self.entitlements.look_again(tx, case.case_id)
