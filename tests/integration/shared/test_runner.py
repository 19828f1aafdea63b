"""The runner on a real database: what it parks, what it retries, what it never skips."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from shared.contracts import Envelope
from shared.db.database import Database, SqlTx
from shared.errors import unavailable
from shared.messaging.codec import Record
from shared.messaging.memory import MemoryBus, MemorySubscriber
from shared.messaging.runner import MAX_PARKED_IN_A_ROW, Runner, TooManyParked, replay_parked
from tests.factories.platform import FACT, START, Witness, record, rows, seen

PARKED = "SELECT event_id, key, cause, replayed_at FROM parked_event ORDER BY position"


class Desk:
    """One partition in memory, its runner and a witness."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.bus = MemoryBus(partitions=1)
        self.member: MemorySubscriber = self.bus.subscriber(["facts"], "test")
        self.witness = Witness()
        self.runner = Runner(db, self.member, {FACT: self.witness}, "test", pause_s=0.001)

    async def told(self, *records: Record) -> None:
        """These records arrive together and are worked off."""
        if not self.member.positions:
            await self.member.start()
        for each in records:
            self.bus.append(each)
        while await self.runner.step():
            pass

    async def parked(self) -> list[tuple[str, str]]:
        """Event id and cause of what is parked now."""
        return [(row[0], row[2]) for row in await rows(self.db.url, PARKED) if row[3] is None]

    async def seen(self) -> dict[str, list[str]]:
        return await seen(self.db.url)

    async def inbox(self) -> list[str]:
        return [row[0] for row in await rows(self.db.url, "SELECT event_id FROM inbox ORDER BY event_id")]

    def committed(self) -> int:
        return self.bus.committed[("test", next(iter(self.member.positions)))]


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk(db)


BEHIND = "behind a parked event of the same key"
REFUSED = "test.fact.refused: bad is refused"


async def test_a_refused_event_is_parked_and_its_key_waits_behind_it(desk: Desk) -> None:
    desk.witness.refused.add("bad")
    await desk.told(
        record("1", "A", "good"),
        record("2", "A", "bad"),
        record("3", "A", "later"),
        record("4", "B", "good"),
    )
    await desk.told(record("5", "A", "much later"), record("6", "B", "later"))
    assert await desk.seen() == {"A": ["good"], "B": ["good", "later"]}
    assert await desk.parked() == [("2", REFUSED), ("3", BEHIND), ("5", BEHIND)]
    assert await desk.inbox() == ["1", "2", "3", "4", "5", "6"]
    assert desk.committed() == 6


async def test_another_topic_with_the_same_key_does_not_wait(desk: Desk) -> None:
    desk.witness.refused.add("bad")
    await desk.told(record("1", "A", "bad"))
    await desk.told(replace(record("2", "A", "good"), topic="others"))
    elsewhere = desk.bus.subscriber(["others"], "test2")
    await elsewhere.start()
    await Runner(desk.db, elsewhere, {FACT: desk.witness}, "test").step()
    assert await desk.seen() == {"A": ["good"]}


async def test_replay_in_order_once_the_cause_is_mended(desk: Desk) -> None:
    desk.witness.refused.add("bad")
    await desk.told(record("1", "A", "bad"), record("2", "A", "later"), record("3", "B", "bad"), record("4", "A", "last"))
    assert await replay_parked(desk.db, {FACT: desk.witness}) == (0, [("1", REFUSED), ("3", REFUSED)])
    assert await desk.seen() == {}
    desk.witness.refused.clear()
    assert await replay_parked(desk.db, {FACT: desk.witness}) == (4, [])
    assert await desk.seen() == {"A": ["bad", "later", "last"], "B": ["bad"]}
    assert [row[3] for row in await rows(desk.db.url, PARKED)] == [START] * 4
    assert await replay_parked(desk.db, {FACT: desk.witness}) == (0, [])
    await desk.told(record("1", "A", "bad"), record("5", "A", "new"))
    assert await desk.seen() == {"A": ["bad", "later", "last", "new"], "B": ["bad"]}


async def test_what_fails_in_a_replay_keeps_its_followers_and_stops_nobody_else(desk: Desk) -> None:
    desk.witness.refused.update({"bad", "worse"})
    await desk.told(record("1", "A", "bad"), record("2", "A", "later"), record("3", "B", "worse"), record("4", "B", "later"))
    desk.witness.refused = {"worse"}
    desk.witness.failures = [ValueError("a bug")]
    assert await replay_parked(desk.db, {FACT: desk.witness}) == (
        0,
        [("1", "ValueError('a bug')"), ("3", "test.fact.refused: worse is refused")],
    )
    assert await replay_parked(desk.db, {FACT: desk.witness}) == (2, [("3", "test.fact.refused: worse is refused")])
    assert await desk.seen() == {"A": ["bad", "later"]}
    assert [each[0] for each in await desk.parked()] == ["3", "4"]


