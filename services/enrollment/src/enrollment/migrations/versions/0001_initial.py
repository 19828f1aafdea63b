"""The platform's tables, persons, employers, cover, premiums."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
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
        "employer",
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("industry_class", sa.SmallInteger(), nullable=True, comment="1 to 8, sets the work-injury rate"),
        sa.CheckConstraint("industry_class BETWEEN 1 AND 8", name=op.f("ck_employer_industry_class")),
        sa.PrimaryKeyConstraint("employer_id", name=op.f("pk_employer")),
        sa.UniqueConstraint("credit_code", name=op.f("uq_employer_credit_code")),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
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
        "person",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False, comment="sealed JSON: name, cert_type, certno, naty"),
        sa.Column("certno_index", sa.Text(), nullable=False, comment="blind index of cert_type|certno"),
        sa.Column("name_index", sa.Text(), nullable=False, comment="blind index of the whole name"),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("phone_sealed", sa.Text(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("sex IN ('1', '2', '9')", name=op.f("ck_person_sex")),
        sa.CheckConstraint("version > 0", name=op.f("ck_person_version_positive")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        sa.UniqueConstraint("certno_index", name=op.f("uq_person_certno_index")),
    )
    op.create_index(op.f("ix_person_name_index"), "person", ["name_index"], unique=False)
    op.create_table(
        "coverage",
        sa.Column("coverage_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("person_category", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True, comment="last covered day"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=True),
        sa.Column("civil_servant", sa.Boolean(), nullable=False),
        sa.Column("matter_id", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'active', 'withdrawn')", name=op.f("ck_coverage_state")),
        sa.CheckConstraint("ends_on >= begins_on", name=op.f("ck_coverage_period")),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name=op.f("fk_coverage_employer_id_employer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_coverage_person_id_person")),
        sa.PrimaryKeyConstraint("coverage_id", name=op.f("pk_coverage")),
    )
    op.create_index(op.f("ix_coverage_person_id"), "coverage", ["person_id"], unique=False)
    op.create_table(
        "identity_class",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_on >= begins_on", name=op.f("ck_identity_class_period")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_identity_class_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "code", "begins_on", name=op.f("pk_identity_class")),
    )
    op.create_table(
        "premium",
        sa.Column("premium_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("coverage_id", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="document the amount comes from"),
        sa.Column("subsidy_fen", sa.BigInteger(), nullable=False),
        sa.Column("subsidy_class", sa.Text(), nullable=True),
        sa.Column("matter_id", sa.Text(), nullable=True),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_premium_amount")),
        sa.ForeignKeyConstraint(["coverage_id"], ["coverage.coverage_id"], name=op.f("fk_premium_coverage_id_coverage")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_premium_person_id_person")),
        sa.PrimaryKeyConstraint("premium_id", name=op.f("pk_premium")),
        sa.UniqueConstraint("coverage_id", name=op.f("uq_premium_coverage_id")),
    )
    op.create_index(op.f("ix_premium_person_id"), "premium", ["person_id"], unique=False)
    op.create_table(
        "premium_payment",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("receipt_no", sa.Text(), nullable=False),
        sa.Column("premium_id", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_premium_payment_amount")),
        sa.ForeignKeyConstraint(["premium_id"], ["premium.premium_id"], name=op.f("fk_premium_payment_premium_id_premium")),
        sa.PrimaryKeyConstraint("channel", "receipt_no", name=op.f("pk_premium_payment")),
        sa.UniqueConstraint("premium_id", name=op.f("uq_premium_payment_premium_id")),
    )


def downgrade() -> None:
    """Drop everything."""
    op.drop_table("premium_payment")
    op.drop_index(op.f("ix_premium_person_id"), table_name="premium")
    op.drop_table("premium")
    op.drop_table("identity_class")
    op.drop_index(op.f("ix_coverage_person_id"), table_name="coverage")
    op.drop_table("coverage")
    op.drop_index(op.f("ix_person_name_index"), table_name="person")
    op.drop_table("person")
    op.drop_index("ix_parked_event_open", table_name="parked_event", postgresql_where=sa.text("replayed_at IS NULL"))
    op.drop_table("parked_event")
    op.drop_index("ix_outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_table("outbox")
    op.drop_table("once")
    op.drop_table("inbox")
    op.drop_table("employer")
    op.drop_index("ix_deadline_due_at", table_name="deadline")
    op.drop_table("deadline")
