"""The published language: what the registry promises of every event, and that every event survives the wire."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import REGISTRY, EventType, Registry
from shared.contracts.gateway import MatterClosed
from shared.docs.contracts import asyncapi, event_schema
from shared.messaging.codec import Record, adapter, decode, encode_data, to_record
from tests.factories.events import events
from tests.factories.platform import START

EVENTS = REGISTRY.all()
by_name = pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
SERVICES = {"enrollment", "claims", "workinjury-bridge", "gateway"}


def record_of(event: Any, event_id: str = "E1", **changed: Any) -> Record:
    entry = REGISTRY.of(type(event))
    columns = {
        "event_id": event_id,
        "type_": entry.name,
        "topic": entry.topic,
        "key": getattr(event, entry.key_field),
        "payload": encode_data(event),
        "occurred_at": START,
        "traceparent": None,
    }
    return to_record(**columns | changed)


def test_every_service_speaks_and_topics_are_few() -> None:
    assert {entry.service for entry in EVENTS} == SERVICES
    assert REGISTRY.topics() == sorted({entry.topic for entry in EVENTS})
    assert [entry.name for entry in EVENTS] == sorted(entry.name for entry in EVENTS)


@by_name
def test_names_topics_and_keys_follow_the_rules(entry: EventType) -> None:
    name = re.fullmatch(r"([a-z-]+)\.([a-z]+(?:-[a-z]+)+)\.v([1-9]\d*)", entry.name)
    topic = re.fullmatch(r"([a-z-]+)\.([a-z-]+)\.v([1-9]\d*)", entry.topic)
    assert name is not None
    assert topic is not None
    assert name[1] == topic[1] == entry.service
    assert entry.service in SERVICES
    # The class is named like the fact; a second version of it adds its number.
    assert entry.cls.__name__ == "".join(map(str.title, name[2].split("-"))) + (f"V{name[3]}" if name[3] != "1" else "")
    assert {f.name: f.type for f in fields(entry.cls)}[entry.key_field] == "str"
    assert entry.cls.__dataclass_params__.frozen
    assert entry.cls.__doc__
    assert REGISTRY.by_type(entry.name) is REGISTRY.of(entry.cls) is entry


@by_name
def test_amounts_rates_days_and_instants_have_their_types(entry: EventType) -> None:
    """Units by suffix: _fen and _rate integers, _on a day, _at an instant."""
    units = {"_fen": "int", "_rate": "int", "_on": "date", "_at": "datetime"}
    for cls in [entry.cls, *parts(entry.cls)]:
        for field in fields(cls):
            wanted = next((type_ for suffix, type_ in units.items() if field.name.endswith(suffix)), None)
            assert wanted is None or field.type in (wanted, f"{wanted} | None"), f"{cls.__name__}.{field.name}"
            assert "float" not in str(field.type)


def parts(cls: type[Any]) -> list[type[Any]]:
    """The dataclasses that an event holds."""
    import typing

    hints = typing.get_type_hints(cls)
    return [arg for hint in hints.values() for arg in typing.get_args(hint) if is_dataclass(arg) and isinstance(arg, type)]


@by_name
def test_the_schema_says_what_is_required(entry: EventType) -> None:
    schema = event_schema(entry)
    needed = [
        f.name for f in fields(entry.cls) if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    assert schema["required"] == needed
    assert list(schema["properties"]) == [f.name for f in fields(entry.cls)]
    assert schema["$id"] == f"urn:onewindow:event:{entry.name}"
    assert schema["description"]
    assert json.loads(json.dumps(schema)) == schema


def test_the_asyncapi_document_names_every_event_on_its_channel() -> None:
    document = asyncapi()
    assert sorted(document["components"]["messages"]) == [entry.name for entry in EVENTS]
    for entry in EVENTS:
        assert document["channels"][entry.topic]["messages"][entry.name] == {"$ref": f"#/components/messages/{entry.name}"}
        assert document["components"]["messages"][entry.name]["payload"] == {"$ref": f"events/{entry.name}.json"}


@given(events())
def test_every_event_survives_the_wire(event: Any) -> None:
    entry = REGISTRY.of(type(event))
    record = record_of(event)
    assert (record.topic, record.key) == (entry.topic, getattr(event, entry.key_field))
    envelope = decode(record)
    assert envelope is not None
    assert envelope.data == event
    assert (envelope.id, envelope.type, envelope.subject, envelope.time) == ("E1", entry.name, record.key, START)
    assert envelope.source == f"/onewindow/{entry.service}"
    assert encode_data(envelope.data).encode() == record.value


@given(
    events(), st.text(st.characters(categories=["L"]), min_size=1), st.none() | st.integers() | st.text() | st.lists(st.text())
)
def test_a_newer_producer_may_add_fields(event: Any, name: str, value: Any) -> None:
    """Within a version only optional fields are added; who does not know them passes over them."""
    record = record_of(event, payload=json.dumps({**json.loads(encode_data(event)), f"x_{name}": value}))
    envelope = decode(record)
    assert envelope is not None
    assert envelope.data == event


@given(events(), st.data())
def test_an_older_producer_may_leave_optional_fields_out(event: Any, data: st.DataObject) -> None:
    optional = [
        f for f in fields(event) if f.default is not dataclasses.MISSING or f.default_factory is not dataclasses.MISSING
    ]
    document = json.loads(encode_data(event))
    for field in optional:
        del document[field.name]
    envelope = decode(record_of(event, payload=json.dumps(document)))
    assert envelope is not None
    required = [f.name for f in fields(event) if f not in optional]
    assert [getattr(envelope.data, name) for name in required] == [getattr(event, name) for name in required]


def test_a_name_is_registered_once() -> None:
    registry = Registry()
    entry = EventType(name="a.b-c.v1", topic="a.b.v1", key_field="x", service="a", cls=MatterClosed)
    registry.add(entry)
    with pytest.raises(ValueError, match=r"event type a\.b-c\.v1 registered twice"):
        registry.add(entry)
    assert registry.by_type("a.b-c.v2") is None
    with pytest.raises(KeyError):
        registry.of(str)


def test_an_adapter_is_built_once() -> None:
    assert adapter(MatterClosed) is adapter(MatterClosed)
