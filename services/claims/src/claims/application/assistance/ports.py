"""What the use cases on assistance by application need from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from claims.domain.assistance import Application, BookBalance
from shared.contracts.enrollment import IdentityClass
from shared.errors import Refusal
from shared.transactions import Tx

NOTICE_DEADLINE: Final = "assistance-notice"
"""Fires on the day after the last day of a public notice; the subject is the application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which applications a list shows."""

    state: str | None
    person_id: str | None
    after: str
    limit: int


class Applications(Protocol):
    """Keeps applications."""

    async def add(self, tx: Tx, application: Application) -> bool:
        """Put a new one down; False when the person has one that is not closed."""
        ...

    async def lock(self, tx: Tx, application_id: str) -> Application:
        """One, locked. Refuses an unknown one."""
        ...

    async def find(self, tx: Tx, application_id: str) -> Application:
        """One, not locked. Refuses an unknown one."""
        ...

    async def store(self, tx: Tx, application: Application, *, next_try_at: datetime | None = None) -> None:
        """Write one back; ``next_try_at``: when granting is tried again."""
        ...

    async def listed(self, tx: Tx, wanted: Wanted) -> Sequence[Application]:
        """Oldest first."""
        ...

    async def to_grant(self, tx: Tx, now: datetime) -> Sequence[str]:
        """Approved ones whose class is to be granted, at most a handful."""
        ...


class Classes(Protocol):
    """Enrollment, which owns identity classes."""

    async def assign_class(self, person_id: str, given: IdentityClass, key: str) -> int | Refusal:
        """The version of the person that holds the class, or why not; under one key it happens once."""
        ...


class Dues(Protocol):
    """What the books owe a person."""

    async def lock_person(self, tx: Tx, person_id: str) -> int:
        """The version of the person here, locked against other payments to him; 0 when he is unknown."""
        ...

    async def undecided(self, tx: Tx, person_id: str) -> bool:
        """Whether settlements of the person are still to be decided again."""
        ...

    async def balances(self, tx: Tx, person_id: str, since: datetime) -> Sequence[BookBalance]:
        """Per book; what classes have added is counted from ``since`` on. Call with the lock."""
        ...
