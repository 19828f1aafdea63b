"""The JSON Schema of a rule file, read off the same dataclass that ``read_rules`` reads it against.

A schema knows keys, types and values; order of terms, dates and whatever ``__post_init__`` refuses only the reader knows.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from shared.rules.values import Fen, Origin, Points, Rate

_SCALARS: Final[dict[Any, dict[str, Any]]] = {
    str: {"type": "string", "pattern": r"\S"},
    int: {"type": "integer", "minimum": 0},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
    Decimal: {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"}]},
    Fen: {
        "description": "An amount in yuan; quoted when there are fen.",
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^(0|[1-9][0-9]*)(\.[0-9]{1,2})?$"}],
    },
    Rate: {
        "description": "A share from 0 to 1, quoted, six decimals at most.",
        "type": "string",
        "pattern": r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$",
    },
    Points: {
        "description": "A change of a rate from -1 to 1, quoted, six decimals at most.",
        "type": "string",
        "pattern": r"^-?(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$",
    },
}
_NAMED: Final = {Decimal: "Decimal", Fen: "Fen", Rate: "Rate", Points: "Points"}


def json_schema(kind: Any, urn: str) -> dict[str, Any]:
    """The schema of files read against the dataclass ``kind``; descriptions are its docstrings and those of its fields.

    Raises TypeError for a field type that ``read_rules`` does not know either.
    """
    definitions: dict[str, Any] = {}
    top = _object(kind, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": urn,
        "title": kind.__name__,
        **top,
        "$defs": definitions,
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    outer, inner = get_origin(kind), get_args(kind)
    if outer in (Union, UnionType):
        (only,) = (member for member in inner if member is not type(None))
        return {"anyOf": [_of(only, definitions), {"type": "null"}]}
    if outer is Literal:
        return {"enum": list(inner)}
    if outer is tuple:
        return {"type": "array", "items": _of(inner[0], definitions)}
    if outer is frozenset:
        return {"type": "array", "items": _of(inner[0], definitions), "uniqueItems": True}
    if outer is Mapping:
        return {"type": "object", "additionalProperties": _of(inner[1], definitions)}
    if is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}  # a type may contain itself
            definitions[kind.__name__] = _object(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [str(member) for member in kind]}
    if kind not in _SCALARS:
        raise TypeError(f"{kind} has no place in a rule file")
    if kind in _NAMED:
        definitions.setdefault(_NAMED[kind], _SCALARS[kind])
        return {"$ref": f"#/$defs/{_NAMED[kind]}"}
    return dict(_SCALARS[kind])


def _object(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    types = get_type_hints(kind)
    keys = [field for field in fields(kind) if types[field.name] is not Origin]
    texts = _field_texts(kind)
    properties: dict[str, Any] = {}
    for field in keys:
        schema = _of(types[field.name], definitions)
        if field.name in texts:
            schema = {"description": texts[field.name], **schema}
        properties[field.name] = schema
    return {
        "description": _one_line(inspect.getdoc(kind) or ""),
        "type": "object",
        "properties": properties,
        "required": [field.name for field in keys if _needed(field)],
        "additionalProperties": False,
    }


def _needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _field_texts(kind: Any) -> dict[str, str]:
    """The string that stands below each field, of the class and of those it extends."""
    texts: dict[str, str] = {}
    for cls in reversed(kind.__mro__):
        if cls is object:
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
        assert isinstance(body, ast.ClassDef)
        for statement, below in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(statement, ast.AnnAssign)
                and isinstance(statement.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
                and isinstance(below.value.value, str)
            ):
                texts[statement.target.id] = _one_line(inspect.cleandoc(below.value.value))
    return texts


def _one_line(text: str) -> str:
    return " ".join(text.replace("``", "").split())
