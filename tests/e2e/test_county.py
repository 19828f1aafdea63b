"""A county folder on the running stack: loaded twice, and the demo's story told in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from devstack.county import generate, write_county
from devstack.county_folder import CountyFolder
from devstack.demo import RULE_BOOKS
from devstack.load import Loader, Outcome, service_clients
from devstack.mock_hospital import Settled
from devstack.stack import Stack
from devstack.story import Story
from shared.auth.wiring import build_service_tokens
from shared.clock import SystemClock
from shared.ids import TimeOrderedIds
from shared.settings import read_settings

CLOCK = SystemClock()
IDS = TimeOrderedIds(CLOCK)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> CountyFolder:
    folder = tmp_path_factory.mktemp("county")
    write_county(generate(persons=2000, seed=7, today=CLOCK.today()), folder, RULE_BOOKS)
    return CountyFolder.read(folder)


@pytest.fixture(scope="module")
async def loaded(whole_stack: Stack, county: CountyFolder) -> AsyncIterator[tuple[Outcome, Outcome]]:
    """What loading the county said, the first time and the second."""
    urls = {service.name: service.url for service in whole_stack.topology.services}
    bearer = build_service_tokens(read_settings("devstack", {})).bearer
    async with service_clients(urls, "enrollment", "claims") as (enrollment, claims):
        loader = Loader(enrollment, claims, bearer, IDS, lambda *_: None)
        yield await loader.load(county), await loader.load(county)


async def test_the_second_load_changes_nothing(loaded: tuple[Outcome, Outcome], county: CountyFolder) -> None:
    first, second = loaded
    sizes = {name: len(rows) for name, rows in county.tables.items()}
    assert (first.faults, second.faults) == ([], [])
    assert {name: first.counts[name]["created"] for name in ("persons", "accounts")} == {
        name: sizes[name] for name in ("persons", "accounts")
    }
    assert {name: second.counts[name]["existing"] for name in ("employers", "persons", "accounts", "catalogue")} == {
        name: sizes[name] for name in ("employers", "persons", "accounts", "catalogue")
    }
    assert first.person_ids == second.person_ids


async def test_the_story_comes_out_as_told(whole_stack: Stack, loaded: tuple[Outcome, Outcome], county: CountyFolder) -> None:
    _ = loaded
    gateway = next(service.url for service in whole_stack.topology.services if service.name == "gateway")
    told: list[Settled] = []
    async with httpx.AsyncClient(base_url=gateway, timeout=60, trust_env=False) as http:
        story = Story(http, county, CLOCK, IDS, told.append, visits=20)
        for name, act in (
            ("doors open", story.open_doors),
            ("first settlement", story.first_settlement),
            ("a day of the hospitals", story.hospital_day),
            ("a reversal", story.reversal),
            ("work injury", story.work_injury),
            ("enrol and pay", story.enrol_and_pay),
            ("books", story.books_balance),
        ):
            await story.play(name, act)
    assert [(result.name, result.text) for result in story.results if not result.ok] == []
    assert len(told) == 22
    assert sum(story.line.mishaps.values()) > 0
