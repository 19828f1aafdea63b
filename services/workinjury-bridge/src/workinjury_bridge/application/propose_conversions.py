"""Propose the conversion of every settled stay that belongs to a recognised injury (reference B1).

Called inside the transaction of the decision, of the settlement's arrival, or of a completed reversion: whichever comes
last finds the others, because all of them hold the person's lock.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Tx
from workinjury_bridge.application.ports import Cases, Conversions, Policies, Stays
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.stay import belongs


@dataclass(frozen=True, slots=True)
class ProposeConversions:
    """A stay that fits two accidents goes to the later one. A stay has one proposal per decision version, ever."""

    cases: Cases
    stays: Stays
    conversions: Conversions
    policies: Policies
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, person_id: str) -> list[str]:
        """Ids of the new proposals. The caller holds the person's lock."""
        recognised = [(case, case.effective) for case in await self.cases.of_person(tx, person_id)]
        proposed: list[str] = []
        for stay in await self.stays.of_person(tx, person_id):
            policy = self.policies.on(stay.begun_on)
            for case, decision in recognised:
                if decision is None or not belongs(stay, case, policy):
                    continue
                conversion = Conversion(
                    conversion_id=self.ids.new(),
                    case_id=case.case_id,
                    person_id=person_id,
                    settlement_id=stay.settlement_id,
                    visit_id=stay.visit_id,
                    institution_code=stay.institution_code,
                    decision_id=decision.decision_id,
                    decision_version=decision.version,
                    matter_id=case.matter_id,
                )
                if await self.conversions.add(tx, conversion, self.clock.now()):
                    proposed.append(conversion.conversion_id)
                break
        return proposed
