"""No payment to a person or an employer goes out that the payment account does not cover (B13, P1): whole items, no skipping.

Only where the funds clear at the month's end, for only there the account is watched (docs/clearing.md). What cannot go out is payable
(2203, 2204) and waits here; who comes later waits behind it. The shortage is told once, then everybody who can be asked for money in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shared.clock import Clock
from shared.ids import IdFactory
from shared.ledger import Book
from shared.transactions import Tx
from workinjury_bridge.application.clearing.escalate_shortage import EscalateShortage
from workinjury_bridge.application.clearing.ports import Clearings, OurPurse, WaitingPayout, WaitingPayouts
from workinjury_bridge.application.payout import Payout
from workinjury_bridge.application.ports import Policies
from workinjury_bridge.domain.benefits.loss import heirs_dim
from workinjury_bridge.domain.clearing import PaymentShortage, Remedy
from workinjury_bridge.domain.policy import TransfersWhen
from workinjury_bridge.domain.refusals import short_of_cash


@dataclass(frozen=True, slots=True)
class CheckCash:
    """Takes the payer's lock, after the persons' locks, so that two payments of one instant see each other."""

    clearings: Clearings
    purse: OurPurse
    waiting: WaitingPayouts
    escalate: EscalateShortage
    policies: Policies
    clock: Clock
    ids: IdFactory

    async def expect(self, tx: Tx, amount_fen: int) -> None:
        """Refuses (UNAVAILABLE) what cannot go out now; for a step that is tried again by itself."""
        if amount_fen and not await self._covers(tx, amount_fen):
            raise short_of_cash(amount_fen, await self.purse.cash_fen(tx))

    async def let_out(self, tx: Tx, payouts: Sequence[Payout]) -> bool:
        """Whether these may be paid now, all of them; otherwise they wait, and the shortage is told."""
        if await self._covers(tx, sum(payout.due_fen for payout in payouts)):
            return True
        now = self.clock.now()
        for payout in payouts:
            await self.waiting.add(tx, WaitingPayout(payout_id=self.ids.new(), payout=_plain(payout), since=now))
        await self._tell(tx)
        return False

    async def still_covers(self, tx: Tx, payout: Payout) -> bool:
        """Whether one that waits can go out now. The caller lets the oldest go first."""
        await self.clearings.lock(tx, Book.WI)
        return await self.purse.cash_fen(tx) >= payout.due_fen

    async def hold(self, tx: Tx, waiting: WaitingPayout, *, held: bool) -> None:
        """It waits for something else and no longer for money; or for money again, in its old place, and that is told."""
        await self.clearings.lock(tx, Book.WI)
        if await self.waiting.hold(tx, waiting.payout_id, held=held) and not held:
            await self._tell(tx)

    async def take_out(self, tx: Tx, case_id: str, wanted: Callable[[Payout], bool]) -> int:
        """Fen of a case that waited and are not owed any more: nothing of it goes out."""
        await self.clearings.lock(tx, Book.WI)
        gone = [waiting for waiting in await self.waiting.of_case(tx, case_id) if wanted(waiting.payout)]
        for waiting in gone:
            await self.waiting.remove(tx, waiting.payout_id)
        return sum(waiting.payout.due_fen for waiting in gone)

    async def _tell(self, tx: Tx) -> None:
        if await self.waiting.shortage(tx) is None:
            shortage = PaymentShortage(shortage_id=self.ids.new(), since=self.clock.today(), remedy=Remedy.FISCAL_ACCOUNT)
            await self.waiting.save_shortage(tx, shortage)
            await self.escalate.report_payments(tx, shortage)

    async def _covers(self, tx: Tx, amount_fen: int) -> bool:
        if self.policies.on(self.clock.today()).clearing.transfers is not TransfersWhen.MONTH_END:
            return True
        await self.clearings.lock(tx, Book.WI)
        number, _ = await self.waiting.total(tx)
        return not number and await self.purse.cash_fen(tx) >= amount_fen


def _plain(payout: Payout) -> Payout:
    """Whether the heirs get it is asked anew when it goes out: until then a missing person may be back."""
    concern = payout.concern
    if concern.payee != heirs_dim(concern.person_id):
        return payout
    return replace(payout, concern=replace(concern, payee=None))
