"""Collect everything on file that decides the benefits of one injury."""

from __future__ import annotations

from dataclasses import dataclass

from shared.transactions import Tx
from workinjury_bridge.application.benefits.ports import Appraisals, Entitlements, Losses, Wages
from workinjury_bridge.application.ports import Cases
from workinjury_bridge.domain.benefits.monthly import CaseFile
from workinjury_bridge.domain.refusals import unknown


@dataclass(frozen=True, slots=True)
class CollectCaseFile:
    """Refuses an unknown case."""

    cases: Cases
    wages: Wages
    appraisals: Appraisals
    losses: Losses
    entitlements: Entitlements

    async def run(self, tx: Tx, case_id: str, *, lock: bool = False) -> CaseFile:
        """The file; with ``lock`` under the injured person's lock."""
        case = await (self.cases.locked(tx, case_id) if lock else self.cases.get(tx, case_id))
        if case is None:
            raise unknown("case", "工伤案件")
        return CaseFile(
            case=case,
            wage=await self.wages.of_case(tx, case_id),
            appraisals=tuple(await self.appraisals.of_case(tx, case_id)),
            loss=await self.losses.of(tx, case.person_id),
            entitlements=tuple(await self.entitlements.of_case(tx, case_id)),
        )
