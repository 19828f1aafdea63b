"""Matters in PostgreSQL: what was reported is stored, what is derived from it is stored beside it for lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    case,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.adapters.tables import matter as table
from gateway.adapters.tables import matter_note, receipt_serial
from gateway.application.ports import MatterFilter, MatterLine, Note, Standing
from gateway.domain.acceptance import HeldMaterial, Material, MaterialState
from gateway.domain.catalogue import Catalogue, MatterRule, TaskRule
from gateway.domain.deadline import Light
from gateway.domain.matter import Matter, MatterState, Part, Result, Task, TaskState, tasks_to_start
from shared.auth.principal import EVERY
from shared.calendar import Pause
from shared.clock import CHINA
from shared.db.arrays import any_of
from shared.errors import not_found

_URGENCY = {Light.RED: 0, Light.YELLOW: 1, Light.GREEN: 2, None: 3}
_CLOSED = 4


class SqlMatters:
    """Implements ``ports.Matters``; ``catalogue`` gives back the rule that a matter was accepted under."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._rules = {(rule.code, rule.effective_from): rule for rule in catalogue.matters}

    async def find(self, tx: Any, matter_id: str, *, for_update: bool = False) -> Matter | None:
        """See the port."""
        query = select(table).where(table.c.matter_id == matter_id)
        row = await tx.first(query.with_for_update() if for_update else query)
        return self._matter(row._mapping) if row is not None else None

    async def get(self, tx: Any, matter_id: str, *, for_update: bool = False) -> Matter:
        """See the port."""
        found = await self.find(tx, matter_id, for_update=for_update)
        if found is None:
            raise not_found("gateway.matter.id-unknown", "没有这个办件", "no such matter", field="matter_id")
        return found

    async def id_by_case(self, tx: Any, case_id: str) -> str | None:
        """See the port."""
        of_case = and_(literal_column("reference ->> 'case_id'") == case_id, table.c.state == MatterState.OPEN.value)
        found: str | None = await tx.scalar(select(table.c.matter_id).where(of_case).order_by(table.c.matter_id).limit(1))
        return found

    async def open_cases(self, tx: Any, case_ids: Collection[str]) -> set[str]:
        """See the port."""
        case: ColumnElement[str] = literal_column("reference ->> 'case_id'", Text)
        these = any_of(case, case_ids)
        query = select(case.label("case_id")).select_from(table).where(these, table.c.state == MatterState.OPEN.value)
        return {row.case_id for row in await tx.all(query)} if case_ids else set()

    async def id_by_receipt(self, tx: Any, receipt_no: str) -> str | None:
        """See the port."""
        found: str | None = await tx.scalar(select(table.c.matter_id).where(table.c.receipt_no == receipt_no))
        return found

    async def add(self, tx: Any, matter: Matter, standing: Standing) -> None:
        """See the port."""
        accepted = {
            "matter_id": matter.matter_id,
            "receipt_no": matter.receipt_no,
            "matter_code": matter.rule.code,
            "rule_from": matter.rule.effective_from,
            "matter_name": matter.rule.name,
            "person_id": matter.person_id,
            "region": matter.region,
            "accepted_at": matter.accepted_at,
            "accepted_by": matter.accepted_by,
        }
        await tx.execute(insert(table).values(accepted | _changing(matter, standing)))

    async def save(self, tx: Any, matter: Matter, standing: Standing) -> None:
        """See the port."""
        await tx.execute(update(table).where(table.c.matter_id == matter.matter_id).values(_changing(matter, standing)))

    async def standing(self, tx: Any, matter_id: str) -> tuple[str | None, date]:
        """See the port."""
        row = await tx.first(select(table.c.light, table.c.due_on).where(table.c.matter_id == matter_id))
        return row.light, row.due_on

    async def next_serial(self, tx: Any, matter_number: str, day: date) -> int:
        """See the port. Acceptances of one matter on one day wait for each other here."""
        statement = upsert(receipt_serial).values(matter_number=matter_number, issued_on=day, last=1)
        statement = statement.on_conflict_do_update(
            index_elements=["matter_number", "issued_on"], set_={"last": receipt_serial.c.last + 1}
        )
        serial: int = await tx.scalar(statement.returning(receipt_serial.c.last))
        return serial

    async def note(self, tx: Any, matter_id: str, note: Note) -> None:
        """See the port."""
        row = {"matter_id": matter_id, "noted_at": note.at, "noted_by": note.by, "text": note.text}
        await tx.execute(insert(matter_note).values(row))

    async def notes(self, tx: Any, matter_id: str) -> list[Note]:
        """See the port."""
        query = select(matter_note).where(matter_note.c.matter_id == matter_id).order_by(matter_note.c.note_id).limit(1000)
        return [Note(at=row.noted_at, by=row.noted_by, text=row.text) for row in await tx.all(query)]

    async def held(self, tx: Any, person_id: str) -> list[HeldMaterial]:
        """See the port."""
        papers = select(table.c.materials).where(table.c.person_id == person_id).order_by(table.c.matter_id.desc()).limit(100)
        return [
            HeldMaterial(code=paper.code, reference=paper.reference, received_on=paper.received_on)
            for row in await tx.all(papers)
            for paper in map(_material, row.materials)
            if paper.state is MaterialState.PROVIDED and paper.received_on is not None
        ]

    async def page(self, tx: Any, which: MatterFilter, limit: int, after: list[Any] | None) -> list[MatterLine]:
        """See the port."""
        conditions = [_in_regions(which.regions)]
        wanted = {
            table.c.state: which.state,
            table.c.light: which.light,
            table.c.matter_code: which.matter_code,
            table.c.person_id: which.person_id,
            table.c.receipt_no: which.receipt_no,
        }
        conditions += [column == value for column, value in wanted.items() if value is not None]
        if which.owner is not None:
            conditions.append(table.c.running_owner.contains([which.owner]))
        if after is not None:
            key = tuple_(table.c.urgency, table.c.due_on, table.c.matter_id)
            conditions.append(key > tuple_(*after))
        query = select(table).where(*conditions).order_by(table.c.urgency, table.c.due_on, table.c.matter_id).limit(limit)
        return [
            MatterLine(
                matter_id=row.matter_id,
                receipt_no=row.receipt_no,
                matter_code=row.matter_code,
                matter_name=row.matter_name,
                person_id=row.person_id,
                region=row.region,
                state=row.state,
                light=row.light,
                accepted_at=row.accepted_at,
                due_on=row.due_on,
                closed_at=row.closed_at,
                running=row.running,
                cursor=[row.urgency, row.due_on.isoformat(), row.matter_id],
            )
            for row in await tx.all(query)
        ]

    async def counts(self, tx: Any, regions: frozenset[str], today: date) -> dict[str, int]:
        """See the port."""
        midnight = datetime(today.year, today.month, today.day, tzinfo=CHINA)

        def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
            return func.count(case((condition, 1)))

        is_open = table.c.state == MatterState.OPEN.value
        lights = [count(and_(is_open, table.c.light == light.value)).label(light.value) for light in Light]
        closed = count(table.c.closed_at >= midnight).label("closed_today")
        query = select(count(is_open).label("open"), *lights, closed).where(
            _in_regions(regions), or_(is_open, table.c.closed_at >= midnight)
        )
        row = await tx.first(query)
        return dict(row._mapping)

    async def ids_to_start(self, tx: Any, limit: int) -> list[str]:
        """See the port."""
        query = select(table.c.matter_id).where(table.c.to_start).order_by(table.c.matter_id).limit(limit)
        return [row.matter_id for row in await tx.all(query)]

    async def ids_to_check(self, tx: Any, checked_as: str, limit: int) -> list[str]:
        """See the port."""
        stale = and_(table.c.state == MatterState.OPEN.value, table.c.checked_as != checked_as)
        return [row.matter_id for row in await tx.all(select(table.c.matter_id).where(stale).limit(limit))]

    def _matter(self, row: Mapping[str, Any]) -> Matter:
        rule: MatterRule = self._rules[row["matter_code"], row["rule_from"]]
        return Matter(
            matter_id=row["matter_id"],
            receipt_no=row["receipt_no"],
            rule=rule,
            person_id=row["person_id"],
            region=row["region"],
            accepted_at=row["accepted_at"],
            accepted_by=row["accepted_by"],
            form=row["form"],
            materials=tuple(_material(paper) for paper in row["materials"]),
            tasks=tuple(_task(task, row["tasks"][task.code]) for task in rule.tasks),
            references=row["reference"],
            closed_at=row["closed_at"],
            withdrawn=row["withdrawn"],
        )


