"""The books on a real database: what the database itself refuses, sums, and the chain that shows who tampered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any

import asyncpg
import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from shared.db.database import Database
from shared.errors import Kind, Refusal
from shared.ledger import Book, Entry, contra, credit, debit
from shared.ledger.store import LedgerStore, append_raw
from tests.factories.platform import LEDGER, START, rows

DAY = date(2026, 3, 2)
STORE = LedgerStore(LEDGER)
_numbers = count(1)


def entry(amount_fen: int = 100, book: Book = Book.EMP, on: date = DAY, **more: Any) -> Entry:
    """A settlement's journal."""
    lines = (debit("5001.01", amount_fen), credit("2201", amount_fen, "H:1"))
    return Entry(entry_id=f"J{next(_numbers):04}", book=book, booked_on=on, kind="settlement", lines=lines, **more)


async def append(db: Database, *entries: Entry) -> None:
    async with db.transaction() as tx:
        await STORE.append(tx, entries)


async def stored(db: Database, **where: str) -> list[Entry]:
    async with db.reading() as tx:
        return await STORE.entries(tx, **where)


async def sizes(db: Database) -> list[tuple[Any, ...]]:
    return await rows(db.url, "SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM journal_line)")


async def test_journals_come_back_as_they_were(db: Database) -> None:
    full = entry(
        7, memo="医疗费用结算", person_id="P", settlement_id="S", case_id="C", conversion_id="V", decision_version=2,
        voucher_no="N", maker="m", checker="c",
    )  # fmt: skip
    plain = entry(5, Book.RES)
    back = contra(full, entry_id="K1", booked_on=DAY, memo="撤销")
    await append(db, full, plain, back)
    assert await stored(db) == [full, plain, back]
    assert await stored(db, book="RES") == [plain]
    assert await stored(db, settlement_id="S", kind="settlement") == [full]
    async with db.reading() as tx:
        page = await STORE.page(tx, book="EMP", settlement_id=None, case_id=None, after=None, limit=1)
        rest = await STORE.page(tx, book="EMP", settlement_id=None, case_id=None, after=page[0][0], limit=9)
    assert ([e for _, e, _ in page], [e for _, e, _ in rest]) == ([full], [back])


async def test_the_hot_path_writes_the_same_rows(db: Database) -> None:
    first, second = entry(3, person_id="P"), entry(4, Book.LARGE)
    async with (await db.pool()).acquire() as conn, conn.transaction():
        await append_raw(conn, [first, second])
        await append_raw(conn, [])
    assert await stored(db) == [first, second]


