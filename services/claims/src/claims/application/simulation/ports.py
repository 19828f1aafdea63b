"""What a simulation needs of the outside. Blocks, parts and sums are the adapters' own; the use case only passes them on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from claims.domain.simulation import Question

Progress = Callable[[int, int], None]
"""Called with the claims done and the claims in all."""


class SimulationTask(Protocol):
    """A part of the work that stands for itself."""

    @property
    def claims(self) -> int:
        """How many claims it looks at."""
        ...


class Engine(Protocol):
    """Where tasks are computed: this process, several, or several machines."""

    def run(self, tasks: Sequence[Any]) -> Iterator[Any]:
        """The results in any order, only a few of them waiting at a time. Raises the first Refusal of a task."""
        ...


class Simulation(Protocol):
    """How a question is divided, added up and told."""

    def tasks(self, question: Question, out: Path) -> Sequence[SimulationTask]:
        """The question in tasks. Refuses facts that cannot be read."""
        ...

    def add(self, sums: Any, part: Any) -> Any:
        """Sums with a task's result in them; ``sums`` None at first."""
        ...

    def summary(self, question: Question, sums: Any, out: Path) -> Mapping[str, Any]:
        """The result document (docs/simulation.md) from the sums of all tasks."""
        ...

    def write(self, summary: Mapping[str, Any], sums: Any, out: Path) -> None:
        """Leave document, tables and spreadsheet in the folder."""
        ...
