"""Differences of two documents: where, before, after."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.domain.rule_books.diff import differences
from claims.domain.rule_books.in_force import read_book
from shared.rules import plain
from tests.factories.rule_books import county_book


def listed(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    return [(d.path, d.before, d.after) for d in differences(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"b": 3, "c": 4}, [("a", 1, None), ("b", 2, 3), ("c", None, 4)]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, [("a[1]", 2, 3), ("a[2]", None, 4)]),
        ({"a": 1}, {"a": True}, [("a", 1, True)]),
        ({"a": {"b": 1}}, {"a": None}, [("a", {"b": 1}, None)]),
        (
            {"layers": [{"code": "pool", "cap": 1}, {"code": "tilt", "cap": 2}]},
            {"layers": [{"code": "new", "cap": 9}, {"code": "pool", "cap": 3}]},
            [
                ("layers[pool].cap", 1, 3),
                ("layers[tilt]", {"code": "tilt", "cap": 2}, None),
                ("layers[new]", None, {"code": "new", "cap": 9}),
            ],
        ),
        ({"l": [{"code": "a"}, {"code": "b"}]}, {"l": [{"code": "b"}, {"code": "a"}]}, [("l[order]", ["a", "b"], ["b", "a"])]),
        ({"l": [{"code": "a", "n": 1}, {"code": "a"}]}, {"l": [{"code": "a", "n": 2}]}, [("l[0].n", 1, 2), ("l[1]", {"code": "a"}, None)]),
    ],
)  # fmt: skip
def test_what_differs(before: Any, after: Any, expected: list[tuple[str, Any, Any]]) -> None:
    assert listed(before, after) == expected


def test_two_versions_of_a_book() -> None:
    (before,), (after,) = (
        read_book(county_book(version=v, begins=b, rate=r), "x").versions
        for v, b, r in (("demo-1", "2024-01-01", "0.50"), ("demo-2", "2026-03-21", "0.60"))
    )
    assert listed(plain(before), plain(after)) == [
        ("version", "demo-1", "demo-2"),
        ("effective_from", "2024-01-01", "2026-03-21"),
        ("layers[outpatient].terms[level_2].bands[0].rate", 500_000, 600_000),
    ]


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["code", "a", "b"]), inner, max_size=3),
    max_leaves=12,
)


@given(DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:
    assert differences(document, document) == []


@given(DOCUMENTS, DOCUMENTS)
def test_the_way_back_is_the_same_places(left: Any, right: Any) -> None:
    there = {d.path: (d.before, d.after) for d in differences(left, right)}
    back = {d.path: (d.after, d.before) for d in differences(right, left)}
    assert there == back
