"""The recognition was finally revoked: what was settled with the work-injury fund directly, here or elsewhere, is asked back (B3, B4, B8).

The hospital, or the province of treatment, keeps what the fund's answer promised it. Claims is asked to settle a stay of a hospital here
under the medical rules; what the medical funds do not pay, and a stay elsewhere, the person owes, and may claim from the medical fund by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Tx
from workinjury_bridge.application.benefits.ports import Losses
from workinjury_bridge.application.clearing.check_cash import CheckCash
from workinjury_bridge.application.out_of_area.ports import RemoteStays
from workinjury_bridge.application.payout import Payout
from workinjury_bridge.application.ports import Directs, Ledger
from workinjury_bridge.application.recovery.ask_back import AskBack
from workinjury_bridge.domain.benefits.loss import rerouted
from workinjury_bridge.domain.direct_settlement import DirectSettlement, DirectState
from workinjury_bridge.domain.facts import remote_stay_changed
from workinjury_bridge.domain.journals import Stamp, about_direct, meals_withdrawal_entry
from workinjury_bridge.domain.out_of_area.journals import STAY_RECOVERY, about_stay, costs_of
from workinjury_bridge.domain.recognition import InjuryCase


@dataclass(frozen=True, slots=True)
class WithdrawSettlements:
    """In the transaction of the revocation, under the person's lock."""

    directs: Directs
    remote_stays: RemoteStays
    losses: Losses
    ledger: Ledger
    cash: CheckCash
    ask_back: AskBack
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, case: InjuryCase) -> None:
        """Every posted settlement and every stay elsewhere of the case. A reservation waits for the hospital, data for their audit."""
        for settlement in await self.directs.of_person(tx, case.person_id):
            if settlement.case_id == case.case_id and settlement.state is DirectState.POSTED:
                await self.direct(tx, settlement)
        now = self.clock.now()
        for stay in await self.remote_stays.of_case(tx, case.case_id):
            after = stay.withdrawn()
            if after == stay:
                continue
            if after.owed_back:
                await self.ask_back.run(
                    tx, about_stay(after), after.stay_id, costs_of(after), "工伤认定撤销，追回异地就医费用", kind=STAY_RECOVERY
                )
            await self.remote_stays.save(tx, after, now)
            tx.emit(remote_stay_changed(after, now))

    async def direct(self, tx: Tx, settlement: DirectSettlement) -> None:
        """One posted settlement: an allowance that nobody has got is no longer payable; the rest when claims has answered."""

        def of_its_meals(payout: Payout) -> bool:
            kinds = [kind for kind, _ in payout.items]
            return payout.concern.settlement_id == settlement.settlement_id and kinds == ["meals"]

        if settlement.meals_paid and await self.cash.take_out(tx, settlement.case_id, of_its_meals):
            settlement = settlement.without_meals()
        if settlement.meals_fen and not settlement.meals_paid:
            await self._take_meals_back(tx, settlement)
        await self.directs.save(tx, settlement.reverting(), self.clock.now())

    async def _take_meals_back(self, tx: Tx, settlement: DirectSettlement) -> None:
        today, concern = self.clock.today(), about_direct(settlement)
        booked = await self.ledger.of_settlement(tx, concern.settlement_id or "")
        payee = rerouted(concern, await self.losses.of(tx, settlement.person_id))
        for entry in booked:
            if entry.kind == "benefit":
                stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
                taken = meals_withdrawal_entry(payee, settlement.meals_fen, stamp, reverses=entry.entry_id)
                await self.ledger.append(tx, [taken])
