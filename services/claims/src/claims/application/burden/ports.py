"""What the burden watch needs from outside."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from claims.domain.burden.watch import Burden, Crossing, Subject
from shared.transactions import Tx


class Burdens(Protocol):
    """Burdens, computed from the settlements that stand."""

    async def of_settlements(self, tx: Tx, settlement_ids: Collection[str]) -> Sequence[Subject]:
        """The person-years that settlements belong to."""
        ...

    async def known_years(self, tx: Tx, person_ids: Sequence[str], household_ids: Sequence[str]) -> Sequence[Subject]:
        """The years of these persons and households that have burdens."""
        ...

    async def compute(self, tx: Tx, subjects: Collection[Subject]) -> Sequence[Burden]:
        """The burdens of these subjects, and of the households that the persons among them belong, or belonged, to; stored.

        Their rows are locked, in order, before anything is summed up: of two at the same instant the second sees the first.
        """
        ...


class KnownCrossing(NamedTuple):
    """A crossing as it is stored."""

    subject: Subject
    line: str
    line_name: str
    is_over: bool
    amount_fen: int
    line_fen: int
    person_id: str
    region: str


class Crossings(Protocol):
    """Lines crossed."""

    async def of(self, tx: Tx, subjects: Sequence[Subject]) -> Sequence[KnownCrossing]:
        """All that subjects (under their locks) have or had crossed."""
        ...

    async def put(self, tx: Tx, found: Sequence[tuple[Burden, Crossing]]) -> None:
        """Store them as crossed; one that was taken back under before is open again."""
        ...

    async def withdraw(self, tx: Tx, found: Sequence[tuple[Subject, str]]) -> None:
        """They are under these lines again."""
        ...


class WatchLine(NamedTuple):
    """One line of the worklist."""

    crossing_id: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchFilter:
    """Which lines; None does not restrict. ``regions``: beginnings of division codes."""

    regions: Sequence[str]
    line: str | None = None
    state: str | None = None
    year: int | None = None


class Worklist(Protocol):
    """Crossings for the desk."""

    async def page(self, tx: Tx, wanted: WatchFilter, after: str | None, limit: int) -> Sequence[WatchLine]:
        """Lines that are crossed, newest first."""
        ...

    async def find(self, tx: Tx, crossing_id: str) -> WatchLine | None:
        """One, also if it is under the line again."""
        ...

    async def lock(self, tx: Tx, crossing_id: str) -> tuple[str, bool] | None:
        """(state, is over), locked."""
        ...

    async def handle(self, tx: Tx, crossing_id: str, state: str, by: str, note: str | None, at: datetime) -> None:
        """Store what was done."""
        ...
