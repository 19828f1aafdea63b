"""YAML text into typed frozen objects.

The dataclass is the schema. Its field types may be: str, int, bool, date, Decimal, Fen, Rate, Points, Origin, an enum of
texts, Literal texts, another dataclass, ``tuple[T, ...]``, ``frozenset[T]``, ``Mapping[str, T]``, ``T | None``. A key that is no
field, a key given twice, a missing key without default, a float and a value of another type are errors; so is whatever
``__post_init__`` refuses with ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from shared import money
from shared.rules.values import Fen, Origin, Points, Rate, RuleError

T = TypeVar("T")

_TAG: Final = "tag:yaml.org,2002:"
_KEY_TAGS: Final = (f"{_TAG}str", f"{_TAG}bool")
"""YAML 1.1 takes an unquoted ``on`` for a truth value."""
_WHOLE: Final = re.compile(r"0|[1-9][0-9]*")
_NUMBER: Final = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")
_SIGNED: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def read_rules(text: str, file: str, kind: type[T]) -> T:
    """The object of type ``kind`` that ``text`` states; ``file`` is its name in messages. Raises RuleError."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "cannot be read"
        raise RuleError(Origin(file, mark.line + 1 if mark else 1), f"no YAML: {problem}") from None
    except yaml.YAMLError as error:
        raise RuleError(Origin(file, 1), f"no YAML: {error}") from None
    if node is None:
        raise RuleError(Origin(file, 1), "the file is empty")
    result: T = _Reader(file).read(node, kind)
    return result


@cache
def _keys(kind: Any) -> tuple[dict[str, Any], dict[str, Field[Any]]]:
    """The types of all fields, and the fields that are keys of the file."""
    types = get_type_hints(kind)
    return types, {field.name: field for field in fields(kind) if types[field.name] is not Origin}


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file

    def read(self, node: yaml.Node, kind: Any) -> Any:
        outer, inner = get_origin(kind), get_args(kind)
        if outer in (Union, UnionType):
            return self._optional(node, inner)
        if outer is Literal:
            return self._one_of(node, inner)
        if outer is tuple:
            return tuple(self.read(item, inner[0]) for item in self._items(node))
        if outer is frozenset:
            return self._set(node, inner[0])
        if outer is Mapping:
            return {key.value: self.read(value, inner[1]) for key, value in self._pairs(node)}
        if is_dataclass(kind):
            return self._object(node, kind)
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return kind(self._one_of(node, tuple(kind)))
        return self._scalar(node, kind)

    def _object(self, node: yaml.Node, kind: Any) -> Any:
        types, known = _keys(kind)
        values: dict[str, Any] = {name: self._origin(node) for name, type_ in types.items() if type_ is Origin}
        for key, value in self._pairs(node):
            if key.value not in known:
                raise self._error(key, f"unknown key {key.value!r}; known here: {', '.join(sorted(known))}")
            values[key.value] = self.read(value, types[key.value])
        for name, field in known.items():
            if name not in values and field.default is MISSING and field.default_factory is MISSING:
                raise self._error(node, f"the key {name!r} is missing")
        try:
            return kind(**values)
        except RuleError:
            raise
        except ValueError as error:
            raise self._error(node, str(error)) from None

    def _pairs(self, node: yaml.Node) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, f"expected keys and values, found {_found(node)}")
        seen: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag not in _KEY_TAGS:
                raise self._error(key, f"a key must be text, found {_found(key)}")
            if key.value in seen:
                raise self._error(key, f"the key {key.value!r} was already given in line {seen[key.value]}")
            seen[key.value] = key.start_mark.line + 1
            yield key, value

    def _items(self, node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, f"expected a list, found {_found(node)}")
        return list(node.value)

    def _set(self, node: yaml.Node, kind: Any) -> frozenset[Any]:
        found: set[Any] = set()
        for item in self._items(node):
            value = self.read(item, kind)
            if value in found:
                raise self._error(item, f"{value!r} stands twice in the list")
            found.add(value)
        return frozenset(found)

    def _optional(self, node: yaml.Node, kinds: tuple[Any, ...]) -> Any:
        if node.tag == f"{_TAG}null":
            return None
        (kind,) = (kind for kind in kinds if kind is not type(None))
        return self.read(node, kind)

    def _one_of(self, node: yaml.Node, allowed: tuple[str, ...]) -> str:
        text: str = self._scalar(node, str)
        if text not in allowed:
            raise self._error(node, f"{text!r} is not one of {', '.join(allowed)}")
        return text

    def _scalar(self, node: yaml.Node, kind: Any) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, f"expected {_NAMES[kind]}, found {_found(node)}")
        tag = node.tag.removeprefix(_TAG)
        if tag == "float":
            raise self._error(node, f'{node.value} is a float, which is never exact: quote it, "{node.value}"')
        accepted, convert = _SCALARS[kind]
        if tag not in accepted:
            raise self._error(node, f"expected {_NAMES[kind]}, found {_found(node)}")
        try:
            return convert(node.value)
        except ValueError as error:
            raise self._error(node, f"expected {_NAMES[kind]}: {error}") from None

    def _origin(self, node: yaml.Node) -> Origin:
        return Origin(self._file, node.start_mark.line + 1)

    def _error(self, node: yaml.Node, problem: str) -> RuleError:
        return RuleError(self._origin(node), problem)


def _found(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "keys and values"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return f"{node.tag.removeprefix(_TAG)} {node.value!r}"


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} is not written that way")
    return text


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("the text is empty")
    return text


def _points(text: str) -> int:
    size = money.rate(_matching(_SIGNED, text).removeprefix("-"))
    return -size if text.startswith("-") else size


_SCALARS: Final[dict[Any, tuple[tuple[str, ...], Callable[[str], Any]]]] = {
    str: (("str",), _text),
    int: (("int",), lambda text: int(_matching(_WHOLE, text))),
    bool: (("bool",), lambda text: {"true": True, "false": False}[_matching(re.compile("true|false"), text)]),
    date: (("timestamp", "str"), date.fromisoformat),
    Decimal: (("int", "str"), lambda text: Decimal(_matching(_SIGNED, text))),
    Fen: (("int", "str"), lambda text: money.fen(_matching(_NUMBER, text))),
    Rate: (("str",), lambda text: money.rate(_matching(_NUMBER, text))),
    Points: (("str",), _points),
}
_NAMES: Final[dict[Any, str]] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    date: "a day as YYYY-MM-DD",
    Decimal: "a number (with decimals: quoted)",
    Fen: "an amount in yuan (with fen: quoted)",
    Rate: 'a quoted share from "0" to "1"',
    Points: 'a quoted change from "-1" to "1"',
}
