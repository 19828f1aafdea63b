"""Record the wages of the twelve months before the accident and calculate own wage (本人工资, 工伤保险条例 64)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.ports import Entitlements, Items, Wages
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain.benefits.item import STANDS
from workinjury_bridge.domain.benefits.kinds import BenefitKind
from workinjury_bridge.domain.benefits.refusals import wage_in_use
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.benefits.wage import own_wage
from workinjury_bridge.domain.recognition import Act


@dataclass(frozen=True, slots=True)
class RecordWage:
    """Refuses other wages once a one-off benefit rests on them; running pensions are corrected by their next run."""

    once: Once
    collect: CollectCaseFile
    wages: Wages
    items: Items
    entitlements: Entitlements
    book: BenefitBook
    clock: Clock
    record: RecordAct

    async def run(self, key: OnceKey, case_id: str, monthly_wages_fen: Sequence[int], actor: str) -> dict[str, Any]:
        """Own wage with its calculation."""

        async def work(tx: Tx) -> dict[str, Any]:
            file = await self.collect.run(tx, case_id, lock=True)
            day = file.case.accident_on
            figures = self.book.figures_on(day)
            wage = own_wage(case_id, monthly_wages_fen, self.book.on(day).own_wage, figures.area_wage, figures)
            if file.wage is not None and file.wage != wage:
                items = await self.items.of_case(tx, case_id)
                if any(i.kind is BenefitKind.ONE_OFF_DISABILITY and i.state in STANDS for i in items):
                    raise wage_in_use()
            await self.wages.save(tx, wage, self.clock.now())
            if wage != file.wage:
                await self.record.run(tx, case_id, Act.WAGE_RECORDED, actor)
            await self.entitlements.look_again(tx, case_id)
            return {
                "case_id": case_id,
                "own_wage_fen": wage.own_wage_fen,
                "average_fen": wage.average_fen,
                "calculation": wage.calculation.plain(),
            }

        return (await self.once.run(key, work))[0]
