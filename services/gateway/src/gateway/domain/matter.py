"""A matter (办件): tasks that wait for each other, run in parallel, and get their results from the owning services.

The state of every task is *derived* from the results that have come in, so a fact that arrives twice or before its
predecessor leaves the same matter behind. A refused task refuses those that wait for it and leaves the others alone.
Once closed or withdrawn, a matter takes no more facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum

from gateway.domain.acceptance import Material, MaterialState
from gateway.domain.catalogue import ActionRule, MatterRule, Signal, TaskRule
from gateway.domain.deadline import Light, due_if_resumed, light, worst
from shared.calendar import Due, Pause, Term, Unit, WorkCalendar
from shared.clock import local
from shared.errors import conflict, not_found


class TaskState(Enum):
    """Where a task stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


class MatterState(Enum):
    """Where a matter stands; all but OPEN are final."""

    OPEN = "open"
    DONE = "done"
    PARTIAL = "partial"
    """Closed, and some task was refused."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a task ended: ``done`` or ``refused``, when, and in which words for the citizen."""

    outcome: TaskState
    at: datetime
    note: str = ""
    version: int = 0
    """Of the decision behind it; a higher version replaces a lower one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of several things that a task consists of, such as the conversion of one stay."""

    state: str
    at: datetime
    outcome: TaskState | None = None
    """None while it is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a foreign event says about a task: its result, or the state of one part of it."""

    signal: Signal
    at: datetime
    outcome: TaskState | None = None
    note: str = ""
    version: int = 0
    part_id: str | None = None
    part_state: str = ""
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step of one matter: what has been reported about it. Its state is derived by the matter."""

    rule: TaskRule
    result: Result | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    started_at: datetime | None = None
    """When the owner answered the start command."""
    hindrance: str = ""
    """Why the owner would not take a command; empty when all is well."""

    @property
    def outcome(self) -> Result | None:
        """The result: given as a whole, or put together when every part has ended."""
        if self.result is not None or not self.parts or any(part.outcome is None for part in self.parts.values()):
            return self.result
        ended = list(self.parts.values())
        done = sum(part.outcome is TaskState.DONE for part in ended)
        return Result(
            outcome=TaskState.DONE if done else TaskState.REFUSED,
            at=max(part.at for part in ended),
            note=f"共 {len(ended)} 笔，办成 {done} 笔",
        )

    @property
    def paused(self) -> bool:
        """Whether its clock stands still."""
        return bool(self.pauses) and self.pauses[-1].ended_on is None

    def term(self, begun_on: date) -> Term:
        """The promised time as it runs from a day, with the pauses so far."""
        return Term(begun_on, self.rule.promised.limit, self.pauses)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClock:
    """A running task's clock on a day."""

    ready_on: date
    due: Due
    light: Light | None
    """None while paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One accepted application."""

    matter_id: str
    receipt_no: str
    rule: MatterRule
    person_id: str
    region: str
    accepted_at: datetime
    accepted_by: str
    form: Mapping[str, object]
    materials: tuple[Material, ...]
    tasks: tuple[Task, ...]
    references: Mapping[str, str]
    """Ids in the owning services: matter_id, person_id, case_id, premium_id, ..."""
    closed_at: datetime | None = None
    withdrawn: bool = False

    @property
    def accepted_on(self) -> date:
        """The day in China; the clocks count from the next."""
        return local(self.accepted_at).date()

    @property
    def state(self) -> MatterState:
        """Where the matter stands as a whole."""
        if self.withdrawn:
            return MatterState.WITHDRAWN
        states = set(self.states().values())
        if states & {TaskState.WAITING, TaskState.RUNNING}:
            return MatterState.OPEN
        return MatterState.PARTIAL if TaskState.REFUSED in states else MatterState.DONE

    def task(self, code: str) -> Task:
        """The task of that code. Refusal NOT_FOUND when the matter has none."""
        for task in self.tasks:
            if task.rule.code == code:
                return task
        raise not_found("gateway.matter.task-unknown", f"办件没有环节“{code}”", f"no task {code}", field="task")

    def states(self) -> dict[str, TaskState]:
        """The state of every task, derived from the results."""
        states: dict[str, TaskState] = {}
        for rule in self.rule.in_order():
            before = {states[code] for code in rule.after}
            result = self.task(rule.code).outcome
            if result is not None:
                states[rule.code] = result.outcome
            elif TaskState.REFUSED in before:
                states[rule.code] = TaskState.REFUSED
            else:
                states[rule.code] = TaskState.RUNNING if before <= {TaskState.DONE} else TaskState.WAITING
        return states

    def changed_at(self, code: str) -> datetime:
        """When a task came into its present state: its result, or the last result that it waited for."""
        task = self.task(code)
        if task.outcome is not None:
            return task.outcome.at
        return max([self.accepted_at, *(self.changed_at(earlier) for earlier in task.rule.after)])

    def clock(self, code: str, today: date, calendar: WorkCalendar) -> TaskClock | None:
        """The clock of a running task on ``today``; None for one that does not run, or in a closed matter."""
        if self.state is not MatterState.OPEN or self.states()[code] is not TaskState.RUNNING:
            return None
        task = self.task(code)
        ready_on = local(self.changed_at(code)).date()
        due_on, provisional = due_if_resumed(task.term(ready_on), today, calendar)
        shown = None if task.paused else light(today, ready_on, due_on, task.rule.promised.limit.unit, calendar)
        return TaskClock(ready_on=ready_on, due=Due(due_on, provisional), light=shown)

    def promise(self, today: date, calendar: WorkCalendar) -> Due:
        """The day promised for the whole: the longest path through the tasks, not their sum; pauses extend it."""
        ends: dict[str, date] = {}
        provisional = False
        for rule in self.rule.in_order():
            start = max([self.accepted_on, *(ends[code] for code in rule.after)])
            ends[rule.code], touched = due_if_resumed(self.task(rule.code).term(start), today, calendar)
            provisional = provisional or touched
        return Due(max(ends.values()), provisional)

    def light(self, today: date, calendar: WorkCalendar) -> Light | None:
        """The most urgent of the whole promise, the running tasks and the papers that are to follow; None when closed."""
        if self.state is not MatterState.OPEN:
            return None
        clocks = [self.clock(task.rule.code, today, calendar) for task in self.tasks]
        lights = [clock.light for clock in clocks if clock is not None and clock.light is not None]
        if not any(task.paused for task in self.tasks):
            lights.append(light(today, self.accepted_on, self.promise(today, calendar).on, Unit.WORKING_DAYS, calendar))
        lights += [
            light(today, self.accepted_on, paper.due_on, Unit.WORKING_DAYS, calendar)
            for paper in self.materials
            if paper.state is MaterialState.DEFERRED and paper.due_on is not None
        ]
        return worst(lights)

    @property
    def may_withdraw(self) -> bool:
        """Until the first result, apart from those of preparatory steps (reference D4)."""
        decided = any(task.outcome is not None and not task.rule.preparatory for task in self.tasks)
        return self.state is MatterState.OPEN and not decided


