"""The envelope of an event (CloudEvents 1.0) and the registry of every event that the services publish.

An event class is a frozen dataclass decorated with ``@event(...)``. Its wire name is ``<service>.<fact>.v<n>``, its topic
``<service>.<aggregate>.v<n>``; the Kafka key is one of its fields, so that facts about one person or case stay in order.
Within a version only optional fields may be added; anything else is a new version beside the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """What the registry knows of one event class."""

    name: str
    """Wire name, for example ``claims.claim-settled.v1``."""
    topic: str
    key_field: str
    """The field whose value is the Kafka key (order is kept per key)."""
    service: str
    cls: type[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One event on its way: CloudEvents attributes around the typed data."""

    id: str
    type: str
    source: str
    """The producing service."""
    subject: str
    """The id of the aggregate the fact is about; equal to the Kafka key."""
    time: datetime
    data: Any
    """An instance of the class registered for ``type``."""
    traceparent: str | None = None


class Registry:
    """All event types by wire name and by class."""

    def __init__(self) -> None:
        self._by_type: dict[str, EventType] = {}
        self._by_class: dict[type[Any], EventType] = {}

    def add(self, entry: EventType) -> None:
        """Register one class; a wire name is registered once."""
        if entry.name in self._by_type:
            raise ValueError(f"event type {entry.name} registered twice")
        self._by_type[entry.name] = entry
        self._by_class[entry.cls] = entry

    def by_type(self, type_: str) -> EventType | None:
        """The entry of a wire name, None when unknown."""
        return self._by_type.get(type_)

    def of(self, cls: type[Any]) -> EventType:
        """The entry of an event class; KeyError when it is no event."""
        return self._by_class[cls]

    def all(self) -> list[EventType]:
        """Every entry, by wire name."""
        return [self._by_type[name] for name in sorted(self._by_type)]

    def topics(self) -> list[str]:
        """Every topic, sorted."""
        return sorted({entry.topic for entry in self._by_type.values()})


REGISTRY = Registry()

_T = TypeVar("_T")


def event(type_: str, *, topic: str, key: str) -> Callable[[type[_T]], type[_T]]:
    """Class decorator: register a frozen dataclass as the event ``type_`` on ``topic``, keyed by its field ``key``."""

    def register(cls: type[_T]) -> type[_T]:
        REGISTRY.add(EventType(name=type_, topic=topic, key_field=key, service=type_.split(".", 1)[0], cls=cls))
        return cls

    return register


__all__ = ["REGISTRY", "Envelope", "EventType", "Registry", "event"]
