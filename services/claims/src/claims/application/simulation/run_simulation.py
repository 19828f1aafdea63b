"""Run the simulations that were asked for, one after the other, beside the worker's other work."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from claims.application.simulation.ports import Lost, Runner, Simulations
from claims.domain.simulation import SimulationJob
from shared.clock import Clock
from shared.errors import Refusal
from shared.transactions import UnitOfWork

_SILENT: Final = timedelta(seconds=90)
"""After so long without a sign of life a job's worker is dead, and another takes the job."""
_TRIES: Final = 3


class RunSimulation:
    """Takes a job, has it computed, keeps the result. A worker that dies leaves a job that another takes anew; one that was
    only slow finds its attempt gone and leaves it alone."""

    def __init__(self, uow: UnitOfWork, simulations: Simulations, runner: Runner, clock: Clock) -> None:
        self._uow = uow
        self._simulations = simulations
        self._runner = runner
        self._clock = clock

    async def __call__(self) -> bool:
        """Work on one job; False when there is none. What is no refusal is raised, and the job is tried again later, at most
        three times in all."""
        now = self._clock.now()
        async with self._uow.transaction() as tx:
            job = await self._simulations.take(tx, now, now - _SILENT)
            if job is None:
                return False
            if job.attempt > _TRIES:
                cause = {"code": "claims.simulation.given-up", "text": f"测算进程{_TRIES}次中断，已放弃"}
                await self._simulations.finish(tx, replace(job, cause=cause), None, now)
                return True

        with suppress(Lost):
            result, why = await self._computed(job)
            async with self._uow.transaction() as tx:
                await self._simulations.finish(tx, replace(job, cause=why), result, self._clock.now())
        return True

    async def _computed(self, job: SimulationJob) -> tuple[Mapping[str, Any] | None, Mapping[str, str] | None]:
        """The result, or why there is none."""

        async def report(done: int, total: int) -> None:
            async with self._uow.transaction() as tx:
                await self._simulations.report(tx, job, done, total, self._clock.now())

        try:
            return await self._runner(job, report), None
        except Refusal as refusal:
            return None, {"code": refusal.code, "text": refusal.zh}
