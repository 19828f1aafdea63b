"""The hot path: one transaction for a group of settlements, through asyncpg, every statement for the whole group.

Locks and changes travel as arrays (unnest), new rows by COPY. What a settlement costs in statements is a constant divided by the size of
its group; the bench reports it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, TypeAlias

import asyncpg
import orjson
from pydantic import TypeAdapter

from claims.adapters.past import CHARGED, IS_PART, STANDING_DECISION, AsyncpgPast
from claims.application.settlement.answer import SettlementAnswer
from claims.application.settlement.ports import LockedYear, MessageKey, NewSettlement, RulesChanged, YearKey
from claims.application.settlement.stored_facts import decision_to_json
from claims.domain.accounts.sharing import Sharing
from claims.domain.adjudication import Split, YearState
from claims.domain.filing import Filing
from claims.domain.refusals import msgid_reused
from claims.domain.settlement import Batch, Identity, VisitToSettle
from shared.contracts.enrollment import CoveragePeriod, IdentityClass
from shared.crypto import Sealer
from shared.db.database import DATABASE_FAULTS, OUTBOX_COLUMNS, Database, outbox_rows, translated
from shared.ledger.store import append_raw

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"

VISIT_COLUMNS = (
    "v.visit_id, v.person_id, v.institution_code, v.inpatient, v.scheme, v.med_type, v.state, v.begun_on, v.ended_on,"
    " v.work_injury, v.injury_suspect, v.credit_id, v.disease_code, v.disease_name, p.version, p.sealed, p.sex, p.born_on, p.coverages, p.classes"
    ", p.filings"
)
_LOCK_VISITS = (
    f"SELECT {VISIT_COLUMNS} FROM visit v JOIN insured_person p USING (person_id)"
    " WHERE v.visit_id = ANY($1::text[]) ORDER BY v.visit_id FOR UPDATE OF v"
)
BATCHES = (
    "SELECT b.visit_id, b.batch_id, b.batch_no, b.settlement_id, b.total_fen, b.self_funded_fen, b.over_limit_fen,"
    " b.pre_selfpay_fen, b.in_scope_fen, b.class_b_fen, b.traditional_fen, b.flat_fen, b.sessions, b.first_on, b.last_on FROM fee_batch b WHERE b.visit_id = ANY($1::text[]) ORDER BY b.batch_id"
)
EARLIER_PARTS = (
    f"SELECT s.visit_id, {CHARGED} FROM settlement s {STANDING_DECISION}"
    f" WHERE s.visit_id = ANY($1::text[]) AND {IS_PART} GROUP BY s.visit_id"
)
_ANSWERS = (
    "SELECT m.institution_code, m.infno, m.msgid, m.variant, m.digest, m.answer FROM his_message m"
    " JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS k(i, n, m, v)"
    " ON (m.institution_code, m.infno, m.msgid, m.variant) = (k.i, k.n, k.m, k.v)"
)
_RECALLED = (
    "SELECT DISTINCT r.institution_code, r.infno, r.msgid FROM reversed_message r"
    " JOIN unnest($1::text[], $2::text[], $3::text[]) AS k(i, n, m)"
    " ON (r.institution_code, r.infno, r.msgid) = (k.i, k.n, k.m)"
)
_LOCK_YEARS = (
    "SELECT y.person_id, y.scheme, y.benefit_year, y.state, y.version, y.person_version FROM person_year y"
    " JOIN unnest($1::text[], $2::text[], $3::int[]) AS k(p, s, b)"
    " ON (y.person_id, y.scheme, y.benefit_year) = (k.p, k.s, k.b)"
    " ORDER BY y.person_id, y.scheme, y.benefit_year FOR UPDATE OF y"
)
_BEGIN_YEARS = (
    "INSERT INTO person_year (person_id, scheme, benefit_year, state)"
    " SELECT p, s, b, '{}'::jsonb FROM unnest($1::text[], $2::text[], $3::int[]) AS k(p, s, b) ON CONFLICT DO NOTHING"
)
_WRITE_YEARS = (
    "UPDATE person_year y SET state = k.t::jsonb, version = y.version + 1"
    " FROM unnest($1::text[], $2::text[], $3::int[], $4::text[]) AS k(p, s, b, t)"
    " WHERE (y.person_id, y.scheme, y.benefit_year) = (k.p, k.s, k.b)"
)
_LOCK_ACCOUNTS = "SELECT person_id, balance_fen FROM account WHERE person_id = ANY($1::text[]) ORDER BY person_id FOR UPDATE"
SHARINGS = (
    "SELECT sharing_id, holder_id, beneficiary_id, relation, begins_on, ends_on, limit_fen, used_fen FROM account_sharing"
    " WHERE beneficiary_id = ANY($1::text[]) AND withdrawn_at IS NULL AND begins_on <= $2 AND (ends_on IS NULL OR $2 <= ends_on)"
    " ORDER BY sharing_id"
)
_LOCK_SHARINGS = f"{SHARINGS} FOR UPDATE"
_USE_SHARINGS = (
    "UPDATE account_sharing s SET used_fen = s.used_fen + k.a"
    " FROM (SELECT i, sum(a)::bigint AS a FROM unnest($1::text[], $2::bigint[]) AS u(i, a) GROUP BY i) k WHERE s.sharing_id = k.i"
)
_WRITE_ACCOUNTS = (
    "UPDATE account a SET balance_fen = k.b FROM unnest($1::text[], $2::bigint[]) AS k(p, b) WHERE a.person_id = k.p"
)
_MOVEMENT_COLUMNS = (
    "movement_id", "person_id", "amount_fen", "balance_fen", "reason", "reference", "recorded_at", "sharing_id", "settlement_id",
)  # fmt: skip
SETTLEMENT_COLUMNS = (
    "settlement_id", "visit_id", "person_id", "institution_code", "state", "scheme", "benefit_year", "inpatient", "med_type",
    "begun_on", "ended_on", "settled_at", "year_no", "infno", "msgid", "total_fen", "self_funded_fen", "over_limit_fen",
    "pre_selfpay_fen", "in_scope_fen", "fund_fen", "account_fen", "cash_fen", "hospital_fen", "work_injury_key", "beside",
    "rule_digest", "facts", "decision", "answer",
)  # fmt: skip
_SETTLE_BATCHES = (
    "UPDATE fee_batch b SET settlement_id = k.s FROM unnest($1::text[], $2::text[]) AS k(b, s) WHERE b.batch_id = k.b"
)
_END_CREDITS = (
    "UPDATE stay_credit c SET state = 'settled', ended_by = k.b, settlement_id = k.s, ended_at = k.t, next_try_at = NULL,"
    " hindrance = NULL FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS k(c, b, s, t) WHERE c.credit_id = k.c"
)
_OFF_CREDIT = "UPDATE visit SET credit_id = NULL WHERE visit_id = ANY($1::text[])"
_WAKE_RELAY = "SELECT (SELECT edition FROM rule_book_register), pg_notify('outbox', '')"
_MESSAGE_COLUMNS = (
    "institution_code", "infno", "msgid", "variant", "digest", "person_id", "visit_id", "subject_id", "answer", "answered_at",
)  # fmt: skip

_PERSONAL = {"person_name", "cert_type", "certno", "naty"}
"""Fields of an answer that are not stored with it; they are read from the person when it is shown again."""

_answers = TypeAdapter(SettlementAnswer)
_coverages = TypeAdapter(tuple[CoveragePeriod, ...])
_classes = TypeAdapter(tuple[IdentityClass, ...])
_filings = TypeAdapter(tuple[Filing, ...])


class AsyncpgGroups:
    """Implements ``SettlementGroups``."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db = db
        self._sealer = sealer

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncpgGroupTx]:
        """A transaction of a group; refuses with UNAVAILABLE when the database is away or gave up on it."""
        try:
            pool = await self._db.pool()
            async with pool.acquire() as conn, conn.transaction():
                yield AsyncpgGroupTx(conn, self._db, self._sealer)
        except asyncpg.UniqueViolationError as cause:
            if cause.constraint_name != "pk_his_message":
                raise
            # Another message took the msgid in the same instant; the same one would have waited for the visit's lock.
            raise msgid_reused() from cause
        except DATABASE_FAULTS as cause:
            raise translated(cause) from cause


