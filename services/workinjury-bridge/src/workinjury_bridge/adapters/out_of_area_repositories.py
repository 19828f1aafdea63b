"""Treatment out of the area and recurrences, read and written inside the caller's transaction (B8, B9)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from shared.codes import Code, CodeSystem
from shared.db.database import Database, SqlTx, opened
from shared.ledger import Book
from shared.ledger.books import PREFUNDED
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as base
from workinjury_bridge.adapters import tables_out_of_area as t
from workinjury_bridge.adapters.repositories.cases import SqlCases
from workinjury_bridge.domain.bill import WorkInjuryVersion
from workinjury_bridge.domain.out_of_area.clearing import QuarterClearing, quarter_of
from workinjury_bridge.domain.out_of_area.journals import place_dim
from workinjury_bridge.domain.out_of_area.refusals import told_already
from workinjury_bridge.domain.out_of_area.registration import FilingKind, Registration, RegistrationState
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteState, RemoteStay, Service
from workinjury_bridge.domain.recognition import Decision, Outcome
from workinjury_bridge.domain.recurrence import Recurrence, RecurrenceState

_MAX_ROWS = 1000
_QUARTER_ROWS = 100_000
_CLEARING_LOCK = 0x3C8


class SqlRegistrations:
    """Implements ``Registrations``."""

    def __init__(self, cases: SqlCases) -> None:
        self._cases = cases

    async def save(self, tx: Tx, registration: Registration, at: datetime) -> None:
        """See the port."""
        values = asdict(registration) | {"changed_at": at}
        statement = upsert(t.registration).values(applied_at=at, **values)
        await opened(tx).execute(statement.on_conflict_do_update(index_elements=["registration_id"], set_=values))

    async def locked(self, tx: Tx, registration_id: str) -> Registration | None:
        """See the port."""
        condition = t.registration.c.registration_id == registration_id
        found = await self._where(tx, condition)
        if not found:
            return None
        await self._cases.lock_persons(tx, [found[0].person_id])
        return (await self._where(tx, condition))[0]

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Registration]:
        """See the port."""
        return await self._where(tx, t.registration.c.case_id == case_id)

    async def _where(self, tx: Tx, condition: Any) -> list[Registration]:
        statement = select(t.registration).where(condition).order_by(t.registration.c.registration_id).limit(_MAX_ROWS)
        return [
            Registration(
                registration_id=row.registration_id,
                case_id=row.case_id,
                person_id=row.person_id,
                kind=FilingKind(row.kind),
                place=row.place,
                institution_code=row.institution_code,
                certificate_no=row.certificate_no,
                begins_on=row.begins_on,
                ends_on=row.ends_on,
                admit_until=row.admit_until,
                due_on=row.due_on,
                maker=row.maker,
                checker=row.checker,
                state=RegistrationState(row.state),
                note=row.note,
            )
            for row in await opened(tx).all(statement)
        ]


class SqlRemoteStays:
    """Implements ``RemoteStays``."""

    def __init__(self, cases: SqlCases) -> None:
        self._cases = cases

    async def save(self, tx: Tx, stay: RemoteStay, at: datetime) -> None:
        """See the port."""
        version = stay.version
        values = {
            **{k: v for k, v in asdict(stay).items() if k != "version"},
            "province": stay.province,
            "quarter": quarter_of(stay.period) if stay.period else None,
            "work_injury_fen": version.work_injury_fen if version else None,
            "person_fen": version.person_fen if version else None,
            "hospital_fen": version.hospital_fen if version else None,
            "unrelated_fen": version.unrelated_fen if version else None,
            "changed_at": at,
        }
        statement = upsert(t.stay).values(told_at=at, **values)
        try:
            await opened(tx).execute(statement.on_conflict_do_update(index_elements=["stay_id"], set_=values))
        except IntegrityError as error:
            if "uq_out_of_area_stay_settlement_no" not in str(error.orig):
                raise
            raise told_already(stay.settlement_no or "") from error

    async def locked(self, tx: Tx, stay_id: str) -> RemoteStay | None:
        """See the port."""
        condition = t.stay.c.stay_id == stay_id
        found = await self._where(tx, condition, 1)
        if not found:
            return None
        await self._cases.lock_persons(tx, [found[0].person_id])
        return (await self._where(tx, condition, 1))[0]

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[RemoteStay]:
        """See the port."""
        return await self._where(tx, t.stay.c.person_id == person_id, _MAX_ROWS)

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[RemoteStay]:
        """See the port."""
        return await self._where(tx, t.stay.c.case_id == case_id, _MAX_ROWS)

    async def after(self, tx: Tx, stay_id: str, limit: int) -> Sequence[RemoteStay]:
        """See the port."""
        return await self._where(tx, t.stay.c.stay_id > stay_id, limit)

    async def of_quarter(self, tx: Tx, province: str, quarter: date) -> Sequence[RemoteStay]:
        """See the port."""
        return await self._where(tx, (t.stay.c.province == province) & (t.stay.c.quarter == quarter), _QUARTER_ROWS)

    async def _where(self, tx: Tx, condition: Any, limit: int) -> list[RemoteStay]:
        statement = select(t.stay).where(condition).order_by(t.stay.c.stay_id).limit(limit)
        return [_stay(row) for row in await opened(tx).all(statement)]


def _stay(row: Row[Any]) -> RemoteStay:
    return RemoteStay(
        stay_id=row.stay_id,
        case_id=row.case_id,
        person_id=row.person_id,
        registration_id=row.registration_id,
        decision_version=row.decision_version,
        place=row.place,
        institution_code=row.institution_code,
        institution_name=row.institution_name,
        service=Service(row.service),
        admitted_on=row.admitted_on,
        state=RemoteState(row.state),
        discharged_on=row.discharged_on,
        settlement_no=row.settlement_no,
        version=None
        if row.work_injury_fen is None
        else WorkInjuryVersion(
            work_injury_fen=row.work_injury_fen,
            person_fen=row.person_fen,
            hospital_fen=row.hospital_fen,
            unrelated_fen=row.unrelated_fen,
        ),
        period=row.period,
        check_until=row.check_until,
        object_until=row.object_until,
        objection=row.objection,
        adjusted_fen=row.adjusted_fen,
        clearing_id=row.clearing_id,
        revoked=row.revoked,
    )


class SqlQuarterClearings:
    """Implements ``QuarterClearings``."""

    async def lock(self, tx: Tx, province: str, quarter: date) -> None:
        """See the port."""
        await opened(tx).execute(
            text("SELECT pg_advisory_xact_lock(:space, hashtext(:subject))"),
            {"space": _CLEARING_LOCK, "subject": f"{province}:{quarter}"},
        )

    async def of(self, tx: Tx, province: str, quarter: date) -> QuarterClearing | None:
        """See the port."""
        c = t.clearing.c
        row = await opened(tx).first(select(t.clearing).where(c.province == province, c.quarter == quarter))
        if row is None:
            return None
        return QuarterClearing(
            clearing_id=row.clearing_id,
            province=row.province,
            quarter=row.quarter,
            bill_no=row.bill_no,
            amount_fen=row.amount_fen,
            cleared_on=row.cleared_on,
            maker=row.maker,
            checker=row.checker,
        )

    async def add(self, tx: Tx, clearing: QuarterClearing, at: datetime) -> None:
        """See the port."""
        await opened(tx).execute(insert(t.clearing).values(cleared_at=at, **asdict(clearing)))

    async def prefunded_fen(self, tx: Tx, province: str) -> int:
        """See the port."""
        line = base.LEDGER.line.c
        statement = select(func.coalesce(func.sum(line.debit_fen - line.credit_fen), 0)).where(
            line.book == Book.WI.value, line.account == PREFUNDED, line.dim == place_dim(province)
        )
        return int(await opened(tx).scalar(statement) or 0)


class SqlRecurrences:
    """Implements ``Recurrences``."""

    def __init__(self, cases: SqlCases) -> None:
        self._cases = cases

    async def save(self, tx: Tx, recurrence: Recurrence, at: datetime) -> None:
        """See the port."""
        values = {
            **{k: v for k, v in asdict(recurrence).items() if k not in ("decisions", "diagnosis")},
            "diagnosis_system": recurrence.diagnosis.system,
            "diagnosis_code": recurrence.diagnosis.value,
            "body_parts": list(recurrence.body_parts),
            "materials": list(recurrence.materials),
            "changed_at": at,
        }
        statement = upsert(t.recurrence).values(applied_at=at, **values)
        await opened(tx).execute(statement.on_conflict_do_update(index_elements=["recurrence_id"], set_=values))

    async def add_decision(self, tx: Tx, recurrence: Recurrence, decision: Decision, at: datetime) -> None:
        """See the port."""
        row = {"case_id": recurrence.case_id, "recurrence_id": recurrence.recurrence_id, "recorded_at": at}
        await opened(tx).execute(insert(base.decision).values(**row, **asdict(decision)))

    async def locked(self, tx: Tx, recurrence_id: str) -> Recurrence | None:
        """See the port."""
        condition = t.recurrence.c.recurrence_id == recurrence_id
        found = await self._where(tx, condition)
        if not found:
            return None
        await self._cases.lock_persons(tx, [found[0].person_id])
        return (await self._where(tx, condition))[0]

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[Recurrence]:
        """See the port."""
        return await self._where(tx, t.recurrence.c.person_id == person_id)

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[Recurrence]:
        """See the port."""
        return await self._where(tx, t.recurrence.c.person_id.in_(person_ids)) if person_ids else []

    async def _where(self, tx: Tx, condition: Any) -> list[Recurrence]:
        statement = select(t.recurrence).where(condition).order_by(t.recurrence.c.recurrence_id).limit(_MAX_ROWS)
        return await recurrences_of(opened(tx), await opened(tx).all(statement))


async def recurrences_of(tx: SqlTx, found: Sequence[Row[Any]]) -> list[Recurrence]:
    """Rows of ``recurrence`` with their decisions."""
    decisions: dict[str, list[Decision]] = {row.recurrence_id: [] for row in found}
    if found:
        made = base.decision.c
        statement = select(base.decision).where(made.recurrence_id.in_(decisions)).order_by(made.version)
        for row in await tx.all(statement):
            decisions[row.recurrence_id].append(
                Decision(
                    decision_id=row.decision_id,
                    decision_no=row.decision_no,
                    version=row.version,
                    outcome=Outcome(row.outcome),
                    decided_on=row.decided_on,
                    decided_by=row.decided_by,
                )
            )
    return [
        Recurrence(
            recurrence_id=row.recurrence_id,
            case_id=row.case_id,
            person_id=row.person_id,
            applied_on=row.applied_on,
            treated_from=row.treated_from,
            treated_until=row.treated_until,
            diagnosis=Code(CodeSystem(row.diagnosis_system), row.diagnosis_code),
            diagnosis_name=row.diagnosis_name,
            body_parts=tuple(row.body_parts),
            materials=tuple(row.materials),
            old_injury=row.old_injury,
            state=RecurrenceState(row.state),
            extended=row.extended,
            due_on=row.due_on,
            objected_on=row.objected_on,
            matter_id=row.matter_id,
            decisions=tuple(decisions[row.recurrence_id]),
        )
        for row in found
    ]


class SqlOutOfAreaViews:
    """Implements ``OutOfAreaViews`` and ``RecurrenceViews`` on read-only snapshots."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def registration(self, registration_id: str) -> dict[str, Any] | None:
        """See the port."""
        return await self._one(t.registration, t.registration.c.registration_id, registration_id)

    async def registrations(
        self, case_id: str | None, state: str | None, after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """See the port."""
        return await self._page(t.registration, t.registration.c.registration_id, case_id, state, after, limit)

    async def stay(self, stay_id: str) -> dict[str, Any] | None:
        """See the port."""
        return await self._one(t.stay, t.stay.c.stay_id, stay_id)

    async def stays(self, case_id: str | None, state: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        return await self._page(t.stay, t.stay.c.stay_id, case_id, state, after, limit)

    async def clearings(self, after: str | None, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        c = t.clearing.c
        statement = select(t.clearing).order_by(c.clearing_id.desc()).limit(limit)
        if after is not None:
            statement = statement.where(c.clearing_id < after)
        async with self._db.reading() as tx:
            return [{**row._mapping, "region": None} for row in await tx.all(statement)]

    async def recurrence(self, recurrence_id: str) -> dict[str, Any] | None:
        """See the port."""
        found = await self._recurrences(t.recurrence.c.recurrence_id == recurrence_id, None, 1)
        return found[0] if found else None

    async def recurrences(self, case_id: str | None, state: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        condition = text("true") if case_id is None else t.recurrence.c.case_id == case_id
        if state is not None:
            condition = condition & (t.recurrence.c.state == state)
        return await self._recurrences(condition, after, limit)

    async def _recurrences(self, condition: Any, after: str | None, limit: int) -> list[dict[str, Any]]:
        key = t.recurrence.c.recurrence_id
        statement = _with_region(t.recurrence).where(condition).order_by(key.desc()).limit(limit)
        if after is not None:
            statement = statement.where(key < after)
        async with self._db.reading() as tx:
            rows = await tx.all(statement)
            whole = {r.recurrence_id: r for r in await recurrences_of(tx, rows)}
        return [
            {
                **row._mapping,
                "decisions": [asdict(d) for d in whole[row.recurrence_id].decisions],
                "bearers": [{"item": item, "payer": payer} for item, payer in whole[row.recurrence_id].bearers()],
            }
            for row in rows
        ]

    async def _one(self, table: Any, key: Any, value: str) -> dict[str, Any] | None:
        async with self._db.reading() as tx:
            row = await tx.first(_with_region(table).where(key == value))
        return None if row is None else dict(row._mapping)

    async def _page(
        self, table: Any, key: Any, case_id: str | None, state: str | None, after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        statement = _with_region(table).order_by(key.desc()).limit(limit)
        for column, value in ((table.c.case_id, case_id), (table.c.state, state)):
            if value is not None:
                statement = statement.where(column == value)
        if after is not None:
            statement = statement.where(key < after)
        async with self._db.reading() as tx:
            return [dict(row._mapping) for row in await tx.all(statement)]


def _with_region(table: Any) -> Any:
    of_case = base.injury_case.c.case_id == table.c.case_id
    return select(table, base.injury_case.c.region).join(base.injury_case, of_case)
