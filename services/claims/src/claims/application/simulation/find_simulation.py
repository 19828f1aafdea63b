"""Find simulations: one with its progress and result, or a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claims.application.simulation.ports import Simulations
from claims.domain.simulation import BookTexts, SimulationJob
from shared.errors import not_found
from shared.transactions import UnitOfWork


class FindSimulation:
    """Reads simulations."""

    def __init__(self, uow: UnitOfWork, simulations: Simulations) -> None:
        self._uow = uow
        self._simulations = simulations

    async def __call__(self, simulation_id: str) -> dict[str, Any]:
        """The job; ``result`` is null until it is done. Refuses an unknown id."""
        async with self._uow.transaction() as tx:
            found = await self._simulations.find(tx, simulation_id)
        if found is None:
            raise not_found("claims.simulation.unknown", f"没有模拟测算{simulation_id}", field="simulation_id")
        job, result = found
        return {**described(job), "result": result}

    async def table(self, simulation_id: str, name: str) -> list[Mapping[str, Any]]:
        """One table of the result; no rows until it is done. Refuses an unknown id or table."""
        result = (await self(simulation_id))["result"] or {}
        rows = result.get(name, []) if result else []
        if (result and name not in result) or not isinstance(rows, list):
            raise not_found("claims.simulation.table-unknown", f"模拟测算没有结果表{name}", field="name")
        return rows

    async def page(self, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Jobs without their results, newest first."""
        async with self._uow.transaction() as tx:
            return [described(job) for job in await self._simulations.page(tx, after, limit)]


def described(job: SimulationJob) -> dict[str, Any]:
    """A job as it is shown."""
    facts = job.facts
    return {
        "simulation_id": job.simulation_id,
        "title": job.title,
        "state": job.state,
        "asked_by": job.asked_by,
        "asked_at": job.asked_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "facts": {
            "folder": facts.folder,
            "begins_on": facts.begins_on.isoformat() if facts.begins_on else None,
            "ends_on": facts.ends_on.isoformat() if facts.ends_on else None,
        },
        "book_a": _book(job.book_a),
        "book_b": _book(job.book_b),
        "income_fen": job.income_fen,
        "shares": list(job.shares),
        "seed": job.seed,
        "progress": {"done": job.done_claims, "total": job.total_claims},
        "cause": job.cause,
    }


def _book(book: BookTexts) -> dict[str, Any]:
    return {"files": sorted(book.texts), "digests": list(book.digests)}
