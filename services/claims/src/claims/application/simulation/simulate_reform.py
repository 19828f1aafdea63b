"""Simulate a reform: what past claims would have cost, and whom, under one book and under another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claims.application.simulation.ports import Engine, Progress, Simulation
from claims.domain.simulation import Question


class SimulateReform:
    """Divides a question into blocks of persons, has them computed, adds up and writes the result."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def __call__(self, question: Question, out: Path, engine: Engine, progress: Progress) -> Mapping[str, Any]:
        """The result document, also left in ``out`` with its tables. The same question gives the same result on any engine.

        Refuses facts and rules that cannot be read; a claim that a book refuses is left out on both sides and counted.
        """
        tasks = self._simulation.tasks(question, out)
        total = sum(task.claims for task in tasks)
        done, sums = 0, None
        progress(0, total)
        for part in engine.run(tasks):
            sums = self._simulation.add(sums, part)
            done += part.claims
            progress(done, total)
        if done != total:
            raise RuntimeError(f"the engine computed {done} of {total} claims")
        summary = self._simulation.summary(question, sums, out)
        self._simulation.write(summary, sums, out)
        return summary
