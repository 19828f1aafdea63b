"""The store of the books: append, read back, trial balance, the hash chain. SQLAlchemy here; the hot path has ``rows_of``."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from time import monotonic
from typing import Any

import asyncpg
import orjson
from sqlalchemy import Row, func, insert, select, text, tuple_

from shared.crypto import sm3
from shared.db.arrays import any_of
from shared.db.database import Database, opened
from shared.errors import conflict
from shared.ledger.books import ACCOUNT_NAMES, Book
from shared.ledger.journal import Entry, Line
from shared.ledger.tables import LedgerTables
from shared.transactions import Tx

JOURNAL_COLUMNS = (
    "entry_id", "book", "booked_on", "kind", "memo", "person_id", "settlement_id", "case_id", "conversion_id",
    "decision_version", "voucher_no", "maker", "checker", "reverses",
)  # fmt: skip
LINE_COLUMNS = ("entry_id", "line_no", "book", "booked_on", "account", "dim", "debit_fen", "credit_fen")
_SEAL_LOCK = 0x5EA1
_CHECKED_AT_ONCE = 2000
_LONGEST_TRANSACTION_S = 600
"""Far more than the limits on statements and idle transactions allow."""
_PUT_SEALS = text(
    "INSERT INTO journal_seal (book, seal_no, entry_id, hash, sealed_at) SELECT b, n, e, h, :now FROM unnest("
    "CAST(:books AS text[]), CAST(:numbers AS bigint[]), CAST(:entries AS text[]), CAST(:hashes AS text[])) AS s(b, n, e, h)"
)


def rows_of(entries: Iterable[Entry]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of journals and lines, in the order of ``JOURNAL_COLUMNS`` and ``LINE_COLUMNS``."""
    journals: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    for e in entries:
        journals.append((e.entry_id, e.book.value, e.booked_on, e.kind, e.memo, e.person_id, e.settlement_id, e.case_id,
                         e.conversion_id, e.decision_version, e.voucher_no, e.maker, e.checker, e.reverses))  # fmt: skip
        lines.extend(
            (e.entry_id, n, e.book.value, e.booked_on, line.account, line.dim, line.debit_fen, line.credit_fen)
            for n, line in enumerate(e.lines, 1)
        )
    return journals, lines


async def append_raw(conn: asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any], entries: Sequence[Entry]) -> None:
    """Append journals on the hot path: two COPYs for any number of them, which the triggers check as one statement each."""
    if not entries:
        return
    journals, lines = rows_of(entries)
    await conn.copy_records_to_table("journal", records=journals, columns=JOURNAL_COLUMNS)
    await conn.copy_records_to_table("journal_line", records=lines, columns=LINE_COLUMNS)