def new_tasks(rule: MatterRule, at: datetime) -> tuple[Task, ...]:
    """The tasks of a matter that is accepted now; those that acceptance itself ends have their result."""
    ended = Result(outcome=TaskState.DONE, at=at)
    return tuple(Task(rule=task, result=ended if task.result_from is Signal.ACCEPTANCE else None) for task in rule.tasks)


def apply(matter: Matter, fact: Fact) -> Matter:
    """The matter after a fact; the same matter when the fact is known, older than what is known, or too late."""
    if matter.state is not MatterState.OPEN:
        return matter
    tasks = tuple(_apply_to_task(task, fact) if task.rule.result_from is fact.signal else task for task in matter.tasks)
    references = {**matter.references, **fact.references}
    if tasks == matter.tasks and references == matter.references:
        return matter
    return _closed_if_ended(replace(matter, tasks=tasks, references=references))


def record_result(matter: Matter, code: str, result: Result) -> Matter:
    """A task's result as the window itself records it. Refusal CONFLICT when the task does not run."""
    require_running(matter, code)
    return _closed_if_ended(_with_task(matter, replace(matter.task(code), result=result, hindrance="")))


def record_start(matter: Matter, code: str, at: datetime, references: Mapping[str, str]) -> Matter:
    """The owner took the start command; for a task that needs nothing more this is its result. Known: unchanged."""
    task = matter.task(code)
    if task.started_at is not None or matter.state is not MatterState.OPEN:
        return matter
    result = task.result
    if result is None and task.rule.result_from is Signal.COMMAND:
        result = Result(outcome=TaskState.DONE, at=at)
    started = _with_task(matter, replace(task, started_at=at, result=result, hindrance=""))
    return _closed_if_ended(replace(started, references={**matter.references, **references}))


def tasks_to_start(matter: Matter) -> list[Task]:
    """Running tasks whose owner has not answered the start command, and has not refused it either."""
    if matter.state is not MatterState.OPEN:
        return []
    running = {code for code, state in matter.states().items() if state is TaskState.RUNNING}
    return [
        task
        for task in matter.tasks
        if task.rule.code in running and task.rule.start is not None and task.started_at is None and not task.hindrance
    ]


def record_references(matter: Matter, references: Mapping[str, str]) -> Matter:
    """Ids and figures that an owner's answer gave."""
    return replace(matter, references={**matter.references, **references})


