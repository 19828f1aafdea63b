"""The bridge's own tables, read and written with SQLAlchemy Core inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Text,
    any_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.contracts.claims import FundPayment
from shared.db.database import SqlTx
from shared.ledger import Book, Entry
from shared.ledger.books import DUE_FROM_EMPLOYER, DUE_FROM_FUND, DUE_FROM_PERSON, DUE_FROM_THIRD_PARTY, DUE_TO_FUND
from shared.ledger.store import LedgerStore
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.application.ports import Payment
from workinjury_bridge.domain import party
from workinjury_bridge.domain.advance import Advance, AdvanceState
from workinjury_bridge.domain.audit_deduction import AuditDeduction, DeductionState
from workinjury_bridge.domain.bill import WorkInjuryVersion
from workinjury_bridge.domain.conversion import Conversion, ConversionState
from workinjury_bridge.domain.direct_settlement import DirectSettlement, DirectState
from workinjury_bridge.domain.figures import Figures, KeptLine
from workinjury_bridge.domain.policy import Circumstance
from workinjury_bridge.domain.recognition import Decision, InjuryCase, Outcome
from workinjury_bridge.domain.recovery import CLOSED, Cause, Movement, MovementKind, Recovery, RecoveryState
from workinjury_bridge.domain.split import Split, SplitState, flags_of
from workinjury_bridge.domain.stay import SettledStay
from workinjury_bridge.domain.terms import CaseFacts, StayFacts
from workinjury_bridge.domain.transfer import Direction, Transfer, TransferState

_MAX_ROWS = 1000
"""No person has so many cases, stays or journals; a limit on every list."""
_PERSON_LOCK = 0x3C1
_MOVES = ("state", "maker", "checker", "note", "begun", "revoked", "restored", "paid", "netted", "cause")
"""What of a conversion changes while it goes on; figures, facts and split stay."""
# One array for each column however many rows: the text stays the same, so that nothing is compiled or planned again.
_MOVE = text(
    "UPDATE conversion SET state = n.state, maker = n.maker, checker = n.checker, note = n.note, begun = n.begun,"
    " revoked = n.revoked, restored = n.restored, paid = n.paid, netted = CAST(n.netted AS jsonb), cause = n.cause,"
    " changed_at = :at, next_try_at = :at, tries = 0, hindrance = NULL"
    " FROM unnest(CAST(:conversion_id AS text[]), CAST(:state AS text[]), CAST(:maker AS text[]), CAST(:checker AS text[]),"
    " CAST(:note AS text[]), CAST(:begun AS boolean[]), CAST(:revoked AS boolean[]), CAST(:restored AS boolean[]),"
    " CAST(:paid AS boolean[]), CAST(:netted AS text[]), CAST(:cause AS text[]))"
    " AS n (conversion_id, state, maker, checker, note, begun, revoked, restored, paid, netted, cause)"
    " WHERE conversion.conversion_id = n.conversion_id"
)
_MOVE_TRANSFERS = text(
    "UPDATE transfer SET state = n.state, cause = n.cause, changed_at = :at"
    " FROM unnest(CAST(:transfer_id AS text[]), CAST(:state AS text[]), CAST(:cause AS text[])) AS n (transfer_id, state, cause)"
    " WHERE transfer.transfer_id = n.transfer_id"
)
_MARK: ColumnElement[str] = literal_column("conversion.xmin::text", Text).label("mark")
"""The transaction that wrote the row as it is: another one after every change."""
_TRANSFER = tuple(f.name for f in fields(Transfer))
_PAYMENT = tuple(f.name for f in fields(Payment))


def _sql(tx: Tx) -> SqlTx:
    """The platform's transaction behind the protocol that use cases see."""
    return cast(SqlTx, tx)


