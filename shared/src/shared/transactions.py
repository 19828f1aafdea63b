"""What a use case may know of the database: a unit of work it opens and closes itself, and what it leaves in it.

Use cases depend on these protocols; ``shared.db`` implements them. Leaving the ``async with`` block commits: the use case
has committed before any answer is built. An exception rolls everything back: state, journal, outbox, answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Tx(Protocol):
    """One open transaction. Repositories take it; use cases only pass it on, emit and schedule."""

    def emit(self, event: Any) -> None:
        """Publish this event (a registered dataclass) if and only if the transaction commits."""
        ...

    def schedule(self, kind: str, subject_id: str, due_at: datetime, payload: Mapping[str, Any] | None = None) -> None:
        """Wake the deadline handler ``kind`` for this subject at ``due_at``; one pending deadline per kind and subject."""
        ...

    def cancel(self, kind: str, subject_id: str) -> None:
        """Drop the pending deadline of this kind and subject, if there is one."""
        ...


class UnitOfWork(Protocol):
    """Opens transactions."""

    def transaction(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction that commits when the block is left without exception."""
        ...


@dataclass(frozen=True, slots=True)
class OnceKey:
    """What makes two requests the same: who asks for what (scope), the caller's key, and the digest of the input."""

    scope: str
    key: str
    digest: str


class Once(Protocol):
    """Runs a command at most once per key and remembers its answer."""

    async def run(self, key: OnceKey | None, work: Callable[[Tx], Awaitable[dict[str, Any]]]) -> tuple[dict[str, Any], bool]:
        """Run ``work`` in one transaction, or return the stored answer and True when this key has run before.

        Refuses with ``request.idempotency-key-reused`` when the key was used with other input. Without a key it just runs.
        """
        ...
