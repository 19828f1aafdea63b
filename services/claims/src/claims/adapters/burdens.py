"""Burdens and crossings (SQLAlchemy Core).

Subjects travel as three arrays, so that a statement has one text for any number of them: it is prepared once, and a group of
settlements costs as many statements as one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Integer,
    Row,
    Select,
    Text,
    func,
    literal,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)

from claims.adapters.corrections import last_correction
from claims.adapters.registry import person_of
from claims.adapters.tables.burden import BURDEN, BURDEN_CROSSING
from claims.adapters.tables.registry import INSURED_PERSON
from claims.adapters.tables.settlement import SETTLEMENT, TAKE_BACK
from claims.application.burden.ports import KnownCrossing, WatchFilter, WatchLine
from claims.domain.adjudication import Split
from claims.domain.burden.watch import Burden, Crossing, Subject, region_of
from claims.domain.person import InsuredPerson
from shared.db.arrays import any_of
from shared.db.database import opened
from shared.transactions import Tx

_B = BURDEN.c
_C = BURDEN_CROSSING.c
_IN_SCOPE: Final = Split._fields.index("in_scope_fen")
_SUBJECTS: Final = "unnest(CAST(:kinds AS text[]), CAST(:ids AS text[]), CAST(:years AS int[]))"
_BEGIN: Final = text(
    f"INSERT INTO burden (subject_kind, subject_id, benefit_year) SELECT k, i, y FROM {_SUBJECTS} AS s(k, i, y) ON CONFLICT DO NOTHING"
)
_LOCK: Final = text(
    f"SELECT 1 FROM burden b JOIN {_SUBJECTS} AS s(k, i, y) ON (b.subject_kind, b.subject_id, b.benefit_year) = (s.k, s.i, s.y)"
    " ORDER BY b.subject_kind, b.subject_id, b.benefit_year FOR UPDATE OF b"
)
_STORE: Final = text(
    "UPDATE burden b SET household_id = s.h, region = s.r, in_scope_self_pay_fen = s.a, out_of_pocket_fen = s.o, members = s.m"
    " FROM unnest(CAST(:kinds AS text[]), CAST(:ids AS text[]), CAST(:years AS int[]), CAST(:households AS text[]),"
    " CAST(:regions AS text[]), CAST(:in_scope AS bigint[]), CAST(:borne AS bigint[]), CAST(:members AS int[]))"
    " AS s(k, i, y, h, r, a, o, m) WHERE (b.subject_kind, b.subject_id, b.benefit_year) = (s.k, s.i, s.y)"
)
_PUT: Final = text(
    "INSERT INTO burden_crossing AS c (crossing_id, subject_kind, subject_id, benefit_year, line, line_name, person_id, region,"
    " amount_fen, line_fen, is_over, state, crossed_at)"
    " SELECT x, k, i, y, l, n, p, r, a, h, true, 'open', :now FROM unnest(CAST(:crossings AS text[]), CAST(:kinds AS text[]),"
    " CAST(:ids AS text[]), CAST(:years AS int[]), CAST(:lines AS text[]), CAST(:names AS text[]), CAST(:persons AS text[]),"
    " CAST(:regions AS text[]), CAST(:amounts AS bigint[]), CAST(:heights AS bigint[])) AS s(x, k, i, y, l, n, p, r, a, h)"
    " ON CONFLICT (subject_kind, subject_id, benefit_year, line) DO UPDATE SET person_id = excluded.person_id,"
    " region = excluded.region, line_name = excluded.line_name, amount_fen = excluded.amount_fen, line_fen = excluded.line_fen,"
    " is_over = true, state = CASE WHEN c.is_over THEN c.state ELSE 'open' END, note = CASE WHEN c.is_over THEN c.note END,"
    " handled_by = CASE WHEN c.is_over THEN c.handled_by END, handled_at = CASE WHEN c.is_over THEN c.handled_at END,"
    " crossed_at = CASE WHEN c.is_over THEN c.crossed_at ELSE excluded.crossed_at END"
)
"""One that is over keeps what the desk did about it; one that was taken back under begins again."""
_WITHDRAW: Final = text(
    "UPDATE burden_crossing c SET is_over = false FROM unnest(CAST(:kinds AS text[]), CAST(:ids AS text[]), CAST(:years AS int[]),"
    " CAST(:lines AS text[])) AS s(k, i, y, l)"
    " WHERE (c.subject_kind, c.subject_id, c.benefit_year, c.line) = (s.k, s.i, s.y, s.l)"
)


class SqlBurdens:
    """Implements ``Burdens``."""

    async def of_settlements(self, tx: Tx, settlement_ids: Collection[str]) -> Sequence[Subject]:
        """See ``Burdens``."""
        s = SETTLEMENT.c
        rows = await opened(tx).all(
            select(s.person_id, s.benefit_year).distinct().where(any_of(s.settlement_id, settlement_ids))
        )
        return [Subject("person", row.person_id, row.benefit_year) for row in rows]

    async def known_years(self, tx: Tx, person_ids: Sequence[str], household_ids: Sequence[str]) -> Sequence[Subject]:
        """See ``Burdens``."""
        rows = await opened(tx).all(
            select(_B.subject_kind, _B.subject_id, _B.benefit_year).where(
                or_(
                    (_B.subject_kind == "person") & any_of(_B.subject_id, person_ids),
                    (_B.subject_kind == "household") & any_of(_B.subject_id, household_ids),
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
        """Into the rows that are locked."""
        if burdens:
            await opened(tx).execute(
                _STORE,
                {
                    **_arrays(b.subject for b in burdens),
                    "households": [b.household_id for b in burdens],
                    "regions": [b.region for b in burdens],
                    "in_scope": [b.in_scope_self_pay_fen for b in burdens],
                    "borne": [b.out_of_pocket_fen for b in burdens],
                    "members": [b.members for b in burdens],
                },
            )

    @staticmethod
    async def _concerned(tx: Tx, people: Collection[Subject]) -> tuple[dict[str, InsuredPerson], set[Subject]]:
        """The persons, and the households that they are in or were in when their burdens were last computed."""
        of_people = any_of(INSURED_PERSON.c.person_id, {s.subject_id for s in people})
        persons = {row.person_id: person_of(row) for row in await opened(tx).all(select(INSURED_PERSON).where(of_people))}
        before = await opened(tx).all(
            select(_B.household_id, _B.benefit_year).where(
                tuple_(_B.subject_kind, _B.subject_id, _B.benefit_year).in_(_among(people)), _B.household_id.is_not(None)
            )
        )
        households = {Subject("household", row.household_id, row.benefit_year) for row in before}
        households |= {Subject("household", h, s.year) for s in people if (h := persons[s.subject_id].household_id)}
        return persons, households

    @staticmethod
    async def _lock(tx: Tx, subjects: Iterable[Subject]) -> None:
        arrays = _arrays(sorted(subjects))
        await opened(tx).execute(_BEGIN, arrays)
        await opened(tx).execute(_LOCK, arrays)

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
                    any_of(c.person_id, {s.subject_id for s in people}),
                    c.state == "valid",
                    tuple_(literal("person"), c.person_id, c.benefit_year).in_(_among(people)),
                )
                .group_by(c.person_id, c.benefit_year)
            )
        }
        for row in await opened(tx).all(
            select(c.person_id, c.benefit_year, TAKE_BACK.c.kept)
            .select_from(SETTLEMENT)
            .join(TAKE_BACK, (TAKE_BACK.c.settlement_id == c.settlement_id) & (TAKE_BACK.c.state == "taken-back"))
            .where(
                any_of(c.person_id, {s.subject_id for s in people}),
                tuple_(literal("person"), c.person_id, c.benefit_year).in_(_among(people)),
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
                select(p.household_id, func.count().label("size")).where(any_of(p.household_id, ids)).group_by(p.household_id)
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
                any_of(member.household_id, ids),
                tuple_(literal("household"), member.household_id, member.benefit_year).in_(_among(households)),
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
                any_of(_C.subject_id, {s.subject_id for s in subjects}),
                tuple_(_C.subject_kind, _C.subject_id, _C.benefit_year).in_(_among(subjects)),
            )
        )
        return [
            KnownCrossing(
                _subject(row), row.line, row.line_name, row.is_over, row.amount_fen, row.line_fen, row.person_id, row.region
            )
            for row in rows
        ]

    async def put(self, tx: Tx, found: Sequence[tuple[Burden, Crossing]]) -> None:
        """See ``Crossings``."""
        await opened(tx).execute(
            _PUT,
            {
                **_arrays(burden.subject for burden, _ in found),
                "now": opened(tx).clock.now(),
                "crossings": [opened(tx).ids.new() for _ in found],
                "persons": [burden.person_id for burden, _ in found],
                "regions": [burden.region for burden, _ in found],
                "lines": [crossing.line for _, crossing in found],
                "names": [crossing.name for _, crossing in found],
                "amounts": [crossing.amount_fen for _, crossing in found],
                "heights": [crossing.line_fen for _, crossing in found],
            },
        )

    async def withdraw(self, tx: Tx, found: Sequence[tuple[Subject, str]]) -> None:
        """See ``Crossings``. What was done stays on the record."""
        await opened(tx).execute(_WITHDRAW, {**_arrays(subject for subject, _ in found), "lines": [line for _, line in found]})


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


def _arrays(subjects: Iterable[Subject]) -> dict[str, list[Any]]:
    of = list(subjects)
    return {"kinds": [s.kind for s in of], "ids": [s.subject_id for s in of], "years": [s.year for s in of]}


def _among(subjects: Iterable[Subject]) -> Select[Any]:
    """The subjects, to be compared with a triple of columns."""
    arrays = _arrays(subjects)
    keys = func.unnest(
        literal(arrays["kinds"], ARRAY(Text)), literal(arrays["ids"], ARRAY(Text)), literal(arrays["years"], ARRAY(Integer))
    )
    columns = keys.table_valued("k", "i", "y").render_derived(name="s").c
    return select(columns.k, columns.i, columns.y)


def _subject(row: Row[Any]) -> Subject:
    return Subject(row.subject_kind, row.subject_id, row.benefit_year)


def _line(row: Row[Any]) -> WatchLine:
    shown = {
        name: value.isoformat() if isinstance(value := getattr(row, name), datetime) else value
        for name in _C.keys()  # noqa: SIM118  (a collection of columns iterates over columns, not names)
    }
    return WatchLine(row.crossing_id, shown)
