"""Conversions and when they are taken up again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Text, bindparam, func, insert, literal, literal_column, select, text, update

from shared.contracts.claims import FundPayment
from shared.db.arrays import any_of
from shared.db.database import opened
from shared.transactions import Tx
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters.repositories.reading import MAX_ROWS, lock_person
from workinjury_bridge.domain import party
from workinjury_bridge.domain.conversion import Conversion, ConversionState
from workinjury_bridge.domain.figures import Figures
from workinjury_bridge.domain.policy import Circumstance
from workinjury_bridge.domain.split import KeptLine, Split, SplitState, flags_of
from workinjury_bridge.domain.terms import StayFacts

_MOVES = ("state", "maker", "checker", "approver", "note", "begun", "revoked", "restored", "paid", "netted", "cause")
"""What of a conversion changes while it goes on; figures, facts and split stay."""
# One array for each column however many rows: the text stays the same, so that nothing is compiled or planned again.
_MOVE = text(
    "UPDATE conversion SET state = n.state, maker = n.maker, checker = n.checker, approver = n.approver, note = n.note,"
    " begun = n.begun, revoked = n.revoked, restored = n.restored, paid = n.paid, netted = CAST(n.netted AS jsonb), cause = n.cause,"
    " changed_at = :at, next_try_at = :at, tries = 0, hindrance = NULL"
    " FROM unnest(CAST(:conversion_id AS text[]), CAST(:state AS text[]), CAST(:maker AS text[]), CAST(:checker AS text[]),"
    " CAST(:approver AS text[]), CAST(:note AS text[]), CAST(:begun AS boolean[]), CAST(:revoked AS boolean[]), CAST(:restored AS boolean[]),"
    " CAST(:paid AS boolean[]), CAST(:netted AS text[]), CAST(:cause AS text[]))"
    " AS n (conversion_id, state, maker, checker, approver, note, begun, revoked, restored, paid, netted, cause)"
    " WHERE conversion.conversion_id = n.conversion_id"
)
_MARK: ColumnElement[str] = literal_column("conversion.xmin::text", Text).label("mark")
"""The transaction that wrote the row as it is: another one after every change."""


class SqlConversions:
    """Implements ``Conversions``."""

    async def add(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        """See the port."""
        first = {"proposed_at": at, "changed_at": at, "next_try_at": at}
        if conversions:
            await opened(tx).execute(insert(t.conversion), [first | _conversion_values(c) for c in conversions])

    async def get(self, tx: Tx, conversion_id: str) -> Conversion | None:
        """See the port."""
        found = await self._where(tx, t.conversion.c.conversion_id == conversion_id)
        return found[0] if found else None

    async def locked(self, tx: Tx, conversion_id: str) -> Conversion | None:
        """See the port."""
        conversion = await self.get(tx, conversion_id)
        if conversion is not None:
            await lock_person(tx, conversion.person_id)
        return await self.get(tx, conversion_id)

    async def save(self, tx: Tx, conversion: Conversion, at: datetime) -> None:
        """See the port."""
        await self._update(tx, [{"id": conversion.conversion_id} | _named(_conversion_values(conversion))], at)

    async def marked(self, tx: Tx, conversion_ids: Sequence[str]) -> Sequence[tuple[Conversion, object]]:
        """See the port."""
        statement = select(t.conversion, _MARK).where(any_of(t.conversion.c.conversion_id, conversion_ids))
        rows = await opened(tx).all(statement.order_by(t.conversion.c.conversion_id))
        return [(_conversion(row), row.mark) for row in rows]

    async def marks(self, tx: Tx, conversion_ids: Sequence[str]) -> Mapping[str, object]:
        """See the port."""
        statement = select(t.conversion.c.conversion_id, _MARK).where(any_of(t.conversion.c.conversion_id, conversion_ids))
        return {row.conversion_id: row.mark for row in await opened(tx).all(statement)}

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
        return await self._where(tx, any_of(t.conversion.c.conversion_id, conversion_ids), None)

    async def move(self, tx: Tx, conversions: Sequence[Conversion], at: datetime) -> None:
        """See the port."""
        if not conversions:
            return
        columns = {name: [getattr(c, name) for c in conversions] for name in ("conversion_id", *_MOVES)}
        columns["netted"] = [json.dumps(books) for books in columns["netted"]]
        await opened(tx).execute(_MOVE, columns | {"at": at})

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
        await opened(tx).execute(statement, list(rows))

    async def of_case(self, tx: Tx, case_id: str) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, t.conversion.c.case_id == case_id)

    async def of_settlements(self, tx: Tx, settlement_ids: Sequence[str]) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, any_of(t.conversion.c.settlement_id, settlement_ids), None)

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
        return [row.conversion_id for row in await opened(tx).all(statement)]

    async def put_off(self, tx: Tx, conversion_id: str, now: datetime, hindrance: str) -> None:
        """See the port."""
        seconds = func.least(3600, func.power(2, func.least(t.conversion.c.tries, 12)))
        await opened(tx).execute(
            update(t.conversion)
            .where(t.conversion.c.conversion_id == conversion_id)
            .values(
                hindrance=hindrance[:2000],
                tries=t.conversion.c.tries + 1,
                next_try_at=literal(now) + seconds * literal(timedelta(seconds=1)),
            )
        )

    async def rest(self, tx: Tx, conversion_id: str, until: datetime) -> None:
        """See the port."""
        await opened(tx).execute(
            update(t.conversion).where(t.conversion.c.conversion_id == conversion_id).values(next_try_at=until)
        )

    async def after(self, tx: Tx, conversion_id: str, limit: int) -> Sequence[Conversion]:
        """See the port."""
        return await self._where(tx, t.conversion.c.conversion_id > conversion_id, limit)

    async def _where(self, tx: Tx, condition: Any, limit: int | None = MAX_ROWS) -> list[Conversion]:
        statement = select(t.conversion).where(condition).order_by(t.conversion.c.conversion_id).limit(limit)
        return [_conversion(row) for row in await opened(tx).all(statement)]


def _stay_facts(stored: Mapping[str, Any] | None) -> StayFacts:
    if stored is None:
        return StayFacts()
    return StayFacts(
        payer=stored["payer"],
        prepaid_fen=stored["prepaid_fen"],
        circumstances=tuple((line_id, Circumstance(c)) for line_id, c in stored["circumstances"]),
    )


def split_of(stored: Mapping[str, Any]) -> Split:
    """A split as it was stored."""
    flags = stored["flags"]
    ratio = flags["ratio"]
    return Split(
        flags=flags_of(flags["lines"], None if ratio is None else (ratio["numerator"], ratio["denominator"])),
        proposed_by=stored["proposed_by"],
        state=SplitState(stored["state"]),
        disputed_by=stored.get("disputed_by"),
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
        values |= dict.fromkeys((f.name for f in fields(Figures)), None) | {
            "owed_fen": None,
            "kept_cash_fen": 0,
            "hospital_due_fen": 0,
        }
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
            uninsured=row.uninsured,
            new_cost_fen=row.new_cost_fen or 0,
            new_meals_fen=row.new_meals_fen or 0,
            hospital_due_fen=row.hospital_due_fen,
            overpaid_fen=row.overpaid_fen or 0,
            audited_lines=tuple(row.audited_lines or ()),
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
        approver=row.approver,
        note=row.note,
        cause=row.cause,
        facts=_stay_facts(row.facts),
        split=None if row.split is None else split_of(row.split),
        netted=tuple(row.netted or ()),
        begun=row.begun,
        revoked=row.revoked,
        restored=row.restored,
        paid=row.paid,
    )
