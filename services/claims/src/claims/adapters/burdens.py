"""Burdens and crossings (SQLAlchemy Core)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, func, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.corrections import last_correction
from claims.adapters.registry import person_of
from claims.adapters.tables.burden import BURDEN, BURDEN_CROSSING
from claims.adapters.tables.registry import INSURED_PERSON
from claims.adapters.tables.settlement import SETTLEMENT, TAKE_BACK
from claims.application.burden.ports import KnownCrossing, WatchFilter, WatchLine
from claims.domain.adjudication import Split
from claims.domain.burden.watch import Burden, Crossing, Subject
from claims.domain.person import WORK_INJURY, InsuredPerson
from shared.db.database import opened
from shared.transactions import Tx

_B = BURDEN.c
_C = BURDEN_CROSSING.c
_IN_SCOPE: Final = Split._fields.index("in_scope_fen")


class SqlBurdens:
    """Implements ``Burdens``."""

    async def of_settlements(self, tx: Tx, settlement_ids: Collection[str]) -> Sequence[Subject]:
        """See ``Burdens``."""
        s = SETTLEMENT.c
        rows = await opened(tx).all(select(s.person_id, s.benefit_year).distinct().where(s.settlement_id.in_(settlement_ids)))
        return [Subject("person", row.person_id, row.benefit_year) for row in rows]

    async def households(self, tx: Tx, person_ids: Sequence[str]) -> Mapping[str, str]:
        """See ``Burdens``."""
        p = INSURED_PERSON.c
        rows = await opened(tx).all(
            select(p.person_id, p.household_id).where(p.person_id.in_(person_ids), p.household_id.is_not(None))
        )
        return {row.person_id: row.household_id for row in rows}

    async def known_years(self, tx: Tx, person_ids: Sequence[str], household_ids: Sequence[str]) -> Sequence[Subject]:
        """See ``Burdens``."""
        rows = await opened(tx).all(
            select(_B.subject_kind, _B.subject_id, _B.benefit_year).where(
                or_(
                    (_B.subject_kind == "person") & _B.subject_id.in_(person_ids),
                    (_B.subject_kind == "household") & _B.subject_id.in_(household_ids),
                )
            )
        )
        return [_subject(row) for row in rows]

    async def compute(self, tx: Tx, subjects: Collection[Subject]) -> Sequence[Burden]:
        """See ``Burdens``."""
        people = {s for s in subjects if s.kind == "person"}
        locked: set[Subject] = set()
        while True:
            persons, households = await self._concerned(tx, people)
            wanted = {*subjects, *households}
            if wanted <= locked:
                break
            # Read again under the locks: who moved meanwhile is summed up where he is now.
            await self._lock(tx, wanted - locked)
            locked |= wanted
        found = await self._persons(tx, people, persons)
        await self._store(tx, found)
        of_households = await self._households(tx, [s for s in sorted(wanted) if s.kind == "household"])
        await self._store(tx, of_households)
        return [*found, *of_households]

    @staticmethod
    async def _store(tx: Tx, burdens: Sequence[Burden]) -> None:
        if not burdens:
            return
        statement = upsert(BURDEN)
        await opened(tx).execute(
            statement.on_conflict_do_update(
                index_elements=["subject_kind", "subject_id", "benefit_year"],
                set_={
                    name: statement.excluded[name]
                    for name in ("household_id", "region", "in_scope_self_pay_fen", "out_of_pocket_fen", "members")
                },
            ),
            [_row(burden) for burden in burdens],
        )

    @staticmethod
    async def _concerned(tx: Tx, people: Collection[Subject]) -> tuple[dict[str, InsuredPerson], set[Subject]]:
        """The persons, and the households that they are in or were in when their burdens were last computed."""
        of_people = INSURED_PERSON.c.person_id.in_({s.subject_id for s in people})
        persons = {row.person_id: person_of(row) for row in await opened(tx).all(select(INSURED_PERSON).where(of_people))}
        before = await opened(tx).all(select(_B.household_id, _B.benefit_year).where(_is(people), _B.household_id.is_not(None)))
        households = {Subject("household", row.household_id, row.benefit_year) for row in before}
        households |= {Subject("household", h, s.year) for s in people if (h := persons[s.subject_id].household_id)}
        return persons, households

    @staticmethod
    async def _lock(tx: Tx, subjects: Iterable[Subject]) -> None:
        ordered = sorted(subjects)
        await opened(tx).execute(
            upsert(BURDEN).on_conflict_do_nothing(),
            [{"subject_kind": s.kind, "subject_id": s.subject_id, "benefit_year": s.year} for s in ordered],
        )
        await opened(tx).execute(
            select(_B.members).where(_is(ordered)).order_by(_B.subject_kind, _B.subject_id, _B.benefit_year).with_for_update()
        )

    @staticmethod
    async def _persons(tx: Tx, people: Collection[Subject], persons: Mapping[str, InsuredPerson]) -> list[Burden]:
        """From the settlements that stand."""
        if not people:
            return []
        c, last = SETTLEMENT.c, last_correction()
        # With corrections: what every payment comes to now; the lines of the bill may have been put right too.
        total, account = func.coalesce(last.c.c_total_fen, c.total_fen), func.coalesce(last.c.c_account_fen, c.account_fen)
        cash, hospital = func.coalesce(last.c.c_cash_fen, c.cash_fen), func.coalesce(last.c.c_hospital_fen, c.hospital_fen)
        corrected, stated = (facts["split"][_IN_SCOPE].as_integer() for facts in (last.c.c_facts, c.facts))
        in_scope = c.in_scope_fen + func.coalesce(corrected - stated, 0)
        sums = {
            (row.person_id, row.benefit_year): (int(row.in_scope), int(row.borne))
            for row in await opened(tx).all(
                select(
                    c.person_id,
                    c.benefit_year,
                    func.sum(func.greatest(in_scope - (total - account - cash - hospital), 0)).label("in_scope"),
                    func.sum(account + cash).label("borne"),
                )
                .outerjoin(last, true())
                .where(
                    c.person_id.in_({s.subject_id for s in people}),
                    c.state == "valid",
                    tuple_(c.person_id, c.benefit_year).in_([(s.subject_id, s.year) for s in people]),
                )
                .group_by(c.person_id, c.benefit_year)
            )
        }
        for row in await opened(tx).all(
            select(c.person_id, c.benefit_year, TAKE_BACK.c.kept)
            .select_from(SETTLEMENT)
            .join(TAKE_BACK, (TAKE_BACK.c.settlement_id == c.settlement_id) & (TAKE_BACK.c.state == "taken-back"))
            .where(
                c.person_id.in_({s.subject_id for s in people}),
                tuple_(c.person_id, c.benefit_year).in_([(s.subject_id, s.year) for s in people]),
                TAKE_BACK.c.kept.is_not(None),
            )
        ):
            # What the medical funds keep of a stay that work injury took over (B5).
            in_scope_fen, borne_fen = sums.get((row.person_id, row.benefit_year), (0, 0))
            kept = row.kept
            sums[row.person_id, row.benefit_year] = (
                in_scope_fen + max(kept["in_scope_fen"] - kept["fund_fen"], 0),
                borne_fen + kept["account_fen"] + kept["family_fen"] + kept["cash_fen"],
            )
        return [
            Burden(
                s,
                s.subject_id,
                region_of(persons[s.subject_id]),
                *sums.get((s.subject_id, s.year), (0, 0)),
                household_id=persons[s.subject_id].household_id,
            )
            for s in sorted(people)
        ]

    @staticmethod
    async def _households(tx: Tx, households: Collection[Subject]) -> list[Burden]:
        """From the persons' burdens as they are stored. One whose members have none any more stands with its old person."""
        if not households:
            return []
        ids = {s.subject_id for s in households}
        member, p = BURDEN.alias("member").c, INSURED_PERSON.c
        members = {
            row.household_id: row.size
            for row in await opened(tx).all(
                select(p.household_id, func.count().label("size")).where(p.household_id.in_(ids)).group_by(p.household_id)
            )
        }
        rows = await opened(tx).all(
            select(
                member.household_id,
                member.benefit_year,
                func.min(member.subject_id).label("person_id"),
                func.min(member.region).label("region"),
                func.sum(member.in_scope_self_pay_fen).label("in_scope"),
                func.sum(member.out_of_pocket_fen).label("borne"),
            )
            .where(
                member.subject_kind == "person",
                tuple_(member.household_id, member.benefit_year).in_([(s.subject_id, s.year) for s in households]),
            )
            .group_by(member.household_id, member.benefit_year)
        )
        sums = {(row.household_id, row.benefit_year): row for row in rows}
        return [
            Burden(
                s,
                row.person_id if row else "",
                row.region if row else "",
                int(row.in_scope) if row else 0,
                int(row.borne) if row else 0,
                max(members.get(s.subject_id, 0), 1),
            )
            for s in households
            for row in [sums.get((s.subject_id, s.year))]
        ]