def _in_regions(regions: frozenset[str]) -> ColumnElement[bool]:
    if EVERY in regions:
        return true()
    # A province or city code covers everything below it (see shared.auth.principal).
    stems = [code.removesuffix("00").removesuffix("00") if len(code) == 6 else code for code in regions if code]
    return or_(false(), *(table.c.region.startswith(stem, autoescape=True) for stem in stems))


def _changing(matter: Matter, standing: Standing) -> dict[str, Any]:
    state = matter.state
    running = [task.rule for task in matter.tasks if matter.states()[task.rule.code] is TaskState.RUNNING]
    is_open = state is MatterState.OPEN
    return {
        "closed_at": matter.closed_at,
        "withdrawn": matter.withdrawn,
        "form": dict(matter.form),
        "materials": [_material_json(paper) for paper in matter.materials],
        "tasks": {task.rule.code: _task_json(task) for task in matter.tasks},
        "reference": dict(matter.references),
        "state": state.value,
        "urgency": _URGENCY[standing.light] if is_open else _CLOSED,
        "light": standing.light.value if standing.light else None,
        "due_on": standing.due.on,
        "due_provisional": standing.due.provisional,
        "checked_as": standing.checked_as,
        "running": [rule.name for rule in running] if is_open else [],
        "running_owner": sorted({rule.owner for rule in running}) if is_open else [],
        "to_start": bool(tasks_to_start(matter)),
    }


