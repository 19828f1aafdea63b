"""Ask for a simulation: it is queued, with the rules as they stand now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claims.application.simulation.ports import FactsFiles, SimulationBooks, Simulations
from claims.domain.rule_books.wording import worded
from claims.domain.simulation import SHARES, FactsSource, PoolPlan, SimulationJob, WantedBook
from shared.clock import Clock
from shared.errors import invalid, not_found
from shared.ids import IdFactory
from shared.rules import RuleError, read_rules
from shared.transactions import Once, OnceKey, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSimulation:
    """What is asked, by whom."""

    title: str
    asked_by: str
    facts: FactsSource
    book_a: WantedBook
    book_b: WantedBook
    income_fen: int | None = None
    shares: tuple[int, ...] = SHARES
    pools: Mapping[str, Any] | None = None
    seed: int = 1


class StartSimulation:
    """Queues simulations."""

    def __init__(
        self, once: Once, simulations: Simulations, books: SimulationBooks, files: FactsFiles, clock: Clock, ids: IdFactory
    ) -> None:
        self._once = once
        self._simulations = simulations
        self._books = books
        self._files = files
        self._clock = clock
        self._ids = ids

    async def __call__(self, asked: AskSimulation, key: OnceKey) -> dict[str, Any]:
        """The new job's id. Refuses rules (``claims.simulation.book-unknown``), folders that are not there, and a plan of pools
        that cannot be read."""

        async def work(tx: Tx) -> dict[str, Any]:
            folder = asked.facts.folder
            if folder is not None and not self._files.known(folder):
                raise not_found("claims.simulation.facts-unknown", f"没有名为{folder}的算例文件夹", field="facts")
            if asked.pools is not None:
                _check_pools(asked.pools)
            job = SimulationJob(
                simulation_id=self._ids.new(),
                title=asked.title,
                asked_by=asked.asked_by,
                asked_at=self._clock.now(),
                facts=asked.facts,
                book_a=await self._books.texts(tx, asked.book_a),
                book_b=await self._books.texts(tx, asked.book_b),
                income_fen=asked.income_fen,
                shares=asked.shares,
                pools=asked.pools,
                seed=asked.seed,
            )
            await self._simulations.add(tx, job)
            return {"simulation_id": job.simulation_id, "state": job.state}

        answer, _ = await self._once.run(key, work)
        return answer


def _check_pools(pools: Mapping[str, Any]) -> None:
    try:
        read_rules(json.dumps(pools, ensure_ascii=False), "pools", PoolPlan)
    except RuleError as wrong:
        raise invalid("claims.simulation.pools-wrong", f"基金收支计划有误：{worded(wrong)}", field="pools") from None
