"""What nobody has got of something that is not owed any more neither goes out nor is paid again (B3, B13)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from shared.clock import Clock
from shared.transactions import Tx
from workinjury_bridge.application.benefits.ports import PaidOut
from workinjury_bridge.application.clearing.check_cash import CheckCash


@dataclass(frozen=True, slots=True)
class StopPayments:
    """In the transaction of whatever took the ground away, under the person's lock."""

    paid_out: PaidOut
    cash: CheckCash
    clock: Clock

    async def run(self, tx: Tx, case_id: str, benefit_id: str, kinds: Collection[str]) -> int:
        """Fen of these kinds of one benefit that waited, or came back from the bank; the caller takes them out of what is payable."""
        unpaid = await self.cash.take_out(
            tx,
            case_id,
            lambda payout: payout.benefit_id == benefit_id and all(kind in kinds for kind, _ in payout.items),
        )
        for payment in await self.paid_out.came_back(tx, case_id):
            if payment.benefit_id == benefit_id and payment.kind in kinds:
                await self.paid_out.mark_repaid(tx, payment.payment_id, self.clock.now())
                unpaid += payment.amount_fen
        return unpaid
