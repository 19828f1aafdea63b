"""Money came: what waited for it goes out, the oldest first; the first that the money does not cover stops the queue (B13)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.clock import Clock
from shared.errors import Refusal
from shared.ledger import Book
from shared.transactions import UnitOfWork
from workinjury_bridge.application.clearing.check_cash import CheckCash
from workinjury_bridge.application.clearing.escalate_shortage import SHORTAGE_DEADLINE
from workinjury_bridge.application.clearing.ports import WaitingPayout, WaitingPayouts
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Cases

_MOST = 500


@dataclass(frozen=True, slots=True)
class PayWaiting:
    """One transaction for each; safe to call at any time, by anybody, also twice at once."""

    work: UnitOfWork
    cases: Cases
    waiting: WaitingPayouts
    cash: CheckCash
    pay: PayPerson
    clock: Clock

    async def run(self) -> dict[str, str]:
        """What hindered which. Who waits for the proof of heirs waits for no money and stops nobody (B15.12)."""
        hindered: dict[str, str] = {}
        async with self.work.transaction() as tx:
            queue = await self.waiting.oldest(tx, _MOST)
        for waiting in queue:
            try:
                if not await self._pay(waiting):
                    break
            except Refusal as refused:
                hindered[waiting.payout_id] = refused.zh
                async with self.work.transaction() as tx:
                    await self.waiting.hold(tx, waiting.payout_id)
        if queue:
            await self._end()
        return hindered

    async def _pay(self, waiting: WaitingPayout) -> bool:
        """False when the money does not reach for it."""
        async with self.work.transaction() as tx:
            await self.cases.lock_persons(tx, [waiting.payout.concern.person_id])
            await self.pay.expect_payable(tx, [waiting.payout])
            if not await self.cash.still_covers(tx, waiting.payout):
                return False
            if await self.waiting.remove(tx, waiting.payout_id):
                await self.pay.pay_out(tx, [waiting.payout])
            return True

    async def _end(self) -> None:
        """Nobody waits for money any more: the shortage is over, and nobody is asked any further."""
        async with self.work.transaction() as tx:
            await self.cash.clearings.lock(tx, Book.WI)
            shortage = await self.waiting.shortage(tx)
            number, _ = await self.waiting.total(tx)
            if shortage is not None and not number:
                await self.waiting.save_shortage(tx, replace(shortage, ended_on=self.clock.today()))
                tx.cancel(SHORTAGE_DEADLINE, shortage.shortage_id)
