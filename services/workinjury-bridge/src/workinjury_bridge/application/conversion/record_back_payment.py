"""The employer has joined, and paid premiums and late fees afterwards (条例 art. 62; 人社部发〔2016〕29号 item 3; reference B7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from shared.clock import Clock
from shared.errors import conflict
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.take_over_arisen import TakeOverArisen
from workinjury_bridge.application.ports import Cases, Conversions, Stays
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain.conversion import ENDED, REVIEWED
from workinjury_bridge.domain.facts import conversion_changed
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.refusals import already_converted, facts_invalid, in_the_future, unknown


@dataclass(frozen=True, slots=True)
class RecordBackPayment:
    """What is charged from that day on is the fund's; what was charged before stays the employer's, and so does what it owes.

    Of the cash benefits too: what arises anew is the fund's, also where it was advanced already (``domain/benefits/bearer.py``).
    """

    once: Once
    cases: Cases
    stays: Stays
    conversions: Conversions
    bear: TakeOverArisen
    clock: Clock
    record: RecordAct

    async def run(self, key: OnceKey, case_id: str, effective_on: date, proof: str, actor: str) -> dict[str, Any]:
        """Refuses an employer that was insured, a day not after the accident or in the future, another day than was recorded, and
        a day that a stay reaches whose conversion is approved already."""
        if effective_on > self.clock.today():
            raise in_the_future("effective_on", "补缴生效日期")

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self.cases.locked(tx, case_id)
            if case is None:
                raise unknown("case", "工伤案件")
            if effective_on <= case.accident_on:
                raise facts_invalid("effective_on", "补缴生效日期应晚于事故日期")
            if case.facts.insured_from not in (None, effective_on):
                raise conflict(
                    "workinjury-bridge.case.back-paid",
                    f"已登记补缴，自{case.facts.insured_from}起生效",
                    "a back-payment is recorded already",
                    field="effective_on",
                )
            stated = case.with_facts(replace(case.facts, insured_from=effective_on, insured_proof=proof))
            restated = []
            for conversion in await self.conversions.of_case(tx, case_id) if stated != case else ():
                stay = await self.stays.get(tx, conversion.settlement_id)
                if conversion.state in ENDED or stay is None or stay.ended_on < effective_on:
                    continue
                if conversion.state not in REVIEWED:
                    raise already_converted()
                after = conversion.restated()
                await self.conversions.save(tx, after, self.clock.now())
                tx.emit(conversion_changed(after, self.clock.now()))
                restated.append(after.conversion_id)
            if stated != case:
                await self.cases.state_facts(tx, case_id, stated.facts)
                await self.record.run(tx, case_id, Act.BACK_PAID, actor)
            borne = await self.bear.run(tx, stated)
            return {
                "case_id": case_id,
                "insured_from": effective_on.isoformat(),
                "conversions": restated,
                "benefits": borne,
            }

        return (await self.once.run(key, work))[0]
