"""Stays on credit (挂账)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Date, DateTime, ForeignKey, Index, Integer, Table, Text, text

from claims.adapters.tables import metadata

STAY_CREDIT: Final = Table(
    "stay_credit",
    metadata,
    Column("credit_id", Text, primary_key=True),
    Column("visit_id", Text, ForeignKey("visit.visit_id"), nullable=False),
    Column("person_id", Text, nullable=False),
    Column("institution_code", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("until", Date, nullable=False, comment="the last day of credit"),
    Column("state", Text, nullable=False, comment="open, settled, withdrawn"),
    Column("ended_by", Text, comment="recognised, advance-only, denied, limit, hospital, stayed-on, cancelled, withdrawn"),
    Column("settlement_id", Text),
    Column("withdrawn_by", Text),
    Column("ended_at", DateTime(timezone=True)),
    Column(
        "next_try_at",
        DateTime(timezone=True),
        comment="of an open one: when it is looked at; the day after the limit at the latest",
    ),
    Column("wakes", Integer, nullable=False, server_default="0", comment="rises when something was decided"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("hindrance", Text),
    CheckConstraint("(state = 'open') = (next_try_at IS NOT NULL)", name="due_while_open"),
    CheckConstraint("(state = 'settled') = (settlement_id IS NOT NULL)", name="settled_by"),
    CheckConstraint("(state = 'open') = (ended_by IS NULL)", name="ended_by_something"),
    Index("uq_stay_credit_open", "visit_id", unique=True, postgresql_where=text("state = 'open'")),
    Index("ix_stay_credit_due", "next_try_at", postgresql_where=text("state = 'open'")),
    Index("ix_stay_credit_person", "person_id", postgresql_where=text("state = 'open'")),
    Index("ix_stay_credit_list", "state", "until", "credit_id"),
)
"""One open credit a stay."""
