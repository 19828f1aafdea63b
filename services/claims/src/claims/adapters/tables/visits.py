"""Visits, their charge batches and fee lines.

A settlement settles charge batches, not single lines: the batch row carries the sums of its lines and the settlement that
settled it, so settling ten lines changes one row. Whoever changes lines holds the visit's row lock and keeps the sums right.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from claims.adapters.tables import metadata

VISIT: Final = Table(
    "visit",
    metadata,
    Column("visit_id", Text, primary_key=True, comment="mdtrt_id"),
    Column("person_id", Text, nullable=False),
    Column("institution_code", Text, nullable=False),
    Column("inpatient", Boolean, nullable=False),
    Column("scheme", Text, nullable=False, comment="insutype"),
    Column("med_type", Text, nullable=False, server_default=""),
    Column("hospital_no", Text, nullable=False, comment="ipt_otp_no / ipt_no"),
    Column("state", Text, nullable=False, comment="open, discharged, cancelled"),
    Column("begun_on", Date, nullable=False, comment="day in China of begun_at"),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Column("ended_on", Date),
    Column("ended_at", DateTime(timezone=True)),
    Column("insured_region", Text, nullable=False, server_default=""),
    Column(
        "work_injury",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the HIS asked for the work-injury rule set (GSXT)",
    ),
    Column("injury_suspect", Boolean, nullable=False, server_default=text("false"), comment="WI_SUSPECT"),
    Column("credit_id", Text, comment="the credit (挂账) that the stay is on"),
    Column("disease_code", Text, nullable=False, server_default=""),
    Column("disease_name", Text, nullable=False, server_default=""),
    Column("details", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="remaining interface fields by name"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Index("ix_visit_person_id", "person_id", "begun_on"),
    Index("ix_visit_institution_no", "institution_code", "hospital_no"),
)

DIAGNOSIS: Final = Table(
    "diagnosis",
    metadata,
    Column("visit_id", Text, ForeignKey("visit.visit_id"), primary_key=True),
    Column("sort_no", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("main", Boolean, nullable=False, server_default=text("false")),
    Column("valid", Boolean, nullable=False, server_default=text("true")),
    Column("details", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
)

FEE_BATCH: Final = Table(
    "fee_batch",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("visit_id", Text, ForeignKey("visit.visit_id"), nullable=False),
    Column("batch_no", Text, nullable=False, comment="chrg_bchno; empty for inpatients"),
    Column("generation", Integer, nullable=False, comment="rises when a batch number is used again after it was settled"),
    Column("settlement_id", Text, comment="the valid settlement of these lines; null while unsettled"),
    Column("line_count", Integer, nullable=False, server_default="0"),
    Column("total_fen", BigInteger, nullable=False, server_default="0"),
    Column("self_funded_fen", BigInteger, nullable=False, server_default="0"),
    Column("over_limit_fen", BigInteger, nullable=False, server_default="0"),
    Column("pre_selfpay_fen", BigInteger, nullable=False, server_default="0"),
    Column("in_scope_fen", BigInteger, nullable=False, server_default="0"),
    Column("class_b_fen", BigInteger, nullable=False, server_default="0", comment="of what is in scope, like the next two"),
    Column("traditional_fen", BigInteger, nullable=False, server_default="0"),
    Column("flat_fen", BigInteger, nullable=False, server_default="0"),
    Column("sessions", Numeric(16, 4), nullable=False, server_default="0", comment="units of treatments counted by session"),
    Column("first_on", Date, comment="day in China of the first charge; null: settled before days were kept"),
    Column("last_on", Date, comment="day in China of the last charge"),
    UniqueConstraint("visit_id", "batch_no", "generation"),
    # Settling changes one column that no index has: the new version fits on the same page.
    postgresql_with={"fillfactor": 70},
)

FEE_LINE: Final = Table(
    "fee_line",
    metadata,
    Column("visit_id", Text, primary_key=True),
    Column("line_no", Text, primary_key=True, comment="feedetl_sn"),
    Column("batch_id", Text, ForeignKey("fee_batch.batch_id"), nullable=False),
    Column("returns_line_no", Text, nullable=False, server_default=""),
    Column("item_code", Text, nullable=False, comment="med_list_codg"),
    Column("institution_item_code", Text, nullable=False, server_default=""),
    Column("item_name", Text, nullable=False, server_default=""),
    Column("charge_class", Text, nullable=False, comment="A, B or C"),
    Column("fee_category", Text, nullable=False, server_default="", comment="med_chrgitm_type"),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("quantity", Numeric(16, 4), nullable=False),
    Column("price", Numeric(16, 6), nullable=False),
    Column("price_limit", Numeric(16, 6), comment="cap applied; null: none"),
    Column("pre_selfpay_rate", Integer, nullable=False, server_default="0", comment="millionths"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("self_funded_fen", BigInteger, nullable=False),
    Column("over_limit_fen", BigInteger, nullable=False),
    Column("pre_selfpay_fen", BigInteger, nullable=False),
    Column("in_scope_fen", BigInteger, nullable=False),
    Column("class_b_fen", BigInteger, nullable=False, server_default="0", comment="of what is in scope, like the next two"),
    Column("traditional_fen", BigInteger, nullable=False, server_default="0"),
    Column("flat_fen", BigInteger, nullable=False, server_default="0"),
    Column(
        "sessions", Numeric(16, 4), nullable=False, server_default="0", comment="quantity of a treatment counted by session"
    ),
    Column("in_work_injury_catalogue", Boolean, nullable=False, server_default=text("false")),
    Column("details", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="remaining interface fields by name"),
    Column("msgid", Text, nullable=False, server_default="", comment="the message that uploaded it"),
    Index("ix_fee_line_batch_id", "batch_id"),
)

HIS_MESSAGE: Final = Table(
    "his_message",
    metadata,
    Column("institution_code", Text, primary_key=True),
    Column("infno", Text, primary_key=True),
    Column("msgid", Text, primary_key=True),
    Column("variant", Text, primary_key=True, comment="input digest where the institution's msgids repeat, else empty"),
    Column("digest", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("visit_id", Text, nullable=False),
    Column("subject_id", Text, nullable=False, comment="what it made: settlement, visit, batch; empty if nothing of its own"),
    Column("answer", Text, nullable=False, comment="the answer sent, word for word"),
    Column("answered_at", DateTime(timezone=True), nullable=False),
    Index("ix_his_message_visit_id", "visit_id"),
    postgresql_with={"toast_tuple_target": 8160},
)
"""Answers given, kept as long as their effect stands: a message sent again gets the same answer."""
