"""Record a recognition decision: granted opens the work-injury fund and proposes conversions, denied changes nothing (B1, B2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.clock import Clock
from shared.contracts.workinjury_bridge import RecognitionDecided
from shared.errors import Refusal
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

        async def work(tx: Tx) -> dict[str, Any]:
            (answer,) = await self._decide(tx, [(case_id, new)])
            if isinstance(answer, Refusal):
                raise answer
            return answer

        return (await self.once.run(key, work))[0]

    async def together(self, key: OnceKey, decisions: Sequence[tuple[str, NewDecision]]) -> dict[str, Any]:
        """Many decisions, as another office hands them over; each is answered for itself, in order, a refusal as its problem."""

        async def work(tx: Tx) -> dict[str, Any]:
            answers = await self._decide(tx, decisions)
            return {
                "items": [
                    {"case_id": case_id, "problem": answer.as_problem()} if isinstance(answer, Refusal) else answer
                    for (case_id, _), answer in zip(decisions, answers, strict=True)
                ]
            }

        return (await self.once.run(key, work))[0]

    async def _decide(self, tx: Tx, decisions: Sequence[tuple[str, NewDecision]]) -> list[dict[str, Any] | Refusal]:
        cases = {case.case_id: case for case in await self.cases.locked_all(tx, {case_id for case_id, _ in decisions})}
        made: list[tuple[str, Decision]] = []
        newest: set[str] = set()
        answers: list[tuple[str, Decision] | Refusal] = []
        for case_id, new in decisions:
            try:
                case = cases.get(case_id)
                if new.decided_on > self.clock.today():
                    raise in_the_future("decided_on", "认定日期")
                if case is None:
                    raise unknown("case", "工伤案件")
                known = case.repeats(new.decision_no, new.outcome)
                if known is None:
                    decision = self._decision(case, new)
                    cases[case_id] = decided = case.decide(decision)
                    made.append((case_id, decision))
                    if decided.newest == decision:
                        newest.add(case_id)
                        tx.emit(_fact(case, decision))
                answers.append((case_id, known or decision))
            except Refusal as refused:
                answers.append(refused)
        await self.cases.add_decisions(tx, made, self.clock.now())
        contested = {case_id for case_id in newest if cases[case_id].contested_on is not None}
        for case_id in sorted(contested):
            await self.cases.mark_contested(tx, case_id, None)
        proposed: dict[str, list[str]] = {case_id: [] for case_id in newest}
        for conversion in await self.propose.run(tx, {cases[case_id].person_id for case_id in newest}):
            proposed.setdefault(conversion.case_id, []).append(conversion.conversion_id)
        return [
            answer
            if isinstance(answer, Refusal)
            else _answer(cases[answer[0]], answer[1], proposed.pop(answer[0], []) if answer[0] in newest else [])
            for answer in answers
        ]

    def _decision(self, case: InjuryCase, new: NewDecision) -> Decision:
        return Decision(
            decision_id=self.ids.new(),
            decision_no=new.decision_no,
            version=new.version or case.next_version(),
            outcome=new.outcome,
            decided_on=new.decided_on,
            decided_by=new.decided_by,
        )


def _fact(case: InjuryCase, decision: Decision) -> RecognitionDecided:
    return RecognitionDecided(
        case_id=case.case_id,
        person_id=case.person_id,
        decision_id=decision.decision_id,
        decision_no=decision.decision_no,
        decision_version=decision.version,
        outcome=decision.outcome.value,
        accident_on=case.accident_on,
        decided_on=decision.decided_on,
        matter_id=case.matter_id,
    )


def _answer(case: InjuryCase, decision: Decision, proposed: list[str]) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "decision_id": decision.decision_id,
        "decision_version": decision.version,
        "outcome": decision.outcome.value,
        "state": case.state.value,
        "conversions": proposed,
    }
