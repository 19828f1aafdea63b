"""Settlements, the accumulators of a person-year, personal accounts, and what conversion and transfer leave here."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from claims.adapters.tables import metadata

PERSON_YEAR: Final = Table(
    "person_year",
    metadata,
    Column("person_id", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("benefit_year", Integer, nullable=False),
    Column("state", JSONB, nullable=False, comment="YearState of the kernel: what the year has used up, in fen and counts"),
    Column("version", Integer, nullable=False, server_default="0"),
    Column(
        "person_version",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="the version of the person by whose classes the year was decided again; who read an older one begins anew",
    ),
    PrimaryKeyConstraint("person_id", "scheme", "benefit_year"),
    postgresql_with={"fillfactor": 70},
)

ACCOUNT: Final = Table(
    "account",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("balance_fen", BigInteger, nullable=False),
    Column("closed_at", DateTime(timezone=True), comment="paid out to heirs; what is restored later waits for another payout"),
    CheckConstraint("balance_fen >= 0", name="not_overdrawn"),
)

ACCOUNT_MOVEMENT: Final = Table(
    "account_movement",
    metadata,
    Column("movement_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False, comment="positive: credited"),
    Column("balance_fen", BigInteger, nullable=False, comment="after the movement"),
    Column(
        "reason", Text, nullable=False, comment="credit, settlement, reversal, take-back, restore, correction, interest, payout"
    ),
    Column("reference", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("sharing_id", Text, comment="paid for a relative, under this authorisation"),
    Column("settlement_id", Text, comment="of a movement for a relative: his settlement"),
    Index("uq_account_movement_reference", "person_id", "reason", "reference", unique=True),
)

SETTLEMENT: Final = Table(
    "settlement",
    metadata,
    Column("settlement_id", Text, primary_key=True, comment="setl_id"),
    Column("visit_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("institution_code", Text, nullable=False),
    Column("reverses", Text, comment="the settlement that this row reverses; null on settlements"),
    Column("state", Text, nullable=False, comment="valid, reversed, taken-back, charged-back, taken-over, reversal"),
    Column("scheme", Text, nullable=False),
    Column("benefit_year", Integer, nullable=False),
    Column("inpatient", Boolean, nullable=False),
    Column("med_type", Text, nullable=False),
    Column("begun_on", Date, nullable=False),
    Column("ended_on", Date, nullable=False),
    Column("settled_at", DateTime(timezone=True), nullable=False),
    Column(
        "year_no",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="its number in the person-year, in the order of deciding; 0: by settled_at, before there were numbers",
    ),
    Column("placed_on", Date, comment="of a claim that came late: its day, by which it stands before number year_no"),
    Column("infno", Text, nullable=False),
    Column("msgid", Text, nullable=False, comment="medins_setl_id"),
    Column("total_fen", BigInteger, nullable=False),
    Column("self_funded_fen", BigInteger, nullable=False),
    Column("over_limit_fen", BigInteger, nullable=False),
    Column("pre_selfpay_fen", BigInteger, nullable=False),
    Column("in_scope_fen", BigInteger, nullable=False),
    Column("fund_fen", BigInteger, nullable=False),
    Column("account_fen", BigInteger, nullable=False),
    Column("cash_fen", BigInteger, nullable=False),
    Column("hospital_fen", BigInteger, nullable=False),
    Column("work_injury_key", Text, comment="the work-injury fund pays directly (B4)"),
    Column("beside", Text, comment="settles what of the stay is no work injury: the work-injury settlement of the rest (B5)"),
    Column("rule_digest", Text, nullable=False),
    Column("facts", JSON, nullable=False, comment="what the decision was made from: facts and the year's state before"),
    Column("decision", JSON, nullable=False, comment="every intermediate amount, and the payments by book"),
    Column("answer", JSON, nullable=False, comment="SettlementAnswer fields that are not columns"),
    Index("ix_settlement_person_id", "person_id", "settled_at"),
    Index("ix_settlement_visit_id", "visit_id"),
    Index("uq_settlement_reverses", "reverses", unique=True, postgresql_where=text("reverses IS NOT NULL")),
    Index("uq_settlement_beside", "beside", unique=True, postgresql_where=text("beside IS NOT NULL")),
    # Four kilobytes are kept in the row: pressing them together would cost more than all else about it.
    postgresql_with={"toast_tuple_target": 8160},
)

TAKE_BACK: Final = Table(
    "take_back",
    metadata,
    Column("conversion_id", Text, primary_key=True),
    Column("settlement_id", Text, ForeignKey("settlement.settlement_id"), nullable=False),
    Column("case_id", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("decision_version", Integer, nullable=False),
    Column("state", Text, nullable=False, comment="taken-back or restored"),
    Column("answer", JSONB, nullable=False),
    Column(
        "kept", JSONB(none_as_null=True), comment="the decision on what the medical funds keep of the bill (B5); null: nothing"
    ),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Index("uq_take_back_active", "settlement_id", unique=True, postgresql_where=text("state = 'taken-back'")),
)

TRANSFER: Final = Table(
    "transfer",
    metadata,
    Column("transfer_id", Text, primary_key=True),
    Column("voucher_no", Text, nullable=False, unique=True),
    Column("book", Text, nullable=False),
    Column("counter_book", Text, nullable=False),
    Column("direction", Text, nullable=False, comment="in or out, seen from this book"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", Text, nullable=False, comment="reserved, posted, void"),
    Column("case_id", Text),
    Column("settlement_id", Text),
    Column("conversion_id", Text),
    Column("clearing_id", Text, comment="of a month-end clearing, for many cases"),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("amount_fen > 0", name="positive"),
    CheckConstraint("(conversion_id IS NULL) <> (clearing_id IS NULL)", name="of_case_or_clearing"),
)

INSTITUTION_CLEARING: Final = Table(
    "institution_clearing",
    metadata,
    Column("book", Text, nullable=False),
    Column("institution_code", Text, nullable=False),
    Column("month", Text, nullable=False, comment="YYYY-MM: everything settled in it is paid"),
    Column("paid_fen", BigInteger, nullable=False),
    Column("offset_fen", BigInteger, nullable=False, comment="met from what the institution owed the book"),
    Column("voucher_no", Text, nullable=False),
    Column("cleared_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("book", "institution_code", "month"),
)

REVERSED_MESSAGE: Final = Table(
    "reversed_message",
    metadata,
    Column("institution_code", Text, nullable=False),
    Column("infno", Text, nullable=False),
    Column("msgid", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("outcome", Text, nullable=False, comment="what 2601 did: reversed <settlement>, cancelled <visit>, nothing"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("institution_code", "infno", "msgid", "person_id"),
)
