"""Matters and their catalogue as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from gateway.application.act_on_task import PAUSE, RESTART, RESUME
from gateway.application.ports import MatterLine, Note
from gateway.application.record_matter import MATTER_STATES, TASK_STATES
from gateway.domain.catalogue import ActionRule, FieldRule, MatterRule, SourcedLimit
from gateway.domain.deadline import days_left
from gateway.domain.facts import CONVERSION_STATES
from gateway.domain.matter import Matter, MatterState, Task, TaskState
from shared.auth import Principal
from shared.calendar import Unit, WorkCalendar

SERVICE_NAMES = {"enrollment": "参保登记", "claims": "医保结算", "workinjury-bridge": "工伤保险"}


def catalogue_view(rule: MatterRule) -> dict[str, Any]:
    """One matter of the catalogue: what to bring, what happens."""
    return {
        "code": rule.code,
        "number": rule.number,
        "name": rule.name,
        "kind": rule.kind,
        "owner": rule.owner,
        "source": rule.source,
        "form": [_field(field) for field in rule.form],
        "materials": [asdict(paper) for paper in rule.materials],
        "tasks": [
            {
                "code": task.code,
                "name": task.name,
                "owner": task.owner,
                "owner_name": SERVICE_NAMES.get(task.owner, task.owner),
                "after": list(task.after),
                "legal": _limit(task.legal),
                "promised": _limit(task.promised),
                "actions": [_action(action) for action in task.actions],
            }
            for task in rule.tasks
        ],
    }


def line_view(line: MatterLine, today: date, calendar: WorkCalendar) -> dict[str, Any]:
    """One matter in a list."""
    is_open = line.state == MatterState.OPEN.value
    return {
        "matter_id": line.matter_id,
        "receipt_no": line.receipt_no,
        "matter_code": line.matter_code,
        "matter_name": line.matter_name,
        "person_id": line.person_id,
        "region": line.region,
        "state": line.state,
        "state_name": MATTER_STATES[MatterState(line.state)],
        "light": line.light,
        "accepted_at": line.accepted_at,
        "due_on": line.due_on,
        "days_left": days_left(today, line.due_on, Unit.WORKING_DAYS, calendar) if is_open else None,
        "closed_at": line.closed_at,
        "running": line.running,
    }


def matter_view(matter: Matter, notes: list[Note], caller: Principal, today: date, calendar: WorkCalendar) -> dict[str, Any]:
    """One matter with everything a desk needs; ``actions`` are those that this caller may take now."""
    promise = matter.promise(today, calendar)
    light = matter.light(today, calendar)
    is_open = matter.state is MatterState.OPEN
    states = matter.states()
    return {
        "matter_id": matter.matter_id,
        "receipt_no": matter.receipt_no,
        "matter_code": matter.rule.code,
        "matter_name": matter.rule.name,
        "kind": matter.rule.kind,
        "person_id": matter.person_id,
        "region": matter.region,
        "state": matter.state.value,
        "state_name": MATTER_STATES[matter.state],
        "light": light.value if light else None,
        "accepted_at": matter.accepted_at,
        "accepted_by": matter.accepted_by,
        "closed_at": matter.closed_at,
        "due_on": promise.on,
        "due_provisional": promise.provisional,
        "days_left": days_left(today, promise.on, Unit.WORKING_DAYS, calendar) if is_open else None,
        "promised_days": days_left(matter.accepted_on, promise.on, Unit.WORKING_DAYS, calendar),
        "form": dict(matter.form),
        "references": {
            name: value for name, value in matter.references.items() if name not in ("matter_id", "person_id", "region")
        },
        "may_withdraw": matter.may_withdraw and caller.has("matters:accept"),
        "materials": [
            {
                "code": paper.code,
                "name": paper.name,
                "state": paper.state.value,
                "reference": paper.reference,
                "received_on": paper.received_on,
                "due_on": paper.due_on,
            }
            for paper in matter.materials
        ],
        "tasks": [_task(matter, task, states[task.rule.code], caller, today, calendar) for task in matter.tasks],
        "log": [{"at": note.at, "by": note.by, "text": note.text} for note in notes],
    }


def progress_view(matter: Matter, today: date, calendar: WorkCalendar) -> dict[str, Any]:
    """What a citizen sees: no names, no amounts."""
    promise = matter.promise(today, calendar)
    is_open = matter.state is MatterState.OPEN
    states = matter.states()
    return {
        "receipt_no": matter.receipt_no,
        "matter_name": matter.rule.name,
        "state": matter.state.value,
        "state_name": MATTER_STATES[matter.state],
        "accepted_on": matter.accepted_on,
        "due_on": promise.on,
        "days_left": days_left(today, promise.on, Unit.WORKING_DAYS, calendar) if is_open else None,
        "tasks": [
            {
                "name": task.rule.name,
                "state": states[task.rule.code].value,
                "state_name": TASK_STATES[states[task.rule.code]],
            }
            for task in matter.tasks
        ],
        "awaited": [{"name": paper.name, "due_on": paper.due_on} for paper in matter.materials if paper.due_on is not None],
    }


def _task(
    matter: Matter, task: Task, state: TaskState, caller: Principal, today: date, calendar: WorkCalendar
) -> dict[str, Any]:
    rule = task.rule
    clock = matter.clock(rule.code, today, calendar)
    unit = rule.promised.limit.unit
    result = task.outcome
    return {
        "code": rule.code,
        "name": rule.name,
        "owner": rule.owner,
        "owner_name": SERVICE_NAMES.get(rule.owner, rule.owner),
        "after": list(rule.after),
        "state": state.value,
        "state_name": TASK_STATES[state],
        "light": clock.light.value if clock and clock.light else None,
        "paused": task.paused,
        "ready_on": clock.ready_on if clock else None,
        "due_on": clock.due.on if clock else None,
        "due_provisional": clock.due.provisional if clock else False,
        "days_left": days_left(today, clock.due.on, unit, calendar) if clock else None,
        "unit": unit.value,
        "legal": _limit(rule.legal),
        "promised": _limit(rule.promised),
        "changed_at": matter.changed_at(rule.code),
        "result": {"outcome": result.outcome.value, "at": result.at, "note": result.note} if result else None,
        "hindrance": task.hindrance,
        "started_at": task.started_at,
        "parts": [
            {
                "part_id": part_id,
                "state": part.state,
                "state_name": CONVERSION_STATES.get(part.state, part.state),
                "at": part.at,
            }
            for part_id, part in sorted(task.parts.items())
        ],
        "pauses": [{"begun_on": p.begun_on, "ended_on": p.ended_on, "reason": p.reason} for p in task.pauses],
        "actions": [_action(action) for action in _possible(matter, task, state) if caller.has(action.scope)],
    }


def _possible(matter: Matter, task: Task, state: TaskState) -> list[ActionRule]:
    if matter.state is not MatterState.OPEN or state is not TaskState.RUNNING:
        return []
    begun = task.rule.start is None or task.started_at is not None
    actions = [action for action in task.rule.actions if begun and (not _needs_part(action) or task.parts)]
    if task.hindrance and not begun:
        actions.append(RESTART)
    return [*actions, RESUME if task.paused else PAUSE]


def _needs_part(action: ActionRule) -> bool:
    return action.command is not None and bool(action.command.part)


def _action(action: ActionRule) -> dict[str, Any]:
    return {
        "code": action.code,
        "name": action.name,
        "scope": action.scope,
        "fields": [_field(field) for field in action.fields],
    }


def _field(field: FieldRule) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "kind": field.kind,
        "required": field.required,
        "choices": dict(field.choices) if field.choices is not None else None,
    }


def _limit(limit: SourcedLimit) -> dict[str, Any]:
    return {"days": limit.days, "unit": limit.unit, "source": limit.source}
