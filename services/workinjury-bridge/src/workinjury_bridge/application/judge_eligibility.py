"""Whether the work-injury fund pays for a person on a day, and for which injuries (B4, C3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.ports import Cases
from workinjury_bridge.domain.recognition import Decision, InjuryCase
from workinjury_bridge.domain.refusals import not_entitled

_REASONS = {
    "no-case": "没有工伤案件",
    "not-recognised": "工伤认定尚未作出、未予认定或已撤销",
    "before-accident": "就诊日期早于事故日期",
    "advance-only": "用人单位未参保或涉及第三人责任，须先按医保结算并申请先行支付",
}


@dataclass(frozen=True, slots=True)
class JudgeEligibility:
    """A contested recognition counts (条例 art. 31)."""

    work: UnitOfWork
    cases: Cases

    async def run(self, person_id: str, on: date) -> dict[str, Any]:
        """The answer for the admission desk: entitled or why not, and every recognised injury."""
        async with self.work.transaction() as tx:
            cases = await self.cases.of_person(tx, person_id)
        reason = _reason(cases, on)
        return {
            "entitled": reason is None,
            "reason": None if reason is None else _REASONS[reason],
            "reason_code": reason,
            "injuries": [
                {
                    "case_id": case.case_id,
                    "decision_no": case.effective.decision_no,
                    "version": case.effective.version,
                    "accident_on": case.accident_on.isoformat(),
                    "body_parts": list(case.body_parts),
                    "contested": case.contested_on is not None,
                }
                for case in cases
                if case.effective is not None
            ],
        }

    async def entitling(self, tx: Tx, person_id: str, on: date) -> tuple[InjuryCase, Decision]:
        """The newest recognised injury before ``on`` that the fund pays for. Refuses with the reason when there is none: an
        employer that is not insured and a liable third party make the fund advance only, after a medical settlement (B6, B7)."""
        cases = await self.cases.of_person(tx, person_id)
        for case in cases:
            if _pays(case, on) and case.effective is not None:
                return case, case.effective
        reason = _reason(cases, on) or "no-case"
        raise not_entitled(reason, f"不能按工伤结算：{_REASONS[reason]}")


def _reason(cases: Sequence[InjuryCase], on: date) -> str | None:
    if not cases:
        return "no-case"
    recognised = [case for case in cases if case.effective is not None]
    if not recognised:
        return "not-recognised"
    after = [case for case in recognised if case.accident_on <= on]
    if not after:
        return "before-accident"
    return None if any(_pays(case, on) for case in after) else "advance-only"


def _pays(case: InjuryCase, on: date) -> bool:
    return case.effective is not None and case.accident_on <= on and case.facts.fund_pays_at_once(on)
