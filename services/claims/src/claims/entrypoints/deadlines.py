"""What happens by time: public notices end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claims.application.assistance.ports import NOTICE_DEADLINE
from claims.bootstrap import Claims
from shared.db.deadlines import DeadlineHandler


def deadlines(claims: Claims) -> Mapping[str, DeadlineHandler]:
    """Deadline kind to reaction; the subject is an application for assistance."""

    async def close_notice(tx: Any, application_id: str, _: dict[str, Any]) -> None:
        await claims.assistance.move.close_notice(tx, application_id)

    return {NOTICE_DEADLINE: close_notice}