def _any_of(column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
    """The column is one of these, however many: one parameter, one plan."""
    return column == any_(literal(list(values), ARRAY(Text)))


async def _lock_person(tx: Tx, person_id: str) -> None:
    """An advisory lock: persons live in another service, so there is no row to lock."""
    await _sql(tx).execute(
        text("SELECT pg_advisory_xact_lock(:space, hashtext(:person))"), {"space": _PERSON_LOCK, "person": person_id}
    )


class SqlCases:
    """Implements ``Cases``."""

    async def lock_persons(self, tx: Tx, person_ids: Collection[str]) -> None:
        """See the port."""
        await _sql(tx).execute(
            text(
                "SELECT pg_advisory_xact_lock(:space, h) FROM (SELECT DISTINCT hashtext(p) AS h FROM unnest(CAST(:persons AS text[])) p ORDER BY 1) q"
            ),
            {"space": _PERSON_LOCK, "persons": list(person_ids)},
        )

    async def add(self, tx: Tx, case: InjuryCase, opened_at: datetime) -> None:
        """See the port."""
        await _sql(tx).execute(
            insert(t.injury_case).values(
                case_id=case.case_id,
                person_id=case.person_id,
                employer_id=case.employer_id,
                accident_on=case.accident_on,
                body_parts=list(case.body_parts),
                description=case.description,
                matter_id=case.matter_id,
                region=case.region,
                contested_on=case.contested_on,
                opened_at=opened_at,
                **asdict(case.facts),
            )
        )

    async def get(self, tx: Tx, case_id: str) -> InjuryCase | None:
        """See the port."""
        row = await _sql(tx).first(select(t.injury_case).where(t.injury_case.c.case_id == case_id))
        return None if row is None else (await cases_of(_sql(tx), [row]))[0]

    async def locked(self, tx: Tx, case_id: str) -> InjuryCase | None:
        """See the port."""
        case = await self.get(tx, case_id)
        if case is not None:
            await _lock_person(tx, case.person_id)
        return await self.get(tx, case_id)

    async def many(self, tx: Tx, case_ids: Collection[str]) -> Sequence[InjuryCase]:
        """See the port."""
        return await cases_of(
            _sql(tx), await _sql(tx).all(select(t.injury_case).where(_any_of(t.injury_case.c.case_id, case_ids)))
        )

    async def locked_all(self, tx: Tx, case_ids: Collection[str]) -> Sequence[InjuryCase]:
        """See the port."""
        persons = select(t.injury_case.c.person_id).where(_any_of(t.injury_case.c.case_id, case_ids))
        await self.lock_persons(tx, {row.person_id for row in await _sql(tx).all(persons)})
        return await self.many(tx, case_ids)

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[InjuryCase]:
        """See the port."""
        return await self.of_persons(tx, [person_id])

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[InjuryCase]:
        """See the port."""
        found = await _sql(tx).all(
            select(t.injury_case)
            .where(_any_of(t.injury_case.c.person_id, person_ids))
            .order_by(t.injury_case.c.accident_on.desc(), t.injury_case.c.case_id.desc())
        )
        return await cases_of(_sql(tx), found)

    async def add_decisions(self, tx: Tx, decisions: Sequence[tuple[str, Decision]], recorded_at: datetime) -> None:
        """See the port."""
        rows = [{"case_id": case_id, "recorded_at": recorded_at, **asdict(decision)} for case_id, decision in decisions]
        if rows:
            await _sql(tx).execute(insert(t.decision), rows)

    async def state_facts(self, tx: Tx, case_id: str, facts: CaseFacts) -> None:
        """See the port."""
        await _sql(tx).execute(update(t.injury_case).where(t.injury_case.c.case_id == case_id).values(**asdict(facts)))

    async def mark_contested(self, tx: Tx, case_id: str, contested_on: date | None) -> None:
        """See the port."""
        await _sql(tx).execute(
            update(t.injury_case).where(t.injury_case.c.case_id == case_id).values(contested_on=contested_on)
        )


class SqlStays:
    """Implements ``Stays``."""

    async def put(self, tx: Tx, stays: Sequence[SettledStay]) -> None:
        """See the port."""
        values = [{k: v for k, v in asdict(stay).items() if k != "reversed"} for stay in stays]
        await _sql(tx).execute(upsert(t.stay).on_conflict_do_nothing(), values)

    async def mark_reversed(self, tx: Tx, settlement_id: str) -> None:
        """See the port."""
        await _sql(tx).execute(upsert(t.reversed_settlement).values(settlement_id=settlement_id).on_conflict_do_nothing())

    async def is_reversed(self, tx: Tx, settlement_id: str) -> bool:
        """See the port."""
        known = t.reversed_settlement.c.settlement_id == settlement_id
        return await _sql(tx).first(select(t.reversed_settlement).where(known)) is not None

    async def get(self, tx: Tx, settlement_id: str) -> SettledStay | None:
        """See the port."""
        row = await _sql(tx).first(self._select().where(t.stay.c.settlement_id == settlement_id))
        return None if row is None else SettledStay(**row._mapping)

    async def many(self, tx: Tx, settlement_ids: Sequence[str]) -> Sequence[SettledStay]:
        """See the port."""
        return await self._where(tx, _any_of(t.stay.c.settlement_id, settlement_ids))

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[SettledStay]:
        """See the port."""
        return await self._where(tx, _any_of(t.stay.c.person_id, person_ids))

    async def _where(self, tx: Tx, condition: Any) -> list[SettledStay]:
        statement = self._select().where(condition).order_by(t.stay.c.begun_on, t.stay.c.settlement_id)
        return [SettledStay(**row._mapping) for row in await _sql(tx).all(statement)]

    @staticmethod
    def _select() -> Any:
        undone = exists().where(t.reversed_settlement.c.settlement_id == t.stay.c.settlement_id)
        return select(t.stay, undone.label("reversed"))


class SqlConversions:
    """Implements ``Conversions``."""

    async def add(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        """See the port."""
        first = {"proposed_at": at, "changed_at": at, "next_try_at": at}
        if conversions:
            await _sql(tx).execute(insert(t.conversion), [first | _conversion_values(c) for c in conversions])

    async def get(self, tx: Tx, conversion_id: str) -> Conversion | None:
        """See the port."""
        found = await self._where(tx, t.conversion.c.conversion_id == conversion_id)
        return found[0] if found else None

    async def locked(self, tx: Tx, conversion_id: str) -> Conversion | None:
        """See the port."""
        conversion = await self.get(tx, conversion_id)
        if conversion is not None:
            await _lock_person(tx, conversion.person_id)
        return await self.get(tx, conversion_id)

    async def save(self, tx: Tx, conversion: Conversion, at: datetime) -> None:
        """See the port."""
        await self._update(tx, [{"id": conversion.conversion_id} | _named(_conversion_values(conversion))], at)

    async def marked(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[tuple[Conversion, object]]:
        """See the port."""
        statement = select(t.conversion, _MARK).where(_any_of(t.conversion.c.conversion_id, conversion_ids))
        rows = await _sql(tx).all(statement.order_by(t.conversion.c.conversion_id))
        return [(_conversion(row), row.mark) for row in rows]

    async def marks(self, tx: Tx, conversion_ids: Sequence[str]) -> Mapping[str, object]:
        """See the port."""
        statement = select(t.conversion.c.conversion_id, _MARK).where(_any_of(t.conversion.c.conversion_id, conversion_ids))
        return {row.conversion_id: row.mark for row in await _sql(tx).all(statement)}

    async def assess(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        """See the port. What is withdrawn has no figures, and other columns to write."""
        by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for conversion in conversions:
            row = {"id": conversion.conversion_id} | _named(_conversion_values(conversion))
            by_columns.setdefault(tuple(row), []).append(row)
        for rows in by_columns.values():
            await self._update(tx, rows, at)

    async def many(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, _any_of(t.conversion.c.conversion_id, conversion_ids), None)

    async def move(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        """See the port."""
        if not conversions:
            return
        columns = {name: [getattr(c, name) for c in conversions] for name in ("conversion_id", *_MOVES)}
        columns["netted"] = [json.dumps(books) for books in columns["netted"]]
        await _sql(tx).execute(_MOVE, columns | {"at": at})

    @staticmethod
    async def _update(tx: Tx, rows: Sequence[dict[str, Any]], at: datetime) -> None:
        """Write rows of one shape: the id, and ``to_`` and a column's name for each new value."""
        if not rows:
            return
        values: dict[str, Any] = {name.removeprefix("to_"): bindparam(name) for name in rows[0] if name != "id"}
        statement = (
            update(t.conversion)
            .where(t.conversion.c.conversion_id == bindparam("id"))
            .values(changed_at=at, next_try_at=at, tries=0, hindrance=None, **values)
        )
        await _sql(tx).execute(statement, list(rows))

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, t.conversion.c.case_id == case_id)

    async def of_settlements(self, tx: Tx, settlement_ids: Sequence[str]) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, _any_of(t.conversion.c.settlement_id, settlement_ids), None)

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, t.conversion.c.settlement_id == settlement_id)

    async def due(self, tx: Tx, now: datetime, limit: int) -> Sequence[str]:
        """See the port."""
        going = ("proposed", "approved", "posted", "transferring", "reverting")
        statement = (
            select(t.conversion.c.conversion_id)
            .where(
                t.conversion.c.next_try_at <= now,
                t.conversion.c.state.in_(going),
                (t.conversion.c.state != "proposed") | t.conversion.c.total_fen.is_(None),
            )
            .order_by(t.conversion.c.next_try_at)
            .limit(limit)
        )
        return [row.conversion_id for row in await _sql(tx).all(statement)]

    async def put_off(self, tx: Tx, conversion_id: str, now: datetime, hindrance: str) -> None:
        """See the port."""
        seconds = func.least(3600, func.power(2, func.least(t.conversion.c.tries, 12)))
        await _sql(tx).execute(
            update(t.conversion)
            .where(t.conversion.c.conversion_id == conversion_id)
            .values(
                hindrance=hindrance[:2000],
                tries=t.conversion.c.tries + 1,
                next_try_at=literal(now) + seconds * literal(timedelta(seconds=1)),
            )
        )

    async def after(self, tx: Tx, conversion_id: str, limit: int) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, t.conversion.c.conversion_id > conversion_id, limit)

    async def _where(self, tx: Tx, condition: Any, limit: int | None = _MAX_ROWS) -> list[Conversion]:
        statement = select(t.conversion).where(condition).order_by(t.conversion.c.conversion_id).limit(limit)
        return [_conversion(row) for row in await _sql(tx).all(statement)]


class SqlTransfers:
    """Implements ``Transfers``."""

    async def add(self, tx: Tx, transfers: Sequence[Transfer], at: datetime) -> None:
        """See the port."""
        rows = [(*(getattr(transfer, name) for name in _TRANSFER), at, at) for transfer in transfers]
        await _sql(tx).copy(t.transfer.name, (*_TRANSFER, "instructed_at", "changed_at"), rows)

    async def save(self, tx: Tx, transfers: Sequence[Transfer], at: datetime) -> None:
        """See the port."""
        if transfers:
            columns = {name: [getattr(x, name) for x in transfers] for name in ("transfer_id", "state", "cause")}
            await _sql(tx).execute(_MOVE_TRANSFERS, columns | {"at": at})

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[Transfer]:
        """See the port."""
        return await self.of_conversions(tx, [conversion_id])

    async def of_conversions(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[Transfer]:
        """See the port."""
        these = _any_of(t.transfer.c.conversion_id, conversion_ids)
        statement = select(t.transfer).where(these).order_by(t.transfer.c.transfer_id)
        return [
            Transfer(
                transfer_id=row.transfer_id,
                conversion_id=row.conversion_id,
                voucher_no=row.voucher_no,
                book=Book(row.book),
                direction=Direction(row.direction),
                amount_fen=row.amount_fen,
                state=TransferState(row.state),
                cause=row.cause,
            )
            for row in await _sql(tx).all(statement)
        ]


class SqlRecoveries:
    """Implements ``Recoveries``."""

    async def save(self, tx: Tx, debt: Recovery, at: datetime) -> None:
        """See the port."""
        values = asdict(debt) | {"changed_at": at}
        statement = upsert(t.recovery).values(opened_at=at, **values)
        await _sql(tx).execute(statement.on_conflict_do_update(index_elements=["recovery_id"], set_=values))

    async def get(self, tx: Tx, recovery_id: str) -> Recovery | None:
        """See the port."""
        found = await self._where(tx, t.recovery.c.recovery_id == recovery_id)
        return found[0] if found else None

    async def locked(self, tx: Tx, recovery_id: str) -> Recovery | None:
        """See the port."""
        debt = await self.get(tx, recovery_id)
        if debt is not None:
            await _lock_person(tx, debt.person_id)
        return await self.get(tx, recovery_id)

    async def of_conversion(self, tx: Tx, conversion_id: str) -> Sequence[Recovery]:
        """See the port."""
        return await self._where(tx, t.recovery.c.conversion_id == conversion_id)

    async def open_of(self, tx: Tx, book: Book, debtors: Collection[str]) -> Sequence[Recovery]:
        """See the port."""
        c = t.recovery.c
        theirs = _any_of(c.debtor, debtors)
        return await self._where(tx, (c.book == book.value) & theirs & c.state.notin_(CLOSED))

    async def add_movement(self, tx: Tx, movement: Movement, at: datetime) -> None:
        """See the port."""
        await _sql(tx).execute(insert(t.recovery_movement).values(recorded_at=at, **asdict(movement)))

    async def movement(self, tx: Tx, movement_id: str) -> Movement | None:
        """See the port."""
        row = await _sql(tx).first(select(t.recovery_movement).where(t.recovery_movement.c.movement_id == movement_id))
        return None if row is None else _movement(row)

    async def unbooked(self, tx: Tx, limit: int, *, conversion_id: str | None = None) -> Sequence[Movement]:
        """See the port."""
        statement = (
            select(t.recovery_movement)
            .where(t.recovery_movement.c.booked.is_(False))
            .order_by(t.recovery_movement.c.movement_id)
            .limit(limit)
        )
        if conversion_id is not None:
            of_it = t.recovery.c.recovery_id == t.recovery_movement.c.recovery_id
            statement = statement.join(t.recovery, of_it).where(t.recovery.c.conversion_id == conversion_id)
        return [_movement(row) for row in await _sql(tx).all(statement)]

    async def mark_booked(self, tx: Tx, movement_id: str) -> None:
        """See the port."""
        await _sql(tx).execute(
            update(t.recovery_movement).where(t.recovery_movement.c.movement_id == movement_id).values(booked=True)
        )

    async def disagreeing(self, tx: Tx) -> Sequence[tuple[str, int, int]]:
        """See the port."""
        line, c = t.LEDGER.line.c, t.recovery.c
        still = c.advanced_fen - c.recovered_fen - c.expensed_fen - c.written_off_fen - c.moved_fen
        debts = (
            select(c.debtor, func.sum(still).label("fen"))
            .where(c.book == Book.WI.value, c.state != RecoveryState.REVERSED.value)
            .group_by(c.debtor)
            .subquery()
        )
        booked = (
            select(line.dim.label("debtor"), func.sum(line.debit_fen - line.credit_fen).label("fen"))
            .where(
                line.book == Book.WI.value,
                line.account.in_((DUE_FROM_EMPLOYER, DUE_FROM_THIRD_PARTY, DUE_FROM_PERSON)),
            )
            .group_by(line.dim)
            .subquery()
        )
        ours, theirs = func.coalesce(debts.c.fen, 0), func.coalesce(booked.c.fen, 0)
        statement = (
            select(func.coalesce(debts.c.debtor, booked.c.debtor).label("debtor"), ours.label("ours"), theirs.label("theirs"))
            .select_from(debts.join(booked, debts.c.debtor == booked.c.debtor, full=True))
            .where((theirs < ours) | ((theirs > ours) & booked.c.debtor.not_like("P:%") & booked.c.debtor.not_like("DEP:%")))
            .limit(_MAX_ROWS)
        )
        return [(row.debtor, int(row.ours), int(row.theirs)) for row in await _sql(tx).all(statement)]

    async def _where(self, tx: Tx, condition: Any) -> list[Recovery]:
        statement = select(t.recovery).where(condition).order_by(t.recovery.c.recovery_id).limit(_MAX_ROWS)
        return [
            Recovery(
                recovery_id=row.recovery_id,
                case_id=row.case_id,
                person_id=row.person_id,
                settlement_id=row.settlement_id,
                conversion_id=row.conversion_id,
                decision_version=row.decision_version,
                book=Book(row.book),
                debtor=row.debtor,
                cause=Cause(row.cause),
                advanced_fen=row.advanced_fen,
                recovered_fen=row.recovered_fen,
                expensed_fen=row.expensed_fen,
                written_off_fen=row.written_off_fen,
                moved_fen=row.moved_fen,
                interest_fen=row.interest_fen,
                state=RecoveryState(row.state),
                due_on=row.due_on,
                liability=row.liability,
            )
            for row in await _sql(tx).all(statement)
        ]


class SqlDeductions:
    """Implements ``Deductions``."""

    async def save(self, tx: Tx, deduction: AuditDeduction, at: datetime) -> None:
        """See the port."""
        values = asdict(deduction) | {"changed_at": at}
        statement = upsert(t.audit_deduction).values(deducted_at=at, **values)
        await _sql(tx).execute(statement.on_conflict_do_update(index_elements=["deduction_id"], set_=values))

    async def locked(self, tx: Tx, deduction_id: str) -> AuditDeduction | None:
        """See the port."""
        condition = t.audit_deduction.c.deduction_id == deduction_id
        found = await self._where(tx, condition)
        if not found:
            return None
        await _lock_person(tx, found[0].person_id)
        return (await self._where(tx, condition))[0]

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[AuditDeduction]:
        """See the port."""
        return await self._where(tx, t.audit_deduction.c.settlement_id == settlement_id)

    async def _where(self, tx: Tx, condition: Any) -> list[AuditDeduction]:
        c = t.audit_deduction.c
        names = [f.name for f in fields(AuditDeduction)]
        rows = await _sql(tx).all(select(*(c[n] for n in names)).where(condition).order_by(c.deduction_id).limit(_MAX_ROWS))
        return [AuditDeduction(**{**row._mapping, "state": DeductionState(row.state)}) for row in rows]


class SqlAdvances:
    """Implements ``Advances``."""

    async def save(self, tx: Tx, advance: Advance, at: datetime) -> None:
        """See the port."""
        values = asdict(advance) | {"changed_at": at}
        statement = upsert(t.advance).values(opened_at=at, **values)
        await _sql(tx).execute(statement.on_conflict_do_update(index_elements=["advance_id"], set_=values))

    async def locked(self, tx: Tx, advance_id: str) -> Advance | None:
        """See the port."""
        condition = t.advance.c.advance_id == advance_id
        found = await self._where(tx, condition)
        if not found:
            return None
        await _lock_person(tx, found[0].person_id)
        return (await self._where(tx, condition))[0]

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Advance]:
        """See the port."""
        return await self._where(tx, t.advance.c.case_id == case_id)

    async def _where(self, tx: Tx, condition: Any) -> list[Advance]:
        statement = select(t.advance).where(condition).order_by(t.advance.c.advance_id).limit(_MAX_ROWS)
        return [
            Advance(
                advance_id=row.advance_id,
                case_id=row.case_id,
                person_id=row.person_id,
                debtor=row.debtor,
                applied_on=row.applied_on,
                due_on=row.due_on,
                state=AdvanceState(row.state),
                served_on=row.served_on,
                maker=row.maker,
                checker=row.checker,
                note=row.note,
            )
            for row in await _sql(tx).all(statement)
        ]


class SqlDirects:
    """Implements ``Directs``."""

    async def get(self, tx: Tx, key: str) -> DirectSettlement | None:
        """See the port."""
        row = await _sql(tx).first(select(t.direct_settlement).where(t.direct_settlement.c.key == key))
        return None if row is None else self._direct(row)

    async def of_settlement(self, tx: Tx, settlement_id: str) -> DirectSettlement | None:
        """See the port."""
        of_it = t.direct_settlement.c.settlement_id == settlement_id
        key = await _sql(tx).scalar(select(t.direct_settlement.c.key).where(of_it))
        return None if key is None else await self.locked(tx, key)

    @staticmethod
    def _direct(row: Row[Any]) -> DirectSettlement:
        return DirectSettlement(
            key=row.key,
            case_id=row.case_id,
            decision_id=row.decision_id,
            decision_no=row.decision_no,
            decision_version=row.decision_version,
            person_id=row.person_id,
            visit_id=row.visit_id,
            institution_code=row.institution_code,
            begun_on=row.begun_on,
            ended_on=row.ended_on,
            version=WorkInjuryVersion(
                work_injury_fen=row.work_injury_fen,
                person_fen=row.person_fen,
                hospital_fen=row.hospital_fen,
                unrelated_fen=row.unrelated_fen,
            ),
            state=DirectState(row.state),
            settlement_id=row.settlement_id,
            meals_fen=row.meals_fen,
            meals_paid=row.meals_paid,
        )

    async def locked(self, tx: Tx, key: str) -> DirectSettlement | None:
        """See the port."""
        settlement = await self.get(tx, key)
        if settlement is not None:
            await _lock_person(tx, settlement.person_id)
        return await self.get(tx, key)

    async def save(self, tx: Tx, settlement: DirectSettlement, at: datetime) -> None:
        """See the port."""
        values = asdict(settlement)
        values |= values.pop("version") | {"changed_at": at}
        statement = upsert(t.direct_settlement).values(reserved_at=at, **values)
        await _sql(tx).execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))


