"""Transactions on a real database: all or nothing, commands that run once, and what a caller hears when it is away."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from devstack.postgres import THROWAWAY, Postgres
from shared.db.database import OUTBOX_COLUMNS, Database, opened, outbox_rows
from shared.db.once import SqlOnce, digest_of
from shared.errors import Kind, Refusal, conflict
from shared.transactions import OnceKey, Tx
from tests.factories.platform import FACT, PLATFORM, SEEN, START, create_schema, database, fact, rows, seen

OUTBOX = "SELECT type, topic, key, payload::jsonb ->> 'task_code', occurred_at, published_at FROM outbox ORDER BY seq"
DEADLINES = "SELECT kind, subject_id, due_at, payload FROM deadline ORDER BY kind, subject_id"


async def see(tx: Tx, key: str, note: str = "") -> None:
    await opened(tx).execute(insert(SEEN).values(key=key, note=note))


async def test_state_events_and_deadlines_are_committed_together(db: Database) -> None:
    async with db.transaction() as tx:
        await see(tx, "A")
        tx.emit(fact("A", "1"))
        tx.emit(fact("B", "2"))
        tx.schedule("remind", "A", START + timedelta(days=1), {"to": "王芳"})
        assert await rows(db.url, OUTBOX) == []
    assert await seen(db.url) == {"A": [""]}
    assert await rows(db.url, OUTBOX) == [
        (FACT, "gateway.matter.v1", "A", "1", START, None),
        (FACT, "gateway.matter.v1", "B", "2", START, None),
    ]
    assert await rows(db.url, DEADLINES) == [("remind", "A", START + timedelta(days=1), '{"to": "王芳"}')]


@pytest.mark.parametrize("failure", [conflict("test.no", "不行"), ValueError("bug"), asyncio.CancelledError()])
async def test_an_exception_rolls_everything_back(db: Database, failure: BaseException) -> None:
    async with db.transaction() as tx:
        tx.schedule("remind", "old", START)

    async def work() -> None:
        async with db.transaction() as tx:
            await see(tx, "A")
            tx.emit(fact("A"))
            tx.schedule("remind", "A", START)
            tx.cancel("remind", "old")
            await tx.flush()
            raise failure

    with pytest.raises(type(failure)):
        await work()
    assert await seen(db.url) == {}
    assert await rows(db.url, OUTBOX) == []
    assert await rows(db.url, DEADLINES) == [("remind", "old", START, "{}")]


async def test_what_is_no_event_is_refused_where_it_is_emitted(db: Database) -> None:
    async def work() -> None:
        async with db.transaction() as tx:
            await see(tx, "A")
            tx.emit(object())

    with pytest.raises(KeyError):
        await work()
    assert await seen(db.url) == {}


async def test_a_constraint_is_no_passing_fault(db: Database) -> None:
    async def work() -> None:
        async with db.transaction() as tx:
            for _ in range(2):
                await tx.execute(insert(PLATFORM.inbox).values(event_id="1"))

    with pytest.raises(IntegrityError):
        await work()
    assert await rows(db.url, "SELECT count(*) FROM inbox") == [(0,)]


async def test_reading_is_a_snapshot_and_writes_nothing(db: Database) -> None:
    async with db.reading() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM seen")) == 0
        async with db.transaction() as other:
            await see(other, "A")
        assert await tx.scalar(text("SELECT count(*) FROM seen")) == 0
    with pytest.raises(DBAPIError, match="read-only"):
        async with db.reading() as tx:
            await see(tx, "B")
    assert await seen(db.url) == {"A": [""]}


async def test_events_of_the_hot_path_are_the_same_rows(db: Database) -> None:
    events = [fact("A", "1"), fact("B", "2")]
    pool = await db.pool()
    async with pool.acquire() as conn:
        await conn.copy_records_to_table("outbox", records=outbox_rows(events, db.clock, db.ids), columns=OUTBOX_COLUMNS)
    async with db.transaction() as tx:
        for each in events:
            tx.emit(each)
    written = await rows(db.url, OUTBOX)
    assert written[:2] == written[2:]
    assert len({row[0] for row in await rows(db.url, "SELECT event_id FROM outbox")}) == 4


async def test_a_deadlock_is_unavailable_and_one_of_the_two_gets_through(db: Database) -> None:
    async with db.transaction() as tx:
        await see(tx, "A")
        await see(tx, "B")
    both_hold = asyncio.Barrier(2)

    async def lock(first: str, second: str) -> str:
        try:
            async with db.transaction() as tx:
                await tx.execute(select(SEEN).where(SEEN.c.key == first).with_for_update())
                await both_hold.wait()
                await tx.execute(select(SEEN).where(SEEN.c.key == second).with_for_update())
                return "done"
        except Refusal as refusal:
            return f"{refusal.kind.name} {refusal.code}"

    assert sorted(await asyncio.gather(lock("A", "B"), lock("B", "A"))) == ["UNAVAILABLE database.away", "done"]


async def test_only_sql_transactions_are_opened() -> None:
    with pytest.raises(TypeError, match="is no SQL transaction"):
        opened(object())  # type: ignore[arg-type]  # what the check is for


# ---- once --------------------------------------------------------------------------------------------------------------


def key(name: str = "k", value: Any = "input", scope: str = "clerk") -> OnceKey:
    return OnceKey(scope, name, digest_of(value))


async def test_the_same_key_gets_the_same_answer_and_runs_nothing(db: Database) -> None:
    once, runs = SqlOnce(db), 0

    async def work(tx: Tx) -> dict[str, Any]:
        nonlocal runs
        runs += 1
        await see(tx, "A", str(runs))
        tx.emit(fact("A"))
        return {"run": runs, "姓名": "王芳"}

    assert await once.run(key(), work) == ({"run": 1, "姓名": "王芳"}, False)
    assert await once.run(key(), work) == ({"run": 1, "姓名": "王芳"}, True)
    assert await once.run(key(scope="other clerk"), work) == ({"run": 2, "姓名": "王芳"}, False)
    assert await once.run(None, work) == ({"run": 3, "姓名": "王芳"}, False)
    assert await once.run(None, work) == ({"run": 4, "姓名": "王芳"}, False)
    assert await seen(db.url) == {"A": ["1", "2", "3", "4"]}
    assert await rows(db.url, "SELECT count(*) FROM outbox") == [(4,)]


async def test_other_input_under_a_used_key_is_refused(db: Database) -> None:
    once = SqlOnce(db)

    async def work(tx: Tx) -> dict[str, Any]:
        await see(tx, "A")
        return {}

    await once.run(key(value={"amount": 1}), work)
    with pytest.raises(Refusal) as refused:
        await once.run(key(value={"amount": 2}), work)
    assert (refused.value.kind, refused.value.code, refused.value.field) == (
        Kind.CONFLICT,
        "request.idempotency-key-reused",
        "Idempotency-Key",
    )
    assert await seen(db.url) == {"A": [""]}


async def test_a_command_that_failed_leaves_its_key_free(db: Database) -> None:
    once = SqlOnce(db)

    async def refuse(tx: Tx) -> dict[str, Any]:
        await see(tx, "A")
        raise conflict("test.no", "不行")

    async def work(tx: Tx) -> dict[str, Any]:
        await see(tx, "B")
        return {"done": True}

    with pytest.raises(Refusal, match=r"test\.no"):
        await once.run(key(), refuse)
    assert await rows(db.url, "SELECT count(*) FROM once") == [(0,)]
    assert await once.run(key(), work) == ({"done": True}, False)
    assert await seen(db.url) == {"B": [""]}


async def test_two_at_the_same_instant_run_once(db: Database) -> None:
    """50 rounds; in every second one the first to come fails, and the other must run then."""
    once = SqlOnce(db)
    for n in range(50):
        failing = [n % 2 == 1]

        async def work(tx: Tx, n: int = n, failing: list[bool] = failing) -> dict[str, Any]:
            await see(tx, f"K{n}")
            if failing.pop() if failing else False:
                raise conflict("test.no", "不行")
            return {"id": tx_id(tx)}

        answers = await asyncio.gather(*(once.run(key(f"k{n}"), work) for _ in range(3)), return_exceptions=True)
        refused = [a for a in answers if isinstance(a, Refusal)]
        given = [a for a in answers if isinstance(a, tuple)]
        assert [r.code for r in refused] == ["test.no"] * (n % 2)
        assert sorted(replayed for _, replayed in given) == [False] + [True] * (2 - n % 2)
        assert len({answer["id"] for answer, _ in given}) == 1
    assert await seen(db.url) == {f"K{n}": [""] for n in range(50)}


def tx_id(tx: Tx) -> str:
    return opened(tx).ids.new()


async def test_the_digest_does_not_depend_on_the_order_of_fields() -> None:
    assert digest_of({"a": 1, "b": [START, "王"]}) == digest_of({"b": [START, "王"], "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": "1"})


# ---- the database goes away --------------------------------------------------------------------------------------------


@pytest.fixture
async def mortal(stack_folder: Path) -> AsyncIterator[tuple[Postgres, Database]]:
    """A server that the test may stop, and a service's database on it."""
    server = Postgres(Path(tempfile.mkdtemp(prefix="mortal-", dir=stack_folder)) / "postgres", THROWAWAY)
    server._dir.parent.chmod(0o755)
    db = database(server.start())
    await create_schema(db.url)
    yield server, db
    await db.close()
    server.stop(timeout_s=2)


async def test_without_database_every_caller_hears_unavailable(mortal: tuple[Postgres, Database]) -> None:
    server, db = mortal
    async with db.transaction() as tx:
        await see(tx, "before")

    async def transaction() -> None:
        async with db.transaction() as tx:
            await see(tx, "during")

    async def reading() -> None:
        async with db.reading() as tx:
            await tx.scalar(text("SELECT 1"))

    async def in_the_middle() -> None:
        async with db.transaction() as tx:
            await see(tx, "middle")
            tx.emit(fact("A"))
            await asyncio.to_thread(server.stop)

    for attempt in (in_the_middle, transaction, reading, transaction, reading):
        with pytest.raises(Refusal) as refused:
            await attempt()
        assert (refused.value.kind, refused.value.code) == (Kind.UNAVAILABLE, "database.away")
    with pytest.raises(ConnectionRefusedError):
        await db.ping()
    server.start()
    async with db.transaction() as tx:
        await see(tx, "after")
    assert await seen(db.url) == {"before": [""], "after": [""]}
    assert await rows(db.url, "SELECT count(*) FROM outbox") == [(0,)]
