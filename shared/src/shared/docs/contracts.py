"""The contract documents as texts by file name."""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from typing import Any

from shared.contracts import REGISTRY, EventType
from shared.messaging.codec import adapter
from shared.rules import json_schema
from shared.service import Service
from shared.settings import read_settings


def all_documents() -> dict[str, str]:
    """Every document, by its path under docs/contracts."""
    documents = {f"openapi/{name}.json": _text(_openapi(name)) for name in services()}
    for name in services():
        for file, kind in _service(name).rule_formats.items():
            documents[f"{file}.schema.json"] = _text(json_schema(kind, f"urn:onewindow:{file}"))
    documents["asyncapi.json"] = _text(asyncapi())
    for entry in REGISTRY.all():
        documents[f"events/{entry.name}.json"] = _text(event_schema(entry))
    return documents


def services() -> list[str]:
    """The services that publish events; every service does."""
    return sorted({entry.service for entry in REGISTRY.all()})


def event_schema(entry: EventType) -> dict[str, Any]:
    """The JSON Schema of an event's data."""
    schema = adapter(entry.cls).json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = f"urn:onewindow:event:{entry.name}"
    schema["description"] = _summary(entry.cls)
    return schema


def asyncapi() -> dict[str, Any]:
    """All topics and events as one AsyncAPI 3 document."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for entry in REGISTRY.all():
        messages[entry.name] = {
            "name": entry.name,
            "title": entry.cls.__name__,
            "summary": _summary(entry.cls),
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
            "payload": {"$ref": f"events/{entry.name}.json"},
            "bindings": {
                "kafka": {"key": {"type": "string", "description": f"the event's {entry.key_field}"}, "bindingVersion": "0.5.0"}
            },
        }
        channel = channels.setdefault(
            entry.topic,
            {"address": entry.topic, "messages": {}, "bindings": {"kafka": {"partitions": 6, "bindingVersion": "0.5.0"}}},
        )
        channel["messages"][entry.name] = {"$ref": f"#/components/messages/{entry.name}"}
    for topic in channels:
        operations[f"publish-{topic}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{topic}"},
            "summary": f"{topic.split('.', 1)[0]} publishes from its outbox, at least once, in order per key",
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "OneWindow events",
            "version": "1.0.0",
            "description": "Facts that the services publish. CloudEvents 1.0 in Kafka binary mode: attributes are headers, the "
            "value is the JSON of the data. A consumer drops an event whose ce_id it has seen.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {
                "CloudEventHeaders": {
                    "type": "object",
                    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"],
                    "properties": {
                        "ce_specversion": {"const": "1.0"},
                        "ce_id": {"type": "string", "description": "unique; the key of de-duplication"},
                        "ce_type": {"type": "string"},
                        "ce_source": {"type": "string"},
                        "ce_subject": {"type": "string", "description": "equal to the Kafka key"},
                        "ce_time": {"type": "string", "format": "date-time"},
                        "traceparent": {"type": "string", "description": "W3C trace context"},
                    },
                }
            },
        },
    }


def _openapi(name: str) -> dict[str, Any]:
    document: dict[str, Any] = _service(name).app(read_settings(name, {})).openapi()
    return document


def _service(name: str) -> Service:
    service: Service = import_module(f"{name.replace('-', '_')}.__main__").SERVICE
    return service


def _summary(cls: type) -> str:
    return (inspect.getdoc(cls) or "").split("\n\n", 1)[0].replace("\n", " ")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
