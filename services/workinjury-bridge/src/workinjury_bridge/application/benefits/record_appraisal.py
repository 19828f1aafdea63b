"""Record a conclusion on working capacity (劳动能力鉴定结论, 工伤保险条例 21–29)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.contracts.workinjury_bridge import WorkCapacityAppraised
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.benefits.collect_case_file import CollectCaseFile
from workinjury_bridge.application.benefits.ports import Appraisals, Entitlements
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain.benefits.appraisal import Appraisal, Conclusion, appraise
from workinjury_bridge.domain.benefits.refusals import not_recognised
from workinjury_bridge.domain.benefits.rules import BenefitBook
from workinjury_bridge.domain.recognition import Act
from workinjury_bridge.domain.refusals import in_the_future


@dataclass(frozen=True, slots=True)
class RecordAppraisal:
    """Refuses an injury that is not recognised and what ``appraise`` refuses; the same conclusion twice is one version."""

    once: Once
    collect: CollectCaseFile
    appraisals: Appraisals
    entitlements: Entitlements
    book: BenefitBook
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def run(self, key: OnceKey, case_id: str, conclusion: Conclusion, actor: str) -> dict[str, Any]:
        """The version and the first month in which it counts; running pensions are corrected by their next run."""
        if conclusion.concluded_on > self.clock.today():
            raise in_the_future("concluded_on", "鉴定结论日期")

        async def work(tx: Tx) -> dict[str, Any]:
            file = await self.collect.run(tx, case_id, lock=True)
            known = next((a for a in file.appraisals if a.conclusion == conclusion), None)
            if known is not None:
                return _answer(known)
            if file.case.effective is None:
                raise not_recognised()
            after = self.book.on(conclusion.concluded_on).review.recheck_after_months
            new = appraise(self.ids.new(), case_id, conclusion, file.appraisals, file.case.accident_on, after)
            await self.appraisals.add(tx, new, file.case.person_id, self.clock.now())
            await self.record.run(tx, case_id, Act.APPRAISED, actor, new.appraisal_id)
            await self.entitlements.look_again(tx, case_id)
            tx.emit(
                WorkCapacityAppraised(
                    case_id=case_id,
                    person_id=file.case.person_id,
                    appraisal_id=new.appraisal_id,
                    version=new.version,
                    concluded_on=conclusion.concluded_on,
                    grade=conclusion.grade,
                    nursing=conclusion.nursing.value if conclusion.nursing else None,
                )
            )
            return _answer(new)

        return (await self.once.run(key, work))[0]


def _answer(appraisal: Appraisal) -> dict[str, Any]:
    return {
        "case_id": appraisal.case_id,
        "appraisal_id": appraisal.appraisal_id,
        "version": appraisal.version,
        "counts_from": appraisal.counts_from.isoformat(),
    }
