"""The simulation port over facts in Parquet."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claims.adapters.facts.reading import lay_out
from claims.adapters.simulation.blocks import Part, Rulebook, Task, rules_of
from claims.adapters.simulation.report import write
from claims.adapters.simulation.summary import Tables, add, summary
from claims.domain.simulation import Question
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class ParquetSimulation:
    """Implements ``ports.Simulation``."""

    clock: Clock

    def tasks(self, question: Question, out: Path) -> Sequence[Task]:
        """See ``ports.Simulation``. What an earlier run left in the folder is taken away."""
        book_a, book_b = Rulebook.of(question.book_a), Rulebook.of(question.book_b)
        for book in (book_a, book_b):
            rules_of(book)
        persons, scratch = out / "persons", out / "scratch"
        for folder in (persons, scratch, out / "tables"):
            shutil.rmtree(folder, ignore_errors=True)
        for file in ("result.json", "simulation.xlsx"):
            (out / file).unlink(missing_ok=True)
        persons.mkdir(parents=True)
        blocks = lay_out(Path(question.facts).resolve(), question.block_claims, scratch.resolve())
        return [Task(block, book_a, book_b, str(persons.resolve())) for block in blocks]

    def add(self, sums: Tables | None, part: Part) -> Tables:
        """See ``ports.Simulation``."""
        return add(sums, part)

    def summary(self, question: Question, sums: Tables, out: Path) -> Mapping[str, Any]:
        """See ``ports.Simulation``."""
        shutil.rmtree(out / "scratch", ignore_errors=True)
        return summary(question, sums, out)

    def write(self, summary: Mapping[str, Any], sums: Tables, out: Path) -> None:
        """See ``ports.Simulation``."""
        write(summary, sums, out, self.clock.now())
