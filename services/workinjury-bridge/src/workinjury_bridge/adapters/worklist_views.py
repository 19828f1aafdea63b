"""Worklists and figures over many cases, straight from the tables to JSON; every list runs over an index of what is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    tuple_,
    union_all,
)

from shared.clock import CHINA
from shared.db.database import Database
from workinjury_bridge.adapters import tables as t
from workinjury_bridge.adapters import tables_clearing as tc
from workinjury_bridge.adapters.views import recovery_view
from workinjury_bridge.application.worklists.ports import Refunded, Regions

_PARTS: Final = 200
"""Rows of one kind that a case file shows."""


class SqlWorklists:
    """Implements ``Worklists`` on read-only snapshots."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._deadline = db.platform.deadline

    async def case_file(self, case_id: str) -> dict[str, Any] | None:
        """See the port."""
        of = {
            "acts": t.case_act,
            "advances": t.advance,
            "recoveries": t.recovery,
            "deductions": t.audit_deduction,
            "payments": t.payment,
            "direct_settlements": t.direct_settlement,
        }
        one = select(t.injury_case.c.case_id, t.injury_case.c.person_id, t.injury_case.c.region)
        async with self._db.reading() as tx:
            found = await tx.first(one.where(t.injury_case.c.case_id == case_id))
            if found is None:
                return None
            parts: dict[str, list[dict[str, Any]]] = {}
            for name, table in of.items():
                key = table.primary_key.columns.values()[0]
                statement = select(table).where(table.c.case_id == case_id).order_by(key).limit(_PARTS)
                rows = await tx.all(statement)
                parts[name] = [recovery_view(row) if table is t.recovery else _plain(row) for row in rows]
            # the lines of a claim are on its own page
            c = t.paper_claim.c
            claims = select(*(column for column in c if column is not c.lines)).where(c.case_id == case_id)
            found_claims = await tx.all(claims.order_by(c.paper_claim_id).limit(_PARTS))
            parts["paper_claims"] = [_plain(row) for row in found_claims]
            transfers = (
                select(t.transfer)
                .join(t.conversion, t.conversion.c.conversion_id == t.transfer.c.conversion_id)
                .where(t.conversion.c.case_id == case_id)
                .order_by(t.transfer.c.transfer_id)
                .limit(_PARTS)
            )
            parts["transfers"] = [_plain(row) for row in await tx.all(transfers)]
        return _plain(found) | parts

    async def recoveries(
        self, regions: Regions, opened: tuple[date | None, date | None], after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """See the port."""
        c, (since, until) = t.recovery.c, opened
        statement = _in(_of_case(select(t.recovery, t.injury_case.c.region), t.recovery), regions)
        statement = statement.where(text(f"recovery.{t.OPEN_DEBT}"))
        if since is not None:
            statement = statement.where(c.opened_at >= _start(since))
        if until is not None:
            statement = statement.where(c.opened_at < _start(until + timedelta(days=1)))
        async with self._db.reading() as tx:
            return [recovery_view(row) for row in await tx.all(_page(statement, c.recovery_id, after, limit))]

    async def recovery_ages(self, regions: Regions, limits: Sequence[date]) -> list[dict[str, Any]]:
        """See the port."""
        c = t.recovery.c
        age = case(*((c.opened_at >= _start(first), n) for n, first in enumerate(limits)), else_=len(limits)).label("age")
        open_debts = select(age, t.open_fen().label("open_fen")).select_from(t.recovery).join(t.injury_case)
        inner = _in(open_debts, regions).where(text(f"recovery.{t.OPEN_DEBT}")).subquery()
        return await self._sums(inner.c.age, inner=inner)

    async def open_sums(self, regions: Regions) -> list[dict[str, Any]]:
        """See the port."""
        debtor = func.split_part(t.recovery.c.debtor, ":", 1).label("debtor_kind")
        open_debts = select(t.recovery.c.book, debtor, t.open_fen().label("open_fen")).select_from(t.recovery)
        inner = _in(open_debts.join(t.injury_case), regions).where(text(f"recovery.{t.OPEN_DEBT}")).subquery()
        return await self._sums(inner.c.book, inner.c.debtor_kind, inner=inner)

    async def _sums(self, *by: ColumnElement[Any], inner: Any) -> list[dict[str, Any]]:
        sums = (
            select(*by, func.count().label("debts"), func.sum(inner.c.open_fen).label("open_fen")).group_by(*by).order_by(*by)
        )
        async with self._db.reading() as tx:
            return [_plain(row) | {"open_fen": int(row.open_fen)} for row in await tx.all(sums)]

    async def advances(self, regions: Regions, after: str | None, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        statement = _in(_of_case(select(t.advance, t.injury_case.c.region), t.advance), regions)
        statement = statement.where(text("advance.state IN ('applied', 'noticed')"))
        async with self._db.reading() as tx:
            return [_plain(row) for row in await tx.all(_page(statement, t.advance.c.advance_id, after, limit))]

    async def deductions(self, regions: Regions, after: str | None, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        d = t.audit_deduction
        statement = _of_case(select(d, t.injury_case.c.region, t.stay.c.institution_name), d).outerjoin(
            t.stay, t.stay.c.settlement_id == d.c.settlement_id
        )
        statement = _in(statement, regions).where(text(f"audit_deduction.{t.OPEN_DEDUCTION}"))
        async with self._db.reading() as tx:
            return [_plain(row) for row in await tx.all(_page(statement, d.c.deduction_id, after, limit))]

    async def splits(self, regions: Regions, after: str | None, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        c, stay, deadline = t.conversion.c, t.stay.c, self._deadline.c
        statement = (
            _of_case(
                select(
                    c.conversion_id,
                    c.case_id,
                    c.person_id,
                    c.settlement_id,
                    c.split,
                    t.injury_case.c.region,
                    stay.institution_name,
                    stay.begun_on,
                    stay.ended_on,
                    deadline.due_at,
                ),
                t.conversion,
            )
            .outerjoin(t.stay, stay.settlement_id == c.settlement_id)
            .outerjoin(self._deadline, and_(deadline.kind == "split-overdue", deadline.subject_id == c.conversion_id))
        )
        statement = _in(statement, regions).where(text(t.OPEN_SPLIT.replace("state =", "conversion.state =", 1)))
        async with self._db.reading() as tx:
            return [_split(row) for row in await tx.all(_page(statement, c.conversion_id, after, limit))]

    async def stay_splits(self, regions: Regions, after: str | None, limit: int) -> list[dict[str, Any]]:
        """See the port."""
        c, deadline = t.stay_split.c, self._deadline.c
        statement = _of_case(
            select(c.visit_id, c.case_id, c.person_id, c.split, t.injury_case.c.region, deadline.due_at), t.stay_split
        ).outerjoin(self._deadline, and_(deadline.kind == "stay-split-overdue", deadline.subject_id == c.visit_id))
        statement = _in(statement, regions).where(text(f"stay_split.{t.OPEN_STAY_SPLIT}"))
        async with self._db.reading() as tx:
            return [_split(row) for row in await tx.all(_page(statement, c.visit_id, after, limit))]

    async def open_pairs(
        self, regions: Regions, before: date, after: tuple[date, str] | None, limit: int
    ) -> list[dict[str, Any]]:
        """See the port."""
        pairs = union_all(*(_in(statement, regions) for statement in _pairs(_start(before)))).subquery()
        c = pairs.c
        statement = select(pairs).order_by(c.since, c.pair_id).limit(limit)
        if after is not None:
            statement = statement.where(tuple_(c.since, c.pair_id) > tuple_(*after))
        async with self._db.reading() as tx:
            return [_plain(row) for row in await tx.all(statement)]

    async def returned(self, regions: Regions, since: date, until: date) -> list[dict[str, Any]]:
        """See the port."""
        c, cleared = t.transfer.c, tc.transfer.c
        at_once = (
            select(c.transfer_id, c.book, c.direction, c.changed_at, c.amount_fen)
            .join(t.conversion, t.conversion.c.conversion_id == c.conversion_id)
            .join(t.injury_case, t.injury_case.c.case_id == t.conversion.c.case_id)
            .where(text("transfer.state = 'confirmed'"), *_between(c.changed_at, since, until))
        )
        # a clearing's voucher is of many cases: each region sees its part of the amount
        at_month_end = (
            select(cleared.transfer_id, cleared.book, cleared.direction, cleared.changed_at, tc.part.c.amount_fen)
            .join(tc.part, tc.part.c.transfer_id == cleared.transfer_id)
            .join(tc.due, tc.due.c.due_id == tc.part.c.due_id)
            .outerjoin(t.conversion, t.conversion.c.conversion_id == tc.due.c.conversion_id)
            .join(t.injury_case, t.injury_case.c.case_id == func.coalesce(tc.due.c.case_id, t.conversion.c.case_id))
            .where(text("clearing_transfer.state = 'confirmed'"), *_between(cleared.changed_at, since, until))
        )
        moved = union_all(_in(at_once, regions), _in(at_month_end, regions)).subquery().c
        month = func.to_char(func.timezone("Asia/Shanghai", moved.changed_at), "YYYY-MM").label("month")
        transfers = func.count(moved.transfer_id.distinct()).label("transfers")
        statement = (
            select(month, moved.book, moved.direction, transfers, func.sum(moved.amount_fen).label("amount_fen"))
            .group_by(month, moved.book, moved.direction)
            .order_by(month, moved.book, moved.direction)
        )
        async with self._db.reading() as tx:
            return [_plain(row) | {"amount_fen": int(row.amount_fen)} for row in await tx.all(statement)]

    async def refunded(self, regions: Regions, since: date, until: date) -> list[Refunded]:
        """See the port."""
        p = t.payment.c
        paid_on = cast(func.timezone("Asia/Shanghai", p.paid_at), Date).label("paid_on")
        statement = (
            select(t.decision.c.decided_on, paid_on, func.count().label("refunds"))
            .select_from(t.payment)
            .join(t.conversion, t.conversion.c.conversion_id == p.conversion_id)
            .join(t.decision, t.decision.c.decision_id == t.conversion.c.decision_id)
            .join(t.injury_case, t.injury_case.c.case_id == p.case_id)
            .where(text("payment.kind = 'refund' AND payment.conversion_id IS NOT NULL"), *_between(p.paid_at, since, until))
            .group_by(t.decision.c.decided_on, paid_on)
        )
        async with self._db.reading() as tx:
            rows = await tx.all(_in(statement, regions))
        return [Refunded(decided_on=row.decided_on, paid_on=row.paid_on, refunds=row.refunds) for row in rows]


def _pairs(before: datetime) -> list[Select[Any]]:
    """Transfers, conversions without one, and movements on debts, whose first half is from before an instant."""
    tr, c, m, r = t.transfer.c, t.conversion.c, t.recovery_movement.c, t.recovery.c
    due = tc.due.c

    def pair(kind: str, pair_id: Any, state: Any, since: Any, cause: Any, **more: Any) -> Select[Any]:
        shown = {"book": null(), "voucher_no": null(), "amount_fen": null(), "conversion_id": null(), **more}
        return select(
            literal_column(f"'{kind}'").label("kind"),
            pair_id.label("pair_id"),
            state.label("state"),
            cast(func.timezone("Asia/Shanghai", since), Date).label("since"),
            cause.label("cause"),
            *(value.label(name) for name, value in shown.items()),
            t.injury_case.c.case_id,
            t.injury_case.c.person_id,
            t.injury_case.c.region,
        )

    transfers = (
        pair(
            "transfer",
            tr.transfer_id,
            tr.state,
            tr.instructed_at,
            func.coalesce(c.hindrance, tr.cause),
            book=tr.book,
            voucher_no=tr.voucher_no,
            amount_fen=tr.amount_fen,
            conversion_id=tr.conversion_id,
        )
        .join(t.conversion, c.conversion_id == tr.conversion_id)
        .join(t.injury_case, t.injury_case.c.case_id == c.case_id)
        .where(text(f"transfer.{t.OPEN_TRANSFER}"), tr.instructed_at < before)
    )
    conversions = (
        pair(
            "conversion",
            c.conversion_id,
            c.state,
            c.changed_at,
            c.hindrance,
            amount_fen=c.owed_fen,
            conversion_id=c.conversion_id,
        )
        .join(t.injury_case, t.injury_case.c.case_id == c.case_id)
        .where(
            text(f"conversion.{t.MOVING_CONVERSION}"),
            c.changed_at < before,
            # what waits for the month's clearing and meets no hindrance matches: both books have it in 1121 and 2202
            or_(
                c.hindrance.isnot(None),
                ~select(due.due_id).where(due.conversion_id == c.conversion_id, due.confirmed_fen < due.amount_fen).exists(),
            ),
            ~select(tr.transfer_id).where(tr.conversion_id == c.conversion_id, text(f"transfer.{t.OPEN_TRANSFER}")).exists(),
        )
    )
    movements = (
        pair(
            "movement",
            m.movement_id,
            literal_column("'unbooked'", String),
            m.recorded_at,
            null(),
            book=r.book,
            amount_fen=m.amount_fen,
            conversion_id=r.conversion_id,
        )
        .select_from(t.recovery_movement)
        .join(t.recovery, r.recovery_id == m.recovery_id)
        .join(t.injury_case, t.injury_case.c.case_id == r.case_id)
        .where(text("NOT recovery_movement.booked"), m.recorded_at < before)
    )
    return [transfers, conversions, movements]


def _of_case(statement: Select[Any], table: Any) -> Select[Any]:
    return statement.join(t.injury_case, t.injury_case.c.case_id == table.c.case_id)


def _in(statement: Select[Any], regions: Regions) -> Select[Any]:
    if "" in regions:
        return statement
    region = t.injury_case.c.region
    return statement.where(or_(region.is_(None), *(region.startswith(stem, autoescape=True) for stem in regions)))


def _page(statement: Select[Any], column: Any, after: str | None, limit: int) -> Select[Any]:
    statement = statement.order_by(column).limit(limit)
    return statement if after is None else statement.where(column > after)


def _between(column: Any, since: date, until: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= _start(since), column < _start(until + timedelta(days=1))


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def _split(row: Row[Any]) -> dict[str, Any]:
    split = row.split
    counts: dict[str, int] = {}
    for _, belongs in split["flags"]["lines"]:
        counts[belongs] = counts.get(belongs, 0) + 1
    plain = {name: value for name, value in _plain(row).items() if name != "split"}
    return plain | {
        "split_state": split["state"],
        "proposed_by": split["proposed_by"],
        "note": split["note"],
        "ratio": split["flags"]["ratio"],
        "lines": counts,
    }


def _plain(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)
