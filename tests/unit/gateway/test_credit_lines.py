"""A stay on credit in the timeline of a person: given and withdrawn are said here, settled by its settlement."""

from __future__ import annotations

from datetime import UTC, date, datetime

from gateway.domain.timeline import entry
from shared.contracts.claims import StayCreditChanged

AT = datetime(2026, 3, 20, 1, tzinfo=UTC)


def changed(state: str, **more: str) -> StayCreditChanged:
    return StayCreditChanged(
        credit_id="G1",
        visit_id="V1",
        person_id="P1",
        institution_code="H42050100001",
        state=state,
        changed_at=AT,
        until=None if state == "settled" else date(2026, 6, 12),
        **more,
    )


def test_what_the_person_reads() -> None:
    given = entry(changed("open"), AT)
    assert given is not None
    assert (given.kind, given.title, given.detail) == ("visit", "住院费用挂账，等待工伤认定", "挂账期限至 2026-06-12")
    assert (given.person_id, dict(given.links)) == ("P1", {"visit_id": "V1"})
    withdrawn = entry(changed("withdrawn", ended_by="stayed-on"), AT)
    assert withdrawn is not None
    assert (withdrawn.title, withdrawn.detail) == ("住院费用挂账结束，未结算", "")
    assert entry(changed("settled", ended_by="denied", settlement_id="S1"), AT) is None
