"""What a simulation needs of the outside. Blocks, parts and sums are the adapters' own; the use case only passes them on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from claims.domain.simulation import BookTexts, Question, SimulationJob, WantedBook
from shared.transactions import Tx

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledFacts:
    """What a settlement was decided from, for the simulation; the person only as a number that stands for him."""

    person: int
    region: str
    """Of insurance."""
    begun_on: date
    ended_on: date
    settled_on: date
    facts: Mapping[str, Any]
    """As stored with the decision."""


class SettledClaims(Protocol):
    """The settlements that stand."""

    def between(self, begins_on: date, ends_on: date, at_once: int) -> AsyncIterator[Sequence[SettledFacts]]:
        """Settled from one day to another, a person's together and in order, so many rows at a time."""
        ...


class FactsFiles(Protocol):
    """Facts folders."""

    def writing(self, folder: Path) -> AbstractAsyncContextManager[Callable[[Sequence[SettledFacts]], Awaitable[None]]]:
        """Writes rows into the folder's files; they get their names when the block ends well."""
        ...

    def known(self, name: str) -> bool:
        """Whether there is a facts folder of this name for simulations."""
        ...


class SimulationBooks(Protocol):
    """The rules that may be compared."""

    async def texts(self, tx: Tx, wanted: WantedBook) -> BookTexts:
        """Their texts as they stand now. Refuses (``claims.simulation.book-unknown``) what there is not."""
        ...


class Lost(Exception):
    """Another worker has the job now."""


class Simulations(Protocol):
    """The simulations that were asked for."""

    async def add(self, tx: Tx, job: SimulationJob) -> None:
        """A new one."""
        ...

    async def find(self, tx: Tx, simulation_id: str) -> tuple[SimulationJob, Mapping[str, Any] | None] | None:
        """One with its result, if there is one."""
        ...

    async def page(self, tx: Tx, after: str | None, limit: int) -> Sequence[SimulationJob]:
        """Newest first, older than ``after``."""
        ...

    async def take(self, tx: Tx, now: datetime, stale_before: datetime) -> SimulationJob | None:
        """The oldest that is queued, or running and silent since ``stale_before``, begun with a new attempt."""
        ...

    async def report(self, tx: Tx, job: SimulationJob, done: int, total: int, now: datetime) -> None:
        """A sign of life. Raises ``Lost`` when the attempt is not the present one."""
        ...

    async def finish(self, tx: Tx, job: SimulationJob, result: Mapping[str, Any] | None, now: datetime) -> None:
        """Done with this result, or failed with ``job.cause``. Raises ``Lost`` as ``report``."""
        ...


class Runner(Protocol):
    """Computes a simulation beside the process's other work."""

    async def __call__(self, job: SimulationJob, report: Callable[[int, int], Awaitable[None]]) -> Mapping[str, Any]:
        """The result document. Calls ``report`` at least every quarter of a minute and stops when that raises. Refuses as
        the command ``simulate``."""
        ...
