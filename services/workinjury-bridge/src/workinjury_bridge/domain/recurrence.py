"""Recurrence of an old injury (旧伤复发, 工伤保险条例 art. 38; reference A3, B9).

CONFIRMING --committee--> CONFIRMED | REFUSED; either --objection in time--> OBJECTED --province, final--> CONFIRMED | REFUSED; the
applicant may withdraw while CONFIRMING. It is the same injury, not a new accident: its decisions are versions of the injury's own
sequence, count only for treatment in their window, and fall with the recognition. Objected is not refused: what was confirmed goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from shared.codes import Code, CodeSystem
from workinjury_bridge.domain.benefits.months import same_day_later
from workinjury_bridge.domain.policy import BridgePolicy, Recurrences
from workinjury_bridge.domain.recognition import Decision, InjuryCase, Outcome
from workinjury_bridge.domain.refusals import facts_invalid, objection_past, out_of_turn, wrong_state
from workinjury_bridge.domain.stay import SettledStay, belongs


class RecurrenceState(StrEnum):
    """See the module."""

    CONFIRMING = "confirming"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"


UNDECIDED: Final = frozenset({RecurrenceState.CONFIRMING, RecurrenceState.OBJECTED})
"""A committee owes a decision."""

_BEFORE: Final = (
    ("医疗费", "基本医疗保险基金与个人按医保规定先行支付（或医疗机构挂账），确认后由工伤保险基金归还"),
    ("停工留薪期工资", "确认前不适用"),
)
_AFTER: Final = (
    ("医疗费、康复费", "工伤保险基金"),
    ("住院伙食补助费、统筹地区以外交通食宿费", "工伤保险基金"),
    ("辅助器具配置费（经确认）", "工伤保险基金"),
    ("停工留薪期内原工资福利待遇", "用人单位"),
)
_REFUSED: Final = (("医疗费", "基本医疗保险基金与个人按医保规定承担"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """One application for confirmation, with what the committees decided."""

    recurrence_id: str
    case_id: str
    """The original injury."""
    person_id: str
    applied_on: date
    treated_from: date
    """First day of the treatment that is asked for."""
    diagnosis: Code
    diagnosis_name: str
    body_parts: tuple[str, ...]
    materials: tuple[str, ...]
    due_on: date
    """By when a committee decides."""
    old_injury: bool = False
    """The injury is from before the employer was insured (老工伤, bae476)."""
    state: RecurrenceState = RecurrenceState.CONFIRMING
    extended: bool = False
    treated_until: date | None = None
    """Last day covered; None before a confirmation."""
    objected_on: date | None = None
    matter_id: str | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def newest(self) -> Decision | None:
        """What was decided last."""
        return max(self.decisions, key=lambda d: d.version, default=None)

    @property
    def effective(self) -> Decision | None:
        """The confirmation in force, objected to or not."""
        newest = self.newest
        return newest if newest is not None and newest.outcome is Outcome.GRANTED else None

    def checked(self, case: InjuryCase) -> Recurrence:
        """Refuses treatment before the accident, a part of the body that was not injured, and a diagnosis of no known list."""
        if self.diagnosis.system is not CodeSystem.CHS_DIAGNOSIS:
            raise facts_invalid("diagnosis", "诊断编码应为医保疾病诊断编码（chs:diag_code）")
        if not self.materials:
            raise facts_invalid("materials", "缺少诊断证明和病历资料")
        if self.treated_from <= case.accident_on:
            raise facts_invalid("treated_from", "复发治疗日期应晚于事故日期")
        foreign = [part for part in self.body_parts if part not in case.body_parts]
        if foreign or not self.body_parts:
            raise facts_invalid("body_parts", f"复发部位{'、'.join(foreign)}不在原工伤部位之内")
        return self

    def prolonged(self, rules: Recurrences) -> Recurrence:
        """The committee takes its further days, once."""
        self._expect("extend", RecurrenceState.CONFIRMING)
        if self.extended:
            raise out_of_turn("recurrence", "extend", self.state, "确认期限已延长过一次，请在期限内登记结论")
        return replace(self, extended=True, due_on=self.due_on + timedelta(days=rules.extend_by))

    def concluded(self, decision: Decision, treated_until: date | None, rules: Recurrences) -> Recurrence:
        """A committee has decided. Refuses a decision before the application and a window that ends before it begins."""
        self._expect("conclude", *UNDECIDED)
        if decision.decided_on < self.applied_on:
            raise facts_invalid("decided_on", "结论日期不能早于申请日期")
        granted = decision.outcome is Outcome.GRANTED
        until = (treated_until or same_day_later(self.treated_from, rules.covers_months)) if granted else None
        if until is not None and until < self.treated_from:
            raise facts_invalid("treated_until", "治疗期限的终止日期不能早于起始日期")
        return replace(
            self,
            state=RecurrenceState.CONFIRMED if granted else RecurrenceState.REFUSED,
            treated_until=until,
            decisions=(*self.decisions, decision),
        )

    def objected(self, on: date, rules: Recurrences) -> Recurrence:
        """Either side asks the province's committee. Refuses after its days, and against a final decision."""
        self._expect("object to", RecurrenceState.CONFIRMED, RecurrenceState.REFUSED)
        if self.objected_on is not None:
            raise out_of_turn("recurrence", "object to", self.state, "省级劳动能力鉴定委员会的结论为最终结论")
        newest = self.newest
        until = (newest.decided_on if newest else self.applied_on) + timedelta(days=rules.object_within)
        if on > until:
            raise objection_past(until)
        due_on = on + timedelta(days=rules.decide_within)
        return replace(self, state=RecurrenceState.OBJECTED, objected_on=on, due_on=due_on)

    def withdrawn(self) -> Recurrence:
        """The applicant takes the application back."""
        self._expect("withdraw", RecurrenceState.CONFIRMING)
        return replace(self, state=RecurrenceState.WITHDRAWN)

    def covers(self, day: date) -> bool:
        """Whether treatment that begins on the day is confirmed."""
        if self.effective is None or self.treated_until is None:
            return False
        return self.treated_from <= day <= self.treated_until

    def bearers(self) -> tuple[tuple[str, str], ...]:
        """What is payable and by whom, as things stand (条例 arts 30, 32, 33, 38; 社会保险法 30)."""
        if self.effective is not None:
            return _AFTER
        return _BEFORE if self.state in UNDECIDED else _REFUSED

    def _expect(self, wanted: str, *states: RecurrenceState) -> None:
        if self.state not in states:
            raise wrong_state("recurrence", wanted, self.state, "旧伤复发确认")


