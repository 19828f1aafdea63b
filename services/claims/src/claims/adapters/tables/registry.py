"""Institutions, catalogue, and insured persons as enrollment states them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Identity, Index, Integer, Numeric, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from claims.adapters.tables import metadata

INSTITUTION: Final = Table(
    "institution",
    metadata,
    Column("code", Text, primary_key=True, comment="fixmedins_code"),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="1"),
    Column("level", Integer, nullable=False),
    Column("region", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("signature", Text, nullable=False),
    Column("access_key", Text, nullable=False),
    Column("secret_sealed", Text, nullable=False),
    Column("switches", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("rank", Text, nullable=False, server_default="county", comment="administrative rank"),
    Column("marks", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="traditional, outside_seat, psychiatric"),
)

CATALOGUE_ITEM: Final = Table(
    "catalogue_item",
    metadata,
    Column("code", Text, primary_key=True, comment="med_list_codg"),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="", comment="list_type"),
    Column("fee_category", Text, nullable=False, server_default="14", comment="med_chrgitm_type"),
    Column("charge_class", Text, nullable=False, comment="A, B or C"),
    Column("pre_selfpay_rate", Integer, comment="millionths; null: by the class"),
    Column("price_limit_1", Numeric(16, 6)),
    Column("price_limit_2", Numeric(16, 6)),
    Column("price_limit_3", Numeric(16, 6)),
    Column("limited_use", Boolean, nullable=False, server_default=text("false")),
    Column("in_work_injury_catalogue", Boolean, nullable=False, server_default=text("false")),
    Column("line_class", Text, nullable=False, server_default="", comment="class of lines of the rule book; empty: none"),
    Column("traditional", Boolean, nullable=False, server_default=text("false"), comment="traditional medicine"),
    Column(
        "per_session", Boolean, nullable=False, server_default=text("false"), comment="each unit is one session of treatment"
    ),
)

INSURED_PERSON: Final = Table(
    "insured_person",
    metadata,
    Column("person_id", Text, primary_key=True, comment="psn_no"),
    Column("version", BigInteger, nullable=False),
    Column("sealed", Text, nullable=False, comment="sealed JSON: name, cert_type, certno, naty"),
    Column("certno_index", Text, nullable=False, comment="blind index of cert_type|certno"),
    Column("sex", Text, nullable=False),
    Column("born_on", Date, nullable=False),
    Column("coverages", JSONB, nullable=False),
    Column("classes", JSONB, nullable=False),
    Column(
        "filings", JSONB, nullable=False, server_default=text("'[]'::jsonb"), comment="filings that stand, for the hot path"
    ),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("household_id", Text, comment="the household's number in the register (户号)"),
    Index("ix_insured_person_certno_index", "certno_index"),
    Index("ix_insured_person_household_id", "household_id", postgresql_where=text("household_id IS NOT NULL")),
)

FILING: Final = Table(
    "filing",
    metadata,
    Column("filing_id", Text, primary_key=True, comment="trt_dcla_detl_sn"),
    Column("person_id", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="referral, chronic, chosen, long_term"),
    Column("code", Text, nullable=False, comment="disease, institution or region"),
    Column("begins_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("scheme", Text, nullable=False),
    Column("filed_by", Text, nullable=False, comment="institution code, or who filed it at the counter"),
    Column("state", Text, nullable=False, comment="valid, cancelled"),
    Column("filed_at", DateTime(timezone=True), nullable=False),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("details", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="remaining interface fields by name"),
    Index("ix_filing_person_id", "person_id"),
)

SIGN_IN: Final = Table(
    "sign_in",
    metadata,
    Column("sign_no", Text, primary_key=True),
    Column("institution_code", Text, nullable=False),
    Column("operator_no", Text, nullable=False),
    Column("signed_on", Date, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=False),
    Index("uq_sign_in_day", "institution_code", "operator_no", "signed_on", unique=True),
)

PERSON_NUMBER: Final = Table(
    "person_number",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("number", BigInteger, Identity(always=True, start=1000000001), nullable=False, unique=True),
)
"""Persons by number, for interfaces that have no other (Jiangsu work injury)."""
