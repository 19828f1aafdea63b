"""Groups: what arrives while a group is being worked on forms the next one.

No timer and no waiting: an idle system works on each request at once and alone. Bounded in size and in number in flight.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.errors import Kind, Refusal

T = TypeVar("T")
R = TypeVar("R")


class Grouper(Generic[T, R]):
    """Collects items and works on them in groups; each submitter gets its own result."""

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[list[R | Refusal]]], *, max_group: int, in_flight: int) -> None:
        self._work = work
        self._max_group = max_group
        self._in_flight = in_flight
        self._running = 0
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, item: T) -> R:
        """The result for this item. Raises its Refusal, or what made its group fail."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._start()
        return await future

    def _start(self) -> None:
        while self._waiting and self._running < self._in_flight:
            group = [self._waiting.popleft() for _ in range(min(self._max_group, len(self._waiting)))]
            self._running += 1
            task = asyncio.create_task(self._run(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, group: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            await self._together(group)
        finally:
            self._running -= 1
            self._start()

    async def _together(self, group: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._work([item for item, _ in group])
        except Exception as failure:
            passing = isinstance(failure, Refusal) and failure.kind is Kind.UNAVAILABLE
            if passing or len(group) == 1:
                for _, future in group:
                    if not future.done():
                        future.set_exception(failure)
            else:
                # One of them breaks the transaction of all: alone, it breaks only its own.
                for member in group:
                    await self._together([member])
            return
        for (_, future), result in zip(group, results, strict=True):
            if future.done():  # the caller gave up; the effect stands and a resend will find it
                continue
            if isinstance(result, Refusal):
                future.set_exception(result)
            else:
                future.set_result(result)
