"""What the use cases of a recurrence need from the outside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol

from shared.transactions import Tx
from workinjury_bridge.domain.recognition import Decision
from workinjury_bridge.domain.recurrence import Recurrence


class Recurrences(Protocol):
    """Applications for the confirmation of a recurrence."""

    async def save(self, tx: Tx, recurrence: Recurrence, at: datetime) -> None:
        """Insert or replace, without its decisions. Refuses a second undecided one on the same case."""
        ...

    async def add_decision(self, tx: Tx, recurrence: Recurrence, decision: Decision, at: datetime) -> None:
        """One more version."""
        ...

    async def locked(self, tx: Tx, recurrence_id: str) -> Recurrence | None:
        """One application, read under its person's lock."""
        ...

    async def of_person(self, tx: Tx, person_id: str) -> Sequence[Recurrence]:
        """Every application of a person, oldest first."""
        ...

    async def of_persons(self, tx: Tx, person_ids: Collection[str]) -> Sequence[Recurrence]:
        """Every application of these persons, oldest first."""
        ...


class RecurrenceViews(Protocol):
    """What is read without being changed, as JSON."""

    async def recurrence(self, recurrence_id: str) -> dict[str, Any] | None:
        """One application with its decisions and who bears what."""
        ...

    async def recurrences(self, case_id: str | None, state: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Applications, newest first."""
        ...
