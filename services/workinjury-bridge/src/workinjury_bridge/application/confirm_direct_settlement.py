"""Claims has settled under a work-injury key: book it, and what the person gets for meals (B4, F4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.clock import Clock
from shared.contracts.claims import ClaimSettled
from shared.ids import IdFactory
from shared.transactions import Tx
from workinjury_bridge.application.benefits.ports import Losses
from workinjury_bridge.application.ports import Cases, Directs, Ledger, Policies, Stays
from workinjury_bridge.application.settle_directly import VOID_DEADLINE
from workinjury_bridge.application.withdraw_settlements import WithdrawSettlements
from workinjury_bridge.domain.benefits.loss import rerouted
from workinjury_bridge.domain.facts import work_injury_settled
from workinjury_bridge.domain.journals import Stamp, about_direct, direct_entry, meals_entry
from workinjury_bridge.domain.meals import meals_fen
from workinjury_bridge.domain.refusals import total_differs, unknown

PAY_MEALS_DEADLINE = "pay-direct-meals"


@dataclass(frozen=True, slots=True)
class ConfirmDirectSettlement:
    """Refuses (so that the event is parked for a person) an unknown key and another total than was adjudicated."""

    cases: Cases
    directs: Directs
    stays: Stays
    ledger: Ledger
    policies: Policies
    losses: Losses
    withdraw: WithdrawSettlements
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, fact: ClaimSettled, key: str) -> None:
        """Book it, also when it lapsed: the hospital has settled; revoked meanwhile, it is asked back at once. Told twice, or after its own reversal, it changes nothing."""
        found = await self.directs.get(tx, key)
        if found is None:
            raise unknown("settlement", "工伤结算预留")
        if found.settlement_id == fact.settlement_id or await self.stays.is_reversed(tx, fact.settlement_id):
            return
        if fact.total_fen != found.version.related_fen:
            raise total_differs(key, fact.total_fen, found.version.related_fen)
        meals = self.policies.on(found.ended_on).meals
        due = meals_fen(found.begun_on, found.ended_on, meals.per_day) if fact.inpatient else 0
        settlement = found.posted(fact.settlement_id, due, fact.invoice_no)
        now, today = self.clock.now(), self.clock.today()
        concern = rerouted(about_direct(settlement), await self.losses.of(tx, settlement.person_id))
        voucher_no = await self.ledger.next_voucher(tx, today)
        entries = []
        if settlement.version.work_injury_fen:
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=voucher_no)
            entries.append(direct_entry(concern, settlement.version.work_injury_fen, stamp))
        if due:
            stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=voucher_no)
            entries.append(meals_entry(concern, due, stamp))
            tx.schedule(PAY_MEALS_DEADLINE, key, now + timedelta(days=meals.direct_paid_after_days))
        await self.ledger.append(tx, entries)
        await self.directs.save(tx, settlement, now)
        tx.cancel(VOID_DEADLINE, key)
        tx.emit(work_injury_settled(settlement, now))
        case = await self.cases.get(tx, settlement.case_id)
        if case is None or case.effective is None:
            await self.withdraw.direct(tx, settlement)

    async def beside(self, tx: Tx, fact: ClaimSettled, key: str) -> None:
        """The medical funds have settled what of the stay is no work injury (B5): remember by which settlement. Refuses another amount."""
        found = await self.directs.get(tx, key)
        if found is None:
            raise unknown("settlement", "工伤结算预留")
        if await self.stays.is_reversed(tx, fact.settlement_id):
            return
        if fact.total_fen != found.version.unrelated_fen:
            raise total_differs(key, fact.total_fen, found.version.unrelated_fen)
        await self.directs.save(tx, found.beside(fact.settlement_id), self.clock.now())
