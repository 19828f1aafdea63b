"""A schema says what the reader accepts: the same keys, the same types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

import jsonschema_rs
import pytest
import yaml

from shared.rules import Fen, Origin, Points, Rate, RuleError, json_schema, read_rules

NOTHING = Fen(0)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, kw_only=True)
class Cited:
    """Where it stands."""

    source: str | None = None
    """The document."""


@dataclass(frozen=True, kw_only=True)
class Inner(Cited):
    """A share of a ``base``,
    in two lines.
    """

    rate: Rate
    """How much."""


@dataclass(frozen=True, kw_only=True)
class Outer:
    """All of it."""

    name: str
    count: int = 1
    flag: bool = False
    day: date | None = None
    exact: Decimal = Decimal(0)
    amount: Fen = NOTHING
    points: Points | None = None
    colour: Colour = Colour.RED
    kind: Literal["a", "b"] = "a"
    inner: tuple[Inner, ...] = ()
    levels: frozenset[int] = frozenset()
    by_name: Mapping[str, Fen] = field(default_factory=dict)
    origin: Origin


SCHEMA = json_schema(Outer, "urn:onewindow:outer")
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)


def test_descriptions_are_docstrings() -> None:
    inner = SCHEMA["$defs"]["Inner"]
    assert SCHEMA["title"] == "Outer"
    assert SCHEMA["required"] == ["name"]
    assert "origin" not in SCHEMA["properties"]
    assert inner["description"] == "A share of a base, in two lines."
    assert inner["properties"]["rate"] == {"description": "How much.", "$ref": "#/$defs/Rate"}
    assert inner["properties"]["source"]["description"] == "The document."
    assert SCHEMA["properties"]["colour"] == {"enum": ["red"]}
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("name: a", True),
        ('{name: a, count: 3, flag: true, exact: "-1.5", amount: "12.50", points: "-0.2", kind: b, levels: [1, 2]}', True),
        ('{name: a, day: "2024-02-29", inner: [{rate: "1"}, {rate: "0.65", source: s}], by_name: {x: 1}}', True),
        ("count: 1", False),
        ("{name: a, other: 1}", False),
        ("{name: a, count: -1}", False),
        ("{name: a, count: one}", False),
        ("{name: a, flag: 1}", False),
        ("{name: a, exact: 1.5}", False),
        ('{name: a, amount: "0.001"}', False),
        ("{name: a, amount: -1}", False),
        ('{name: a, points: "-1.5"}', False),
        ("{name: a, kind: c}", False),
        ("{name: a, colour: blue}", False),
        ('{name: a, inner: [{rate: "1.01"}]}', False),
        ("{name: a, inner: [{rate: 1}]}", False),
        ("{name: a, levels: [1, 1]}", False),
        ("{name: ' '}", False),
    ],
)
def test_schema_and_reader_agree(text: str, fits: bool) -> None:
    assert VALIDATOR.is_valid(yaml.safe_load(text)) is fits
    if fits:
        read_rules(text, "a.yaml", Outer)
    else:
        with pytest.raises(RuleError):
            read_rules(text, "a.yaml", Outer)


def test_a_type_that_no_file_can_hold_is_refused() -> None:
    @dataclass(frozen=True)
    class Wrong:
        """Holds a complex number."""

        value: complex

    with pytest.raises(TypeError, match="has no place in a rule file"):
        json_schema(Wrong, "urn:x")


def test_an_unquoted_on_is_a_key() -> None:
    """YAML 1.1 takes it for a truth value."""

    @dataclass(frozen=True)
    class Switch:
        """Has a key of that name."""

        on: str

    assert read_rules("on: paid", "a.yaml", Switch) == Switch("paid")
    with pytest.raises(RuleError, match=r"a\.yaml:1: unknown key 'off'; known here: on"):
        read_rules("off: paid", "a.yaml", Switch)
