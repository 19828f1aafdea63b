"""Burdens of persons and households, and the lines they cross."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from claims.adapters.tables import metadata

BURDEN: Final = Table(
    "burden",
    metadata,
    Column("subject_kind", Text, nullable=False, comment="person or household"),
    Column("subject_id", Text, nullable=False),
    Column("benefit_year", Integer, nullable=False),
    Column("household_id", Text, comment="of a person: where his burden counts too"),
    Column("region", Text, nullable=False, server_default=""),
    Column("in_scope_self_pay_fen", BigInteger, nullable=False, server_default="0"),
    Column("out_of_pocket_fen", BigInteger, nullable=False, server_default="0"),
    Column("members", Integer, nullable=False, server_default="1"),
    PrimaryKeyConstraint("subject_kind", "subject_id", "benefit_year"),
    Index("ix_burden_household_id", "household_id", "benefit_year", postgresql_where=text("household_id IS NOT NULL")),
    postgresql_with={"fillfactor": 70},
)
"""A projection of the settlements that stand: recomputed from them, never added to."""

BURDEN_CROSSING: Final = Table(
    "burden_crossing",
    metadata,
    Column("crossing_id", Text, primary_key=True),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("benefit_year", Integer, nullable=False),
    Column("line", Text, nullable=False),
    Column("line_name", Text, nullable=False),
    Column("person_id", Text, nullable=False, comment="the person, or of the household one whose claim counts"),
    Column("region", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("line_fen", BigInteger, nullable=False),
    Column("is_over", Boolean, nullable=False, comment="false: a reversal took it back under"),
    Column("state", Text, nullable=False, comment="open, contacted, applied, dismissed"),
    Column("note", Text),
    Column("handled_by", Text),
    Column("handled_at", DateTime(timezone=True)),
    Column("crossed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("state IN ('open', 'contacted', 'applied', 'dismissed')", name="state"),
    Index("uq_burden_crossing_subject", "subject_kind", "subject_id", "benefit_year", "line", unique=True),
    Index("ix_burden_crossing_state", "state", "crossing_id", postgresql_where=text("is_over")),
)
