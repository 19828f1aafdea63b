"""Claims has decided a settlement again, after an audit or a late fact: a proposal that rests on it is computed anew (B12)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.contracts.claims import SettlementCorrected
from shared.transactions import Tx
from workinjury_bridge.application.ports import Cases, Conversions, Stays
from workinjury_bridge.domain.conversion import REVIEWED
from workinjury_bridge.domain.facts import conversion_changed


@dataclass(frozen=True, slots=True)
class OnSettlementCorrected:
    """An approved one is left alone: claims takes back only what was approved, or refuses and it is looked at again."""

    cases: Cases
    stays: Stays
    conversions: Conversions
    clock: Clock

    async def run(self, tx: Tx, fact: SettlementCorrected) -> None:
        """Take note; told twice, or after a later one, it changes nothing: figures are computed from what stands in claims."""
        await self.cases.lock_persons(tx, [fact.person_id])
        if not await self.stays.hear_correction(tx, fact.settlement_id, fact.sequence):
            return
        for conversion in await self.conversions.of_settlement(tx, fact.settlement_id):
            if conversion.state in REVIEWED and conversion.figures is not None:
                again = conversion.restated()
                await self.conversions.save(tx, again, self.clock.now())
                tx.emit(conversion_changed(again, self.clock.now()))