def _task_json(task: Task) -> dict[str, Any]:
    return {
        "result": {
            "outcome": task.result.outcome.value,
            "at": task.result.at.isoformat(),
            "note": task.result.note,
            "version": task.result.version,
        }
        if task.result
        else None,
        "parts": {
            part_id: {
                "state": part.state,
                "at": part.at.isoformat(),
                "outcome": part.outcome.value if part.outcome else None,
            }
            for part_id, part in task.parts.items()
        },
        "pauses": [[pause.begun_on.isoformat(), pause.reason, _text(pause.ended_on)] for pause in task.pauses],
        "started_at": task.started_at.isoformat() if task.started_at else None,
        "hindrance": task.hindrance,
    }


def _task(rule: TaskRule, reported: Mapping[str, Any]) -> Task:
    result = reported["result"]
    return Task(
        rule=rule,
        result=Result(
            outcome=TaskState(result["outcome"]),
            at=datetime.fromisoformat(result["at"]),
            note=result["note"],
            version=result["version"],
        )
        if result
        else None,
        parts={
            part_id: Part(
                state=part["state"],
                at=datetime.fromisoformat(part["at"]),
                outcome=TaskState(part["outcome"]) if part["outcome"] else None,
            )
            for part_id, part in reported["parts"].items()
        },
        pauses=tuple(Pause(date.fromisoformat(begun), reason, _day(ended)) for begun, reason, ended in reported["pauses"]),
        started_at=datetime.fromisoformat(reported["started_at"]) if reported["started_at"] else None,
        hindrance=reported["hindrance"],
    )


def _material_json(paper: Material) -> dict[str, Any]:
    return {
        "code": paper.code,
        "name": paper.name,
        "state": paper.state.value,
        "reference": paper.reference,
        "received_on": _text(paper.received_on),
        "due_on": _text(paper.due_on),
    }


def _material(stored: Mapping[str, Any]) -> Material:
    return Material(
        code=stored["code"],
        name=stored["name"],
        state=MaterialState(stored["state"]),
        reference=stored["reference"],
        received_on=_day(stored["received_on"]),
        due_on=_day(stored["due_on"]),
    )


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
