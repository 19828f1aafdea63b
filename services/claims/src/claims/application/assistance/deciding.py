"""The fact that an application was decided."""

from __future__ import annotations

from claims.domain.assistance import Application, class_name
from shared.contracts.claims import AssistanceDecided


def decided(application: Application) -> AssistanceDecided:
    """Of an application that was approved or rejected."""
    assert application.decided_at is not None
    review = application.review
    return AssistanceDecided(
        application_id=application.application_id,
        person_id=application.person_id,
        class_code=application.class_code,
        class_name=class_name(application.class_code),
        approved=application.state == "approved",
        begins_on=application.look_back_from,
        burden_fen=review.burden_fen if review else 0,
        line_fen=application.line_fen,
        expected_fen=review.expected_fen if review else 0,
        reason=application.reason,
        decided_at=application.decided_at,
    )