async def test_two_replays_at_once_handle_an_event_once(desk: Desk) -> None:
    desk.witness.refused.add("bad")
    await desk.told(*(record(str(n), f"K{n % 5}", "bad") for n in range(15)))
    desk.witness.refused.clear()
    done = await asyncio.gather(*(replay_parked(desk.db, {FACT: desk.witness}) for _ in range(4)))
    assert sum(count for count, _ in done) == 15
    assert [failed for _, failed in done] == [[], [], [], []]
    assert await desk.seen() == {f"K{n}": ["bad"] * 3 for n in range(5)}


async def test_while_the_database_is_away_nothing_is_skipped_or_parked(desk: Desk) -> None:
    desk.witness.failures = [unavailable("database.away", "x") for _ in range(7)]
    await desk.told(*(record(str(n), "A", str(n)) for n in range(5)))
    assert await desk.seen() == {"A": ["0", "1", "2", "3", "4"]}
    assert await desk.parked() == []
    assert desk.witness.calls == 7 + 5
    assert desk.committed() == 5


async def test_a_fault_between_two_records_of_a_batch_does_not_repeat_the_first(desk: Desk) -> None:
    """Record 1 is refused, so records go one by one; then the database goes away at record 3."""
    desk.witness.refused.add("bad")
    original = desk.witness.__call__
    faults = [unavailable("database.away", "x")]

    async def handler(tx: SqlTx, envelope: Envelope) -> None:
        if envelope.data.task_code == "third" and faults:
            raise faults.pop()
        await original(tx, envelope)

    desk.runner = Runner(desk.db, desk.member, {FACT: handler}, "test", pause_s=0.001)
    await desk.told(record("1", "A", "bad"), record("2", "B", "second"), record("3", "B", "third"))
    assert await desk.seen() == {"B": ["second", "third"]}
    assert await desk.parked() == [("1", REFUSED)]


@pytest.mark.parametrize(
    ("poison", "cause"),
    [
        (replace(record("p", "A"), value=b"{"), "gateway.matter-task-changed.v1: : json_invalid"),
        (replace(record("p", "A"), value=b""), "gateway.matter-task-changed.v1: : json_invalid"),
        (replace(record("p", "A"), value=b"\xff\xfe"), "gateway.matter-task-changed.v1: : json_invalid"),
        (replace(record("p", "A"), value=b'{"\x00": \x00}'), "gateway.matter-task-changed.v1: : json_invalid"),
        (replace(record("p", "A"), value=b"[" * 100_000), "gateway.matter-task-changed.v1: : json_invalid"),
        (replace(record("p", "A"), value=b"[]"), "gateway.matter-task-changed.v1: : dataclass_type"),
        (
            replace(record("p", "A"), value=record("p", "A").value.replace(b'"2026-03-02T01:00:00Z"', b'"soon"')),
            "gateway.matter-task-changed.v1: changed_at: datetime_from_date_parsing",
        ),
        (replace(record("p", "A"), headers={"ce_id": "p"}), "no CloudEvents attributes: 'ce_type'"),
        (record("p", "A", ce_time="yesterday"), "no CloudEvents attributes: Invalid isoformat string: 'yesterday'"),
        (record("p", "A", ce_time="\x00"), "no CloudEvents attributes: Invalid isoformat string: '\ufffd'"),
    ],
)
async def test_poison_is_parked_as_it_is_and_the_rest_goes_on(desk: Desk, poison: Record, cause: str) -> None:
    await desk.told(record("1", "A", "before"), poison, record("2", "B", "after"), record("3", "A", "behind"))
    assert await desk.seen() == {"A": ["before"], "B": ["after"]}
    assert await desk.parked() == [("p", cause), ("3", BEHIND)]


async def test_a_record_without_any_attribute_is_known_by_its_place(desk: Desk) -> None:
    await desk.told(Record("facts", "\x00", b"\x00", {"\x00": "\x00"}), record("1", "A", "after"))
    assert await desk.seen() == {"A": ["after"]}
    assert await rows(desk.db.url, "SELECT event_id, key, payload, type FROM parked_event") == [
        ("facts/0/0", "\ufffd", "\ufffd", "?")
    ]
    assert await desk.inbox() == ["1", "facts/0/0"]


async def test_text_that_the_database_cannot_keep_is_parked_by_its_handlers_fault(desk: Desk) -> None:
    await desk.told(record("1", "A", "\\u0000"), record("2", "B", "after"))
    assert await desk.seen() == {"B": ["after"]}
    assert await desk.parked() == [("1", "request.text-unstorable: text that cannot be stored")]


