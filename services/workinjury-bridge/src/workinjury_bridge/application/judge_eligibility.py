"""Whether the work-injury fund pays for a person on a day, and for which injuries (B4, C3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.ports import Cases, Policies
from workinjury_bridge.application.recurrence.ports import Recurrences
from workinjury_bridge.domain.policy import BridgePolicy
from workinjury_bridge.domain.recognition import Decision, InjuryCase
from workinjury_bridge.domain.recurrence import UNDECIDED, Recurrence, RecurrenceState, confirmed_on
from workinjury_bridge.domain.refusals import not_entitled

_REASONS = {
    "no-case": "没有工伤案件",
    "not-recognised": "工伤认定尚未作出、未予认定或已撤销",
    "before-accident": "就诊日期早于事故日期",
    "advance-only": "用人单位未参保或涉及第三人责任，须先按医保结算并申请先行支付",
    "recurrence-unconfirmed": "距事故已超过规定期限，须先经劳动能力鉴定委员会确认旧伤复发",
}


@dataclass(frozen=True, slots=True)
class JudgeEligibility:
    """A contested recognition counts (条例 art. 31)."""

    work: UnitOfWork
    cases: Cases
    recurrences: Recurrences
    policies: Policies

    async def run(self, person_id: str, on: date) -> dict[str, Any]:
        """The answer for the admission desk: entitled or why not, and every recognised injury."""
        async with self.work.transaction() as tx:
            cases = await self.cases.of_person(tx, person_id)
            recurrences = await self.recurrences.of_person(tx, person_id)
        policy = self.policies.on(on)
        reason = _reason(cases, recurrences, on, policy)
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
                    "entitled": _decision(case, recurrences, on, policy) is not None,
                }
                for case in cases
                if case.effective is not None
            ],
        }

    async def of_stay(self, person_id: str, begun_on: date) -> dict[str, Any]:
        """What is decided of the injury that a stay may belong to, for whoever waits for it with the bill (B1, B2).

        ``recognised``: the fund pays the stay directly; ``advance-only``: recognised, but the fund only advances, after a medical
        settlement (B6, B7); ``denied``; ``undecided``: a decision is owed, or nobody has applied yet.
        """
        async with self.work.transaction() as tx:
            cases = await self.cases.of_person(tx, person_id)
            recurrences = await self.recurrences.of_person(tx, person_id)
        found = standing_of(cases, recurrences, begun_on, self.policies.on(begun_on))
        return {
            "stands": found.stands,
            "case_id": found.case_id,
            "decision_no": found.decision.decision_no if found.decision else None,
            "decided_on": found.decision.decided_on.isoformat() if found.decision else None,
        }

    async def entitling(self, tx: Tx, person_id: str, on: date, case_id: str | None = None) -> tuple[InjuryCase, Decision]:
        """The newest injury, or the one of ``case_id``, that is paid for on ``on``, and the decision it rests on.

        Refuses with the reason when there is none: an employer that is not insured and a liable third party make the fund advance
        only, after a medical settlement (B6, B7).
        """
        cases = [c for c in await self.cases.of_person(tx, person_id) if case_id in (None, c.case_id)]
        recurrences = await self.recurrences.of_person(tx, person_id)
        policy = self.policies.on(on)
        for case in cases:
            decision = _decision(case, recurrences, on, policy)
            if decision is not None:
                return case, decision
        reason = _reason(cases, recurrences, on, policy) or "no-case"
        raise not_entitled(reason, f"不能按工伤结算：{_REASONS[reason]}")


def _decision(case: InjuryCase, recurrences: Sequence[Recurrence], on: date, policy: BridgePolicy) -> Decision | None:
    """The recognition while its window runs, after it the confirmed recurrence, as the rule book says (B4, B9)."""
    if case.effective is None or case.accident_on > on or not case.facts.fund_pays_at_once(on):
        return None
    in_window = (on - case.accident_on).days <= policy.stays.within_days
    confirmed = confirmed_on(case, recurrences, on)
    if in_window or (confirmed is None and policy.recurrences.direct == "recognised"):
        return case.effective
    return confirmed


@dataclass(frozen=True, slots=True)
class Standing:
    """What is decided of the injury that a stay may belong to (``JudgeEligibility.of_stay``)."""

    stands: Literal["recognised", "advance-only", "denied", "undecided"]
    case_id: str | None = None
    decision: Decision | None = None


def standing_of(
    cases: Sequence[InjuryCase], recurrences: Sequence[Recurrence], begun_on: date, policy: BridgePolicy
) -> Standing:
    """A recognition that pays goes before everything, what is still to be decided before a denial.

    A denial from before the stay was of an earlier one: it says nothing about what this one waits for.
    """
    before = [case for case in cases if case.accident_on <= begun_on]
    found: list[Standing] = []
    for case in before:
        decision = _decision(case, recurrences, begun_on, policy)
        if decision is not None:
            return Standing("recognised", case.case_id, decision)
        found.append(_standing(case, recurrences, begun_on, policy))
    for stands in ("undecided", "advance-only", "denied"):
        mine = [standing for standing in found if standing.stands == stands]
        if mine:
            return max(mine, key=lambda s: date.min if s.decision is None else s.decision.decided_on)
    return Standing("undecided")


def _standing(case: InjuryCase, recurrences: Sequence[Recurrence], begun_on: date, policy: BridgePolicy) -> Standing:
    newest = case.newest
    if newest is None:
        return Standing("undecided", case.case_id)
    if case.effective is None:
        return _denied(case, newest, begun_on)
    if (begun_on - case.accident_on).days <= policy.stays.within_days:
        return Standing("advance-only", case.case_id, newest)
    confirmed = confirmed_on(case, recurrences, begun_on)
    if confirmed is not None:
        return Standing("advance-only", case.case_id, confirmed)
    mine = [r for r in recurrences if r.case_id == case.case_id and r.treated_from <= begun_on]
    refused = [r.newest for r in mine if r.state is RecurrenceState.REFUSED and r.newest is not None]
    if not refused or any(r.state in UNDECIDED for r in mine):
        return Standing("undecided", case.case_id)
    return _denied(case, max(refused, key=lambda decision: decision.version), begun_on)


def _denied(case: InjuryCase, decision: Decision, begun_on: date) -> Standing:
    return (
        Standing("denied", case.case_id, decision) if decision.decided_on >= begun_on else Standing("undecided", case.case_id)
    )


def _reason(cases: Sequence[InjuryCase], recurrences: Sequence[Recurrence], on: date, policy: BridgePolicy) -> str | None:
    if not cases:
        return "no-case"
    recognised = [case for case in cases if case.effective is not None]
    if not recognised:
        return "not-recognised"
    after = [case for case in recognised if case.accident_on <= on]
    if not after:
        return "before-accident"
    if any(_decision(case, recurrences, on, policy) is not None for case in after):
        return None
    return "recurrence-unconfirmed" if any(case.facts.fund_pays_at_once(on) for case in after) else "advance-only"
