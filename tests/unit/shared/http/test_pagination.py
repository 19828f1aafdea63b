from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Refusal
from shared.http.pagination import decode_cursor, encode_cursor, page

PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=30)


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | PRINTABLE, min_size=1, max_size=4))
def test_a_cursor_brings_back_its_key(key: list[int | str]) -> None:
    cursor = encode_cursor(*key)
    assert decode_cursor(cursor, len(key)) == key
    assert cursor.isascii()
    assert "=" not in cursor
    with pytest.raises(Refusal, match=r"request\.cursor-invalid"):
        decode_cursor(cursor, len(key) + 1)


@given(st.text(max_size=60))
def test_no_other_text_does_more_than_be_refused(cursor: str) -> None:
    with suppress(Refusal):
        assert len(decode_cursor(cursor, 1)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "[null]",
        "[1.5]",
        "[true]",
        "[9223372036854775808]",
        "[[1]]",
        "1",
        "[1, 2]",
        '["\\u0000"]',
        '["\\ud800"]',
        "[",
    ],
)
def test_what_we_do_not_put_in_a_cursor_is_refused(body: str) -> None:
    with pytest.raises(Refusal) as refused:
        decode_cursor(base64.urlsafe_b64encode(body.encode()).decode(), 1)
    assert (refused.value.kind.value, refused.value.code, refused.value.field) == (422, "request.cursor-invalid", "after")


def test_a_page_has_a_next_one_only_when_there_is_more() -> None:
    assert page([1, 2, 3], 2, "c") == {"items": [1, 2], "next": "c"}
    assert page([1, 2], 2, "c") == {"items": [1, 2], "next": None}
    assert page([], 2, None) == {"items": [], "next": None}
