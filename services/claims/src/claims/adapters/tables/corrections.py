"""Late facts: corrections of standing settlements, work that is left over, and what waits for a second pair of eyes."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from claims.adapters.tables import metadata

SETTLEMENT_CORRECTION: Final = Table(
    "settlement_correction",
    metadata,
    Column("settlement_id", Text, ForeignKey("settlement.settlement_id"), primary_key=True),
    Column("sequence", Integer, primary_key=True, comment="from 1; the last one stands"),
    Column("reason", Text, nullable=False, comment="reversal, take-back, restore, class, manual-claim, line"),
    Column("reason_text", Text, nullable=False),
    Column("trigger_id", Text, nullable=False, comment="the settlement or fact that set it off"),
    Column("counterparty", Text, nullable=False, comment="person or institution"),
    Column("facts", JSON, nullable=False, comment="what the decision was made from, as in settlement"),
    Column("decision", JSON, nullable=False, comment="the whole new decision, as in settlement"),
    Column("difference", JSON, nullable=False, comment="new minus old: payments by book, account and fund"),
    Column("lines", JSON, nullable=False, comment="every line corrected so far, by line_no"),
    Column("total_fen", BigInteger, nullable=False, comment="this and the next three: as they stand now"),
    Column("account_fen", BigInteger, nullable=False),
    Column("cash_fen", BigInteger, nullable=False),
    Column("hospital_fen", BigInteger, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("checker IS NULL OR checker <> maker", name="four_eyes"),
)
"""Append-only, like the journals that belong to it."""

REDECISION: Final = Table(
    "redecision",
    metadata,
    Column("redecision_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("benefit_year", Integer, nullable=False, comment="the first year concerned"),
    Column("reason", Text, nullable=False),
    Column("trigger_id", Text, nullable=False),
    Column("rest", JSON, nullable=False, comment="where to go on: since, years, visits"),
    Column("decided", Integer, nullable=False, server_default="0", comment="progress: settlements decided again so far"),
    Column("corrected", Integer, nullable=False, server_default="0"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("ix_redecision_open", "redecision_id", postgresql_where=text("finished_at IS NULL")),
    Index("ix_redecision_person_id", "person_id"),
)

LATE_FACT: Final = Table(
    "late_fact",
    metadata,
    Column("late_fact_id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="manual-claim or line"),
    Column("person_id", Text, nullable=False),
    Column("settlement_id", Text, comment="of a line: the settlement it corrects; of a paper claim: what came of it"),
    Column("invoice_no", Text, comment="of a paper claim; used once"),
    Column("state", Text, nullable=False, comment="proposed, approved, rejected"),
    Column("body", JSON, nullable=False, comment="the command"),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    CheckConstraint("checker IS NULL OR checker <> maker", name="four_eyes"),
    Index("ix_late_fact_state", "state", "late_fact_id"),
    Index(
        "uq_late_fact_invoice_no",
        "invoice_no",
        unique=True,
        postgresql_where=text("invoice_no IS NOT NULL AND state <> 'rejected'"),
    ),
)

PERSON_PAYOUT: Final = Table(
    "person_payout",
    metadata,
    Column("payout_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("state", Text, nullable=False, comment="proposed, paid, rejected"),
    Column("dues", JSONB, nullable=False, comment="fen by book, as owed when it was proposed"),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    CheckConstraint("checker <> maker", name="two_persons"),
    Index("ix_person_payout_state", "state", "payout_id"),
    Index("uq_person_payout_open", "person_id", unique=True, postgresql_where=text("state = 'proposed'")),
)
"""What is paid to persons out of 2203: one open payment a person."""
