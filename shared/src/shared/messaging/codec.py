"""Events as bytes: CloudEvents binary mode. Attributes are headers, the value is the JSON of the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.contracts import REGISTRY, Envelope


class DecodeError(ValueError):
    """The record is no event we know, or its data do not fit the contract; the message says where."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic."""

    topic: str
    key: str
    value: bytes
    headers: dict[str, str] = field(default_factory=dict)
    partition: int = 0
    offset: int = -1


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def adapter(cls: type[Any]) -> TypeAdapter[Any]:
    """The (de)serialiser of an event class, built once."""
    found = _adapters.get(cls)
    if found is None:
        found = _adapters[cls] = TypeAdapter(cls)
    return found


def encode_data(event: Any) -> str:
    """The JSON text of an event's data."""
    return adapter(type(event)).dump_json(event).decode()


def to_record(
    *, event_id: str, type_: str, topic: str, key: str, payload: str, occurred_at: datetime, traceparent: str | None
) -> Record:
    """A record from the columns of an outbox row."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_type": type_,
        "ce_source": f"/onewindow/{type_.split('.', 1)[0]}",
        "ce_subject": key,
        "ce_time": occurred_at.isoformat(),
        "content-type": "application/json",
    }
    if traceparent:
        headers["traceparent"] = traceparent
    return Record(topic=topic, key=key, value=payload.encode(), headers=headers)


def decode(record: Record) -> Envelope | None:
    """The event in a record; None when its type is not registered (a newer producer). Raises DecodeError otherwise."""
    headers = record.headers
    try:
        type_, event_id, time = headers["ce_type"], headers["ce_id"], datetime.fromisoformat(headers["ce_time"])
    except (KeyError, ValueError) as cause:
        raise DecodeError(f"no CloudEvents attributes: {cause}") from None
    entry = REGISTRY.by_type(type_)
    if entry is None:
        return None
    try:
        data = adapter(entry.cls).validate_json(record.value)
    except ValidationError as cause:
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in cause.errors()[:5])
        raise DecodeError(f"{type_}: {places}") from None
    return Envelope(
        id=event_id,
        type=type_,
        source=headers.get("ce_source", ""),
        subject=headers.get("ce_subject", record.key),
        time=time,
        data=data,
        traceparent=headers.get("traceparent"),
    )