class SqlCrossings:
    """Implements ``Crossings``."""

    async def of(self, tx: Tx, subjects: Sequence[Subject]) -> Sequence[KnownCrossing]:
        """See ``Crossings``."""
        rows = await opened(tx).all(
            select(BURDEN_CROSSING).where(
                tuple_(_C.subject_kind, _C.subject_id, _C.benefit_year).in_([tuple(s) for s in subjects])
            )
        )
        return [
            KnownCrossing(_subject(row), row.line, row.line_name, row.is_over, row.amount_fen, row.line_fen, row.person_id)
            for row in rows
        ]

    async def put(self, tx: Tx, burden: Burden, crossing: Crossing) -> None:
        """See ``Crossings``."""
        now = opened(tx).clock.now()
        figures = {
            "person_id": burden.person_id,
            "region": burden.region,
            "line_name": crossing.name,
            "amount_fen": crossing.amount_fen,
            "line_fen": crossing.line_fen,
        }
        updated = await opened(tx).execute(
            update(BURDEN_CROSSING).where(_one(burden.subject, crossing.line), _C.is_over).values(**figures)
        )
        if updated.rowcount:
            return
        again = {"is_over": True, "state": "open", "note": None, "handled_by": None, "handled_at": None, "crossed_at": now}
        await opened(tx).execute(
            upsert(BURDEN_CROSSING)
            .values(
                crossing_id=opened(tx).ids.new(),
                subject_kind=burden.subject.kind,
                subject_id=burden.subject.subject_id,
                benefit_year=burden.subject.year,
                line=crossing.line,
                **figures,
                **again,
            )
            .on_conflict_do_update(
                index_elements=["subject_kind", "subject_id", "benefit_year", "line"], set_={**figures, **again}
            )
        )

    async def withdraw(self, tx: Tx, burden: Burden, line: str) -> None:
        """See ``Crossings``. What was done stays on the record."""
        await opened(tx).execute(update(BURDEN_CROSSING).where(_one(burden.subject, line)).values(is_over=False))


