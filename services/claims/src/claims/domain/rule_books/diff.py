"""What differs between two documents, as a list that people can read: where, before, after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_NAMES: Final = ("code", "rule_id", "layer", "version")
"""What things in a list are called by, the first that all of them have and no two share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that is not the same. ``before`` or ``after`` is None where there is none."""

    path: str
    """``layers[pool].terms[level_2].bands[0].rate``: lists of things with a code by the code, other lists by position."""
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "") -> list[Difference]:
    """Every difference of two JSON values, in the order of the first, then of what only the second has."""
    return list(_differences(before, after, path))


def _differences(before: Any, after: Any, path: str) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(before, list) and isinstance(after, list):
        left, right = _by_name(before, after)
        for key in [*left, *(key for key in right if key not in left)]:
            yield from _differences(left.get(key), right.get(key), f"{path}[{key}]")
        order = [key for key in left if key in right], [key for key in right if key in left]
        if order[0] != order[1]:
            yield Difference(path=f"{path}[order]", before=order[0], after=order[1])
    elif before != after or type(before) is not type(after):
        yield Difference(path=path, before=before, after=after)


def _by_name(before: Sequence[Any], after: Sequence[Any]) -> tuple[dict[Any, Any], dict[Any, Any]]:
    items = [*before, *after]
    if items and all(isinstance(item, Mapping) for item in items):
        for name in _NAMES:
            left, right = ([item.get(name) for item in side] for side in (before, after))
            named = all(isinstance(value, str) and value for value in (*left, *right))
            if named and len(set(left)) == len(left) and len(set(right)) == len(right):
                return dict(zip(left, before, strict=True)), dict(zip(right, after, strict=True))
    return dict(enumerate(before)), dict(enumerate(after))
