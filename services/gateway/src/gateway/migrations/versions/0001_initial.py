"""The tables of the gateway's first version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """From an empty database."""
    op.create_table(
        "access_log",
        sa.Column("access_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("viewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("viewer_id", sa.Text(), nullable=False),
        sa.Column("viewer_name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("access_id", name=op.f("pk_access_log")),
    )
    op.create_index("ix_access_log_person_id", "access_log", ["person_id", "access_id"], unique=False)
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
        "his_nonce",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_his_nonce")),
        comment="not logged: after a crash of the server it is empty, and claims answers a replay with the stored answer",
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_his_nonce_seen_at", "his_nonce", ["seen_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_table(
        "institution",
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("access_key", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("infcode_number", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("institution_code", name=op.f("pk_institution")),
    )
    op.create_table(
        "matter",
        sa.Column("matter_id", sa.Text(), nullable=False),
        sa.Column("receipt_no", sa.Text(), nullable=False),
        sa.Column("matter_code", sa.Text(), nullable=False),
        sa.Column("rule_from", sa.Date(), nullable=False, comment="which version of the catalogue's matter"),
        sa.Column("matter_name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("form", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("materials", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "tasks",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what was reported about each task; states are derived",
        ),
        sa.Column("reference", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="ids in the owning services"),
        sa.Column("state", sa.Text(), nullable=False, comment="derived, for lists"),
        sa.Column(
            "urgency", sa.SmallInteger(), nullable=False, comment="0 red, 1 yellow, 2 green, 3 paused, 4 closed; derived"
        ),
        sa.Column("light", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column(
            "checked_as", sa.Text(), nullable=False, comment="day and announced years that light and due day were computed with"
        ),
        sa.Column("running", postgresql.ARRAY(sa.Text()), nullable=False, comment="names of running tasks; derived"),
        sa.Column("running_owner", postgresql.ARRAY(sa.Text()), nullable=False, comment="services of running tasks; derived"),
        sa.Column("to_start", sa.Boolean(), nullable=False, comment="a running task's start command is not answered; derived"),
        sa.PrimaryKeyConstraint("matter_id", name=op.f("pk_matter")),
        sa.UniqueConstraint("receipt_no", name=op.f("uq_matter_receipt_no")),
    )
    op.create_index("ix_matter_case_id", "matter", [sa.literal_column("(reference ->> 'case_id')")], unique=False)
    op.create_index("ix_matter_closed_at", "matter", ["closed_at"], unique=False)
    op.create_index("ix_matter_person_id", "matter", ["person_id"], unique=False)
    op.create_index("ix_matter_to_start", "matter", ["matter_id"], unique=False, postgresql_where=sa.text("to_start"))
    op.create_index("ix_matter_urgency", "matter", ["urgency", "due_on", "matter_id"], unique=False)
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
        "receipt_serial",
        sa.Column("matter_number", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("matter_number", "issued_on", name=op.f("pk_receipt_serial")),
    )
    op.create_table(
        "timeline_entry",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("links", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_timeline_entry")),
    )
    op.create_index("ix_timeline_entry_person_id", "timeline_entry", ["person_id", "happened_at", "event_id"], unique=False)
    op.create_table(
        "matter_note",
        sa.Column("note_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("matter_id", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.matter_id"], name=op.f("fk_matter_note_matter_id_matter")),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_matter_note")),
    )
    op.create_index("ix_matter_note_matter_id", "matter_note", ["matter_id", "note_id"], unique=False)


def downgrade() -> None:
    """Back to an empty database."""
    op.drop_index("ix_matter_note_matter_id", table_name="matter_note")
    op.drop_table("matter_note")
    op.drop_index("ix_timeline_entry_person_id", table_name="timeline_entry")
    op.drop_table("timeline_entry")
    op.drop_table("receipt_serial")
    op.drop_index("ix_parked_event_open", table_name="parked_event", postgresql_where=sa.text("replayed_at IS NULL"))
    op.drop_table("parked_event")
    op.drop_index("ix_outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_table("outbox")
    op.drop_table("once")
    op.drop_index("ix_matter_urgency", table_name="matter")
    op.drop_index("ix_matter_to_start", table_name="matter", postgresql_where=sa.text("to_start"))
    op.drop_index("ix_matter_person_id", table_name="matter")
    op.drop_index("ix_matter_closed_at", table_name="matter")
    op.drop_index("ix_matter_case_id", table_name="matter")
    op.drop_table("matter")
    op.drop_table("institution")
    op.drop_table("inbox")
    op.drop_index("ix_his_nonce_seen_at", table_name="his_nonce")
    op.drop_table("his_nonce")
    op.drop_index("ix_deadline_due_at", table_name="deadline")
    op.drop_table("deadline")
    op.drop_index("ix_access_log_person_id", table_name="access_log")
    op.drop_table("access_log")
