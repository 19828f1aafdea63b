"""Random histories of a county on all four services: bad lines, doubled and late facts, deaths at commits (reference B15).

Every service stands on its own real database, assembled by its own bootstrap; facts travel over the bus in memory. After every
step everything that must always hold is checked over all books; in the end everything has arrived.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import asyncpg
import pytest
import structlog

from shared.clock import CHINA
from shared.db.migrate import migrate
from tests.fixtures_stack import FreshDatabase
from tests.simulation.county.audit import Audit
from tests.simulation.county.people import People
from tests.simulation.county.processes import NAMES, Processes, mortal_execute

BEGINNING: Final = datetime(2026, 6, 1, 9, 0, tzinfo=CHINA)
STEPS: Final = 50
SEEDS: Final = (1, 2, 3, 4, 5, 6)

_CONVERSIONS: Final = "SELECT state, count(*) AS n FROM conversion GROUP BY state"
_DIRECTS: Final = "SELECT state, count(*) AS n FROM direct_settlement GROUP BY state"
_SETTLEMENTS: Final = "SELECT state, count(*) AS n FROM settlement GROUP BY state"


@pytest.fixture(scope="session")
async def templates(fresh_database: FreshDatabase) -> dict[str, str]:
    """A migrated database of every service."""
    urls = {name: await fresh_database() for name in NAMES}
    for name, url in urls.items():  # one by one: Alembic's context is one for the process
        await asyncio.to_thread(migrate, name.replace("-", "_"), url)
    return urls


@pytest.fixture(scope="session")
def tally() -> Counter[str]:
    """What came about in all histories together."""
    return Counter()


@pytest.fixture(autouse=True)
def _mortal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits of services can be the last thing that they do."""
    monkeypatch.setattr(asyncpg.Connection, "execute", mortal_execute)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Of what the services log, only what is an error: everything else is trouble that we make."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[plain], wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_county_keeps_its_books(
    seed: int, templates: dict[str, str], fresh_database: FreshDatabase, tally: Counter[str]
) -> None:
    county = Processes({name: await fresh_database(template=url) for name, url in templates.items()}, seed, BEGINNING)
    people, audit, dice = People(county, seed), Audit(county), random.Random(f"turns of {seed}")
    try:
        await people.open_doors()
        county.trouble(on=True)
        for _ in range(STEPS):
            if dice.random() < 0.15:
                people.history.append(county.threaten())
            turns = dice.randint(0, 40)
            if dice.random() < 0.5:
                await asyncio.gather(people.act(), county.some_turns(turns))
            else:
                await people.act()
                await county.some_turns(turns)
            await county.bury()
            await audit.check()
            if dice.random() < 0.2:
                people.history.append(await audit.replay(dice, 0.3))
        county.trouble(on=False)
        await county.drain()
        await people.finish()
        await audit.check()
        await audit.at_the_end()
        for _ in NAMES:
            people.history.append(await audit.replay(dice, 1.0))
        await audit.check()
        tally.update({f"{row['state']} conversion": row["n"] for row in await county.rows("workinjury-bridge", _CONVERSIONS)})
        tally.update(
            {f"{row['state']} direct settlement": row["n"] for row in await county.rows("workinjury-bridge", _DIRECTS)}
        )
        tally.update({f"{row['state']} settlement": row["n"] for row in await county.rows("claims", _SETTLEMENTS)})
        tally.update({f"death of {name}": service.lives - 1 for name, service in county.services.items()})
    except BaseException as broken:
        broken.add_note(f"history of seed {seed}:\n" + "\n".join(people.history))
        raise
    finally:
        await county.close()


async def test_the_histories_were_eventful(tally: Counter[str]) -> None:
    states = [f"{state} conversion" for state in ("settled", "reverted", "failed")]
    states += [f"{state} direct settlement" for state in ("posted", "revoked", "reversed")]
    states += [f"{state} settlement" for state in ("valid", "reversed", "taken-back", "taken-over", "reversal")]
    deaths = [f"death of {name}" for name in NAMES]
    assert {what for what in (*states, *deaths) if not tally[what]} == set(), tally
