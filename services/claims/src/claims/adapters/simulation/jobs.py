"""Simulations in the database, and the rules they compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, insert, or_, select, update

from claims.adapters.tables.simulations import SIMULATION
from claims.application.rule_books.ports import Books, Register, StoredBook
from claims.application.simulation.ports import Lost
from claims.domain.adjudication import BOOK_SUFFIX, RuleBooks
from claims.domain.rule_books.in_force import read_book
from claims.domain.simulation import BookTexts, FactsSource, SimulationJob, WantedBook
from shared.db.database import opened
from shared.errors import not_found
from shared.rules import in_force
from shared.transactions import Tx

_S = SIMULATION.c
_WITHOUT_RESULT = [column for column in _S if column.name not in ("result",)]


class RegisteredTexts:
    """Implements ``SimulationBooks`` over the register of rule books."""

    def __init__(self, register: Register, books: Books) -> None:
        self._register = register
        self._books = books

    async def texts(self, tx: Tx, wanted: WantedBook) -> BookTexts:
        """See ``SimulationBooks``."""
        if wanted.book_id is not None:
            book = await self._books.get(tx, wanted.book_id)
            last = RuleBooks([read_book(book.text, book.file)]).all()[-1]
            return BookTexts({_file(book): book.text}, (last.digest,))
        chosen = [
            enacted
            for enacted in await self._register.enacted(tx)
            if enacted.digest == wanted.digest or (wanted.day is not None and in_force([enacted], wanted.day))
        ]
        if not chosen:
            name = wanted.digest or str(wanted.day)
            raise not_found("claims.simulation.book-unknown", f"没有可用于测算的待遇规则：{name}", field="book")
        books = [await self._books.get(tx, book_id) for book_id in dict.fromkeys(e.book_id for e in chosen)]
        return BookTexts({_file(book): book.text for book in books}, tuple(enacted.digest for enacted in chosen))


def _file(book: StoredBook) -> str:
    return f"{book.book_id}{BOOK_SUFFIX}"


class SqlSimulations:
    """Implements ``Simulations``."""

    async def add(self, tx: Tx, job: SimulationJob) -> None:
        """See ``Simulations``."""
        facts = job.facts
        await opened(tx).execute(
            insert(SIMULATION).values(
                simulation_id=job.simulation_id,
                title=job.title,
                asked_by=job.asked_by,
                asked_at=job.asked_at,
                asked={
                    "folder": facts.folder,
                    "begins_on": _text(facts.begins_on),
                    "ends_on": _text(facts.ends_on),
                    "income_fen": job.income_fen,
                    "shares": list(job.shares),
                    "pools": job.pools,
                    "seed": job.seed,
                },
                books={
                    name: {"texts": dict(book.texts), "digests": list(book.digests)}
                    for name, book in (("a", job.book_a), ("b", job.book_b))
                },
                state=job.state,
            )
        )

    async def find(self, tx: Tx, simulation_id: str) -> tuple[SimulationJob, Mapping[str, Any] | None] | None:
        """See ``Simulations``."""
        row = await opened(tx).first(select(SIMULATION).where(_S.simulation_id == simulation_id))
        return None if row is None else (_job(row), row.result)

    async def page(self, tx: Tx, after: str | None, limit: int) -> Sequence[SimulationJob]:
        """See ``Simulations``."""
        statement = select(*_WITHOUT_RESULT).order_by(_S.simulation_id.desc()).limit(limit)
        if after is not None:
            statement = statement.where(_S.simulation_id < after)
        return [_job(row) for row in await opened(tx).all(statement)]

    async def take(self, tx: Tx, now: datetime, stale_before: datetime) -> SimulationJob | None:
        """See ``Simulations``."""
        oldest = (
            select(_S.simulation_id)
            .where(or_(_S.state == "queued", and_(_S.state == "running", _S.seen_at < stale_before)))
            .order_by(_S.simulation_id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        taken = (
            update(SIMULATION)
            .where(_S.simulation_id == oldest)
            .values(state="running", attempt=_S.attempt + 1, seen_at=now, done_claims=0, total_claims=0)
            .returning(*_WITHOUT_RESULT)
        )
        row = (await opened(tx).execute(taken)).first()
        return None if row is None else _job(row)

    async def report(self, tx: Tx, job: SimulationJob, done: int, total: int, now: datetime) -> None:
        """See ``Simulations``."""
        await self._change(tx, job, seen_at=now, done_claims=done, total_claims=total)

    async def finish(self, tx: Tx, job: SimulationJob, result: Mapping[str, Any] | None, now: datetime) -> None:
        """See ``Simulations``."""
        state = "failed" if result is None else "done"
        await self._change(tx, job, seen_at=now, finished_at=now, state=state, result=result, cause=job.cause)

    async def _change(self, tx: Tx, job: SimulationJob, **values: Any) -> None:
        mine = and_(_S.simulation_id == job.simulation_id, _S.state == "running", _S.attempt == job.attempt)
        changed = await opened(tx).execute(update(SIMULATION).where(mine).values(**values).returning(_S.simulation_id))
        if changed.first() is None:
            raise Lost(job.simulation_id)


def _job(row: Row[Any]) -> SimulationJob:
    asked = row.asked
    a, b = (BookTexts(row.books[name]["texts"], tuple(row.books[name]["digests"])) for name in ("a", "b"))
    return SimulationJob(
        simulation_id=row.simulation_id,
        title=row.title,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        facts=FactsSource(asked["folder"], _day(asked["begins_on"]), _day(asked["ends_on"])),
        book_a=a,
        book_b=b,
        income_fen=asked["income_fen"],
        shares=tuple(asked["shares"]),
        pools=asked["pools"],
        seed=asked["seed"],
        state=row.state,
        attempt=row.attempt,
        done_claims=row.done_claims,
        total_claims=row.total_claims,
        cause=row.cause,
        finished_at=row.finished_at,
    )


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