class LedgerStore:
    """Append-only books in one service's database."""

    def __init__(self, tables: LedgerTables) -> None:
        self._t = tables
        self._sealed_up_to = 0
        self._all_sealed: deque[tuple[float, int]] = deque()
        """(when, the highest seq then); one with a lower seq may still be in an open transaction."""

    async def append(self, tx: Tx, entries: Sequence[Entry], *, move: bool = False) -> None:
        """Append journals. The database refuses closed periods, a second contra of one journal, and what does not balance.

        ``move``: what belongs to a closed period is booked on the next open day instead, and states its period in the memo
        (原属期), as does a journal that takes back one of a closed period.
        """
        if not entries:
            return
        if move:
            entries = await self._into_open_periods(tx, entries)
        else:
            await self._refuse_closed(tx, entries)
        journals, lines = rows_of(entries)
        # one statement for all lines of a journal: the balance trigger looks at whole statements
        await opened(tx).copy(self._t.journal.name, JOURNAL_COLUMNS, journals)
        await opened(tx).copy(self._t.line.name, LINE_COLUMNS, lines)

    async def _refuse_closed(self, tx: Tx, entries: Sequence[Entry]) -> None:
        months = sorted({(e.book.value, f"{e.booked_on:%Y-%m}") for e in entries})
        period = self._t.period.c
        statement = select(period.book, period.month).where(tuple_(period.book, period.month).in_(months)).limit(1)
        closed = await opened(tx).first(statement)
        if closed is not None:
            where = f"{closed.book} {closed.month}"
            raise conflict("ledger.period-closed", f"{where} 会计期间已结账", f"period {where} is closed")

    async def open_day(self, tx: Tx, book: Book, day: date) -> date:
        """The day itself, or the first day after it whose period is open: what belongs to a closed one is booked there."""
        period = self._t.period
        closed = set(
            await opened(tx).all(
                select(period.c.month).where(period.c.book == book.value, period.c.month >= f"{day:%Y-%m}").limit(1000)
            )
        )
        while (f"{day:%Y-%m}",) in closed:
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return day

    async def _into_open_periods(self, tx: Tx, entries: Sequence[Entry]) -> list[Entry]:
        period, journal = self._t.period, self._t.journal
        books = sorted({e.book.value for e in entries})
        closed = {
            (row.book, row.month)
            for row in await opened(tx).all(select(period.c.book, period.c.month).where(period.c.book.in_(books)).limit(10_000))
        }
        if not closed:
            return list(entries)
        moved = []
        for entry in entries:
            origin = day = entry.booked_on
            while (entry.book.value, f"{day:%Y-%m}") in closed:
                day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            if entry.reverses is not None:
                before = await opened(tx).scalar(select(journal.c.booked_on).where(journal.c.entry_id == entry.reverses))
                origin = before or origin
            late = (entry.book.value, f"{origin:%Y-%m}") in closed
            moved.append(
                replace(entry, booked_on=day, memo=f"{entry.memo}（原属期{origin:%Y-%m}，已结账）" if late else entry.memo)
            )
        return moved

    async def close_period(self, tx: Tx, book: Book, month: str, *, maker: str, checker: str) -> None:
        """No journal is booked into the month any more (B15.17). Refuses one person alone, a month not over, one closed already.

        Waits for whoever is writing to the books: what they booked before is in the period, what comes later is refused.
        """
        if maker == checker:
            raise conflict(
                "ledger.same-hand", "经办人与复核人不能是同一人", "maker and checker must be two persons", field="checker"
            )
        if month >= f"{opened(tx).clock.today():%Y-%m}":
            raise conflict("ledger.month-not-over", f"{month}尚未结束，不能结账", f"{month} is not over", field="month")
        await opened(tx).execute(text("LOCK TABLE journal IN SHARE MODE"))
        period = self._t.period
        if await opened(tx).first(select(period).where(period.c.book == book.value, period.c.month == month)):
            raise conflict("ledger.period-closed", f"{book} {month} 会计期间已结账", f"period {month} of {book} is closed")
        await opened(tx).execute(
            insert(period).values(
                book=book.value, month=month, closed_at=opened(tx).clock.now(), closed_by=checker, proposed_by=maker
            )
        )

    async def closed_periods(self, tx: Tx, book: Book) -> list[dict[str, Any]]:
        """The closed months of a book, newest first."""
        period = self._t.period
        statement = select(period).where(period.c.book == book.value).order_by(period.c.month.desc()).limit(1000)
        return [
            {
                "book": r.book,
                "month": r.month,
                "closed_at": r.closed_at.isoformat(),
                "maker": r.proposed_by,
                "checker": r.closed_by,
            }
            for r in await opened(tx).all(statement)
        ]

    async def entries(self, tx: Tx, **where: str) -> list[Entry]:
        """The journals whose columns equal ``where`` (book, settlement_id, case_id, conversion_id, kind, voucher_no), in order."""
        journal = self._t.journal
        statement = select(journal).order_by(journal.c.seq).limit(1000)
        for column, value in where.items():
            statement = statement.where(journal.c[column] == value)
        return await self._with_lines(tx, await opened(tx).all(statement))

    async def page(
        self, tx: Tx, *, book: str | None, settlement_id: str | None, case_id: str | None, after: int | None, limit: int
    ) -> list[tuple[int, Entry, str]]:
        """A page of journals, oldest first: (sequence number, journal, recorded_at ISO)."""
        journal = self._t.journal
        statement = select(journal).order_by(journal.c.seq).limit(limit)
        for column, value in (("book", book), ("settlement_id", settlement_id), ("case_id", case_id)):
            if value is not None:
                statement = statement.where(journal.c[column] == value)
        if after is not None:
            statement = statement.where(journal.c.seq > after)
        rows = await opened(tx).all(statement)
        entries = await self._with_lines(tx, rows)
        return [(row.seq, entry, row.recorded_at.isoformat()) for row, entry in zip(rows, entries, strict=True)]

    async def _with_lines(self, tx: Tx, rows: Sequence[Row[Any]]) -> list[Entry]:
        lines = await self._lines(tx, [row.entry_id for row in rows])
        return [
            Entry(
                entry_id=r.entry_id, book=Book(r.book), booked_on=r.booked_on, kind=r.kind,
                lines=tuple(Line(line.account, line.dim, line.debit_fen, line.credit_fen) for line in lines[r.entry_id]),
                memo=r.memo, person_id=r.person_id, settlement_id=r.settlement_id, case_id=r.case_id,
                conversion_id=r.conversion_id, decision_version=r.decision_version, voucher_no=r.voucher_no, maker=r.maker,
                checker=r.checker, reverses=r.reverses,
            )
            for r in rows
        ]  # fmt: skip

    async def _lines(self, tx: Tx, entry_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
        line = self._t.line
        by_entry: dict[str, list[Row[Any]]] = defaultdict(list)
        if entry_ids:
            for row in await opened(tx).all(
                select(line).where(any_of(line.c.entry_id, entry_ids)).order_by(line.c.entry_id, line.c.line_no)
            ):
                by_entry[row.entry_id].append(row)
        return by_entry

    async def trial_balance(self, tx: Tx, book: Book, on: date | None = None) -> list[dict[str, Any]]:
        """Sums per account and dim up to and including a day: debit, credit, balance (debit minus credit), all in fen."""
        line = self._t.line
        statement = (
            select(line.c.account, line.c.dim, func.sum(line.c.debit_fen).label("d"), func.sum(line.c.credit_fen).label("c"))
            .where(line.c.book == book.value)
            .group_by(line.c.account, line.c.dim)
            .order_by(line.c.account, line.c.dim)
        )
        if on is not None:
            statement = statement.where(line.c.booked_on <= on)
        return [
            {
                "account": r.account,
                "name": ACCOUNT_NAMES[r.account],
                "dim": r.dim,
                "debit_fen": int(r.d),
                "credit_fen": int(r.c),
                "balance_fen": int(r.d) - int(r.c),
            }
            for r in await opened(tx).all(statement)
        ]

    async def seal(self, db: Database, *, limit: int = 2000) -> int:
        """Put journals that are not sealed yet on their book's hash chain (SM3); returns how many. Safe to run twice at once.

        The first call of a process looks at every journal, later ones only at those since everything was sealed, some minutes ago.
        """
        async with db.transaction() as tx:
            if not await opened(tx).scalar(select(func.pg_try_advisory_xact_lock(_SEAL_LOCK))):
                return 0
            journal, seal = self._t.journal, self._t.seal
            rows = await opened(tx).all(
                select(journal)
                .where(
                    journal.c.seq > self._sealed_up_to,
                    ~select(seal.c.entry_id).where(seal.c.entry_id == journal.c.entry_id).exists(),
                )
                .order_by(journal.c.seq)
                .limit(limit)
            )
            lines = await self._lines(tx, [row.entry_id for row in rows])
            heads: dict[str, tuple[int, str]] = {}
            sealed = []
            for row in rows:
                number, before = heads.get(row.book) or await self._head(tx, row.book)
                heads[row.book] = (number + 1, chain_hash(before, row, lines[row.entry_id]))
                sealed.append((row.book, number + 1, row.entry_id, heads[row.book][1]))
            if sealed:
                books, numbers, entries, hashes = (list(column) for column in zip(*sealed, strict=True))
                await opened(tx).execute(
                    _PUT_SEALS,
                    {"books": books, "numbers": numbers, "entries": entries, "hashes": hashes, "now": opened(tx).clock.now()},
                )
        if 0 < len(rows) < limit:
            self._all_sealed.append((monotonic(), rows[-1].seq))
        while self._all_sealed and monotonic() - self._all_sealed[0][0] > _LONGEST_TRANSACTION_S:
            self._sealed_up_to = self._all_sealed.popleft()[1]
        return len(rows)

    async def _head(self, tx: Tx, book: str) -> tuple[int, str]:
        seal = self._t.seal
        row = await opened(tx).first(
            select(seal.c.seal_no, seal.c.hash).where(seal.c.book == book).order_by(seal.c.seal_no.desc()).limit(1)
        )
        return (row.seal_no, row.hash) if row else (0, "")

    async def broken_seals(self, tx: Tx, book: Book) -> list[str]:
        """Entry ids at which the chain of a book does not hold, oldest first; empty when nothing was tampered with."""
        seal, journal = self._t.seal, self._t.journal
        statement = (
            select(journal, seal.c.entry_id.label("sealed_id"), seal.c.seal_no, seal.c.hash)
            .select_from(seal.outerjoin(journal, seal.c.entry_id == journal.c.entry_id))
            .where(seal.c.book == book.value)
            .order_by(seal.c.seal_no)
            .limit(_CHECKED_AT_ONCE)
        )
        broken: list[str] = []
        done, before = 0, ""
        while rows := await opened(tx).all(statement.where(seal.c.seal_no > done)):
            lines = await self._lines(tx, [row.sealed_id for row in rows])
            for row in rows:
                # The rows as they are: what was tampered with may be no journal any more.
                if chain_hash(before, row, lines[row.sealed_id]) != row.hash:
                    broken.append(row.sealed_id)
                done, before = row.seal_no, row.hash
        return broken


_SEALED = (
    "entry_id", "book", "booked_on", "kind", "memo", "person_id", "settlement_id", "case_id", "conversion_id",
    "decision_version", "voucher_no", "maker", "checker", "reverses",
)  # fmt: skip


def chain_hash(before: str, journal: Entry | Row[Any], lines: Iterable[Line | Row[Any]]) -> str:
    """The link of a journal in its book's chain: SM3 over the link before and the journal's canonical text."""
    body = [
        before,
        *(getattr(journal, name) for name in _SEALED),
        [[line.account, line.dim, line.debit_fen, line.credit_fen] for line in lines],
    ]
    return sm3(orjson.dumps(body)).hex()