class AsyncpgGroupTx:
    """Implements ``GroupTx``."""

    def __init__(self, conn: Connection, db: Database, sealer: Sealer) -> None:
        self._conn = conn
        self.past = AsyncpgPast(conn)
        self._db = db
        self._sealer = sealer

    async def lock_visits(self, visit_ids: Sequence[str]) -> Mapping[str, VisitToSettle]:
        """See ``GroupTx``."""
        return await read_visits(self._conn, self._sealer, visit_ids, _LOCK_VISITS)

    async def answers(self, keys: Sequence[MessageKey]) -> Mapping[MessageKey, tuple[str, bytes]]:
        """See ``GroupTx``."""
        rows = await self._conn.fetch(_ANSWERS, *_columns(keys, 4))
        return {MessageKey(*row[:4]): (row[4], self._sealer.open(row[5])) for row in map(tuple, rows)}

    async def recalled(self, keys: Sequence[MessageKey]) -> set[MessageKey]:
        """See ``GroupTx``."""
        rows = await self._conn.fetch(_RECALLED, *_columns([k[:3] for k in keys], 3))
        found = {tuple(row) for row in rows}
        return {key for key in keys if key[:3] in found} if found else set()

    async def lock_years(self, keys: Sequence[YearKey]) -> Mapping[YearKey, LockedYear]:
        """See ``GroupTx``."""
        rows = await self._conn.fetch(_LOCK_YEARS, *_columns(keys, 3))
        if len(rows) < len(keys):
            found = {tuple(row)[:3] for row in rows}
            await self._conn.execute(_BEGIN_YEARS, *_columns([k for k in keys if k not in found], 3))
            rows = await self._conn.fetch(_LOCK_YEARS, *_columns(keys, 3))
        return {YearKey(*row[:3]): LockedYear(YearState.of(orjson.loads(row[3])), *row[4:]) for row in map(tuple, rows)}

    async def earlier_parts(self, visit_ids: Sequence[str]) -> Mapping[str, int]:
        """See ``GroupTx``."""
        return await _earlier_parts(self._conn, visit_ids)

    async def lock_sharings(self, person_ids: Sequence[str], day: date) -> Mapping[str, Sequence[Sharing]]:
        """See ``GroupTx``."""
        by_beneficiary: dict[str, list[Sharing]] = {}
        for row in await self._conn.fetch(_LOCK_SHARINGS, list(person_ids), day):
            by_beneficiary.setdefault(row["beneficiary_id"], []).append(Sharing(**dict(row)))
        return by_beneficiary

    async def lock_accounts(self, person_ids: Sequence[str]) -> Mapping[str, int]:
        """See ``GroupTx``."""
        return {row[0]: row[1] for row in await self._conn.fetch(_LOCK_ACCOUNTS, list(person_ids))}

    async def write(
        self, settlements: Sequence[NewSettlement], years: Mapping[YearKey, YearState], edition: str | None = None
    ) -> None:
        """See ``GroupTx``."""
        conn = self._conn
        if years:
            await conn.execute(
                _WRITE_YEARS,
                *_columns([(*key, orjson.dumps(dict(state.counters)).decode()) for key, state in years.items()], 4),
            )
        await self._write_accounts(settlements)
        await conn.copy_records_to_table(
            "settlement", records=[settlement_row(s) for s in settlements], columns=SETTLEMENT_COLUMNS
        )
        await conn.execute(_SETTLE_BATCHES, *_columns([(b, s.settlement_id) for s in settlements for b in s.batch_ids], 2))
        await append_raw(conn, [entry for s in settlements for entry in s.entries])
        ended = [(s, s.ended_credit) for s in settlements if s.ended_credit is not None]
        if ended:
            rows = [(credit.credit_id, credit.ended_by, s.settlement_id, s.settled_at) for s, credit in ended]
            await conn.execute(_END_CREDITS, *_columns(rows, 4))
            await conn.execute(_OFF_CREDIT, [s.visit.visit_id for s, _ in ended])
        events = [event for s in settlements for event in s.events]
        await conn.copy_records_to_table(
            "outbox", records=outbox_rows(events, self._db.clock, self._db.ids), columns=OUTBOX_COLUMNS
        )
        await conn.copy_records_to_table(
            "his_message",
            records=[
                (*s.message, s.digest, s.visit.person_id, s.visit.visit_id, s.settlement_id, self._sealer.seal(s.rendered), s.settled_at)
                for s in settlements
                if s.beside is None
            ],
            columns=_MESSAGE_COLUMNS,
        )  # fmt: skip
        # After the rows: who changes what is in force by today locks the settlements out, so one of the two sees the other.
        if await conn.fetchval(_WAKE_RELAY) != edition and edition is not None:
            raise RulesChanged

    async def _write_accounts(self, settlements: Sequence[NewSettlement]) -> None:
        # Several settlements on one account: the last balance stands, every movement shows its own.
        last: dict[str, int] = {}
        rows = []
        for s in settlements:
            if s.account_balance_fen is not None:
                last[s.visit.person_id] = s.account_balance_fen
                own = s.answer.account_fen - s.answer.family_account_fen
                rows.append(self._movement(s, s.visit.person_id, own, s.account_balance_fen, None))
            for share, balance_fen in s.relatives:
                last[share.payer_id] = balance_fen
                rows.append(self._movement(s, share.payer_id, share.amount_fen, balance_fen, share.sharing_id))
        if not rows:
            return
        await self._conn.execute(_WRITE_ACCOUNTS, list(last), list(last.values()))
        await self._conn.copy_records_to_table("account_movement", records=rows, columns=_MOVEMENT_COLUMNS)
        shares = [paid.share for s in settlements for paid in s.relatives]
        if shares:
            await self._conn.execute(
                _USE_SHARINGS, [share.sharing_id for share in shares], [share.amount_fen for share in shares]
            )

    def _movement(
        self, s: NewSettlement, payer_id: str, amount_fen: int, balance_fen: int, sharing_id: str | None
    ) -> tuple[Any, ...]:
        return (
            self._db.ids.new(), payer_id, -amount_fen, balance_fen, "settlement", s.settlement_id, s.settled_at, sharing_id,
            s.settlement_id if sharing_id else None,
        )  # fmt: skip


