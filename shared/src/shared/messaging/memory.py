"""A bus in memory, for tests and the simulation: partitions, groups, and on request duplicates and lost commits."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.messaging.bus import Position
from shared.messaging.codec import Record


class MemoryBus:
    """Topics with partitions and the committed offsets of groups; one process, nothing on disk.

    Probabilities, drawn from ``rng``; order within a partition is kept, as Kafka keeps it. ``chaos``: per fetch, that a
    partition is read again from its committed offset (redelivery); ``delays``: per fetch, that a partition shows nothing yet,
    so that later records of other partitions come first; ``doubles``: per record, that the producer appends it twice.
    """

    def __init__(
        self,
        partitions: int = 6,
        *,
        rng: random.Random | None = None,
        chaos: float = 0.0,
        delays: float = 0.0,
        doubles: float = 0.0,
    ) -> None:
        self.partitions = partitions
        self.logs: dict[Position, list[Record]] = defaultdict(list)
        self.committed: dict[tuple[str, Position], int] = {}
        self.members: dict[str, list[MemorySubscriber]] = defaultdict(list)
        self.rng = rng or random.Random(0)
        self.chaos = chaos
        self.delays = delays
        self.doubles = doubles
        self.arrived = asyncio.Event()

    def publisher(self) -> MemoryPublisher:
        """A producer on this bus."""
        return MemoryPublisher(self)

    def subscriber(self, topics: Sequence[str], group: str) -> MemorySubscriber:
        """A member of ``group``; fits ``SubscriberFactory``."""
        return MemorySubscriber(self, list(topics), group)

    def append(self, record: Record) -> None:
        """Put one record at the end of its partition."""
        partition = zlib.crc32(record.key.encode()) % self.partitions
        log = self.logs[Position(record.topic, partition)]
        log.append(replace(record, partition=partition, offset=len(log)))
        self.arrived.set()

    def happens(self, probability: float) -> bool:
        """Draw one mishap; draws nothing when it is impossible."""
        return probability > 0 and self.rng.random() < probability

    def rebalance(self, group: str) -> None:
        """Give the partitions of the group's topics to its members in turn; positions fall back to what is committed."""
        members = self.members[group]
        for member in members:
            member.positions.clear()
        if not members:
            return
        topics = sorted({t for m in members for t in m.topics})
        every = [Position(t, p) for t in topics for p in range(self.partitions)]
        for i, position in enumerate(every):
            member = members[i % len(members)]
            member.positions[position] = self.committed.get((group, position), 0)


class MemoryPublisher:
    """Implements ``Publisher``."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus

    async def start(self) -> None:
        """Nothing to do."""

    async def publish(self, records: Sequence[Record]) -> None:
        """Append at once."""
        for record in records:
            self._bus.append(record)
            if self._bus.happens(self._bus.doubles):
                self._bus.append(record)

    async def stop(self) -> None:
        """Nothing to do."""


class MemorySubscriber:
    """Implements ``Subscriber``."""

    def __init__(self, bus: MemoryBus, topics: list[str], group: str) -> None:
        self._bus = bus
        self.topics = topics
        self.group = group
        self.positions: dict[Position, int] = {}
        self._paused: set[Position] = set()

    async def start(self) -> None:
        """Join; partitions are shared out again."""
        self._bus.members[self.group].append(self)
        self._bus.rebalance(self.group)

    async def fetch(self, timeout_ms: int, max_records: int) -> Mapping[Position, Sequence[Record]]:
        """See ``Subscriber.fetch``."""
        batches = self._take(max_records)
        if not batches and timeout_ms > 0:
            self._bus.arrived.clear()
            try:
                await asyncio.wait_for(self._bus.arrived.wait(), timeout_ms / 1000)
            except TimeoutError:
                return {}
            batches = self._take(max_records)
        return batches

    def _take(self, max_records: int) -> dict[Position, list[Record]]:
        batches: dict[Position, list[Record]] = {}
        left = max_records
        for position in list(self.positions):
            if self._bus.happens(self._bus.delays):
                continue
            if self._bus.happens(self._bus.chaos):
                self.positions[position] = self._bus.committed.get((self.group, position), 0)
            start = self.positions[position]
            records = self._bus.logs[position][start : start + left]
            if records and position not in self._paused:
                batches[position] = list(records)
                self.positions[position] = start + len(records)
                left -= len(records)
            if left <= 0:
                break
        return batches

    async def commit(self, offsets: Mapping[Position, int]) -> None:
        """See ``Subscriber.commit``."""
        for position, offset in offsets.items():
            if position not in self.positions:
                raise RuntimeError(f"{position} is not ours")
            self._bus.committed[(self.group, position)] = offset

    async def seek(self, position: Position, offset: int) -> None:
        """See ``Subscriber.seek``."""
        if position in self.positions:
            self.positions[position] = offset

    def pause(self, position: Position) -> None:
        """See ``Subscriber.pause``."""
        self._paused.add(position)

    def resume(self, position: Position) -> None:
        """See ``Subscriber.resume``."""
        self._paused.discard(position)

    def assigned(self) -> set[Position]:
        """See ``Subscriber.assigned``."""
        return set(self.positions)

    async def lag(self) -> dict[Position, int]:
        """See ``Subscriber.lag``."""
        return {p: len(self._bus.logs[p]) - at for p, at in self.positions.items()}

    async def stop(self) -> None:
        """Leave; the others take over from the committed offsets."""
        members = self._bus.members[self.group]
        if self in members:
            members.remove(self)
            self._bus.rebalance(self.group)
