"""The tables of enrollment."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from shared.db.tables import NAMING, platform_tables

metadata = MetaData(naming_convention=NAMING)
PLATFORM = platform_tables(metadata)

PERSON: Final = Table(
    "person",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed", Text, nullable=False, comment="sealed JSON: name, cert_type, certno, naty"),
    Column("certno_index", Text, nullable=False, unique=True, comment="blind index of cert_type|certno"),
    Column("name_index", Text, nullable=False, index=True, comment="blind index of the whole name"),
    Column("sex", Text, nullable=False),
    Column("born_on", Date, nullable=False),
    Column("region", Text, nullable=False),
    Column("household_id", Text, comment="the household's number in the register (户号)"),
    Column("phone_sealed", Text),
    Column("registered_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    CheckConstraint("version > 0", name="version_positive"),
    CheckConstraint("sex IN ('1', '2', '9')", name="sex"),
)

EMPLOYER: Final = Table(
    "employer",
    metadata,
    Column("employer_id", Text, primary_key=True),
    Column("credit_code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("industry_class", SmallInteger, comment="1 to 8, sets the work-injury rate"),
    CheckConstraint("industry_class BETWEEN 1 AND 8", name="industry_class"),
)

COVERAGE: Final = Table(
    "coverage",
    metadata,
    Column("coverage_id", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False, index=True),
    Column("scheme", Text, nullable=False),
    Column("person_category", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("begins_on", Date, nullable=False),
    Column("ends_on", Date, comment="last covered day"),
    Column("state", Text, nullable=False),
    Column("employer_id", Text, ForeignKey("employer.employer_id")),
    Column("civil_servant", Boolean, nullable=False),
    Column("tier", Text, comment="tier of the scheme (缴费档次); null where there is but one"),
    Column("matter_id", Text),
    CheckConstraint("state IN ('pending', 'active', 'withdrawn')", name="state"),
    CheckConstraint("ends_on >= begins_on", name="period"),
)

IDENTITY_CLASS: Final = Table(
    "identity_class",
    metadata,
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("begins_on", Date, nullable=False),
    Column("ends_on", Date),
    PrimaryKeyConstraint("person_id", "code", "begins_on"),
    CheckConstraint("ends_on >= begins_on", name="period"),
)

PREMIUM: Final = Table(
    "premium",
    metadata,
    Column("premium_id", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("person.person_id"), nullable=False, index=True),
    Column("coverage_id", Text, ForeignKey("coverage.coverage_id"), nullable=False, unique=True),
    Column("scheme", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("source", Text, nullable=False, comment="document the amount comes from"),
    Column("subsidy_fen", BigInteger, nullable=False),
    Column("subsidy_class", Text),
    Column("matter_id", Text),
    CheckConstraint("amount_fen >= 0", name="amount"),
)

PAYMENT: Final = Table(
    "premium_payment",
    metadata,
    Column("channel", Text, nullable=False),
    Column("receipt_no", Text, nullable=False),
    Column("premium_id", Text, ForeignKey("premium.premium_id"), nullable=False, unique=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("channel", "receipt_no"),
    CheckConstraint("amount_fen > 0", name="amount"),
)
