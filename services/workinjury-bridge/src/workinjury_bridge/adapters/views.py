"""What callers read, straight from the tables to JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, select

from shared.db.database import Database, SqlTx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters import tables_clearing as tc
from workinjury_bridge.adapters.repositories.cases import cases_of
from workinjury_bridge.domain.recovery import CLOSED, RecoveryState

_INTERNAL = frozenset({"begun", "restored", "tries", "next_try_at"})


class SqlViews:
    """Implements ``Views`` on read-only snapshots."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def case(self, case_id: str) -> dict[str, Any] | None:
        """See the port."""
        async with self._db.reading() as tx:
            rows = await tx.all(select(t.injury_case).where(t.injury_case.c.case_id == case_id))
            found = await _cases(tx, rows)
        return found[0] if found else None

    async def cases(self, person_id: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        statement = _page(select(t.injury_case), t.injury_case.c.case_id, after, limit)
        if person_id is not None:
            statement = statement.where(t.injury_case.c.person_id == person_id)
        async with self._db.reading() as tx:
            return await _cases(tx, await tx.all(statement))

    async def conversion(self, conversion_id: str) -> dict[str, Any] | None:
        """See the port."""
        async with self._db.reading() as tx:
            row = await tx.first(_conversions().where(t.conversion.c.conversion_id == conversion_id))
            if row is None:
                return None
            of = {"transfers": t.transfer, "payments": t.payment, "recoveries": t.recovery, "interfund_dues": tc.due}
            parts = {}
            for name, table in of.items():
                key = table.primary_key.columns.values()[0]
                statement = select(table).where(table.c.conversion_id == conversion_id).order_by(key).limit(100)
                parts[name] = [_plain(r) for r in await tx.all(statement)]
        return _conversion(row) | parts

    async def conversions(
        self, *, case_id: str | None, state: str | None, person_id: str | None, after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """See the port."""
        statement = _page(_conversions(), t.conversion.c.conversion_id, after, limit)
        for column, value in (
            (t.conversion.c.case_id, case_id),
            (t.conversion.c.state, state),
            (t.conversion.c.person_id, person_id),
        ):
            if value is not None:
                statement = statement.where(column == value)
        async with self._db.reading() as tx:
            return [_conversion(row) for row in await tx.all(statement)]

    async def regions_of_cases(self, case_ids: Sequence[str]) -> set[str | None]:
        """See the port."""
        statement = select(t.injury_case.c.region).distinct().where(t.injury_case.c.case_id.in_(case_ids))
        async with self._db.reading() as tx:
            return {row.region for row in await tx.all(statement)}

    async def regions(self, conversion_ids: Sequence[str]) -> set[str | None]:
        """See the port."""
        statement = (
            select(t.injury_case.c.region)
            .distinct()
            .join(t.conversion, t.conversion.c.case_id == t.injury_case.c.case_id)
            .where(t.conversion.c.conversion_id.in_(conversion_ids))
        )
        async with self._db.reading() as tx:
            return {row.region for row in await tx.all(statement)}

    async def recovery(self, recovery_id: str) -> dict[str, Any] | None:
        """See the port."""
        async with self._db.reading() as tx:
            row = await tx.first(_recoveries().where(t.recovery.c.recovery_id == recovery_id))
            if row is None:
                return None
            of_it = t.recovery_movement.c.recovery_id == recovery_id
            moved = await tx.all(
                select(t.recovery_movement).where(of_it).order_by(t.recovery_movement.c.movement_id).limit(1000)
            )
            offset = await tx.all(
                select(t.set_off).where(t.set_off.c.recovery_id == recovery_id).order_by(t.set_off.c.set_off_id).limit(1000)
            )
            i = t.limitation_interruption.c
            interrupted = await tx.all(
                select(t.limitation_interruption).where(i.recovery_id == recovery_id).order_by(i.interruption_id).limit(1000)
            )
        return recovery_view(row) | {
            "movements": [_plain(r) for r in moved],
            "set_offs": [_plain(r) for r in offset],
            "interruptions": [_plain(r) for r in interrupted],
        }

    async def recoveries(
        self,
        *,
        case_id: str | None,
        state: str | None,
        debtor: str | None,
        lapses_by: date | None,
        after: str | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        """See the port."""
        c = t.recovery.c
        statement = _page(_recoveries(), c.recovery_id, after, limit)
        for column, value in ((c.case_id, case_id), (c.state, state), (c.debtor, debtor)):
            if value is not None:
                statement = statement.where(column == value)
        if lapses_by is not None:
            statement = statement.where(c.limitation_on <= lapses_by, c.state.notin_(CLOSED))
        async with self._db.reading() as tx:
            return [recovery_view(row) for row in await tx.all(statement)]

    async def paper_claim(self, paper_claim_id: str) -> dict[str, Any] | None:
        """See the port."""
        statement = select(t.paper_claim, t.injury_case.c.region).join(t.injury_case)
        async with self._db.reading() as tx:
            row = await tx.first(statement.where(t.paper_claim.c.paper_claim_id == paper_claim_id))
        return None if row is None else _plain(row)

    async def set_off(self, set_off_id: str) -> dict[str, Any] | None:
        """See the port."""
        s = t.set_off
        statement = select(s, t.injury_case.c.region).join(t.injury_case).where(s.c.set_off_id == set_off_id)
        async with self._db.reading() as tx:
            row = await tx.first(statement)
        return None if row is None else _plain(row)

    async def double_bill(self, double_bill_id: str) -> dict[str, Any] | None:
        """See the port."""
        async with self._db.reading() as tx:
            row = await tx.first(_double_bills().where(t.double_bill.c.double_bill_id == double_bill_id))
        return None if row is None else _plain(row)

    async def double_bills(self, *, state: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        statement = _page(_double_bills(), t.double_bill.c.double_bill_id, after, limit)
        if state is not None:
            statement = statement.where(t.double_bill.c.state == state)
        async with self._db.reading() as tx:
            return [_plain(row) for row in await tx.all(statement)]

    async def advance(self, advance_id: str) -> dict[str, Any] | None:
        """See the port."""
        statement = select(t.advance, t.injury_case.c.region).join(t.injury_case).where(t.advance.c.advance_id == advance_id)
        async with self._db.reading() as tx:
            row = await tx.first(statement)
        return None if row is None else _plain(row)

    async def deduction(self, deduction_id: str) -> dict[str, Any] | None:
        """See the port."""
        d = t.audit_deduction
        statement = select(d, t.injury_case.c.region).join(t.injury_case).where(d.c.deduction_id == deduction_id)
        async with self._db.reading() as tx:
            row = await tx.first(statement)
        return None if row is None else _plain(row)

    async def direct_settlement(self, key: str) -> dict[str, Any] | None:
        """See the port."""
        async with self._db.reading() as tx:
            row = await tx.first(select(t.direct_settlement).where(t.direct_settlement.c.key == key))
        return None if row is None else _plain(row)


def _page(statement: Select[Any], column: Any, after: str | None, limit: int) -> Select[Any]:
    statement = statement.order_by(column.desc()).limit(limit)
    return statement if after is None else statement.where(column < after)


def _double_bills() -> Select[Any]:
    return select(t.double_bill, t.injury_case.c.region).join(t.injury_case)


def _recoveries() -> Select[Any]:
    return select(t.recovery, t.injury_case.c.region).join(t.injury_case)


def recovery_view(row: Row[Any]) -> dict[str, Any]:
    """A debt with what is still open of it."""
    gone = row.recovered_fen + row.expensed_fen + row.written_off_fen + row.moved_fen
    reversed_ = row.state == RecoveryState.REVERSED
    return _plain(row) | {"open_fen": 0 if reversed_ else row.advanced_fen - gone}


def _conversions() -> Select[Any]:
    """Conversions with what the list shows of their case, decision and stay."""
    case, decision, stay = t.injury_case.c, t.decision.c, t.stay.c
    return (
        select(
            t.conversion,
            case.accident_on,
            case.region,
            decision.decision_no,
            stay.institution_name,
            stay.begun_on,
            stay.ended_on,
        )
        .join(t.injury_case, case.case_id == t.conversion.c.case_id)
        .join(t.decision, decision.decision_id == t.conversion.c.decision_id)
        .outerjoin(t.stay, stay.settlement_id == t.conversion.c.settlement_id)
    )


def _conversion(row: Row[Any]) -> dict[str, Any]:
    plain = {key: value for key, value in _plain(row).items() if key not in _INTERNAL}
    known = row.total_fen is not None
    return plain | {
        "refund_fen": row.cash_fen + (row.overpaid_fen or 0) - row.kept_cash_fen - row.person_fen if known else None,
        "transfers": [],
        "payments": [],
        "recoveries": [],
        "interfund_dues": [],
    }


async def _cases(tx: SqlTx, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    cases = await cases_of(tx, rows)
    found = {case.case_id: asdict(case) | {"state": case.state.value, "conversions": []} for case in cases}
    if found:
        of_these = t.conversion.c.case_id.in_(found)
        for row in await tx.all(_conversions().where(of_these).order_by(t.conversion.c.conversion_id)):
            found[row.case_id]["conversions"].append(_conversion(row))
    for row in rows:
        found[row.case_id]["opened_at"] = row.opened_at
    return list(found.values())


def _plain(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)