@pytest.mark.parametrize("table", ["journal", "journal_line", "journal_seal"])
@pytest.mark.parametrize("act", ["UPDATE {} SET book = book", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_the_database_changes_and_removes_nothing(db: Database, table: str, act: str) -> None:
    await append(db, entry())
    await STORE.seal(db)
    before = await sizes(db)
    with pytest.raises(asyncpg.RestrictViolationError, match="the ledger is append-only"):
        await rows(db.url, act.format(table))
    assert (await sizes(db), await rows(db.url, "SELECT count(*) FROM journal_seal")) == (before, [(1,)])


def line(entry_id: str, number: int, debit_fen: int, credit_fen: int, **changed: Any) -> dict[str, Any]:
    return {
        "entry_id": entry_id, "line_no": number, "book": "EMP", "booked_on": DAY, "account": "1003", "dim": "",
        "debit_fen": debit_fen, "credit_fen": credit_fen, **changed,
    }  # fmt: skip


@pytest.mark.parametrize(
    "lines",
    [
        [line("X", 1, 5, 0), line("X", 2, 0, 4)],
        [line("X", 1, 5, 0)],
        [line("X", 1, 5, 5)],
        [line("X", 1, 0, 0)],
        [line("X", 1, -5, 0), line("X", 2, 0, -5)],
        [line("X", 1, 5, 0, book="RES"), line("X", 2, 0, 5)],
        [line("X", 1, 5, 0, booked_on=DAY + timedelta(days=1)), line("X", 2, 0, 5)],
        [line("nobody", 1, 5, 0), line("nobody", 2, 0, 5)],
    ],
)
async def test_the_database_refuses_lines_that_are_no_journal(db: Database, lines: Sequence[dict[str, Any]]) -> None:
    async def work() -> None:
        async with db.transaction() as tx:
            await tx.execute(insert(LEDGER.journal).values(entry_id="X", book="EMP", booked_on=DAY, kind="k", maker="m"))
            await tx.execute(insert(LEDGER.line).values(lines))

    with pytest.raises(DBAPIError):
        await work()
    assert await sizes(db) == [(0, 0)]


async def test_one_person_is_not_maker_and_checker(db: Database) -> None:
    async def work() -> None:
        async with db.transaction() as tx:
            await tx.execute(
                insert(LEDGER.journal).values(entry_id="X", book="EMP", booked_on=DAY, kind="k", maker="m", checker="m")
            )

    with pytest.raises(DBAPIError, match="four_eyes"):
        await work()


async def test_a_journal_is_taken_back_once(db: Database) -> None:
    original = entry()
    await append(db, original, contra(original, entry_id="K1", booked_on=DAY, memo="x"))
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_journal_reverses"):
        await append(db, contra(original, entry_id="K2", booked_on=DAY, memo="x"))
    assert len(await stored(db)) == 2


async def test_two_who_take_a_journal_back_at_the_same_instant(db: Database) -> None:
    """50 rounds: one gets through, the other leaves nothing."""
    for n in range(50):
        original = entry(n + 1)
        await append(db, original)
        results = await asyncio.gather(
            *(append(db, contra(original, entry_id=f"K{n}-{i}", booked_on=DAY, memo="x")) for i in range(2)),
            return_exceptions=True,
        )
        assert sorted(type(result).__name__ for result in results) == ["NoneType", "UniqueViolationError"]
    async with db.reading() as tx:
        assert [row["balance_fen"] for row in await STORE.trial_balance(tx, Book.EMP)] == [0, 0]
    assert await sizes(db) == [(100, 200)]


async def test_a_closed_period_takes_nothing(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(insert(LEDGER.period).values(book="EMP", month="2026-03", closed_at=START, closed_by="m"))
    closed, other_book, next_month = entry(), entry(5, Book.RES), entry(6, on=date(2026, 4, 1))
    with pytest.raises(Refusal) as refused:
        await append(db, other_book, closed)
    assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "ledger.period-closed")
    assert refused.value.zh == "EMP 2026-03 会计期间已结账"
    async with (await db.pool()).acquire() as conn:
        with pytest.raises(asyncpg.RestrictViolationError, match="the period is closed"):
            await append_raw(conn, [closed])
    assert await sizes(db) == [(0, 0)]
    await append(db, other_book, next_month)
    assert await stored(db) == [other_book, next_month]


async def test_the_trial_balance_sums_by_account_and_day(db: Database) -> None:
    first, second = entry(100), entry(250, on=DAY + timedelta(days=1))
    await append(db, first, second, entry(999, Book.RES), contra(first, entry_id="K9", booked_on=DAY, memo="x"))
    async with db.reading() as tx:
        assert await STORE.trial_balance(tx, Book.EMP) == [
            {
                "account": "2201",
                "name": "应付定点/协议机构",
                "dim": "H:1",
                "debit_fen": 100,
                "credit_fen": 350,
                "balance_fen": -250,
            },
            {"account": "5001.01", "name": "待遇支出—统筹", "dim": "", "debit_fen": 350, "credit_fen": 100, "balance_fen": 250},
        ]
        assert [row["balance_fen"] for row in await STORE.trial_balance(tx, Book.EMP, DAY)] == [0, 0]
        assert await STORE.trial_balance(tx, Book.WI) == []


# ---- the seal ----------------------------------------------------------------------------------------------------------


async def broken(db: Database, book: Book = Book.EMP) -> list[str]:
    async with db.reading() as tx:
        return await STORE.broken_seals(tx, book)


async def test_every_journal_is_sealed_once_in_the_chain_of_its_book(db: Database) -> None:
    journals = [entry(n + 1, (Book.EMP, Book.RES)[n % 2]) for n in range(6)]
    await append(db, *journals[:4])
    assert await STORE.seal(db) == 4
    assert await STORE.seal(db) == 0
    await append(db, *journals[4:])
    assert await STORE.seal(db, limit=1) == 1
    assert await STORE.seal(db, limit=1) == 1
    seals = await rows(db.url, "SELECT book, seal_no, entry_id FROM journal_seal ORDER BY book, seal_no")
    assert seals == [(book, n, journals[2 * (n - 1) + i].entry_id) for i, book in enumerate(("EMP", "RES")) for n in (1, 2, 3)]
    assert (await broken(db), await broken(db, Book.RES), await broken(db, Book.WI)) == ([], [], [])


async def test_sealing_at_the_same_time_makes_one_chain(db: Database) -> None:
    await append(db, *(entry(n + 1) for n in range(40)))
    sealed = await asyncio.gather(*(STORE.seal(db, limit=10) for _ in range(4)))
    while more := await STORE.seal(db):
        sealed.append(more)
    assert sum(sealed) == 40
    assert await rows(db.url, "SELECT count(DISTINCT entry_id), max(seal_no) FROM journal_seal") == [(40, 40)]
    assert await broken(db) == []


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE journal SET person_id = 'Q' WHERE entry_id = $1", [1]),
        ("UPDATE journal SET memo = '' WHERE entry_id = $1", [1]),
        ("UPDATE journal SET decision_version = 9 WHERE entry_id = $1", [1]),
        ("UPDATE journal SET maker = 'somebody' WHERE entry_id = $1", [1]),
        ("UPDATE journal SET booked_on = booked_on + 1 WHERE entry_id = $1", [1]),
        ("UPDATE journal SET checker = maker WHERE entry_id = $1 AND false", []),
        ("UPDATE journal_line SET debit_fen = debit_fen + 1 WHERE entry_id = $1 AND line_no = 1", [1]),
        ("UPDATE journal_line SET account = '2203', dim = 'P:me' WHERE entry_id = $1 AND line_no = 2", [1]),
        ("DELETE FROM journal_line WHERE entry_id = $1", [1]),
        ("UPDATE journal SET entry_id = 'gone' WHERE entry_id = $1", [1]),
        ("DELETE FROM journal_seal WHERE entry_id = $1", [2]),
        ("UPDATE journal_seal SET hash = 'x' WHERE entry_id = $1", [1, 2]),
    ],
)
async def test_tampering_shows_where_it_was_done(db: Database, tampering: str, found: list[int]) -> None:
    """As one who owns the database and switches its triggers off."""
    journals = [entry(n + 1, person_id="P", memo="医疗费用结算", decision_version=1) for n in range(4)]
    await append(db, *journals)
    await STORE.seal(db)
    conn = await asyncpg.connect(db.url)
    await conn.execute("SET session_replication_role = replica")
    await conn.execute(tampering, journals[1].entry_id)
    await conn.close()
    assert await broken(db) == [journals[n].entry_id for n in found]
