"""The task graph: what runs, what waits, what a fact changes, when a matter closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

from gateway.domain.acceptance import Material, MaterialState
from gateway.domain.catalogue import Signal
from gateway.domain.deadline import Light
from gateway.domain.matter import (
    Fact,
    Matter,
    MatterState,
    Result,
    TaskState,
    apply,
    correct,
    pause,
    record_hindrance,
    record_result,
    record_start,
    resume,
    supplement,
    tasks_to_start,
    withdraw,
)
from shared.calendar import load_calendar
from shared.errors import Refusal
from tests.factories.matters import hours, matter

CALENDAR = load_calendar()
DONE, REFUSED, RUNNING, WAITING = TaskState.DONE, TaskState.REFUSED, TaskState.RUNNING, TaskState.WAITING

GRANTED = Fact(signal=Signal.RECOGNITION_DECIDED, at=hours(24), outcome=DONE, version=1, references={"case_id": "C1"})
DENIED = replace(GRANTED, outcome=REFUSED)
MEALS = Fact(signal=Signal.MEALS_PAID, at=hours(50), outcome=DONE, note="已支付 120.00 元")


def conversion(part_id: str, state: str, hour: int, outcome: TaskState | None = None) -> Fact:
    return Fact(signal=Signal.CONVERSION_CHANGED, at=hours(hour), part_id=part_id, part_state=state, outcome=outcome)


def states(of: Matter) -> dict[str, str]:
    return {code: state.value for code, state in of.states().items()}


def after(of: Matter, *facts: Fact) -> Matter:
    for fact in facts:
        of = apply(of, fact)
    return of


def test_enrolment_runs_step_by_step_and_closes_by_itself() -> None:
    new = matter("enrol-and-pay")
    assert states(new) == {"register-person": "done", "declare-coverage": "running", "pay-premium": "waiting"}
    assert [task.rule.code for task in tasks_to_start(new)] == ["declare-coverage"]
    declared = record_start(new, "declare-coverage", hours(1), {"premium_id": "PR1"})
    assert states(declared) == {"register-person": "done", "declare-coverage": "done", "pay-premium": "running"}
    assert declared.references["premium_id"] == "PR1"
    assert tasks_to_start(declared) == []
    closed = apply(declared, Fact(signal=Signal.COVERAGE_ACTIVATED, at=hours(3), outcome=DONE))
    assert (closed.state, closed.closed_at) == (MatterState.DONE, hours(3))


def test_a_fact_that_overtakes_the_answer_to_the_command_leaves_the_same_matter() -> None:
    activated = Fact(signal=Signal.COVERAGE_ACTIVATED, at=hours(3), outcome=DONE, references={"coverage_id": "CV"})
    early = record_start(apply(matter("enrol-and-pay"), activated), "declare-coverage", hours(1), {"premium_id": "PR1"})
    late = apply(record_start(matter("enrol-and-pay"), "declare-coverage", hours(1), {"premium_id": "PR1"}), activated)
    assert early.state is MatterState.DONE
    assert (early.tasks, early.closed_at, dict(early.references)) == (late.tasks, late.closed_at, dict(late.references))


def test_the_bundle_runs_benefit_and_conversion_in_parallel_after_recognition() -> None:
    bundle = matter("work-injury")
    assert states(bundle) == {"recognition": "running", "benefit": "waiting", "conversion": "waiting"}
    granted = apply(bundle, GRANTED)
    assert states(granted) == {"recognition": "done", "benefit": "running", "conversion": "running"}
    assert granted.references["case_id"] == "C1"


def test_denied_recognition_refuses_what_waits_for_it_and_closes_in_part() -> None:
    denied = apply(matter("work-injury"), DENIED)
    assert states(denied) == {"recognition": "refused", "benefit": "refused", "conversion": "refused"}
    assert (denied.state, denied.closed_at) == (MatterState.PARTIAL, hours(24))


def test_a_refused_task_leaves_the_others_alone() -> None:
    refused = after(matter("work-injury"), GRANTED, conversion("V1", "failed", 40, REFUSED))
    assert states(refused) == {"recognition": "done", "benefit": "running", "conversion": "refused"}
    assert refused.state is MatterState.OPEN
    assert after(refused, MEALS).state is MatterState.PARTIAL


def test_conversion_is_done_when_every_stay_has_ended() -> None:
    one = after(matter("work-injury"), GRANTED, conversion("V1", "proposed", 30), conversion("V2", "proposed", 30))
    half = after(one, conversion("V1", "settled", 40, DONE), MEALS)
    assert (states(half)["conversion"], half.state) == ("running", MatterState.OPEN)
    whole = apply(half, conversion("V2", "failed", 60, REFUSED))
    result = whole.task("conversion").outcome
    assert result is not None
    assert (result.outcome, result.at, result.note) == (DONE, hours(60), "共 2 笔，办成 1 笔")
    assert (whole.state, whole.closed_at) == (MatterState.DONE, hours(60))


def test_facts_in_any_order_and_twice_leave_the_same_matter() -> None:
    facts = [GRANTED, conversion("V1", "proposed", 30), conversion("V1", "transferring", 39), MEALS]
    end = conversion("V1", "settled", 40, DONE)
    expected = after(matter("work-injury"), *facts, end)
    assert (expected.state, expected.closed_at) == (MatterState.DONE, hours(50))
    for order in permutations([*facts, end]):
        reached = after(matter("work-injury"), *order, *order)
        assert (reached.tasks, reached.state, reached.closed_at) == (expected.tasks, expected.state, expected.closed_at), order


def test_of_two_states_at_one_instant_the_final_one_holds() -> None:
    settled, posted = conversion("V1", "settled", 40, DONE), conversion("V1", "posted", 40)
    for order in ([posted, settled], [settled, posted]):
        assert after(matter("work-injury"), GRANTED, *order).task("conversion").parts["V1"].state == "settled"


def test_a_newer_version_of_a_decision_replaces_and_an_older_does_not() -> None:
    bundle = after(matter("work-injury"), replace(GRANTED, version=2), replace(DENIED, version=1))
    assert states(bundle)["recognition"] == "done"


def test_closed_and_withdrawn_matters_take_no_more_facts() -> None:
    denied = apply(matter("work-injury"), DENIED)
    assert apply(denied, replace(GRANTED, version=2)) is denied
    gone = withdraw(matter("work-injury"), hours(2))
    assert apply(gone, GRANTED) is gone


def test_withdrawal_until_the_first_result() -> None:
    enrolment = record_start(matter("enrol-and-pay"), "declare-coverage", hours(1), {})
    gone = withdraw(enrolment, hours(2))  # registration and declaration are preparatory
    assert (gone.state, gone.closed_at, gone.light(date(2026, 3, 2), CALENDAR)) == (MatterState.WITHDRAWN, hours(2), None)
    granted = apply(matter("work-injury"), GRANTED)
    with pytest.raises(Refusal) as refused:
        withdraw(granted, hours(30))
    assert refused.value.code == "gateway.matter.too-late-to-withdraw"
    assert granted.state is MatterState.OPEN


def test_the_promise_of_a_bundle_is_its_longest_path() -> None:
    # 15 calendar days from 2 March end on 17 March; 5 working days more on 24 March. The sum would be 31 March.
    promise = matter("work-injury").promise(date(2026, 3, 2), CALENDAR)
    assert (promise.on, promise.provisional) == (date(2026, 3, 24), False)


def test_the_promise_of_enrolment_is_a_chain() -> None:
    assert matter("enrol-and-pay").promise(date(2026, 3, 2), CALENDAR).on == date(2026, 3, 9)  # 1 + 1 + 3 working days


def test_a_task_has_its_own_clock_from_the_day_it_could_begin() -> None:
    granted = apply(matter("work-injury"), GRANTED)  # on 3 March
    clock = granted.clock("benefit", date(2026, 3, 5), CALENDAR)
    assert clock is not None
    assert (clock.ready_on, clock.due.on, clock.light) == (date(2026, 3, 3), date(2026, 3, 10), Light.GREEN)
    assert granted.clock("recognition", date(2026, 3, 5), CALENDAR) is None
    # 5 working days: yellow at 30 %, that is with one day left.
    lights = [granted.clock("benefit", date(2026, 3, day), CALENDAR) for day in (6, 9, 10, 11)]
    assert [clock.light for clock in lights if clock] == [Light.GREEN, Light.YELLOW, Light.YELLOW, Light.RED]
    assert granted.light(date(2026, 3, 11), CALENDAR) is Light.RED


def test_a_pause_stops_the_light_and_extends_task_and_promise() -> None:
    bundle = pause(matter("work-injury"), "recognition", date(2026, 3, 4), "等待交通事故责任认定")
    standing = bundle.clock("recognition", date(2026, 3, 12), CALENDAR)
    assert standing is not None
    assert standing.light is None
    assert bundle.light(date(2026, 3, 12), CALENDAR) is None
    running = resume(bundle, "recognition", date(2026, 3, 12))
    clock = running.clock("recognition", date(2026, 3, 12), CALENDAR)
    assert clock is not None
    assert clock.due.on == date(2026, 3, 25)  # 17 March and eight days
    assert running.promise(date(2026, 3, 12), CALENDAR).on == date(2026, 4, 1)
    with pytest.raises(Refusal):
        pause(bundle, "recognition", date(2026, 3, 5), "又一次")
    with pytest.raises(Refusal):
        resume(running, "recognition", date(2026, 3, 13))


def test_deferred_papers_have_a_light_of_their_own() -> None:
    paper = Material(code="witness-statement", name="证人证言", state=MaterialState.DEFERRED, due_on=date(2026, 3, 6))
    bundle = replace(matter("work-injury"), materials=(paper,))
    assert bundle.light(date(2026, 3, 3), CALENDAR) is Light.GREEN
    assert bundle.light(date(2026, 3, 5), CALENDAR) is Light.YELLOW
    assert bundle.light(date(2026, 3, 7), CALENDAR) is Light.RED
    complete = supplement(bundle, {"witness-statement": "D7"}, date(2026, 3, 5))
    assert complete.light(date(2026, 3, 7), CALENDAR) is Light.GREEN
    assert complete.materials[0].state is MaterialState.PROVIDED
    with pytest.raises(Refusal) as refused:
        supplement(complete, {"witness-statement": "D8"}, date(2026, 3, 5))
    assert refused.value.code == "gateway.matter.material-not-awaited"


def test_a_hindered_task_waits_for_a_corrected_form() -> None:
    new = replace(matter("enrol-and-pay"), form={"year": 1999})
    hindered = record_hindrance(new, "declare-coverage", "年度不对")
    assert tasks_to_start(hindered) == []
    corrected = correct(hindered, "declare-coverage", {"year": 2026})
    assert [task.rule.code for task in tasks_to_start(corrected)] == ["declare-coverage"]
    assert corrected.form == {"year": 2026}
    with pytest.raises(Refusal) as refused:
        correct(corrected, "declare-coverage", {"year": 2027})
    assert refused.value.code == "gateway.matter.not-hindered"


def test_a_task_that_needs_nothing_is_ended_by_the_window() -> None:
    granted = apply(matter("work-injury"), GRANTED)
    waived = record_result(granted, "conversion", Result(outcome=DONE, at=hours(30), note="无需办理：没有医保结算"))
    assert states(waived) == {"recognition": "done", "benefit": "running", "conversion": "done"}
    with pytest.raises(Refusal) as refused:
        record_result(matter("work-injury"), "benefit", Result(outcome=DONE, at=hours(1)))
    assert refused.value.code == "gateway.matter.task-not-running"
