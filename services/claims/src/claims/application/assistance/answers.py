"""An application as an answer."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from claims.domain.assistance import STATES, Application, class_name
from shared.calendar import WorkCalendar


def shown(application: Application, calendar: WorkCalendar) -> dict[str, Any]:
    """All of it, with the sums of the review and the last day of the notice as the calendar is known now; JSON values only."""
    answer = asdict(application) | {
        "state_name": STATES[application.state],
        "class_name": class_name(application.class_code),
        "notice_ends_on": None,
        "notice_provisional": None,
    }
    if application.review is not None:
        answer["review"] |= {
            "burden_fen": application.review.burden_fen,
            "meets_line": application.review.burden_fen >= application.line_fen,
            "expected_fen": application.review.expected_fen,
        }
    due = application.notice_ends(calendar)
    if due is not None:
        answer |= {"notice_ends_on": due.on, "notice_provisional": due.provisional}
    plain: dict[str, Any] = _plain(answer)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value
