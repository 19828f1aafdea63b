"""Personal accounts beside balance and movements: family sharing, years, closures, and the yearly run."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from claims.adapters.tables import metadata

ACCOUNT_SHARING: Final = Table(
    "account_sharing",
    metadata,
    Column("sharing_id", Text, primary_key=True),
    Column("holder_id", Text, nullable=False),
    Column("beneficiary_id", Text, nullable=False),
    Column("relation", Text, nullable=False, comment="what the beneficiary is to the holder"),
    Column("begins_on", Date, nullable=False),
    Column("ends_on", Date, comment="last day; null while open"),
    Column("limit_fen", BigInteger, comment="most that is paid under it altogether; null: no limit"),
    Column("used_fen", BigInteger, nullable=False, server_default="0", comment="paid less what came back"),
    Column("granted_by", Text, nullable=False),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    Column("withdrawn_by", Text),
    Column("withdrawn_at", DateTime(timezone=True), comment="from then on it pays nothing"),
    CheckConstraint("holder_id <> beneficiary_id", name="two_persons"),
    CheckConstraint("used_fen >= 0 AND (limit_fen IS NULL OR used_fen <= limit_fen)", name="within_limit"),
    CheckConstraint("ends_on >= begins_on", name="period"),
    Index("ix_account_sharing_beneficiary_id", "beneficiary_id"),
    Index("ix_account_sharing_holder_id", "holder_id"),
)

ACCOUNT_YEAR: Final = Table(
    "account_year",
    metadata,
    Column("person_id", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("opening_fen", BigInteger, nullable=False, comment="carried over from the year before"),
    Column("credited_fen", BigInteger, nullable=False),
    Column("spent_fen", BigInteger, nullable=False, comment="less what was given back"),
    Column("interest_fen", BigInteger, nullable=False),
    Column("closing_fen", BigInteger, nullable=False, comment="carried over to the next year, interest included"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("person_id", "year"),
    CheckConstraint("opening_fen + credited_fen - spent_fen + interest_fen = closing_fen", name="adds_up"),
)

ACCOUNT_YEAR_RUN: Final = Table(
    "account_year_run",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("after_person_id", Text, nullable=False, comment="accounts up to this one are done"),
    Column("accounts", Integer, nullable=False, comment="progress: how many are done"),
    Column("interest_fen", BigInteger, nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
)

ACCOUNT_CLOSURE: Final = Table(
    "account_closure",
    metadata,
    Column("closure_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("state", Text, nullable=False, comment="proposed, paid, rejected"),
    Column("died_on", Date, nullable=False),
    Column("reference", Text, nullable=False, comment="the papers: death record, proof of succession"),
    Column("amount_fen", BigInteger, comment="what was paid to the heirs"),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("note", Text),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    CheckConstraint("checker <> maker", name="two_persons"),
    Index("uq_account_closure_open", "person_id", unique=True, postgresql_where=text("state = 'proposed'")),
    Index("ix_account_closure_person_id", "person_id"),
)
