"""Confirm that an old injury has come back: applied for, decided by the committee, objected to (B9, 条例 art. 38)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shared.clock import Clock
from shared.codes import Code
from shared.contracts.workinjury_bridge import RecognitionDecided
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.ports import Cases, Conversions, Policies, Stays
from workinjury_bridge.application.propose_conversions import ProposeConversions
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.application.recovery.remind import end_of
from workinjury_bridge.application.recurrence.ports import Recurrences
from workinjury_bridge.domain.facts import conversion_changed, recurrence_changed
from workinjury_bridge.domain.recognition import Act, Decision, InjuryCase, Outcome
from workinjury_bridge.domain.recurrence import UNDECIDED, Recurrence, next_version
from workinjury_bridge.domain.refusals import in_the_future, out_of_turn, unknown

RECURRENCE_DEADLINE = "recurrence-overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceRequest:
    """What is applied for, with the diagnosis and the records (经办条例 art. 21)."""

    case_id: str
    applied_on: date
    treated_from: date
    diagnosis: Code
    diagnosis_name: str
    body_parts: tuple[str, ...]
    materials: tuple[str, ...]
    old_injury: bool = False
    matter_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a committee decided."""

    decision_no: str
    confirmed: bool
    decided_on: date
    decided_by: str
    treated_until: date | None = None


