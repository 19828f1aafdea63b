"""The tables of the gateway."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.db.tables import NAMING, platform_tables

metadata = MetaData(naming_convention=NAMING)
PLATFORM = platform_tables(metadata)

matter = Table(
    "matter",
    metadata,
    Column("matter_id", Text, primary_key=True),
    Column("receipt_no", Text, nullable=False, unique=True),
    Column("matter_code", Text, nullable=False),
    Column("rule_from", Date, nullable=False, comment="which version of the catalogue's matter"),
    Column("matter_name", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("accepted_by", Text, nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("withdrawn", Boolean, nullable=False),
    Column("form", JSONB, nullable=False),
    Column("materials", JSONB, nullable=False),
    Column("tasks", JSONB, nullable=False, comment="what was reported about each task; states are derived"),
    Column("reference", JSONB, nullable=False, comment="ids in the owning services"),
    Column("state", Text, nullable=False, comment="derived, for lists"),
    Column("urgency", SmallInteger, nullable=False, comment="0 red, 1 yellow, 2 green, 3 paused, 4 closed; derived"),
    Column("light", Text),
    Column("due_on", Date, nullable=False),
    Column("due_provisional", Boolean, nullable=False),
    Column("checked_as", Text, nullable=False, comment="day and announced years that light and due day were computed with"),
    Column("running", ARRAY(Text), nullable=False, comment="names of running tasks; derived"),
    Column("running_owner", ARRAY(Text), nullable=False, comment="services of running tasks; derived"),
    Column("to_start", Boolean, nullable=False, comment="a running task's start command is not answered; derived"),
    Index("ix_matter_urgency", "urgency", "due_on", "matter_id"),
    Index("ix_matter_person_id", "person_id"),
    Index("ix_matter_case_id", text("(reference ->> 'case_id')")),
    Index("ix_matter_to_start", "matter_id", postgresql_where=text("to_start")),
    Index("ix_matter_closed_at", "closed_at"),
)

matter_note = Table(
    "matter_note",
    metadata,
    Column("note_id", BigInteger, Identity(always=True), primary_key=True),
    Column("matter_id", Text, ForeignKey(matter.c.matter_id), nullable=False),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    Column("noted_by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_matter_note_matter_id", "matter_id", "note_id"),
)

receipt_serial = Table(
    "receipt_serial",
    metadata,
    Column("matter_number", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("matter_number", "issued_on"),
)

timeline_entry = Table(
    "timeline_entry",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("amount_fen", BigInteger),
    Column("links", JSONB, nullable=False),
    Index("ix_timeline_entry_person_id", "person_id", "happened_at", "event_id"),
)

institution = Table(
    "institution",
    metadata,
    Column("institution_code", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("region", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("signature", Text, nullable=False),
    Column("access_key", Text, nullable=False),
    Column("secret_sealed", Text, nullable=False),
    Column("infcode_number", Boolean, nullable=False),
)

access_log = Table(
    "access_log",
    metadata,
    Column("access_id", BigInteger, Identity(always=True), primary_key=True),
    Column("viewed_at", DateTime(timezone=True), nullable=False),
    Column("viewer_id", Text, nullable=False),
    Column("viewer_name", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("what", Text, nullable=False),
    Index("ix_access_log_person_id", "person_id", "access_id"),
)

his_nonce = Table(
    "his_nonce",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Index("ix_his_nonce_seen_at", "seen_at"),
    comment="not logged: after a crash of the server it is empty, and claims answers a replay with the stored answer",
    prefixes=["UNLOGGED"],
)

partner_document = Table(
    "partner_document",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Column("document", Text, nullable=False, comment="kind"),
    Column("document_no", Text, nullable=False),
    Column("digest", Text, comment="SM3 of the paper"),
    Column("about_id", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("fields", JSONB, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
    Column("reason", Text, nullable=False),
    CheckConstraint("state IN ('received', 'accepting', 'accepted', 'returned')", name="state"),
    UniqueConstraint("partner", "document", "document_no"),
    Index("ix_partner_document_case_id", "case_id"),
    Index("ix_partner_document_undecided", "document_id", postgresql_where=text("state IN ('received', 'accepting')")),
)

webhook = Table(
    "webhook",
    metadata,
    Column("webhook_id", Text, primary_key=True),
    Column("partner", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False),
    Column("secret_version", Integer, nullable=False),
    Column("secret_changed_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("disabled_at", DateTime(timezone=True)),
    Column("disabled_why", Text, nullable=False),
    Index("ix_webhook_partner", "partner"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("webhook_id", Text, ForeignKey(webhook.c.webhook_id, ondelete="CASCADE"), nullable=False),
    Column("event_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False, comment="pending, delivered, abandoned"),
    Column("attempts", Integer, nullable=False),
    Column("next_at", DateTime(timezone=True)),
    Column("last_status", Integer),
    Column("last_error", Text, nullable=False),
    Column("last_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("webhook_id", "event_id"),
    CheckConstraint("state IN ('pending', 'delivered', 'abandoned')", name="state"),
    Index("ix_webhook_delivery_due", "webhook_id", "next_at", postgresql_where=text("state = 'pending'")),
    Index("ix_webhook_delivery_occurred_at", "occurred_at"),
)

proposal = Table(
    "proposal",
    metadata,
    Column("proposal_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("region", Text),
    Column("body", JSONB, nullable=False, comment="the command as its owner takes it, without the two people"),
    Column("maker", Text, nullable=False),
    Column("maker_name", Text, nullable=False),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("checker", Text),
    Column("decided_at", DateTime(timezone=True)),
    CheckConstraint("checker <> maker", name="four_eyes"),
    CheckConstraint("state NOT IN ('deciding', 'done') OR checker IS NOT NULL", name="decided_by_second"),
    Index("ix_proposal_state", "state", "proposal_id"),
    Index("ix_proposal_subject_id", "subject_id"),
    Index(
        "uq_proposal_pending",
        "kind",
        "subject_id",
        text("(coalesce(body ->> 'line_id', ''))"),
        unique=True,
        postgresql_where=text("state IN ('open', 'deciding')"),
    ),
)

decision_document = Table(
    "decision_document",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("region", Text),
    Column("name", Text, nullable=False),
    Column("reference_no", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="SM3 of the file, hex"),
    Column("size_bytes", BigInteger, nullable=False),
    Column("material", Text, nullable=False, comment="where the paper lies"),
    Column("attached_by", Text, nullable=False),
    Column("attached_by_name", Text, nullable=False),
    Column("attached_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
    UniqueConstraint("subject_kind", "subject_id", "digest"),
)
