"""What the platform needs of a bus; Kafka and the in-memory bus implement it, one contract suite tests both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from shared.messaging.codec import Record


class Position(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Publisher(Protocol):
    """Appends records. Returns only when every record is acknowledged; raises when one is not (some may be written)."""

    async def start(self) -> None:
        """Connect."""
        ...

    async def publish(self, records: Sequence[Record]) -> None:
        """Append the records; order within a key is kept."""
        ...

    async def stop(self) -> None:
        """Disconnect."""
        ...


class Subscriber(Protocol):
    """One member of a consumer group."""

    async def start(self) -> None:
        """Join the group."""
        ...

    async def fetch(self, timeout_ms: int, max_records: int) -> Mapping[Position, Sequence[Record]]:
        """Records by partition, each in offset order; empty when the time is over."""
        ...

    async def commit(self, offsets: Mapping[Position, int]) -> None:
        """Store the next offset to read. Raises when the partition is no longer ours; the inbox makes that harmless."""
        ...

    async def seek(self, position: Position, offset: int) -> None:
        """Read this partition again from ``offset``."""
        ...

    def pause(self, position: Position) -> None:
        """Fetch nothing from this partition until resumed."""
        ...

    def resume(self, position: Position) -> None:
        """Fetch from it again."""
        ...

    def assigned(self) -> set[Position]:
        """The partitions this member owns now."""
        ...

    async def lag(self) -> dict[Position, int]:
        """Records behind the end, by partition."""
        ...

    async def stop(self) -> None:
        """Leave the group."""
        ...


SubscriberFactory = Callable[[Sequence[str], str], Subscriber]
"""(topics, group) -> a member of that group."""

Publish = Callable[[Sequence[Record]], Awaitable[None]]