async def test_types_nobody_knows_or_handles_are_passed_over(desk: Desk) -> None:
    await desk.told(
        record("1", "A", ce_type="claims.something-newer.v9"),
        replace(record("2", "A", ce_type="claims.something-newer.v9"), value=b"\xff"),
        record("3", "A", ce_type="gateway.matter-closed.v1"),
        record("4", "A", "mine"),
    )
    assert await desk.seen() == {"A": ["mine"]}
    assert await desk.parked() == []
    assert await desk.inbox() == ["1", "2", "3", "4"]


async def test_a_bug_that_passes_is_tried_again(desk: Desk) -> None:
    desk.witness.failures = [ValueError("1"), ValueError("2"), ValueError("3")]
    with capture_logs() as logs:
        await desk.told(record("1", "A", "x"))
    assert await desk.seen() == {"A": ["x"]}
    assert desk.witness.calls == 4  # once in the batch, three times alone
    assert [each["event"] for each in logs] == ["consumer.failed"] * 2


async def test_a_bug_that_stays_is_parked_alone(desk: Desk) -> None:
    desk.witness.failures = [ValueError("bug")] * 4
    with capture_logs() as logs:
        await desk.told(record("1", "A", "x"), record("2", "B", "y"))
    assert [each["event"] for each in logs] == ["consumer.failed"] * 3 + ["consumer.parked"]
    assert await desk.seen() == {"B": ["y"]}
    assert await desk.parked() == [("1", "ValueError: bug")]


async def test_when_nothing_works_any_more_the_worker_stops(desk: Desk) -> None:
    desk.witness.refused.add("bad")
    with pytest.raises(TooManyParked, match=rf"{MAX_PARKED_IN_A_ROW} records in a row failed, last: test\.fact\.refused"):
        await desk.told(*(record(f"{n:02}", f"K{n}", "bad") for n in range(30)))
    assert len(await desk.parked()) == MAX_PARKED_IN_A_ROW
    assert desk.bus.committed == {}
    assert await desk.seen() == {}


async def test_failures_with_successes_between_them_do_not_stop_the_worker(desk: Desk) -> None:
    desk.witness.refused.add("bad")
    for n in range(MAX_PARKED_IN_A_ROW + 5):
        await desk.told(record(f"b{n}", f"B{n}", "bad"))
        await desk.told(record(f"g{n}", f"G{n}", "good"))
    assert len(await desk.parked()) == MAX_PARKED_IN_A_ROW + 5
    assert len(await desk.seen()) == MAX_PARKED_IN_A_ROW + 5


async def test_duplicates_within_a_batch_and_across_batches(desk: Desk) -> None:
    await desk.told(record("1", "A", "x"), record("1", "A", "x"), record("2", "A", "y"), record("1", "A", "x"))
    await desk.told(record("2", "A", "y"), record("3", "A", "z"), record("1", "A", "x"))
    assert await desk.seen() == {"A": ["x", "y", "z"]}
    assert desk.witness.calls == 3


async def test_events_of_a_handler_leave_with_its_transaction(desk: Desk, db: Database) -> None:
    original = desk.witness.__call__

    async def handler(tx: SqlTx, envelope: Envelope) -> None:
        tx.emit(envelope.data)
        await original(tx, envelope)

    desk.runner = Runner(db, desk.member, {FACT: handler}, "test")
    desk.witness.refused.add("bad")
    await desk.told(record("1", "A", "good"), record("2", "A", "bad"))
    assert await rows(db.url, "SELECT type, topic, key FROM outbox") == [(FACT, "gateway.matter.v1", "A")]


async def test_facts_of_one_type_in_a_row_go_to_the_batch_handler(desk: Desk) -> None:
    groups: list[list[str]] = []

    async def together(tx: SqlTx, envelopes: Sequence[Envelope]) -> None:
        groups.append([e.data.task_code for e in envelopes])
        for envelope in envelopes:
            await desk.witness(tx, envelope)

    desk.runner = Runner(desk.db, desk.member, {FACT: desk.witness}, "test", batches={FACT: together})
    await desk.told(record("1", "A", "a"), record("2", "B", "b"), record("2", "B", "b"), record("3", "A", "c"))
    await desk.told(record("4", "A", "alone"))
    desk.witness.refused.add("bad")
    await desk.told(record("5", "C", "d"), record("6", "C", "bad"), record("7", "A", "e"))
    assert groups == [["a", "b", "c"], ["d", "bad", "e"]]
    assert await desk.seen() == {"A": ["a", "c", "alone", "e"], "B": ["b"], "C": ["d"]}
    assert await desk.parked() == [("6", REFUSED)]


async def test_chaos_of_redeliveries_changes_nothing(desk: Desk) -> None:
    desk.bus.chaos = 0.5
    for n in range(40):
        await desk.told(record(f"{n:02}", f"K{n % 3}", f"{n:02}"))
    assert await desk.seen() == {f"K{k}": [f"{n:02}" for n in range(k, 40, 3)] for k in range(3)}
    assert desk.witness.calls == 40
