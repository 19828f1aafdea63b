"""A long person-year is decided again in pieces by the worker; a death between two pieces, or settling meanwhile, harms nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from claims.bootstrap import assemble
from claims.entrypoints.service import his_endpoint
from tests.factories.claims_desk import CATALOGUE, ClaimsDesk, claims_settings
from tests.factories.his_messages import INSTITUTION
from tests.factories.late_facts import LateDesk
from tests.fixtures_stack import FreshDatabase


@pytest.fixture
async def late(fresh_database: FreshDatabase, claims_template: str) -> AsyncIterator[LateDesk]:
    """A process that decides three settlements again in one transaction."""
    claims = assemble(claims_settings(await fresh_database(template=claims_template)), at_once=3)
    desk = ClaimsDesk(claims, his_endpoint(claims))
    await desk.hospital(INSTITUTION)
    await claims.import_catalogue(CATALOGUE.encode(), None)
    yield LateDesk(desk)
    await desk.close()


async def test_in_pieces_with_progress(late: LateDesk) -> None:
    person = await late.desk.person()
    first = await late.visit(person, "150.00")
    others = [await late.visit(person, "150.00") for _ in range(10)]
    # 100.00 deductible a year at 50 %: the first visit bore it
    assert [(await late.outcome(s))["cash"] for s in (first, *others[:2])] == [12_500, 7_500, 7_500]
    await late.reversal(first)
    left = json.loads((await late.row("SELECT to_jsonb(r) FROM redecision r"))[0])
    assert (left["reason"], left["trigger_id"], left["rest"]["since"][4]) == ("reversal", first, others[3])
    assert (await late.outcome(others[0]))["cash"] == 12_500
    # settled in between: decided by the counters as they stand
    others.append(await late.visit(person, "150.00"))
    assert await late.work() == 3
    done = await late.row("SELECT decided, corrected, finished_at FROM redecision")
    assert (done["decided"], done["corrected"]) == (8, 0)
    assert done["finished_at"] is not None
    assert not await late.desk.claims.redecide_later.run_one()
    assert [(await late.outcome(s))["cash"] for s in others] == [12_500] + [7_500] * 10
    await late.check(person)


async def test_a_worker_that_dies_in_a_piece_leaves_it_to_the_next(late: LateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await late.desk.person()
    stays = [await late.stay(person, "2000.00") for _ in range(6)]
    await late.reversal(stays[0])
    engine = late.desk.claims.redecide_later
    before = await late.rows("SELECT * FROM redecision")

    async def die(*_: object, **__: object) -> None:
        raise RuntimeError("died")

    with monkeypatch.context() as patch:
        patch.setattr(engine._redecisions, "go_on", die)
        with pytest.raises(RuntimeError, match="died"):
            await engine.run_one()
    assert await late.rows("SELECT * FROM redecision") == before
    assert await late.work() == 1
    await late.check(person)
