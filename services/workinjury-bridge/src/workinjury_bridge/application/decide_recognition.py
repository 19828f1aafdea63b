"""Record a recognition decision: granted opens the work-injury fund and proposes conversions, denied changes nothing (B1, B2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.clock import Clock
from shared.contracts.workinjury_bridge import RecognitionDecided
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.ports import Cases
from workinjury_bridge.application.propose_conversions import ProposeConversions
from workinjury_bridge.domain.recognition import Decision, InjuryCase, Outcome
from workinjury_bridge.domain.refusals import in_the_future, unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """A decision as the deciding office states it."""

    decision_no: str
    outcome: Outcome
    decided_on: date
    decided_by: str
    version: int | None = None
    """Given by an office that counts its versions; otherwise the next one."""


@dataclass(frozen=True, slots=True)
class DecideRecognition:
    """Refuses an unknown case, a day in the future, and a newer decision beside a granted one that is not revoked."""

    once: Once
    cases: Cases
    propose: ProposeConversions
    clock: Clock
    ids: IdFactory

    async def run(self, key: OnceKey, case_id: str, new: NewDecision) -> dict[str, Any]:
        """The decision, the state of the case and the conversions it led to."""
        if new.decided_on > self.clock.today():
            raise in_the_future("decided_on", "认定日期")

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self.cases.locked(tx, case_id)
            if case is None:
                raise unknown("case", "工伤案件")
            known = case.repeats(new.decision_no, new.outcome)
            if known is not None:
                return _answer(case, known, [])
            decision = Decision(
                decision_id=self.ids.new(),
                decision_no=new.decision_no,
                version=new.version or case.next_version(),
                outcome=new.outcome,
                decided_on=new.decided_on,
                decided_by=new.decided_by,
            )
            decided = case.decide(decision)
            await self.cases.add_decision(tx, case_id, decision, self.clock.now())
            if decided.newest != decision:
                return _answer(decided, decision, [])
            await self.cases.mark_contested(tx, case_id, None)
            tx.emit(
                RecognitionDecided(
                    case_id=case_id,
                    person_id=case.person_id,
                    decision_id=decision.decision_id,
                    decision_no=decision.decision_no,
                    decision_version=decision.version,
                    outcome=decision.outcome.value,
                    accident_on=case.accident_on,
                    decided_on=decision.decided_on,
                    matter_id=case.matter_id,
                )
            )
            return _answer(decided, decision, await self.propose.run(tx, case.person_id))

        return (await self.once.run(key, work))[0]


def _answer(case: InjuryCase, decision: Decision, proposed: list[str]) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "decision_id": decision.decision_id,
        "decision_version": decision.version,
        "outcome": decision.outcome.value,
        "state": case.state.value,
        "conversions": proposed,
    }
