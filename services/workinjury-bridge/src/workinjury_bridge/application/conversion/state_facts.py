"""State what the figures of conversions depend on: facts of the accident, facts of a stay (B0.5, B6, B7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.ports import Entitlements, Items, Postings
from workinjury_bridge.application.ports import Cases, Conversions
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain.benefits.item import STANDS
from workinjury_bridge.domain.benefits.refusals import benefits_booked
from workinjury_bridge.domain.conversion import ENDED, REVIEWED
from workinjury_bridge.domain.facts import conversion_changed
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.refusals import already_converted, unknown
from workinjury_bridge.domain.terms import CaseFacts, StayFacts


@dataclass(frozen=True, slots=True)
class StateFacts:
    """Whatever changes the figures has them computed and looked at again."""

    once: Once
    cases: Cases
    conversions: Conversions
    items: Items
    entitlements: Entitlements
    postings: Postings
    clock: Clock
    record: RecordAct

    async def of_case(self, key: OnceKey, case_id: str, facts: CaseFacts, actor: str) -> dict[str, Any]:
        """Refuses facts that cannot be so, a change when a conversion of the case is approved already, and of whether the employer was
        insured when benefits are booked."""

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self.cases.locked(tx, case_id)
            if case is None:
                raise unknown("case", "工伤案件")
            # a back-payment is recorded by itself, with its proof
            kept = replace(facts, insured_from=case.facts.insured_from, insured_proof=case.facts.insured_proof)
            stated = case.with_facts(facts if facts.employer_insured else kept)
            restated = []
            if stated != case:
                conversions = [c for c in await self.conversions.of_case(tx, case_id) if c.state not in ENDED]
                if any(c.state not in REVIEWED for c in conversions):
                    raise already_converted()
                if stated.facts.employer_insured is not case.facts.employer_insured and await self._benefits(tx, case_id):
                    raise benefits_booked()
                await self.cases.state_facts(tx, case_id, stated.facts)
                await self.record.run(tx, case_id, Act.FACTS, actor)
                for conversion in conversions:
                    after = conversion.restated()
                    await self.conversions.save(tx, after, self.clock.now())
                    tx.emit(conversion_changed(after, self.clock.now()))
                    restated.append(after.conversion_id)
            return {"case_id": case_id, "conversions": restated}

        return (await self.once.run(key, work))[0]

    async def _benefits(self, tx: Tx, case_id: str) -> bool:
        """Whether any benefit of the case is booked."""
        if any(item.state in STANDS for item in await self.items.of_case(tx, case_id)):
            return True
        granted = await self.entitlements.of_case(tx, case_id)
        return any([await self.postings.of(tx, entitlement.entitlement_id) for entitlement in granted])

    async def of_stay(self, key: OnceKey, conversion_id: str, facts: StayFacts, actor: str) -> dict[str, Any]:
        """Refuses a conversion that is approved."""

        async def work(tx: Tx) -> dict[str, Any]:
            conversion = await self.conversions.locked(tx, conversion_id)
            if conversion is None:
                raise unknown("conversion", "转换业务")
            after = conversion.with_facts(facts)
            await self.conversions.save(tx, after, self.clock.now())
            await self.record.run(tx, conversion.case_id, Act.STAY_FACTS, actor, conversion_id)
            tx.emit(conversion_changed(after, self.clock.now()))
            return {"conversion_id": conversion_id, "state": after.state.value}

        return (await self.once.run(key, work))[0]