async def read_visits(conn: Connection, sealer: Sealer, visit_ids: Sequence[str], statement: str) -> dict[str, VisitToSettle]:
    """Visits with person and charge batches; the batches are read after the visit rows, so under their locks if locked."""
    visits = await conn.fetch(statement, list(visit_ids))
    batches: dict[str, list[Batch]] = {row["visit_id"]: [] for row in visits}
    partly: set[str] = set()
    for row in await conn.fetch(BATCHES, list(batches)):
        visit_id, batch_id, batch_no, settlement_id, *split, sessions, first_on, last_on = tuple(row)
        batches[visit_id].append(
            Batch(
                batch_id=batch_id,
                batch_no=batch_no,
                settlement_id=settlement_id,
                split=Split(*split),
                sessions=sessions,
                first_on=first_on,
                last_on=last_on,
            )
        )
        if settlement_id is not None:
            partly.add(visit_id)
    parts: dict[str, int] = {}
    stays = [row["visit_id"] for row in visits if row["inpatient"] and row["visit_id"] in partly]
    if stays:
        parts = await _earlier_parts(conn, stays)
    return {row["visit_id"]: _visit(row, tuple(batches[row["visit_id"]]), parts, sealer) for row in visits}


async def _earlier_parts(conn: Connection, visit_ids: Sequence[str]) -> dict[str, int]:
    return {row["visit_id"]: row["deductible_fen"] for row in await conn.fetch(EARLIER_PARTS, list(visit_ids))}


