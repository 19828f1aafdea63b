"""Matters for tests: from the real catalogue, accepted on a chosen day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from gateway.adapters.policy import load_catalogue
from gateway.domain.catalogue import MatterRule
from gateway.domain.matter import Matter, new_tasks

CATALOGUE = load_catalogue()
ACCEPTED_AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
"""Monday 2 March 2026, 9:30 in China."""


def rule(code: str, day: date = ACCEPTED_AT.date()) -> MatterRule:
    """The catalogue's matter on a day."""
    found = CATALOGUE.find(code, day)
    assert found is not None
    return found


def matter(code: str, at: datetime = ACCEPTED_AT) -> Matter:
    """A freshly accepted matter."""
    applied_for = rule(code, at.date())
    return Matter(
        matter_id="M" + "0" * 25,
        receipt_no="CB0120260302000017",
        rule=applied_for,
        person_id="P" + "0" * 25,
        region="420502",
        accepted_at=at,
        accepted_by="王芳",
        form={},
        materials=(),
        tasks=new_tasks(applied_for, at),
        references={"matter_id": "M" + "0" * 25, "person_id": "P" + "0" * 25},
    )


def hours(count: int) -> datetime:
    """So many hours after acceptance."""
    return ACCEPTED_AT + timedelta(hours=count)
