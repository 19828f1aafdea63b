"""The platform's tables, the work-injury book, cases, conversions, transfers, direct settlements."""

from __future__ import annotations

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
    op.execute(sa.schema.CreateSequence(sa.Sequence("voucher_no")))
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
        "inbox",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_table(
        "injury_case",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=True),
        sa.Column("accident_on", sa.Date(), nullable=False),
        sa.Column("body_parts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column(
            "contested_on", sa.Date(), nullable=True, comment="since when the newest decision is under review or before a court"
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_injury_case")),
    )
    op.create_index("ix_injury_case_person_id", "injury_case", ["person_id"], unique=False)
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
        "reversed_settlement",
        sa.Column("settlement_id", sa.Text(), nullable=False, comment="may be known before the settlement itself"),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_reversed_settlement")),
    )
    op.create_table(
        "settled_stay",
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=False),
        sa.Column("inpatient", sa.Boolean(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("injury_suspect", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_settled_stay")),
    )
    op.create_index("ix_settled_stay_person_id", "settled_stay", ["person_id"], unique=False)
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
        "recognition_decision",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decision_no", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False, comment="granted, denied, revoked"),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_recognition_decision_case_id_injury_case")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_recognition_decision")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_recognition_decision_case_id_version")),
    )
    op.create_table(
        "conversion",
        sa.Column("conversion_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("decision_version", sa.Integer(), nullable=False),
        sa.Column("matter_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=True, comment="figures are null until the bill was read"),
        sa.Column("work_injury_fen", sa.BigInteger(), nullable=True),
        sa.Column("person_fen", sa.BigInteger(), nullable=True),
        sa.Column("hospital_fen", sa.BigInteger(), nullable=True),
        sa.Column("cash_fen", sa.BigInteger(), nullable=True),
        sa.Column("meals_fen", sa.BigInteger(), nullable=True),
        sa.Column("owed_fen", sa.BigInteger(), nullable=True),
        sa.Column("owed", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="per book and account"),
        sa.Column("maker", sa.Text(), nullable=True),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("begun", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("revoked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("restored", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("paid", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hindrance", sa.Text(), nullable=True, comment="why the last step did not succeed"),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'checked', 'failed') OR (maker IS NOT NULL AND checker IS NOT NULL)",
            name=op.f("ck_conversion_approved_by_two"),
        ),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_conversion_four_eyes")),
        sa.CheckConstraint(
            "work_injury_fen + hospital_fen = owed_fen + cash_fen - person_fen", name=op.f("ck_conversion_figures_close")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_conversion_case_id_injury_case")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["recognition_decision.decision_id"], name=op.f("fk_conversion_decision_id_recognition_decision")
        ),
        sa.PrimaryKeyConstraint("conversion_id", name=op.f("pk_conversion")),
        sa.UniqueConstraint(
            "settlement_id",
            "decision_id",
            "decision_version",
            name=op.f("uq_conversion_settlement_id_decision_id_decision_version"),
        ),
    )
    op.create_index("ix_conversion_case_id", "conversion", ["case_id"], unique=False)
    op.create_index(
        "ix_conversion_next_try_at",
        "conversion",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('proposed', 'approved', 'posted', 'transferring', 'reverting')"),
    )
    op.create_index("ix_conversion_person_id", "conversion", ["person_id"], unique=False)
    op.create_index(
        "uq_conversion_open_settlement",
        "conversion",
        ["settlement_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('reverted', 'failed')"),
    )
    op.create_table(
        "direct_settlement",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("decision_no", sa.Text(), nullable=False),
        sa.Column("decision_version", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("work_injury_fen", sa.BigInteger(), nullable=False),
        sa.Column("person_fen", sa.BigInteger(), nullable=False),
        sa.Column("hospital_fen", sa.BigInteger(), nullable=False),
        sa.Column("unrelated_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=True),
        sa.Column("meals_fen", sa.BigInteger(), nullable=False),
        sa.Column("meals_paid", sa.Boolean(), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_direct_settlement_case_id_injury_case")),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["recognition_decision.decision_id"],
            name=op.f("fk_direct_settlement_decision_id_recognition_decision"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_direct_settlement")),
    )
    op.create_index("ix_direct_settlement_person_id", "direct_settlement", ["person_id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("conversion_id", sa.Text(), nullable=True, comment="null for a direct settlement"),
        sa.Column("kind", sa.Text(), nullable=False, comment="refund, meals"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher_no", sa.Text(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_positive")),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_payment_case_id_injury_case")),
        sa.ForeignKeyConstraint(
            ["conversion_id"], ["conversion.conversion_id"], name=op.f("fk_payment_conversion_id_conversion")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_payment")),
    )
    op.create_index(
        "uq_payment_conversion_kind",
        "payment",
        ["conversion_id", "kind"],
        unique=True,
        postgresql_where=sa.text("conversion_id IS NOT NULL"),
    )
    op.create_index(
        "uq_payment_direct_kind",
        "payment",
        ["settlement_id", "kind"],
        unique=True,
        postgresql_where=sa.text("conversion_id IS NULL"),
    )
    op.create_table(
        "transfer",
        sa.Column("transfer_id", sa.Text(), nullable=False),
        sa.Column("conversion_id", sa.Text(), nullable=False),
        sa.Column("voucher_no", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("instructed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_transfer_positive")),
        sa.ForeignKeyConstraint(
            ["conversion_id"], ["conversion.conversion_id"], name=op.f("fk_transfer_conversion_id_conversion")
        ),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("voucher_no", name=op.f("uq_transfer_voucher_no")),
    )
    op.create_index("ix_transfer_conversion_id", "transfer", ["conversion_id"], unique=False)
    op.create_index(
        "uq_transfer_standing",
        "transfer",
        ["conversion_id", "book", "direction"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('voiding', 'voided')"),
    )
    for statement in LEDGER_DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop everything."""
    for statement in LEDGER_DDL_DROP:
        op.execute(statement)
    op.drop_index("uq_transfer_standing", table_name="transfer", postgresql_where=sa.text("state NOT IN ('voiding', 'voided')"))
    op.drop_index("ix_transfer_conversion_id", table_name="transfer")
    op.drop_table("transfer")
    op.drop_index("uq_payment_direct_kind", table_name="payment", postgresql_where=sa.text("conversion_id IS NULL"))
    op.drop_index("uq_payment_conversion_kind", table_name="payment", postgresql_where=sa.text("conversion_id IS NOT NULL"))
    op.drop_table("payment")
    op.drop_index("ix_direct_settlement_person_id", table_name="direct_settlement")
    op.drop_table("direct_settlement")
    op.drop_index(
        "uq_conversion_open_settlement",
        table_name="conversion",
        postgresql_where=sa.text("state NOT IN ('reverted', 'failed')"),
    )
    op.drop_index("ix_conversion_person_id", table_name="conversion")
    op.drop_index(
        "ix_conversion_next_try_at",
        table_name="conversion",
        postgresql_where=sa.text("state IN ('proposed', 'approved', 'posted', 'transferring', 'reverting')"),
    )
    op.drop_index("ix_conversion_case_id", table_name="conversion")
    op.drop_table("conversion")
    op.drop_table("recognition_decision")
    op.drop_index("ix_journal_line_book_account", table_name="journal_line")
    op.drop_table("journal_line")
    op.drop_index("ix_settled_stay_person_id", table_name="settled_stay")
    op.drop_table("settled_stay")
    op.drop_table("reversed_settlement")
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
    op.drop_index("ix_injury_case_person_id", table_name="injury_case")
    op.drop_table("injury_case")
    op.drop_table("inbox")
    op.drop_index("ix_deadline_due_at", table_name="deadline")
    op.drop_table("deadline")
    op.execute(sa.schema.DropSequence(sa.Sequence("voucher_no")))