def _visit(row: asyncpg.Record, batches: tuple[Batch, ...], parts: Mapping[str, int], sealer: Sealer) -> VisitToSettle:
    visit_id = row["visit_id"]
    return VisitToSettle(
        visit_id=visit_id,
        person_id=row["person_id"],
        institution_code=row["institution_code"],
        inpatient=row["inpatient"],
        scheme=row["scheme"],
        med_type=row["med_type"],
        state=row["state"],
        begun_on=row["begun_on"],
        ended_on=row["ended_on"],
        work_injury=row["work_injury"],
        injury_suspect=row["injury_suspect"],
        credit_id=row["credit_id"],
        person_version=row["version"],
        disease_code=row["disease_code"],
        disease_name=row["disease_name"],
        identity=identity(sealer, row["sealed"]),
        sex=row["sex"],
        born_on=row["born_on"],
        coverages=_coverages.validate_json(row["coverages"]),
        classes=_classes.validate_json(row["classes"]),
        filings=_filings.validate_json(row["filings"]),
        batches=batches,
        stay_deductible_fen=parts.get(visit_id, 0),
        continues_stay=visit_id in parts,
    )


def identity(sealer: Sealer, sealed: str) -> Identity:
    """A person's identity, opened."""
    plain = orjson.loads(sealer.open(sealed))
    return Identity(name=plain["name"], cert_type=plain["cert_type"], certno=plain["certno"], naty=plain.get("naty") or "")


def settlement_row(s: NewSettlement) -> tuple[Any, ...]:
    """The row of a settlement, in the order of ``SETTLEMENT_COLUMNS``; its JSON as text."""
    a = s.answer
    return (
        s.settlement_id, a.visit_id, a.person_id, a.institution_code, "valid", a.scheme, a.benefit_year, s.visit.inpatient, a.med_type,
        a.begun_on, a.ended_on, s.settled_at, s.year_no, s.message.infno, s.message.msgid, a.total_fen, a.self_funded_fen,
        a.over_limit_fen, a.pre_selfpay_fen, a.in_scope_fen, a.fund_total_fen, a.account_fen, a.cash_fen, a.hospital_fen,
        s.work_injury_key, s.beside, s.rule_digest, orjson.dumps(s.facts).decode(), orjson.dumps(decision_to_json(s.decision)).decode(),
        _answers.dump_json(a, exclude=_PERSONAL).decode(),
    )  # fmt: skip


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows turned into one array per column; empty columns when there is no row."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
