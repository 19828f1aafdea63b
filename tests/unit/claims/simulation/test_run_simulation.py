"""The worker's side of a simulation, on fakes: results, refusals, lost jobs, jobs given up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from claims.application.simulation.ports import Lost
from claims.application.simulation.run_simulation import RunSimulation
from claims.domain.simulation import BookTexts, FactsSource, SimulationJob
from shared.clock import FixedClock
from shared.errors import invalid

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
JOB = SimulationJob(
    simulation_id="S1",
    title="",
    asked_by="u1",
    asked_at=NOW,
    facts=FactsSource(begins_on=date(2026, 1, 1), ends_on=date(2026, 1, 31)),
    book_a=BookTexts({}, ("d",)),
    book_b=BookTexts({}, ("d",)),
    state="running",
    attempt=1,
)
Report = Callable[[int, int], Awaitable[None]]


@dataclass
class Fakes:
    """A queue of one job, and what was done with it."""

    job: SimulationJob | None = JOB
    lost: bool = False
    told: list[Any] = field(default_factory=list)
    finished: list[Any] = field(default_factory=list)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        yield None

    async def take(self, tx: Any, now: datetime, stale_before: datetime) -> SimulationJob | None:
        assert now - stale_before == timedelta(seconds=90)
        job, self.job = self.job, None
        return job

    async def report(self, tx: Any, job: SimulationJob, done: int, total: int, now: datetime) -> None:
        if self.lost:
            raise Lost
        self.told.append((done, total))

    async def finish(self, tx: Any, job: SimulationJob, result: Mapping[str, Any] | None, now: datetime) -> None:
        if self.lost:
            raise Lost
        self.finished.append((result, job.cause))


def run(fakes: Any, runner: Any) -> RunSimulation:
    return RunSimulation(fakes, fakes, runner, FixedClock(NOW))


async def computes(job: SimulationJob, report: Report) -> dict[str, Any]:
    await report(3, 9)
    return {"format": "x"}


async def refuses(job: SimulationJob, report: Report) -> dict[str, Any]:
    raise invalid("claims.facts.none", "没有算例文件")


async def breaks(job: SimulationJob, report: Report) -> dict[str, Any]:
    raise RuntimeError("killed")


async def test_a_result_is_kept() -> None:
    fakes = Fakes()
    assert await run(fakes, computes)()
    assert (fakes.told, fakes.finished) == ([(3, 9)], [({"format": "x"}, None)])
    assert not await run(fakes, computes)()


async def test_a_refusal_ends_the_job_with_its_cause() -> None:
    fakes = Fakes()
    assert await run(fakes, refuses)()
    assert fakes.finished == [(None, {"code": "claims.facts.none", "text": "没有算例文件"})]


async def test_a_lost_job_is_left_to_its_new_worker() -> None:
    fakes = Fakes(lost=True)
    assert await run(fakes, computes)()
    assert await run(Fakes(lost=True), refuses)()
    assert (fakes.told, fakes.finished) == ([], [])


async def test_what_is_no_refusal_leaves_the_job_to_be_taken_again() -> None:
    fakes = Fakes()
    with pytest.raises(RuntimeError, match="killed"):
        await run(fakes, breaks)()
    assert fakes.finished == []


async def test_after_three_tries_a_job_is_given_up() -> None:
    fakes = Fakes(replace(JOB, attempt=4))
    assert await run(fakes, breaks)()
    assert fakes.finished == [(None, {"code": "claims.simulation.given-up", "text": "测算进程3次中断，已放弃"})]
