"""The employer has joined and paid back: of what was advanced, the fund bears what has arisen since (条例 62; 人社部发〔2016〕29号)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Tx
from workinjury_bridge.application.benefits.advance_benefit import AdvanceBenefit
from workinjury_bridge.application.benefits.ports import Entitlements, Items, Postings
from workinjury_bridge.application.ports import Ledger
from workinjury_bridge.domain.benefits.bearer import debtor_of
from workinjury_bridge.domain.benefits.item import STANDS
from workinjury_bridge.domain.benefits.journals import about_entitlement, about_item, borne_entry
from workinjury_bridge.domain.benefits.kinds import NAMES, BenefitKind
from workinjury_bridge.domain.journals import Concern, Stamp
from workinjury_bridge.domain.recognition import InjuryCase


@dataclass(frozen=True, slots=True)
class TakeOverArisen:
    """In the transaction that records the back-payment, under the injured person's lock; a second time finds nothing."""

    items: Items
    entitlements: Entitlements
    postings: Postings
    advance: AdvanceBenefit
    ledger: Ledger
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, case: InjuryCase) -> list[str]:
        """The benefits concerned. What the employer has paid for them already is owed back to it."""
        moved = []
        for item in await self.items.of_case(tx, case.case_id):
            if item.state in STANDS and item.debtor is not None and debtor_of(case, item.kind, item.request.on) is None:
                await self._bear(tx, case, about_item(item, case), item.item_id, item.kind, item.amount_fen)
                await self.items.save(tx, item.borne(), self.clock.now())
                moved.append(item.item_id)
        for entitlement in await self.entitlements.of_case(tx, case.case_id):
            arisen = [
                posting
                for posting in await self.postings.list_of(tx, entitlement.entitlement_id)
                if posting.debtor is not None and debtor_of(case, entitlement.kind, posting.month) is None
            ]
            if arisen:
                concern, amount = about_entitlement(entitlement, case), sum(posting.amount_fen for posting in arisen)
                months = f"{NAMES[entitlement.kind]} {arisen[0].month:%Y-%m}至{arisen[-1].month:%Y-%m}"
                if amount:
                    await self._bear(tx, case, concern, entitlement.entitlement_id, entitlement.kind, amount, months)
                await self.postings.bear(tx, [posting.posting_id for posting in arisen])
                moved.append(entitlement.entitlement_id)
        return moved

    async def _bear(
        self, tx: Tx, case: InjuryCase, concern: Concern, benefit_id: str, kind: BenefitKind, amount_fen: int, memo: str = ""
    ) -> None:
        relief = await self.advance.relieve(tx, benefit_id, amount_fen, borne=True)
        today = self.clock.today()
        stamp = Stamp(entry_id=self.ids.new(), booked_on=today, voucher_no=await self.ledger.next_voucher(tx, today))
        await self.ledger.append(tx, [borne_entry(concern, kind, relief, stamp, memo=memo)])
        await self.advance.give_back(tx, case, benefit_id, relief)
