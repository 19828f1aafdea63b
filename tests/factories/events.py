"""Any event of the published language, with any data its types allow."""

from __future__ import annotations

import typing
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from types import NoneType, UnionType
from typing import Any

from hypothesis import strategies as st

from shared.contracts import REGISTRY

_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
_LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXTS,
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    NoneType: st.none(),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type that a contract may use. KeyError for any other: a contract should not use it."""
    if is_dataclass(hint) and isinstance(hint, type):
        return instances(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        return st.lists(values(arguments[0]), max_size=3)
    if origin in (UnionType, typing.Union):
        return st.one_of(*map(values, arguments))
    return _LEAVES[hint]


def instances(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Instances of a contract's dataclass."""
    hints = typing.get_type_hints(cls)
    return st.builds(cls, **{field.name: values(hints[field.name]) for field in fields(cls)})


def events() -> st.SearchStrategy[Any]:
    """Instances of every registered event."""
    return st.one_of(*(instances(entry.cls) for entry in REGISTRY.all()))