class SqlLedger:
    """Implements ``Ledger`` on the shared store."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def append(self, tx: Tx, entries: Sequence[Entry]) -> None:
        """See the port."""
        await self._store.append(_sql(tx), entries)

    async def of_settlement(self, tx: Tx, settlement_id: str) -> Sequence[Entry]:
        """See the port."""
        return await self._store.entries(_sql(tx), settlement_id=settlement_id)

    async def person_debt_fen(self, tx: Tx, person_id: str) -> int:
        """See the port."""
        line = t.LEDGER.line.c
        balance = await _sql(tx).scalar(
            select(func.coalesce(func.sum(line.debit_fen - line.credit_fen), 0)).where(
                line.book == Book.WI.value, line.account == DUE_FROM_PERSON, line.dim == party.person(person_id)
            )
        )
        return max(0, int(balance))

    async def person_debts(self, tx: Tx, person_ids: Collection[str]) -> Mapping[str, int]:
        """See the port."""
        line = t.LEDGER.line.c
        persons = {party.person(person_id): person_id for person_id in person_ids}
        found = await _sql(tx).all(
            select(line.dim, func.sum(line.debit_fen - line.credit_fen).label("balance"))
            .where(
                line.book == Book.WI.value,
                line.account == DUE_FROM_PERSON,
                _any_of(line.dim, persons),
            )
            .group_by(line.dim)
        )
        return {persons[row.dim]: int(row.balance) for row in found if row.balance > 0}

    async def fund_balances(self, tx: Tx) -> Mapping[Book, int]:
        """See the port."""
        line = t.LEDGER.line.c
        found = await _sql(tx).all(
            select(line.dim, func.sum(line.debit_fen - line.credit_fen).label("balance"))
            .where(line.book == Book.WI.value, line.account.in_((DUE_FROM_FUND, DUE_TO_FUND)))
            .group_by(line.dim)
        )
        return {Book(row.dim): int(row.balance) for row in found}

    async def next_voucher(self, tx: Tx, on: date) -> str:
        """See the port."""
        return (await self.next_vouchers(tx, on, 1))[0]

    async def next_vouchers(self, tx: Tx, on: date, count: int) -> Sequence[str]:
        """See the port: ``WI``, the day, a running number."""
        if not count:
            return []
        numbers = select(t.voucher_no.next_value().label("number")).select_from(func.generate_series(1, count))
        return [f"WI{on:%Y%m%d}{row.number:08d}" for row in await _sql(tx).all(numbers)]

    async def add_payments(self, tx: Tx, payments: Sequence[Payment]) -> None:
        """See the port."""
        rows = [[getattr(payment, name) for name in _PAYMENT] for payment in payments]
        await _sql(tx).copy(t.payment.name, _PAYMENT, rows)


async def cases_of(tx: SqlTx, found: Sequence[Row[Any]]) -> list[InjuryCase]:
    """Rows of ``injury_case`` as cases with their decisions."""
    decisions: dict[str, list[Decision]] = {row.case_id: [] for row in found}
    if found:
        statement = select(t.decision).where(t.decision.c.case_id.in_(decisions)).order_by(t.decision.c.version)
        for row in await tx.all(statement):
            decisions[row.case_id].append(
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
        InjuryCase(
            case_id=row.case_id,
            person_id=row.person_id,
            accident_on=row.accident_on,
            body_parts=tuple(row.body_parts),
            description=row.description,
            employer_id=row.employer_id,
            matter_id=row.matter_id,
            region=row.region,
            decisions=tuple(decisions[row.case_id]),
            facts=CaseFacts(
                filed_on=row.filed_on,
                accepted_on=row.accepted_on,
                employer_insured=row.employer_insured,
                third_party=row.third_party,
            ),
            contested_on=row.contested_on,
        )
        for row in found
    ]


def _movement(row: Row[Any]) -> Movement:
    return Movement(
        movement_id=row.movement_id,
        recovery_id=row.recovery_id,
        kind=MovementKind(row.kind),
        amount_fen=row.amount_fen,
        interest_fen=row.interest_fen,
        reference=row.reference,
        maker=row.maker,
        checker=row.checker,
        booked=row.booked,
    )


def _stay_facts(stored: Mapping[str, Any] | None) -> StayFacts:
    if stored is None:
        return StayFacts()
    return StayFacts(
        payer=stored["payer"],
        prepaid_fen=stored["prepaid_fen"],
        circumstances=tuple((line_id, Circumstance(c)) for line_id, c in stored["circumstances"]),
    )


def _split(stored: Mapping[str, Any] | None) -> Split | None:
    if stored is None:
        return None
    flags = stored["flags"]
    ratio = flags["ratio"]
    return Split(
        flags=flags_of(flags["lines"], None if ratio is None else (ratio["numerator"], ratio["denominator"])),
        proposed_by=stored["proposed_by"],
        state=SplitState(stored["state"]),
        decided_by=stored["decided_by"],
        note=stored["note"],
    )


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """New values under the names of an update's parameters."""
    return {f"to_{name}": value for name, value in values.items()}


