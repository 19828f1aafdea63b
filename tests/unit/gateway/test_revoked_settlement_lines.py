"""A revoked direct settlement in the timeline of a person: what the medical funds bear, what the person gives back, and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.timeline import entry
from shared.contracts.workinjury_bridge import DirectSettlementRevoked

AT = datetime(2026, 5, 20, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("medical_settlement_id", "medical_fen", "person_fen", "not_taken_over", "title", "detail"),
    [
        (
            None,
            0,
            812_300,
            "该人员没有有效参保，不享受待遇",
            "工伤认定撤销，追回直接结算费用",
            "医保基金承担 0.00 元，应由个人退回 8,123.00 元；医保基金未承担：该人员没有有效参保，不享受待遇",
        ),
        (
            "MS9",
            600_000,
            212_300,
            None,
            "工伤认定撤销，直接结算转由医保结算",
            "医保基金承担 6,000.00 元，应由个人退回 2,123.00 元",
        ),
    ],
)
def test_what_the_person_reads(
    medical_settlement_id: str | None, medical_fen: int, person_fen: int, not_taken_over: str | None, title: str, detail: str
) -> None:
    told = DirectSettlementRevoked(
        key="W1",
        case_id="C1",
        person_id="P1",
        settlement_id="S9",
        decision_version=1,
        medical_settlement_id=medical_settlement_id,
        medical_fen=medical_fen,
        person_fen=person_fen,
        not_taken_over=not_taken_over,
        revoked_at=AT,
    )
    line = entry(told, AT)
    assert line is not None
    assert (line.title, line.detail) == (title, detail)
