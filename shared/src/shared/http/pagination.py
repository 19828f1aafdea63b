"""Lists: ``{"items": [...], "next": cursor or null}``. A cursor is opaque to the caller and holds the last row's sort key."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any

from fastapi import Query

from shared.errors import Refusal, invalid

Limit = Annotated[int, Query(ge=1, le=200, description="at most so many items")]
After = Annotated[str | None, Query(max_length=500, description="the `next` of the page before")]


def encode_cursor(*key: Any) -> str:
    """The sort key of the last row as an opaque text."""
    return base64.urlsafe_b64encode(json.dumps(key, default=str).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> list[Any]:
    """The sort key in a cursor; its parts are texts and 64-bit integers. Refuses what we did not make."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, list) or len(key) != parts or not all(map(_is_part, key)):
        raise cursor_invalid()
    return key


def cursor_invalid() -> Refusal:
    """The cursor is none of ours, or of another list."""
    return invalid("request.cursor-invalid", "分页游标无效", "the cursor is not one of this list", field="after")


def page(items: list[Any], limit: int, next_cursor: str | None) -> dict[str, Any]:
    """The answer for ``items`` fetched with ``limit + 1``: the surplus one only proves that there is more."""
    return {"items": items[:limit], "next": next_cursor if len(items) > limit else None}


def _is_part(part: Any) -> bool:
    return (type(part) is int and -(2**63) <= part < 2**63) or (isinstance(part, str) and part.isprintable())
