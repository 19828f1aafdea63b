"""Propose the conversion of every settled stay that belongs to a recognised injury (reference B1).

Called inside the transaction of the decision, of the settlement's arrival, or of a conversion's end: whichever comes
last finds the others, because all of them hold the person's lock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Tx
from workinjury_bridge.application.ports import Cases, Conversions, Policies, Stays
from workinjury_bridge.application.recurrence.ports import Recurrences
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.recognition import InjuryCase
from workinjury_bridge.domain.recurrence import Recurrence, deciding
from workinjury_bridge.domain.stay import SettledStay


@dataclass(frozen=True, slots=True)
class ProposeConversions:
    """A stay that fits two accidents goes to the later one; later than the window only on a confirmed recurrence (B9).

    A stay has one proposal per decision version, ever: one that ended leaves the stay to the other accident.
    """

    cases: Cases
    stays: Stays
    conversions: Conversions
    recurrences: Recurrences
    policies: Policies
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, person_ids: Collection[str]) -> list[Conversion]:
        """The new proposals of these persons. The caller holds their locks."""
        cases: dict[str, list[InjuryCase]] = {}
        for case in await self.cases.of_persons(tx, person_ids):
            cases.setdefault(case.person_id, []).append(case)
        stays = await self.stays.of_persons(tx, cases)
        recurrences = await self.recurrences.of_persons(tx, cases)
        known: dict[str, list[Conversion]] = {}
        for conversion in await self.conversions.of_settlements(tx, [stay.settlement_id for stay in stays]):
            known.setdefault(conversion.settlement_id, []).append(conversion)
        proposed: list[Conversion] = []
        for stay in stays:
            before = known.get(stay.settlement_id, ())
            fitting = self._fitting(stay, cases[stay.person_id], recurrences)
            proposal = next((p for p in fitting if not any(ended.excludes(p) for ended in before)), None)
            if proposal is not None:
                proposed.append(proposal)
        await self.conversions.add(tx, proposed, self.clock.now())
        return proposed

    def _fitting(
        self, stay: SettledStay, cases: Sequence[InjuryCase], recurrences: Sequence[Recurrence]
    ) -> Iterator[Conversion]:
        policy = self.policies.on(stay.begun_on)
        for case in cases:
            decision = deciding(case, recurrences, stay, policy)
            if decision is not None:
                yield Conversion(
                    conversion_id=self.ids.new(),
                    case_id=case.case_id,
                    person_id=stay.person_id,
                    settlement_id=stay.settlement_id,
                    visit_id=stay.visit_id,
                    institution_code=stay.institution_code,
                    decision_id=decision.decision_id,
                    decision_version=decision.version,
                    matter_id=case.matter_id,
                )