class SqlWorklist:
    """Implements ``Worklist``."""

    async def page(self, tx: Tx, wanted: WatchFilter, after: str | None, limit: int) -> Sequence[WatchLine]:
        """See ``Worklist``."""
        statement = select(BURDEN_CROSSING).where(_C.is_over).order_by(_C.crossing_id.desc()).limit(limit)
        statement = statement.where(or_(*(_C.region.startswith(prefix, autoescape=True) for prefix in wanted.regions)))
        for column, value in ((_C.line, wanted.line), (_C.state, wanted.state), (_C.benefit_year, wanted.year)):
            if value is not None:
                statement = statement.where(column == value)
        if after is not None:
            statement = statement.where(_C.crossing_id < after)
        return [_line(row) for row in await opened(tx).all(statement)]

    async def find(self, tx: Tx, crossing_id: str) -> WatchLine | None:
        """See ``Worklist``."""
        row = await opened(tx).first(select(BURDEN_CROSSING).where(_C.crossing_id == crossing_id))
        return None if row is None else _line(row)

    async def lock(self, tx: Tx, crossing_id: str) -> tuple[str, bool] | None:
        """See ``Worklist``."""
        row = await opened(tx).first(select(_C.state, _C.is_over).where(_C.crossing_id == crossing_id).with_for_update())
        return None if row is None else (row.state, row.is_over)

    async def handle(self, tx: Tx, crossing_id: str, state: str, by: str, note: str | None, at: datetime) -> None:
        """See ``Worklist``."""
        await opened(tx).execute(
            update(BURDEN_CROSSING)
            .where(_C.crossing_id == crossing_id)
            .values(state=state, handled_by=by, note=note, handled_at=at)
        )


def region_of(person: InsuredPerson) -> str:
    """Where a person is insured: the latest medical cover counts. Empty without one."""
    covers = [c for c in person.coverages if c.scheme != WORK_INJURY]
    return max(covers, key=lambda c: (c.begins_on, c.coverage_id)).region if covers else ""


def _is(subjects: Iterable[Subject]) -> ColumnElement[bool]:
    return tuple_(_B.subject_kind, _B.subject_id, _B.benefit_year).in_([tuple(s) for s in subjects])


def _one(subject: Subject, line: str) -> ColumnElement[bool]:
    return (
        (_C.subject_kind == subject.kind)
        & (_C.subject_id == subject.subject_id)
        & (_C.benefit_year == subject.year)
        & (_C.line == line)
    )


def _subject(row: Row[Any]) -> Subject:
    return Subject(row.subject_kind, row.subject_id, row.benefit_year)


def _row(burden: Burden) -> dict[str, Any]:
    return {
        "subject_kind": burden.subject.kind,
        "subject_id": burden.subject.subject_id,
        "benefit_year": burden.subject.year,
        "household_id": burden.household_id,
        "region": burden.region,
        "in_scope_self_pay_fen": burden.in_scope_self_pay_fen,
        "out_of_pocket_fen": burden.out_of_pocket_fen,
        "members": burden.members,
    }


def _line(row: Row[Any]) -> WatchLine:
    shown = {
        name: value.isoformat() if isinstance(value := getattr(row, name), datetime) else value
        for name in _C.keys()  # noqa: SIM118  (a collection of columns iterates over columns, not names)
    }
    return WatchLine(row.crossing_id, shown)