def _conversion_values(conversion: Conversion) -> dict[str, Any]:
    values = asdict(conversion)
    del values["figures"]
    figures = conversion.figures
    if figures is not None:
        values |= asdict(figures) | {"owed_fen": figures.owed_fen}
    elif conversion.state is ConversionState.PROPOSED:
        values |= dict.fromkeys((f.name for f in fields(Figures)), None) | {"owed_fen": None, "kept_cash_fen": 0}
    return values


def _conversion(row: Row[Any]) -> Conversion:
    figures = None
    if row.total_fen is not None:
        figures = Figures(
            total_fen=row.total_fen,
            work_injury_fen=row.work_injury_fen,
            person_fen=row.person_fen,
            hospital_fen=row.hospital_fen,
            cash_fen=row.cash_fen,
            meals_fen=row.meals_fen,
            owed=tuple(FundPayment(**payment) for payment in row.owed),
            payer=row.payer or party.person(row.person_id),
            beneficiary=row.beneficiary or party.person(row.person_id),
            unrelated_fen=row.unrelated_fen or 0,
            kept_cash_fen=row.kept_cash_fen,
            keep_lines=tuple(KeptLine(**line) for line in row.keep_lines or ()),
            employer=row.employer,
            employer_owed=tuple(FundPayment(**payment) for payment in row.employer_owed or ()),
            employer_cost_fen=row.employer_cost_fen or 0,
            employer_meals_fen=row.employer_meals_fen or 0,
            debtor=row.debtor,
            prepaid_fen=row.prepaid_fen or 0,
        )
    return Conversion(
        conversion_id=row.conversion_id,
        case_id=row.case_id,
        person_id=row.person_id,
        settlement_id=row.settlement_id,
        visit_id=row.visit_id,
        institution_code=row.institution_code,
        decision_id=row.decision_id,
        decision_version=row.decision_version,
        matter_id=row.matter_id,
        state=ConversionState(row.state),
        figures=figures,
        maker=row.maker,
        checker=row.checker,
        note=row.note,
        cause=row.cause,
        facts=_stay_facts(row.facts),
        split=_split(row.split),
        netted=tuple(row.netted or ()),
        begun=row.begun,
        revoked=row.revoked,
        restored=row.restored,
        paid=row.paid,
    )