def next_version(case: InjuryCase, recurrences: Iterable[Recurrence]) -> int:
    """The version that a committee's decision on a recurrence gets: the next of the injury, whatever was decided before."""
    made = [d.version for d in case.decisions]
    made += [d.version for r in recurrences for d in r.decisions]
    return 1 + max(made, default=0)


def deciding(case: InjuryCase, recurrences: Iterable[Recurrence], stay: SettledStay, policy: BridgePolicy) -> Decision | None:
    """The decision that a settled stay is converted on: the recognition in its window, after it the recurrence that covers it."""
    if case.effective is None:
        return None
    if belongs(stay, case, policy):
        return case.effective
    fits = not stay.reversed and stay.person_id == case.person_id and (stay.inpatient or stay.injury_suspect)
    return confirmed_on(case, recurrences, stay.begun_on) if fits else None


def confirmed_on(case: InjuryCase, recurrences: Iterable[Recurrence], day: date) -> Decision | None:
    """The confirmation of a recurrence of this injury that covers a day."""
    mine = [r for r in recurrences if r.case_id == case.case_id and r.covers(day)]
    found = [r.effective for r in mine if r.effective is not None]
    return max(found, key=lambda d: d.version, default=None)


def decision_in_force(case: InjuryCase, recurrences: Iterable[Recurrence], decision_id: str) -> Decision | None:
    """The decision under this id if it opens the fund now: the recognition, or a confirmation that rests on it."""
    if case.effective is None:
        return None
    confirmed = [r for r in recurrences if r.case_id == case.case_id and r.effective is not None]
    granted = [case.effective, *(d for r in confirmed for d in r.decisions if d.outcome is Outcome.GRANTED)]
    return next((d for d in granted if d.decision_id == decision_id), None)
