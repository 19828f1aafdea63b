"""A settlement was reversed in claims: no proposal may stand on it; a direct settlement is taken back (B4)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.contracts.claims import ClaimReversed
from shared.transactions import Tx
from workinjury_bridge.application.ports import Cases, Conversions, Stays
from workinjury_bridge.application.reverse_direct_settlement import ReverseDirectSettlement
from workinjury_bridge.domain.conversion import WAITING
from workinjury_bridge.domain.facts import conversion_changed


@dataclass(frozen=True, slots=True)
class OnClaimReversed:
    """A conversion that claims was already asked for is left alone: claims refuses either the reversal or the take-back."""

    cases: Cases
    stays: Stays
    conversions: Conversions
    reverse: ReverseDirectSettlement
    clock: Clock

    async def run(self, tx: Tx, fact: ClaimReversed) -> None:
        """Take note; told twice, or before the settlement itself, it ends the same."""
        await self.cases.lock_persons(tx, [fact.person_id])
        await self.stays.mark_reversed(tx, fact.original_settlement_id)
        if fact.work_injury_key is not None:
            await self.reverse.run(tx, fact.work_injury_key, fact.original_settlement_id)
            return
        if fact.beside_key is not None:
            await self.reverse.beside(tx, fact.beside_key, fact.original_settlement_id)
            return
        for conversion in await self.conversions.of_settlement(tx, fact.original_settlement_id):
            if conversion.state in WAITING and not conversion.begun:
                withdrawn = conversion.withdrawn(f"settlement reversed by {fact.settlement_id}")
                await self.conversions.save(tx, withdrawn, self.clock.now())
                tx.emit(conversion_changed(withdrawn, self.clock.now()))
