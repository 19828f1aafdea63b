"""The tables of claims, its platform and its books."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.ledger.tables import LEDGER_DDL, LEDGER_DDL_DROP

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "account",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("balance_fen >= 0", name=op.f("ck_account_not_overdrawn")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_account")),
    )
    op.create_table(
        "account_movement",
        sa.Column("movement_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False, comment="positive: credited"),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False, comment="after the movement"),
        sa.Column("reason", sa.Text(), nullable=False, comment="credit, settlement, reversal, take-back, restore"),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("movement_id", name=op.f("pk_account_movement")),
    )
    op.create_index("uq_account_movement_reference", "account_movement", ["person_id", "reason", "reference"], unique=True)
    op.create_table(
        "catalogue_item",
        sa.Column("code", sa.Text(), nullable=False, comment="med_list_codg"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False, comment="list_type"),
        sa.Column("fee_category", sa.Text(), server_default="14", nullable=False, comment="med_chrgitm_type"),
        sa.Column("charge_class", sa.Text(), nullable=False, comment="A, B or C"),
        sa.Column("pre_selfpay_rate", sa.Integer(), nullable=True, comment="millionths; null: by the class"),
        sa.Column("price_limit_1", sa.Numeric(precision=16, scale=6), nullable=True),
        sa.Column("price_limit_2", sa.Numeric(precision=16, scale=6), nullable=True),
        sa.Column("price_limit_3", sa.Numeric(precision=16, scale=6), nullable=True),
        sa.Column("limited_use", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("in_work_injury_catalogue", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("code", "valid_from", name=op.f("pk_catalogue_item")),
    )
    op.create_table(
        "deadline",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.Text(), server_default="{}", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cause", sa.Text(), nullable=True, comment="why the last attempt failed"),
        sa.PrimaryKeyConstraint("kind", "subject_id", name=op.f("pk_deadline")),
    )
    op.create_index("ix_deadline_due_at", "deadline", ["due_at"], unique=False)
    op.create_table(
        "his_message",
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("infno", sa.Text(), nullable=False),
        sa.Column("msgid", sa.Text(), nullable=False),
        sa.Column(
            "variant", sa.Text(), nullable=False, comment="input digest where the institution's msgids repeat, else empty"
        ),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column(
            "subject_id",
            sa.Text(),
            nullable=False,
            comment="what it made: settlement, visit, batch; empty if nothing of its own",
        ),
        sa.Column("answer", sa.Text(), nullable=False, comment="the answer sent, word for word"),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution_code", "infno", "msgid", "variant", name=op.f("pk_his_message")),
        postgresql_with={"toast_tuple_target": 8160},
    )
    op.create_index("ix_his_message_visit_id", "his_message", ["visit_id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_table(
        "institution",
        sa.Column("code", sa.Text(), nullable=False, comment="fixmedins_code"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="1", nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("access_key", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("switches", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_institution")),
    )
    op.create_table(
        "insured_person",
        sa.Column("person_id", sa.Text(), nullable=False, comment="psn_no"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False, comment="sealed JSON: name, cert_type, certno, naty"),
        sa.Column("certno_index", sa.Text(), nullable=False, comment="blind index of cert_type|certno"),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("coverages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("classes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_insured_person")),
    )
    op.create_index("ix_insured_person_certno_index", "insured_person", ["certno_index"], unique=False)
    op.create_table(
        "journal",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("memo", sa.Text(), server_default="", nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("settlement_id", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("conversion_id", sa.Text(), nullable=True),
        sa.Column("decision_version", sa.Integer(), nullable=True),
        sa.Column("voucher_no", sa.Text(), nullable=True),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("reverses", sa.Text(), nullable=True, comment="the journal that this one takes back"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("checker IS NULL OR checker <> maker", name=op.f("ck_journal_four_eyes")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_journal")),
    )
    op.create_index("ix_journal_book_seq", "journal", ["book", "seq"], unique=False)
    op.create_index("ix_journal_case_id", "journal", ["case_id"], unique=False, postgresql_where=sa.text("case_id IS NOT NULL"))
    op.create_index(
        "ix_journal_settlement_id",
        "journal",
        ["settlement_id"],
        unique=False,
        postgresql_where=sa.text("settlement_id IS NOT NULL"),
    )
    op.create_index(
        "uq_journal_reverses", "journal", ["reverses"], unique=True, postgresql_where=sa.text("reverses IS NOT NULL")
    )
    op.create_table(
        "journal_seal",
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("seal_no", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False, comment="SM3 over the hash before, and the journal's canonical text"),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("book", "seal_no", name=op.f("pk_journal_seal")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_journal_seal_entry_id")),
    )
    op.create_table(
        "ledger_period",
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False, comment="YYYY-MM"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("book", "month", name=op.f("pk_ledger_period")),
    )
    op.create_table(
        "once",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_once")),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False, comment="JSON of the event's data"),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_unpublished", "outbox", ["seq"], unique=False, postgresql_where=sa.text("published_at IS NULL"))
    op.create_table(
        "parked_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="offset in the partition"),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False, comment="JSON object of text headers"),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_parked_event")),
    )
    op.create_index(
        "ix_parked_event_open", "parked_event", ["key", "topic"], unique=False, postgresql_where=sa.text("replayed_at IS NULL")
    )
    op.create_table(
        "person_year",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("benefit_year", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="YearState of the kernel: what the year has used up, in fen and counts",
        ),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("person_id", "scheme", "benefit_year", name=op.f("pk_person_year")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "reversed_message",
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("infno", sa.Text(), nullable=False),
        sa.Column("msgid", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column(
            "outcome", sa.Text(), nullable=False, comment="what 2601 did: reversed <settlement>, cancelled <visit>, nothing"
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution_code", "infno", "msgid", "person_id", name=op.f("pk_reversed_message")),
    )
    op.create_table(
        "settlement",
        sa.Column("settlement_id", sa.Text(), nullable=False, comment="setl_id"),
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("reverses", sa.Text(), nullable=True, comment="the settlement that this row reverses; null on settlements"),
        sa.Column("state", sa.Text(), nullable=False, comment="valid, reversed, taken-back, reversal"),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("benefit_year", sa.Integer(), nullable=False),
        sa.Column("inpatient", sa.Boolean(), nullable=False),
        sa.Column("med_type", sa.Text(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("infno", sa.Text(), nullable=False),
        sa.Column("msgid", sa.Text(), nullable=False, comment="medins_setl_id"),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("self_funded_fen", sa.BigInteger(), nullable=False),
        sa.Column("over_limit_fen", sa.BigInteger(), nullable=False),
        sa.Column("pre_selfpay_fen", sa.BigInteger(), nullable=False),
        sa.Column("in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("fund_fen", sa.BigInteger(), nullable=False),
        sa.Column("account_fen", sa.BigInteger(), nullable=False),
        sa.Column("cash_fen", sa.BigInteger(), nullable=False),
        sa.Column("hospital_fen", sa.BigInteger(), nullable=False),
        sa.Column("work_injury_key", sa.Text(), nullable=True, comment="the work-injury fund pays directly (B4)"),
        sa.Column("rule_digest", sa.Text(), nullable=False),
        sa.Column(
            "facts",
            sa.JSON(),
            nullable=False,
            comment="what the decision was made from: facts and the year's state before",
        ),
        sa.Column(
            "decision",
            sa.JSON(),
            nullable=False,
            comment="every intermediate amount, and the payments by book",
        ),
        sa.Column(
            "answer",
            sa.JSON(),
            nullable=False,
            comment="SettlementAnswer fields that are not columns",
        ),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_settlement")),
        postgresql_with={"toast_tuple_target": 8160},
    )
    op.create_index("ix_settlement_person_id", "settlement", ["person_id", "settled_at"], unique=False)
    op.create_index("ix_settlement_visit_id", "settlement", ["visit_id"], unique=False)
    op.create_index(
        "uq_settlement_reverses", "settlement", ["reverses"], unique=True, postgresql_where=sa.text("reverses IS NOT NULL")
    )
    op.create_table(
        "sign_in",
        sa.Column("sign_no", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("operator_no", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sign_no", name=op.f("pk_sign_in")),
    )
    op.create_index("uq_sign_in_day", "sign_in", ["institution_code", "operator_no", "signed_on"], unique=True)
    op.create_table(
        "transfer",
        sa.Column("transfer_id", sa.Text(), nullable=False),
        sa.Column("voucher_no", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("counter_book", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False, comment="in or out, seen from this book"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="reserved, posted, void"),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("conversion_id", sa.Text(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_transfer_positive")),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("voucher_no", name=op.f("uq_transfer_voucher_no")),
    )
    op.create_table(
        "visit",
        sa.Column("visit_id", sa.Text(), nullable=False, comment="mdtrt_id"),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("inpatient", sa.Boolean(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False, comment="insutype"),
        sa.Column("med_type", sa.Text(), server_default="", nullable=False),
        sa.Column("hospital_no", sa.Text(), nullable=False, comment="ipt_otp_no / ipt_no"),
        sa.Column("state", sa.Text(), nullable=False, comment="open, discharged, cancelled"),
        sa.Column("begun_on", sa.Date(), nullable=False, comment="day in China of begun_at"),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("insured_region", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "work_injury",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="the HIS asked for the work-injury rule set (GSXT)",
        ),
        sa.Column("injury_suspect", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="WI_SUSPECT"),
        sa.Column("disease_code", sa.Text(), server_default="", nullable=False),
        sa.Column("disease_name", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="remaining interface fields by name",
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visit")),
    )
    op.create_index("ix_visit_institution_no", "visit", ["institution_code", "hospital_no"], unique=False)
    op.create_index("ix_visit_person_id", "visit", ["person_id", "begun_on"], unique=False)
    op.create_table(
        "diagnosis",
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("sort_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("main", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("valid", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.visit_id"], name=op.f("fk_diagnosis_visit_id_visit")),
        sa.PrimaryKeyConstraint("visit_id", "sort_no", "kind", name=op.f("pk_diagnosis")),
    )
    op.create_table(
        "fee_batch",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("batch_no", sa.Text(), nullable=False, comment="chrg_bchno; empty for inpatients"),
        sa.Column(
            "generation", sa.Integer(), nullable=False, comment="rises when a batch number is used again after it was settled"
        ),
        sa.Column(
            "settlement_id", sa.Text(), nullable=True, comment="the valid settlement of these lines; null while unsettled"
        ),
        sa.Column("line_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("self_funded_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("over_limit_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pre_selfpay_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("in_scope_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.visit_id"], name=op.f("fk_fee_batch_visit_id_visit")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_fee_batch")),
        sa.UniqueConstraint("visit_id", "batch_no", "generation", name=op.f("uq_fee_batch_visit_id_batch_no_generation")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "journal_line",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("dim", sa.Text(), server_default="", nullable=False),
        sa.Column("debit_fen", sa.BigInteger(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(debit_fen > 0 AND credit_fen = 0) OR (credit_fen > 0 AND debit_fen = 0)", name=op.f("ck_journal_line_one_side")
        ),
        sa.PrimaryKeyConstraint("entry_id", "line_no", name=op.f("pk_journal_line")),
    )
    op.create_index("ix_journal_line_book_account", "journal_line", ["book", "account", "booked_on"], unique=False)
    op.create_table(
        "take_back",
        sa.Column("conversion_id", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("decision_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="taken-back or restored"),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_take_back_settlement_id_settlement")
        ),
        sa.PrimaryKeyConstraint("conversion_id", name=op.f("pk_take_back")),
    )
    op.create_index(
        "uq_take_back_active", "take_back", ["settlement_id"], unique=True, postgresql_where=sa.text("state = 'taken-back'")
    )
    op.create_table(
        "fee_line",
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("line_no", sa.Text(), nullable=False, comment="feedetl_sn"),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("returns_line_no", sa.Text(), server_default="", nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False, comment="med_list_codg"),
        sa.Column("institution_item_code", sa.Text(), server_default="", nullable=False),
        sa.Column("item_name", sa.Text(), server_default="", nullable=False),
        sa.Column("charge_class", sa.Text(), nullable=False, comment="A, B or C"),
        sa.Column("fee_category", sa.Text(), server_default="", nullable=False, comment="med_chrgitm_type"),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=16, scale=4), nullable=False),
        sa.Column("price", sa.Numeric(precision=16, scale=6), nullable=False),
        sa.Column("price_limit", sa.Numeric(precision=16, scale=6), nullable=True, comment="cap applied; null: none"),
        sa.Column("pre_selfpay_rate", sa.Integer(), server_default="0", nullable=False, comment="millionths"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("self_funded_fen", sa.BigInteger(), nullable=False),
        sa.Column("over_limit_fen", sa.BigInteger(), nullable=False),
        sa.Column("pre_selfpay_fen", sa.BigInteger(), nullable=False),
        sa.Column("in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("in_work_injury_catalogue", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="remaining interface fields by name",
        ),
        sa.Column("msgid", sa.Text(), server_default="", nullable=False, comment="the message that uploaded it"),
        sa.ForeignKeyConstraint(["batch_id"], ["fee_batch.batch_id"], name=op.f("fk_fee_line_batch_id_fee_batch")),
        sa.PrimaryKeyConstraint("visit_id", "line_no", name=op.f("pk_fee_line")),
    )
    op.create_index("ix_fee_line_batch_id", "fee_line", ["batch_id"], unique=False)
    for statement in LEDGER_DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop everything."""
    for statement in LEDGER_DDL_DROP:
        op.execute(statement)
    op.drop_index("ix_fee_line_batch_id", table_name="fee_line")
    op.drop_table("fee_line")
    op.drop_index("uq_take_back_active", table_name="take_back", postgresql_where=sa.text("state = 'taken-back'"))
    op.drop_table("take_back")
    op.drop_index("ix_journal_line_book_account", table_name="journal_line")
    op.drop_table("journal_line")
    op.drop_table("fee_batch")
    op.drop_table("diagnosis")
    op.drop_index("ix_visit_person_id", table_name="visit")
    op.drop_index("ix_visit_institution_no", table_name="visit")
    op.drop_table("visit")
    op.drop_table("transfer")
    op.drop_index("uq_sign_in_day", table_name="sign_in")
    op.drop_table("sign_in")
    op.drop_index("uq_settlement_reverses", table_name="settlement", postgresql_where=sa.text("reverses IS NOT NULL"))
    op.drop_index("ix_settlement_visit_id", table_name="settlement")
    op.drop_index("ix_settlement_person_id", table_name="settlement")
    op.drop_table("settlement")
    op.drop_table("reversed_message")
    op.drop_table("person_year")
    op.drop_index("ix_parked_event_open", table_name="parked_event", postgresql_where=sa.text("replayed_at IS NULL"))
    op.drop_table("parked_event")
    op.drop_index("ix_outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_table("outbox")
    op.drop_table("once")
    op.drop_table("ledger_period")
    op.drop_table("journal_seal")
    op.drop_index("uq_journal_reverses", table_name="journal", postgresql_where=sa.text("reverses IS NOT NULL"))
    op.drop_index("ix_journal_settlement_id", table_name="journal", postgresql_where=sa.text("settlement_id IS NOT NULL"))
    op.drop_index("ix_journal_case_id", table_name="journal", postgresql_where=sa.text("case_id IS NOT NULL"))
    op.drop_index("ix_journal_book_seq", table_name="journal")
    op.drop_table("journal")
    op.drop_index("ix_insured_person_certno_index", table_name="insured_person")
    op.drop_table("insured_person")
    op.drop_table("institution")
    op.drop_table("inbox")
    op.drop_index("ix_his_message_visit_id", table_name="his_message")
    op.drop_table("his_message")
    op.drop_index("ix_deadline_due_at", table_name="deadline")
    op.drop_table("deadline")
    op.drop_table("catalogue_item")
    op.drop_index("uq_account_movement_reference", table_name="account_movement")
    op.drop_table("account_movement")
    op.drop_table("account")
