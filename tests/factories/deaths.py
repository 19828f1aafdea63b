"""Death of a process, as its database and its neighbours see it: before any statement, after any commit, around any call.

A statement is struck on its way from the driver to PostgreSQL, so nothing that is sent goes by: text, prepared, COPY, BEGIN and
COMMIT. Who has died sends nothing more, except that the server rolls its transaction back, as it does when a socket closes.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import asyncpg
import httpx
import pytest

T = TypeVar("T")

_LIVED: ContextVar[Life | None] = ContextVar("lived", default=None)

_READS = re.compile(r"\s*(BEGIN|COMMIT|SELECT(?!.*\b(nextval|pg_notify)\b))", re.DOTALL | re.IGNORECASE)
"""A statement that changes nothing that anybody else sees."""

_OF_THE_DRIVER = re.compile(r"pg_catalog|set_config\('jit'|^SELECT pg_advisory_unlock_all")
"""What the driver asks for itself when it opens a connection or gives it back."""

_SENDING = frozenset({"query", "bind_execute", "bind_execute_many", "bind", "copy_in"})
"""Methods of the driver's protocol with which a statement goes out and has its effect."""


class Death(BaseException):
    """The process is gone; no handler of ours may catch it."""


class Point(NamedTuple):
    """Where a process can die."""

    process: str
    """Whose database, or who calls."""
    what: str
    """``statement`` (before it; BEGIN and COMMIT are statements), ``committed`` (after COMMIT), ``done`` (after a statement
    outside a transaction), ``call`` (before it is sent), ``answered`` (before the answer is read)."""
    transaction: int | None = None
    """Number of the transaction in this life that it lies in or ends."""
    text: str = ""
    """Of the statement."""


@dataclass
class Life:
    """What happens while somebody lives it: every point in order, and death at the ``strike``-th; 0 never."""

    strike: int = 0
    points: list[Point] = field(default_factory=list)
    dead: str | None = None
    broken: list[str] = field(default_factory=list)
    """Calls and second connections inside a transaction."""
    _open: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By process the connection in a transaction, and its number."""
    _transactions: int = 0
    _died: asyncio.Future[None] | None = None
    """Tells the innermost of those who wait for one another that it is dead."""

    async def live(self, story: Coroutine[Any, Any, None]) -> None:
        """The story as this life, to its end or to the death of whom it happens to."""
        with suppress(Death):
            await self._unless_dead(story)
        self.dead = None
        self._open.clear()

    async def _unless_dead(self, work: Coroutine[Any, Any, T]) -> T:
        """What one process does. Raises Death also when it dies in a task that only somebody waits for."""
        outer, self._died = self._died, asyncio.get_running_loop().create_future()
        token = _LIVED.set(self)
        doing = asyncio.create_task(work)
        _LIVED.reset(token)
        try:
            either: set[asyncio.Future[Any]] = {doing, self._died}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            doing.cancel()
            await asyncio.wait({doing})
            raise Death
        finally:
            self._died = outer

    def strikes(self, dice: random.Random) -> list[int]:
        """Where other lives like this one have to be struck so that death was everywhere.

        Whatever a transaction did before its COMMIT is rolled back: as seen by those who go on, a death at any of its statements
        is the same, as long as nothing but its one connection was used in it (``broken``). So one of them stands for all. A
        transaction that only read, and a statement that did, have changed nothing: a death there is the one before.
        """
        alone: list[int] = []
        inside: dict[int, list[int]] = {}
        writing: set[int] = set()
        for place, point in enumerate(self.points, 1):
            reads = _READS.match(point.text) is not None
            if point.transaction is None:
                if not reads:
                    alone.append(place)
            elif point.what == "statement":
                inside.setdefault(point.transaction, []).append(place)
                if not reads:
                    writing.add(point.transaction)
            elif point.transaction in writing:
                alone.append(place)
        return sorted([*alone, *(dice.choice(inside[transaction]) for transaction in sorted(writing))])

    def at(self, process: str, what: str, transaction: int | None = None, text: str = "") -> None:
        """The process comes to a point, and may die there. A dead one gets no further."""
        if self.dead == process:
            raise Death
        self.points.append(Point(process, what, transaction, text))
        if len(self.points) == self.strike:
            self.dead = process
            if self._died is not None:
                self._died.set_result(None)
            raise Death

    async def sends(self, process: str, connection: int, text: str, send: Callable[[], Awaitable[Any]]) -> Any:
        """One statement on one connection."""
        word = text.lstrip()[:8].upper()
        held, number = self._open.get(process, (0, 0))
        if word == "ROLLBACK":
            self._open.pop(process, None)
            return await send()
        if held not in (0, connection) and self.dead != process:
            self.broken.append(f"{process}: beside a transaction: {text}")
        if word.startswith("BEGIN"):
            text = "BEGIN"  # its isolation is said or not, as the connection was used before
            self._transactions += 1
            number = self._transactions
            self._open[process] = (connection, number)
        inside = number if held == connection or word.startswith("BEGIN") else None
        self.at(process, "statement", inside, text)
        answer = await send()
        if word.startswith("COMMIT"):
            self._open.pop(process, None)
            self.at(process, "committed", inside)
        elif inside is None:
            self.at(process, "done", None, text)
        return answer

    async def calls(self, caller: str, callee: str, send: Callable[[], Coroutine[Any, Any, httpx.Response]]) -> httpx.Response:
        """One call; when the other side dies in it, the line is cut and somebody starts it again."""
        if caller in self._open:
            self.broken.append(f"{caller} calls {callee} inside a transaction")
        self.at(caller, "call")
        try:
            response = await self._unless_dead(send())
        except Death:
            if self.dead != callee:
                raise
            self.dead = None
            self._open.pop(callee, None)
            raise httpx.RemoteProtocolError(f"{callee} is gone") from None
        self.at(caller, "answered")
        return response


def lived() -> Life | None:
    """The life that runs here, None outside of `Life.live`."""
    return _LIVED.get()


@contextmanager
def aside() -> Iterator[None]:
    """What runs in the block is no part of any life."""
    token = _LIVED.set(None)
    try:
        yield
    finally:
        _LIVED.reset(token)


class _Line:
    """The driver's protocol of one connection, with the life that uses it in between."""

    def __init__(self, protocol: Any, database: str, processes: Mapping[str, str]) -> None:
        self._protocol = protocol
        self._database = database
        self._processes = processes

    def __getattr__(self, name: str) -> Any:
        ordinary = getattr(self._protocol, name)
        if name not in _SENDING:
            return ordinary

        async def tapped(*arguments: Any, **named: Any) -> Any:
            life = lived()
            statement = named["state"] if "state" in named else arguments[0]
            text = statement if isinstance(statement, str) else statement.query
            if life is None or _OF_THE_DRIVER.search(text):
                return await ordinary(*arguments, **named)
            process = self._processes.get(self._database, self._database)
            return await life.sends(process, id(self), text, lambda: ordinary(*arguments, **named))

        return tapped


@pytest.fixture(scope="module")
def mortal_connections() -> Iterator[dict[str, str]]:
    """Every connection that is opened from now on can be struck; what is yielded names the process behind a database."""
    processes: dict[str, str] = {}
    ordinary = asyncpg.Connection.__init__

    def tapped(self: Any, protocol: Any, transport: Any, loop: Any, addr: Any, config: Any, params: Any) -> None:
        line: Any = _Line(protocol, params.database, processes)
        ordinary(self, line, transport, loop, addr, config, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncpg.Connection, "__init__", tapped)
        yield processes
