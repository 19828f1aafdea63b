"""Where blocks are computed: in this process, in several, or on a Dask cluster (ADR 0012). All give the same sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any

from claims.adapters.simulation.blocks import Part, Task, simulate_block
from shared.errors import Kind, Refusal


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal on its way between processes."""

    kind: str
    code: str
    zh: str
    en: str
    field: str | None


def attempt(task: Task) -> Part | Refused:
    """A block's contribution, or why there is none."""
    try:
        return simulate_block(task)
    except Refusal as refusal:
        return Refused(refusal.kind.name, refusal.code, refusal.zh, refusal.en, refusal.field)


def _accepted(result: Part | Refused) -> Part:
    if isinstance(result, Refused):
        raise Refusal(Kind[result.kind], result.code, result.zh, result.en, field=result.field)
    return result


class Here:
    """This process, block after block."""

    def run(self, tasks: Sequence[Task]) -> Iterator[Part]:
        """See ``ports.Engine``."""
        return map(simulate_block, tasks)


class Processes:
    """Several processes of this machine."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, tasks: Sequence[Task]) -> Iterator[Part]:
        """See ``ports.Engine``."""
        with ProcessPoolExecutor(self._workers, mp_context=get_context("spawn")) as pool:
            waiting: set[Future[Part | Refused]] = set()
            for task in tasks:
                waiting.add(pool.submit(attempt, task))
                if len(waiting) > self._workers:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (_accepted(future.result()) for future in done)
            for future in waiting:
                yield _accepted(future.result())


class Dask:
    """A Dask cluster: one of this machine's processes, or one that is there already, whose workers see the same folders."""

    def __init__(self, workers: int, scratch: str, scheduler: str | None = None) -> None:
        self._workers = workers
        self._scratch = scratch
        self._scheduler = scheduler

    def run(self, tasks: Sequence[Task]) -> Iterator[Part]:
        """See ``ports.Engine``."""
        from distributed import Client, LocalCluster, as_completed

        if self._scheduler is not None:
            with Client(self._scheduler) as client:
                yield from self._on(client, tasks, as_completed)
            return
        with (
            LocalCluster(
                n_workers=self._workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                local_directory=self._scratch,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield from self._on(client, tasks, as_completed)

    def _on(self, client: Any, tasks: Sequence[Task], as_completed: Callable[..., Any]) -> Iterator[Part]:
        """Two blocks for each worker at a time, so that results do not pile up."""
        rest = iter(tasks)
        width = 2 * max(len(client.scheduler_info()["workers"]), 1)
        running = as_completed([client.submit(attempt, task, pure=False) for task in islice(rest, width)])
        for future in running:
            yield _accepted(future.result())
            future.release()
            for task in islice(rest, 1):
                running.add(client.submit(attempt, task, pure=False))
