"""The register: filled once from the folder, never changed backwards, read by every process; trials that survive their worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import asyncpg
import pytest

from claims.adapters.rule_books import SqlBooks, SqlJobs, SqlRegister
from claims.application.rule_books.apply_change import ApplyChange
from claims.application.rule_books.import_books import ImportBooks
from claims.application.rule_books.run_shadow import RunShadow
from claims.bootstrap import Claims, assemble
from tests.factories.claims_desk import ClaimsDesk, claims_settings
from tests.factories.rule_books import FOLDER, county_book
from tests.fixtures_stack import FreshDatabase
from tests.integration.claims.rule_books.conftest import Office

BOOKS = "/v1/rule-books"

FILES = sorted(path.name for path in FOLDER.glob("*.book.yaml"))


@pytest.fixture
async def two_processes(fresh_database: FreshDatabase, claims_template: str) -> AsyncIterator[list[Claims]]:
    """Two processes on one empty database."""
    url = await fresh_database(template=claims_template)
    processes = [assemble(claims_settings(url)) for _ in range(2)]
    yield processes
    for claims in processes:
        for step in claims.closing:
            await step()
        await claims.db.close()


async def test_two_processes_that_start_at_once_register_the_folder_once(two_processes: list[Claims]) -> None:
    assert await asyncio.gather(*(claims.rule_books.live.start() for claims in two_processes)) == [[], []]
    editions = {claims.rule_books.live.now.edition for claims in two_processes}
    assert len(editions) == 1
    pool = await two_processes[0].db.pool()
    rows = await pool.fetch("SELECT file, origin, state, submitted_by, maker, checker FROM rule_book ORDER BY file")
    assert [tuple(row) for row in rows] == [(file, "file", "effective", "file", None, None) for file in FILES]
    acts = await pool.fetch("SELECT act, by, note FROM rule_book_act ORDER BY note")
    assert [tuple(row) for row in acts] == [("import", "file", row["file"]) for row in rows]
    assert await two_processes[0].rule_books.live.start() == []
    assert await pool.fetchval("SELECT count(*) FROM rule_book") == len(FILES)
    assert {await pool.fetchval("SELECT edition FROM rule_book_register")} == editions


async def test_a_process_that_does_not_settle_looks_at_the_register_by_itself(office: Office) -> None:
    claims = office.desk.claims
    live, pool = claims.rule_books.live, await claims.db.pool()
    await live.start(every_s=0.01)
    try:
        book_id = await office.approved(county_book())
        await office.done("zhao", "POST", f"{BOOKS}/{book_id}/make-effective")
        async with asyncio.timeout(10):
            while live.now.edition != await pool.fetchval("SELECT edition FROM rule_book_register"):
                pass
    finally:
        await live.stop()
    assert live.on("990101", "390", date(2026, 3, 21)).version.version == "demo-2"


FORBIDDEN = [
    "UPDATE rule_book SET text = text || ' ' WHERE state IN ('approved', 'effective', 'retired')",
    "UPDATE rule_book SET maker = 'x', checker = 'y' WHERE state = 'effective'",
    "UPDATE rule_book SET checker = maker WHERE state = 'shadow-run'",
    "UPDATE rule_book SET state = 'approved' WHERE state = 'shadow-run'",
    "DELETE FROM rule_book",
    "TRUNCATE rule_book CASCADE",
    "UPDATE rule_book_version SET content = '{}'",
    "UPDATE rule_book_version SET digest = 'sha256:0' WHERE region = '990101'",
    "UPDATE rule_book_version SET effective_from = effective_from + 1 WHERE effective_to IS NULL",
    "UPDATE rule_book_version SET effective_to = effective_to + 1 WHERE effective_to IS NOT NULL",
    "UPDATE rule_book_version SET effective_to = NULL WHERE effective_to IS NOT NULL",
    "UPDATE rule_book_version SET effective_to = effective_from - 1 WHERE effective_to IS NULL",
    "DELETE FROM rule_book_version",
    "UPDATE rule_book_act SET by = 'nobody'",
    "DELETE FROM rule_book_act",
    "INSERT INTO rule_book_register (one) VALUES (2)",
]


async def test_the_database_itself_keeps_what_decided(office: Office) -> None:
    book_id = await office.approved(county_book())
    await office.done("zhao", "POST", f"{BOOKS}/{book_id}/make-effective")
    other = (await office.done("wang", "POST", BOOKS, county_book(begins="2026-05-01")))["book_id"]
    await office.done("wang", "POST", f"{BOOKS}/{other}/lint")
    await office.done("wang", "POST", f"{BOOKS}/{other}/shadow-run", {"from_on": "2026-03-01", "to_on": "2026-03-20"})
    await office.work()
    await office.done("li", "POST", f"{BOOKS}/{other}/approve")
    pool = await office.desk.claims.db.pool()
    for statement in FORBIDDEN:
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.CheckViolationError)):
            await pool.execute(statement)


async def settle_five(desk: ClaimsDesk) -> list[str]:
    """Four outpatient claims above the deductible and one within it; their ids."""
    ids = []
    for number, amount in enumerate(("500.00", "600.00", "700.00", "800.00", "100.00"), 1):
        person = await desk.person(number)
        visit = await desk.registration(person, [("A1", amount)])
        ids.append((await desk.call("2207", desk.visit_input(visit, person, amount)))["setlinfo"]["setl_id"])
    return ids


async def tried(office: Office, text: str) -> tuple[str, dict[str, Any]]:
    """A checked book and its queued trial on March."""
    book_id = (await office.done("wang", "POST", BOOKS, text))["book_id"]
    await office.done("wang", "POST", f"{BOOKS}/{book_id}/lint")
    trial = {"from_on": "2026-03-01", "to_on": "2026-03-20"}
    return book_id, await office.done("wang", "POST", f"{BOOKS}/{book_id}/shadow-run", trial)


def worker(claims: Claims) -> RunShadow:
    """A worker that takes two settlements at a time."""
    return RunShadow(claims.db, SqlBooks(), SqlJobs(), claims.rule_books.live, claims.clock, stretch=2)


async def test_a_trial_goes_on_where_a_dead_worker_left_it(office: Office) -> None:
    ids = await settle_five(office.desk)
    book_id, job = await tried(office, county_book())
    path = f"/v1/rule-book-jobs/{job['job_id']}"
    assert await worker(office.desk.claims)()
    shown = await office.done("li", "GET", path)
    assert (shown["state"], shown["done"], shown["total"]) == ("running", 2, 5)
    assert (await office.done("li", "GET", f"{BOOKS}/{book_id}"))["state"] == "linted"
    again = worker(office.desk.claims)
    assert [await again(), await again(), await again()] == [True, True, False]
    shown = await office.done("li", "GET", path)
    assert (shown["state"], shown["done"], shown["total"]) == ("done", 5, 5)
    # (500 + 600 + 700 + 800 - 4 x 100) yuan at 50 % and at 60 %; the last claim lies within its deductible.
    assert shown["result"]["funds"] == {"RES": {"before_fen": 110_000, "after_fen": 132_000}}
    assert (shown["result"]["count"], shown["result"]["same"], shown["result"]["winners"]) == (5, 1, 4)
    assert [row["settlement_id"] for row in shown["result"]["largest"]] == [ids[3], ids[2], ids[1], ids[0]]
    book = await office.done("li", "GET", f"{BOOKS}/{book_id}")
    assert (book["state"], book["shadow_run"]["count"]) == ("shadow-run", 5)


async def test_two_workers_decide_every_settlement_once(office: Office) -> None:
    await settle_five(office.desk)
    _, job = await tried(office, county_book(rate="0.40"))
    workers = [worker(office.desk.claims) for _ in range(2)]

    async def until_done(run: RunShadow) -> None:
        while (await office.done("li", "GET", f"/v1/rule-book-jobs/{job['job_id']}"))["state"] != "done":
            await run()

    await asyncio.gather(*map(until_done, workers))
    shown = await office.done("li", "GET", f"/v1/rule-book-jobs/{job['job_id']}")
    assert (shown["done"], shown["result"]["losers"]) == (5, 4)
    assert shown["result"]["funds"] == {"RES": {"before_fen": 110_000, "after_fen": 88_000}}


async def test_a_trial_counts_what_the_draft_does_not_cover_and_leaves_other_places_out(office: Office) -> None:
    await settle_five(office.desk)
    only_stays = county_book().replace("when: {care: [outpatient]}", "when: {care: [chronic]}")
    _, job = await tried(office, only_stays)
    await office.work()
    result = (await office.done("li", "GET", f"/v1/rule-book-jobs/{job['job_id']}"))["result"]
    assert (result["count"], result["uncovered"], result["refusals"]) == (5, 5, {"claims.rules.uncovered": 5})
    _, job = await tried(office, county_book().replace('region: "990101"', 'region: "990102"'))
    await office.work()
    shown = await office.done("li", "GET", f"/v1/rule-book-jobs/{job['job_id']}")
    assert (shown["done"], shown["result"]["count"]) == (5, 0)


async def test_files_of_a_registered_place_add_what_fits_and_the_rest_is_left_out(office: Office) -> None:
    claims = office.desk.claims
    books, register = SqlBooks(), SqlRegister()

    async def started_with(**texts: str) -> list[str]:
        apply = ApplyChange(books, register, claims.clock)
        return await ImportBooks(claims.db, books, register, apply, texts, claims.clock, claims.db.ids)()

    (reason,) = await started_with(changed=county_book(version="demo-1", begins="2024-01-01", rate="0.90"))
    assert "in force from 2024-01-01, but so is the version at" in reason
    assert await office.desk.count("rule_book") == len(FILES)
    assert await started_with(later=county_book()) == []
    assert await started_with(later=county_book()) == []
    assert await office.desk.count("rule_book") == len(FILES) + 1
    pool = await claims.db.pool()
    rows = await pool.fetch(
        "SELECT version, effective_to::text FROM rule_book_version WHERE region = '990101' ORDER BY effective_from"
    )
    assert [tuple(row) for row in rows] == [("demo-1", "2026-03-20"), ("demo-2", None)]
    assert await office.desk.count("rule_book", "state = 'retired'") == 1
