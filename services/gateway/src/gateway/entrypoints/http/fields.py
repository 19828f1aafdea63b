"""Kinds of values that requests carry, and cursors back into sort keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import StringConstraints

from shared.errors import invalid
from shared.http.pagination import decode_cursor

PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
"""No control characters: the database takes no NUL, and a name has no line breaks."""

Id = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{1,64}$")]
Filter = Annotated[str | None, Query(max_length=64, pattern=PLAIN)]
Text = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
Words = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Value = Words | int | list[Text] | None
"""What a field of a form may hold."""

_ID: Final = re.compile("[0-9A-Za-z_-]{1,64}")
_MAX_SERIAL: Final = 2**63 - 1


def read_cursor(after: str | None, *kinds: Callable[[Any], Any]) -> list[Any] | None:
    """The sort key in a cursor, each part read by its kind; None without a cursor. Refuses what we did not make."""
    if after is None:
        return None
    try:
        return [kind(part) for kind, part in zip(kinds, decode_cursor(after, len(kinds)), strict=True)]
    except (TypeError, ValueError) as cause:
        raise invalid(
            "gateway.request.cursor-invalid", "分页游标无效", "the cursor is not one of ours", field="after"
        ) from cause


def serial(part: Any) -> int:
    """A number that the database can hold. Raises ValueError."""
    if not isinstance(part, int) or not 0 <= part <= _MAX_SERIAL:
        raise ValueError("no serial number")
    return part


def urgency(part: Any) -> int:
    """0 (red) to 4 (closed). Raises ValueError."""
    if part not in range(5):
        raise ValueError("no urgency")
    return int(part)


def instant(part: Any) -> datetime:
    """An instant with its zone. Raises ValueError, TypeError."""
    at = datetime.fromisoformat(part)
    if at.tzinfo is None:
        raise ValueError("no zone")
    return at


def case_in(facts: Mapping[str, Any], what: str) -> str:
    """Path of the injury case that a request names. Refusal ``gateway.<what>.case``."""
    case_id = facts.get("case_id")
    if not isinstance(case_id, str) or not _ID.fullmatch(case_id):
        raise invalid(f"gateway.{what}.case", "工伤案件编号(case_id)不能为空", field="case_id")
    return f"/v1/injury-cases/{case_id}"