@dataclass(frozen=True, slots=True)
class ConfirmRecurrence:
    """Every limit counts calendar days, as for an appraisal."""

    once: Once
    cases: Cases
    recurrences: Recurrences
    stays: Stays
    conversions: Conversions
    propose: ProposeConversions
    policies: Policies
    clock: Clock
    ids: IdFactory
    record: RecordAct

    async def apply(self, key: OnceKey, request: RecurrenceRequest, actor: str) -> dict[str, Any]:
        """Refuses a case without effective recognition, other parts of the body, and a second application being decided."""
        if request.applied_on > self.clock.today():
            raise in_the_future("applied_on", "申请日期")

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self._recognised(tx, request.case_id)
            known = await self.recurrences.of_person(tx, case.person_id)
            if any(r.case_id == case.case_id and r.state in UNDECIDED for r in known):
                raise out_of_turn("case", "recur", case.state, "已有办理中的旧伤复发确认，请办理原申请")
            rules = self.policies.on(request.applied_on).recurrences
            recurrence = Recurrence(
                recurrence_id=self.ids.new(),
                case_id=case.case_id,
                person_id=case.person_id,
                applied_on=request.applied_on,
                treated_from=request.treated_from,
                diagnosis=request.diagnosis,
                diagnosis_name=request.diagnosis_name,
                body_parts=request.body_parts,
                materials=request.materials,
                due_on=request.applied_on + timedelta(days=rules.decide_within),
                old_injury=request.old_injury,
                matter_id=request.matter_id,
            )
            checked = recurrence.checked(case)
            await self.record.run(tx, case.case_id, Act.RECURRENCE_APPLIED, actor, checked.recurrence_id)
            return await self._store(tx, checked, [])

        return (await self.once.run(key, work))[0]

    async def extend(self, key: OnceKey, recurrence_id: str, actor: str) -> dict[str, Any]:
        """The committee takes its further days, once."""

        def act(recurrence: Recurrence) -> Recurrence:
            return recurrence.prolonged(self.policies.on(recurrence.applied_on).recurrences)

        return await self._act(key, recurrence_id, Act.RECURRENCE_EXTENDED, actor, act)

    async def object_to(self, key: OnceKey, recurrence_id: str, on: date, actor: str) -> dict[str, Any]:
        """Either side asks the province's committee, whose word is final; what was confirmed goes on."""
        if on > self.clock.today():
            raise in_the_future("on", "提出日期")

        def act(recurrence: Recurrence) -> Recurrence:
            return recurrence.objected(on, self.policies.on(recurrence.applied_on).recurrences)

        return await self._act(key, recurrence_id, Act.RECURRENCE_OBJECTED, actor, act)

    async def withdraw(self, key: OnceKey, recurrence_id: str, actor: str) -> dict[str, Any]:
        """The applicant takes the application back."""
        return await self._act(key, recurrence_id, Act.RECURRENCE_WITHDRAWN, actor, Recurrence.withdrawn)

    async def conclude(self, key: OnceKey, recurrence_id: str, conclusion: Conclusion, actor: str) -> dict[str, Any]:
        """A committee has decided: confirmed proposes the conversions of its window, refused by the province turns them round.

        Refuses while the recognition itself is not in force.
        """
        if conclusion.decided_on > self.clock.today():
            raise in_the_future("decided_on", "结论日期")

        async def work(tx: Tx) -> dict[str, Any]:
            before = await self._locked(tx, recurrence_id)
            case = await self._recognised(tx, before.case_id)
            decision = Decision(
                decision_id=self.ids.new(),
                decision_no=conclusion.decision_no,
                version=next_version(case, await self.recurrences.of_person(tx, case.person_id)),
                outcome=Outcome.GRANTED if conclusion.confirmed else Outcome.DENIED,
                decided_on=conclusion.decided_on,
                decided_by=conclusion.decided_by,
            )
            rules = self.policies.on(before.applied_on).recurrences
            after = before.concluded(decision, conclusion.treated_until, rules)
            await self.recurrences.add_decision(tx, after, decision, self.clock.now())
            said = Act.RECURRENCE_CONFIRMED if conclusion.confirmed else Act.RECURRENCE_REFUSED
            await self.record.run(tx, case.case_id, said, actor, recurrence_id)
            answer = await self._store(tx, after, [])
            tx.emit(
                RecognitionDecided(
                    case_id=case.case_id,
                    person_id=case.person_id,
                    decision_id=decision.decision_id,
                    decision_no=decision.decision_no,
                    decision_version=decision.version,
                    outcome=decision.outcome.value,
                    accident_on=case.accident_on,
                    decided_on=decision.decided_on,
                    matter_id=after.matter_id,
                    recurrence_id=recurrence_id,
                )
            )
            turned = await self._turn_back(tx, before, after)
            proposed = await self.propose.run(tx, [case.person_id])
            return answer | {"conversions": turned + [c.conversion_id for c in proposed]}

        return (await self.once.run(key, work))[0]

    async def overdue(self, tx: Tx, recurrence_id: str) -> None:
        """The committee's days have passed: say so."""
        found = await self.recurrences.locked(tx, recurrence_id)
        if found is not None and found.state in UNDECIDED:
            tx.emit(recurrence_changed(found, self.clock.now(), overdue=True))

    async def _turn_back(self, tx: Tx, before: Recurrence, after: Recurrence) -> list[str]:
        """What rested on the former confirmation and is not covered any more is withdrawn or reverted."""
        former = before.effective
        if former is None:
            return []
        touched = []
        for conversion in await self.conversions.of_case(tx, before.case_id):
            stay = await self.stays.get(tx, conversion.settlement_id)
            if conversion.decision_id != former.decision_id or (stay is not None and after.covers(stay.begun_on)):
                continue
            turned = conversion.revoke(f"recurrence refused by {after.newest.decision_no if after.newest else ''}")
            if turned == conversion:
                continue
            await self.conversions.save(tx, turned, self.clock.now())
            touched.append(turned.conversion_id)
            if turned.state is not conversion.state:
                tx.emit(conversion_changed(turned, self.clock.now()))
        return touched

    async def _recognised(self, tx: Tx, case_id: str) -> InjuryCase:
        case = await self.cases.locked(tx, case_id)
        if case is None:
            raise unknown("case", "工伤案件")
        if case.effective is None:
            raise out_of_turn("case", "recur", case.state, "原工伤认定未生效，请先登记认定结论")
        return case

    async def _locked(self, tx: Tx, recurrence_id: str) -> Recurrence:
        found = await self.recurrences.locked(tx, recurrence_id)
        if found is None:
            raise unknown("recurrence", "旧伤复发确认申请")
        return found

    async def _act(
        self, key: OnceKey, recurrence_id: str, done: Act, actor: str, act: Callable[[Recurrence], Recurrence]
    ) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            after = act(await self._locked(tx, recurrence_id))
            await self.record.run(tx, after.case_id, done, actor, recurrence_id)
            return await self._store(tx, after, [])

        return (await self.once.run(key, work))[0]

    async def _store(self, tx: Tx, recurrence: Recurrence, conversions: list[str]) -> dict[str, Any]:
        await self.recurrences.save(tx, recurrence, self.clock.now())
        if recurrence.state in UNDECIDED:
            tx.schedule(RECURRENCE_DEADLINE, recurrence.recurrence_id, end_of(recurrence.due_on))
        else:
            tx.cancel(RECURRENCE_DEADLINE, recurrence.recurrence_id)
        tx.emit(recurrence_changed(recurrence, self.clock.now()))
        newest = recurrence.newest
        return {
            "recurrence_id": recurrence.recurrence_id,
            "case_id": recurrence.case_id,
            "state": recurrence.state.value,
            "due_on": recurrence.due_on.isoformat(),
            "treated_from": recurrence.treated_from.isoformat(),
            "treated_until": recurrence.treated_until.isoformat() if recurrence.treated_until else None,
            "decision_version": newest.version if newest else None,
            "bearers": [{"item": item, "payer": payer} for item, payer in recurrence.bearers()],
            "conversions": conversions,
        }
