"""Rule books, the register of what is in force, and trials (SQLAlchemy Core)."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Date, Row, Select, cast, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.adapters.tables.rule_books import RULE_BOOK, RULE_BOOK_ACT, RULE_BOOK_JOB, RULE_BOOK_REGISTER, RULE_BOOK_VERSION
from claims.adapters.tables.settlement import SETTLEMENT
from claims.application.rule_books.ports import Act, BookFilter, PastSettlement, SettledUnder, ShadowJob, StoredBook
from claims.domain.policy_lint import Finding
from claims.domain.rule_books.in_force import Change, Enacted, read_book
from claims.domain.rule_books.life import Life
from shared.clock import CHINA
from shared.db.database import opened
from shared.errors import not_found
from shared.ids import encode_id
from shared.rules import plain
from shared.transactions import Tx

_findings = TypeAdapter(tuple[Finding, ...])
_LIFE = ("state", "submitted_by", "maker", "checker", "ending_by", "ending_on")


class SqlBooks:
    """Implements ``Books``."""

    async def lock(self, tx: Tx, book_id: str) -> StoredBook:
        """See ``Books``."""
        return await self._one(tx, select(RULE_BOOK).where(RULE_BOOK.c.book_id == book_id).with_for_update())

    async def get(self, tx: Tx, book_id: str) -> StoredBook:
        """See ``Books``."""
        return await self._one(tx, select(RULE_BOOK).where(RULE_BOOK.c.book_id == book_id))

    async def add(self, tx: Tx, book: StoredBook, act: Act) -> None:
        """See ``Books``."""
        await opened(tx).execute(insert(RULE_BOOK).values(_book_row(book)))
        await self._record(tx, book.book_id, act)

    async def save(self, tx: Tx, book: StoredBook, act: Act) -> None:
        """See ``Books``."""
        await opened(tx).execute(update(RULE_BOOK).where(RULE_BOOK.c.book_id == book.book_id).values(_book_row(book)))
        await self._record(tx, book.book_id, act)

    async def acts(self, tx: Tx, book_id: str) -> list[Act]:
        """See ``Books``."""
        act = RULE_BOOK_ACT.c
        rows = await opened(tx).all(select(RULE_BOOK_ACT).where(act.book_id == book_id).order_by(act.act_id))
        return [Act(act=r.act, by=r.by, at=r.at, state=r.state, note=r.note, details=r.details) for r in rows]

    async def page(self, tx: Tx, wanted: BookFilter, after: str, limit: int) -> list[StoredBook]:
        """See ``Books``."""
        book = RULE_BOOK.c
        statement = select(RULE_BOOK).order_by(book.book_id.desc()).limit(limit)
        for column, value in ((book.region, wanted.region), (book.scheme, wanted.scheme), (book.state, wanted.state)):
            if value is not None:
                statement = statement.where(column == value)
        if after:
            statement = statement.where(book.book_id < after)
        return [_book(row) for row in await opened(tx).all(statement)]

    @staticmethod
    async def _one(tx: Tx, statement: Select[Any]) -> StoredBook:
        row = await opened(tx).first(statement)
        if row is None:
            raise not_found("claims.rule-book.unknown", "没有该规则集", "no such rule book", field="book_id")
        return _book(row)

    @staticmethod
    async def _record(tx: Tx, book_id: str, act: Act) -> None:
        await opened(tx).execute(insert(RULE_BOOK_ACT).values(book_id=book_id, **asdict(act)))


class SqlRegister:
    """Implements ``Register``."""

    async def lock(self, tx: Tx) -> str | None:
        """See ``Register``."""
        await opened(tx).execute(upsert(RULE_BOOK_REGISTER).values(one=1).on_conflict_do_nothing())
        edition: str | None = await opened(tx).scalar(select(RULE_BOOK_REGISTER.c.edition).with_for_update())
        return edition

    async def edition(self, tx: Tx) -> str | None:
        """See ``Register``."""
        edition: str | None = await opened(tx).scalar(select(RULE_BOOK_REGISTER.c.edition))
        return edition

    async def enacted(self, tx: Tx) -> list[Enacted]:
        """See ``Register``."""
        version = RULE_BOOK_VERSION.c
        rows = await opened(tx).all(
            select(version.digest, version.book_id, version.effective_from, version.effective_to, RULE_BOOK.c.text, RULE_BOOK.c.file)
            .join(RULE_BOOK, RULE_BOOK.c.book_id == version.book_id)
            .order_by(version.region, version.scheme, version.effective_from)
        )  # fmt: skip
        return [_enacted(row) for row in rows]

    async def apply(self, tx: Tx, change: Change) -> None:
        """See ``Register``."""
        version = RULE_BOOK_VERSION.c
        for ended in change.ended:
            await opened(tx).execute(
                update(RULE_BOOK_VERSION).where(version.digest == ended.digest).values(effective_to=ended.effective_to)
            )
        if change.added:
            await opened(tx).execute(insert(RULE_BOOK_VERSION), [_version_row(added) for added in change.added])
        await opened(tx).execute(update(RULE_BOOK_REGISTER).values(edition=opened(tx).ids.new()))

    async def settled(self, tx: Tx, scheme: str, since: date, *, exclude_others: bool) -> list[SettledUnder]:
        """See ``Register``. Ids are in the order of time, so only what was settled since then is looked at."""
        if exclude_others:
            await opened(tx).execute(text("LOCK TABLE settlement IN SHARE MODE"))
        s = SETTLEMENT.c
        region, settled_on = s.answer["insured_region"].as_string().label("region"), _day(s.settled_at).label("settled_on")
        rows = await opened(tx).all(
            select(s.rule_digest.label("digest"), region, s.begun_on, s.ended_on, settled_on)
            .where(
                s.settlement_id >= _first_id(since),
                s.scheme == scheme,
                s.state.in_(("valid", "taken-back")),
                s.work_injury_key.is_(None),
                (s.ended_on >= since) | (settled_on >= since),
            )
            .distinct()
        )
        return [SettledUnder(**r._mapping) for r in rows]


class SqlJobs:
    """Implements ``Jobs``."""

    async def add(self, tx: Tx, job: ShadowJob) -> None:
        """See ``Jobs``."""
        await opened(tx).execute(insert(RULE_BOOK_JOB).values(asdict(job)))

    async def take(self, tx: Tx) -> ShadowJob | None:
        """See ``Jobs``."""
        job = RULE_BOOK_JOB.c
        row = await opened(tx).first(
            select(RULE_BOOK_JOB)
            .where(job.state.in_(("queued", "running")))
            .order_by(job.job_id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return None if row is None else ShadowJob(**row._mapping)

    async def save(self, tx: Tx, job: ShadowJob) -> None:
        """See ``Jobs``."""
        await opened(tx).execute(update(RULE_BOOK_JOB).where(RULE_BOOK_JOB.c.job_id == job.job_id).values(asdict(job)))

    async def get(self, tx: Tx, job_id: str) -> ShadowJob:
        """See ``Jobs``."""
        row = await opened(tx).first(select(RULE_BOOK_JOB).where(RULE_BOOK_JOB.c.job_id == job_id))
        if row is None:
            raise not_found("claims.rule-book.job-unknown", "没有该试算任务", "no such job", field="job_id")
        return ShadowJob(**row._mapping)

    async def of_book(self, tx: Tx, book_id: str, after: str, limit: int) -> list[ShadowJob]:
        """See ``Jobs``."""
        job = RULE_BOOK_JOB.c
        statement = select(RULE_BOOK_JOB).where(job.book_id == book_id).order_by(job.job_id.desc()).limit(limit)
        if after:
            statement = statement.where(job.job_id < after)
        return [ShadowJob(**row._mapping) for row in await opened(tx).all(statement)]

    async def open_for(self, tx: Tx, book_id: str) -> bool:
        """See ``Jobs``."""
        job = RULE_BOOK_JOB.c
        found = select(job.job_id).where(job.book_id == book_id, job.state.in_(("queued", "running")))
        return await opened(tx).scalar(found) is not None

    async def count(self, tx: Tx, scheme: str, from_on: date, to_on: date) -> int:
        """See ``Jobs``."""
        return int(await opened(tx).scalar(_made_in(select(func.count()), scheme, from_on, to_on)))

    async def settlements(self, tx: Tx, job: ShadowJob, scheme: str, limit: int) -> list[PastSettlement]:
        """See ``Jobs``."""
        s = SETTLEMENT.c
        statement = select(s.settlement_id, s.answer, s.decision, s.facts, s.account_fen, s.cash_fen)
        rows = await opened(tx).all(
            _made_in(statement, scheme, job.from_on, job.to_on)
            .where(s.settlement_id > job.cursor)
            .order_by(s.settlement_id)
            .limit(limit)
        )
        return [
            PastSettlement(
                settlement_id=r.settlement_id,
                insured_region=r.answer["insured_region"],
                person_fen=r.account_fen + r.cash_fen,
                payments=r.decision["payments"],
                facts=r.facts,
            )
            for r in rows
        ]


def _made_in(statement: Select[Any], scheme: str, from_on: date, to_on: date) -> Select[Any]:
    """Settlements that stand, were decided by a rule book and made in a period."""
    s = SETTLEMENT.c
    return statement.where(
        s.settlement_id >= _first_id(from_on),
        s.settled_at >= _midnight(from_on),
        s.settled_at < _midnight(to_on + timedelta(days=1)),
        s.scheme == scheme,
        s.state == "valid",
        s.work_injury_key.is_(None),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def _first_id(day: date) -> str:
    """No id that was made on the day or later is smaller."""
    millis = int(_midnight(day).astimezone(UTC).timestamp() * 1000)
    return encode_id(max(millis, 0) << 80)


def _day(at: Any) -> Any:
    return cast(func.timezone("Asia/Shanghai", at), Date)


def _book(row: Row[Any]) -> StoredBook:
    return StoredBook(
        book_id=row.book_id,
        region=row.region,
        place=row.place,
        scheme=row.scheme,
        title=row.title,
        file=row.file,
        text=row.text,
        revision=row.revision,
        origin=row.origin,
        life=Life(**{name: row._mapping[name] for name in _LIFE}),
        submitted_at=row.submitted_at,
        findings=None if row.findings is None else _findings.validate_python(row.findings),
        shadow=row.shadow,
    )


def _book_row(book: StoredBook) -> dict[str, Any]:
    row = asdict(book)
    life: dict[str, Any] = row.pop("life")
    return row | life


def _enacted(row: Row[Any]) -> Enacted:
    book = read_book(row.text, row.file)
    version = next(v for v in book.versions if v.effective_from == row.effective_from)
    return Enacted(digest=row.digest, book_id=row.book_id, book=book, version=replace(version, effective_to=row.effective_to))


def _version_row(added: Enacted) -> dict[str, Any]:
    return {
        "digest": added.digest,
        "book_id": added.book_id,
        "region": added.book.region,
        "scheme": added.book.scheme,
        "version": added.version.version,
        "effective_from": added.effective_from,
        "effective_to": added.effective_to,
        "content": plain(added.version),
    }
