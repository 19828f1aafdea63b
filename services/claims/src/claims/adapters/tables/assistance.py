"""Applications for medical assistance."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, CheckConstraint, Column, Date, DateTime, Index, Table, Text, text

from claims.adapters.tables import metadata

ASSISTANCE_APPLICATION: Final = Table(
    "assistance_application",
    metadata,
    Column("application_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("class_code", Text, nullable=False),
    Column(
        "state",
        Text,
        nullable=False,
        comment="applied, reviewed, on_notice, objected, notice_over, approved, granted, paid, rejected, withdrawn",
    ),
    Column("applied_on", Date, nullable=False),
    Column("reviewer", Text),
    Column("approver", Text),
    Column("body", JSON, nullable=False, comment="the whole application"),
    Column("next_try_at", DateTime(timezone=True), comment="of an approved one: when granting the class is tried again"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("approver IS NULL OR approver <> reviewer", name="four_eyes"),
    Index("ix_assistance_application_state", "state", "application_id"),
    Index("ix_assistance_application_person_id", "person_id", "application_id"),
    Index(
        "uq_assistance_application_open",
        "person_id",
        unique=True,
        postgresql_where=text("state NOT IN ('paid', 'rejected', 'withdrawn')"),
    ),
)
"""One open application a person."""
