"""Money came: what waited for it goes out, the oldest first; the first that the money does not cover stops the queue (B13)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.clock import Clock
from shared.errors import Refusal
from shared.ledger import Book
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.benefits.ports import Entitlements
from workinjury_bridge.application.clearing.check_cash import CheckCash
from workinjury_bridge.application.clearing.escalate_shortage import SHORTAGE_DEADLINE
from workinjury_bridge.application.clearing.ports import WaitingPayout, WaitingPayouts
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.payout import Payout
from workinjury_bridge.application.ports import Cases
from workinjury_bridge.domain.benefits.loss import awaits_heirs

_PAGE = 500


@dataclass(frozen=True, slots=True)
class PayWaiting:
    """One transaction for each; safe to call at any time, by anybody, also twice at once."""

    work: UnitOfWork
    cases: Cases
    entitlements: Entitlements
    waiting: WaitingPayouts
    cash: CheckCash
    pay: PayPerson
    clock: Clock

    async def run(self) -> dict[str, str]:
        """What hindered which, said once. Who waits for the proof of heirs (B15.12), or for what a revocation takes back, waits for no money
        and stops nobody."""
        hindered: dict[str, str] = {}
        last: WaitingPayout | None = None
        while True:
            async with self.work.transaction() as tx:
                page = await self.waiting.oldest(tx, _PAGE, last)
                losses = await self.pay.losses.among(tx, {w.payout.concern.person_id for w in page}) if page else {}
            for waiting in page:
                if waiting.held and awaits_heirs(losses.get(waiting.payout.concern.person_id)):
                    continue
                try:
                    goes_on, cause = await self._pay(waiting)
                except Refusal as refused:
                    goes_on, cause = True, refused.zh
                if cause is not None:
                    hindered[waiting.payout_id] = cause
                if not goes_on:
                    break
            else:
                if len(page) == _PAGE:
                    last = page[-1]
                    continue
            await self._end()
            return hindered

    async def _pay(self, waiting: WaitingPayout) -> tuple[bool, str | None]:
        """Whether the next one's turn has come, which it has not when the money does not reach for this one; and what hindered it."""
        payout = waiting.payout
        async with self.work.transaction() as tx:
            await self.cases.lock_persons(tx, [payout.concern.person_id])
            if await self._taken_back_soon(tx, payout):
                return await self._hold(tx, waiting, None)
            try:
                losses = await self.pay.expect_payable(tx, [payout])
            except Refusal as unproven:
                return await self._hold(tx, waiting, unproven.zh)
            if not await self.cash.still_covers(tx, payout):
                if waiting.held:
                    await self.cash.hold(tx, waiting, held=False)
                return False, None
            if await self.waiting.remove(tx, waiting.payout_id):
                await self.pay.pay_out(tx, [payout], losses)
            return True, None

    async def _hold(self, tx: Tx, waiting: WaitingPayout, cause: str | None) -> tuple[bool, str | None]:
        """It waits for something else than money, and stops nobody."""
        if waiting.held:
            return True, None
        await self.cash.hold(tx, waiting, held=True)
        return True, cause

    async def _taken_back_soon(self, tx: Tx, payout: Payout) -> bool:
        """The recognition is revoked, and the monthly run has not asked the month back yet, which is then met from it."""
        if payout.benefit_id is None or payout.month is None:
            return False
        case = await self.cases.get(tx, payout.concern.case_id)
        revoked = case is not None and case.effective is None
        return revoked and await self.entitlements.is_due(tx, payout.benefit_id, payout.month)

    async def _end(self) -> None:
        """Nobody waits for money any more: the shortage is over, and nobody is asked any further."""
        async with self.work.transaction() as tx:
            if await self.waiting.shortage(tx) is None:
                return
            await self.cash.clearings.lock(tx, Book.WI)
            shortage = await self.waiting.shortage(tx)
            number, _ = await self.waiting.total(tx)
            if shortage is not None and not number:
                await self.waiting.save_shortage(tx, replace(shortage, ended_on=self.clock.today()))
                tx.cancel(SHORTAGE_DEADLINE, shortage.shortage_id)