def correct(matter: Matter, code: str, form: Mapping[str, object]) -> Matter:
    """Try the start of a hindered task again with a corrected form. Refusal CONFLICT when it is not hindered."""
    task = require_running(matter, code)
    if task.started_at is not None or not task.hindrance:
        raise conflict("gateway.matter.not-hindered", f"“{task.rule.name}”没有受阻，不需要重新发起", "not hindered")
    return replace(_with_task(matter, replace(task, hindrance="")), form={**matter.form, **form})


def record_hindrance(matter: Matter, code: str, text: str) -> Matter:
    """The owner would not take a command; a person has to look."""
    return _with_task(matter, replace(matter.task(code), hindrance=text))


def pause(matter: Matter, code: str, today: date, reason: str) -> Matter:
    """Stop the clock of a running task. Refusal CONFLICT when it does not run or stands already."""
    task = require_running(matter, code)
    if task.paused:
        raise conflict("gateway.matter.already-paused", f"“{task.rule.name}”已经暂停计时", "already paused")
    return _with_task(matter, replace(task, pauses=(*task.pauses, Pause(today, reason))))


def resume(matter: Matter, code: str, today: date) -> Matter:
    """Let the clock run on. Refusal CONFLICT when it is not paused."""
    task = matter.task(code)
    if not task.paused:
        raise conflict("gateway.matter.not-paused", f"“{task.rule.name}”没有暂停计时", "not paused")
    *earlier, last = task.pauses
    return _with_task(matter, replace(task, pauses=(*earlier, replace(last, ended_on=today))))


def supplement(matter: Matter, brought: Mapping[str, str], today: date) -> Matter:
    """Papers that were to follow arrive. Refusal CONFLICT for one that is not awaited; nothing is taken then."""
    awaited = {paper.code for paper in matter.materials if paper.state is MaterialState.DEFERRED}
    if unexpected := sorted(set(brought) - awaited):
        raise conflict(
            "gateway.matter.material-not-awaited",
            f"办件没有待补的材料：{'、'.join(unexpected)}",
            f"not awaited: {unexpected}",
            field="materials",
        )
    papers = tuple(
        replace(paper, state=MaterialState.PROVIDED, reference=brought[paper.code], received_on=today, due_on=None)
        if paper.code in brought
        else paper
        for paper in matter.materials
    )
    return replace(matter, materials=papers)


def withdraw(matter: Matter, at: datetime) -> Matter:
    """The applicant takes the application back. Refusal CONFLICT after the first result."""
    if not matter.may_withdraw:
        raise conflict("gateway.matter.too-late-to-withdraw", "已经有办理结果或已办结，不能撤回", "a result exists")
    return replace(matter, withdrawn=True, closed_at=at)


def require_running(matter: Matter, code: str) -> Task:
    """The task, which must run in an open matter. Refusal CONFLICT otherwise."""
    task = matter.task(code)
    state = matter.states()[code]
    if matter.state is not MatterState.OPEN or state is not TaskState.RUNNING:
        raise conflict(
            "gateway.matter.task-not-running",
            f"环节“{task.rule.name}”不在办理中，不能操作",
            f"task {code} is {state.value}, the matter {matter.state.value}",
            field="task",
        )
    return task


def require_action(task: Task, code: str) -> ActionRule:
    """The action of that code. Refusal NOT_FOUND when the task offers none such."""
    action = task.rule.action(code)
    if action is None:
        raise not_found("gateway.matter.action-unknown", f"环节“{task.rule.name}”没有操作“{code}”", f"no action {code}")
    return action


def _apply_to_task(task: Task, fact: Fact) -> Task:
    if fact.part_id is not None:
        known = task.parts.get(fact.part_id)
        # Two states of one part can bear the same instant: the one that ends it comes after the one that does not.
        if known is not None and (known.at, known.outcome is not None) >= (fact.at, fact.outcome is not None):
            return task
        part = Part(state=fact.part_state, at=fact.at, outcome=fact.outcome)
        return replace(task, parts={**task.parts, fact.part_id: part})
    if fact.outcome is None or (task.result is not None and task.result.version >= fact.version):
        return task
    result = Result(outcome=fact.outcome, at=fact.at, note=fact.note, version=fact.version)
    return replace(task, result=result, hindrance="")


def _with_task(matter: Matter, changed: Task) -> Matter:
    return replace(matter, tasks=tuple(changed if task.rule.code == changed.rule.code else task for task in matter.tasks))


def _closed_if_ended(matter: Matter) -> Matter:
    if matter.state is MatterState.OPEN:
        return matter
    return replace(matter, closed_at=max(matter.changed_at(task.rule.code) for task in matter.tasks))
