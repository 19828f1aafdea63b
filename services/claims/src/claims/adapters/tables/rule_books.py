"""Rule books with their histories, what is in force, and trials on past settlements."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from claims.adapters.tables import metadata

RULE_BOOK: Final = Table(
    "rule_book",
    metadata,
    Column("book_id", Text, primary_key=True),
    Column("region", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("text", Text, nullable=False, comment="as submitted; never changed once approved"),
    Column("revision", Integer, nullable=False),
    Column("origin", Text, nullable=False, comment="submitted or file"),
    Column("state", Text, nullable=False, comment="draft, linted, shadow-run, approved, effective, retired"),
    Column("submitted_by", Text, nullable=False),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    Column("maker", Text),
    Column("checker", Text),
    Column("ending_by", Text),
    Column("ending_on", Date),
    Column("findings", JSONB(none_as_null=True), comment="of the last check of this text"),
    Column("shadow", JSONB(none_as_null=True), comment="result of the last trial of this text"),
    CheckConstraint("checker IS NULL OR (checker <> maker AND checker <> submitted_by)", name="four_eyes"),
    CheckConstraint("origin = 'file' OR state NOT IN ('approved', 'effective') OR checker IS NOT NULL", name="approved_by_two"),
    Index("ix_rule_book_place", "region", "scheme"),
)

RULE_BOOK_ACT: Final = Table(
    "rule_book_act",
    metadata,
    Column("act_id", BigInteger, Identity(always=True), primary_key=True),
    Column("book_id", Text, ForeignKey("rule_book.book_id"), nullable=False),
    Column("act", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False, comment="afterwards"),
    Column("note", Text, nullable=False, server_default=""),
    Column("details", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Index("ix_rule_book_act_book_id", "book_id"),
)

RULE_BOOK_VERSION: Final = Table(
    "rule_book_version",
    metadata,
    Column("digest", Text, primary_key=True, comment="what decisions name"),
    Column("book_id", Text, ForeignKey("rule_book.book_id"), nullable=False),
    Column("region", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("effective_to", Date, comment="decided once, by the text or by a later act"),
    Column("content", JSONB, nullable=False, comment="the version as it was read, for whoever has no reader of the text"),
    UniqueConstraint("region", "scheme", "effective_from", name="uq_rule_book_version_place"),
    CheckConstraint("effective_to IS NULL OR effective_to >= effective_from", name="in_order"),
)

RULE_BOOK_REGISTER: Final = Table(
    "rule_book_register",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("edition", Text, comment="another text after every change of what is in force; null: nothing was registered yet"),
    CheckConstraint("one = 1", name="one_row"),
)

RULE_BOOK_JOB: Final = Table(
    "rule_book_job",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("book_id", Text, ForeignKey("rule_book.book_id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("to_on", Date, nullable=False),
    Column("state", Text, nullable=False, comment="queued, running, done, failed"),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("cursor", Text, nullable=False, comment="the last settlement decided"),
    Column("tally", JSONB, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("cause", Text, nullable=False, server_default=""),
    Index("uq_rule_book_job_open", "book_id", unique=True, postgresql_where=text("state IN ('queued', 'running')")),
)

RULE_BOOK_DDL: Final[tuple[str, ...]] = (
    """
    CREATE FUNCTION rule_book_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'rule books are kept for ever: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
    """,
    """
    CREATE TRIGGER rule_book_approved_text BEFORE UPDATE ON rule_book FOR EACH ROW
      WHEN (OLD.state IN ('approved', 'effective', 'retired')
        AND (OLD.text, OLD.region, OLD.scheme, OLD.revision, OLD.submitted_by, OLD.maker, OLD.checker)
          IS DISTINCT FROM (NEW.text, NEW.region, NEW.scheme, NEW.revision, NEW.submitted_by, NEW.maker, NEW.checker))
      EXECUTE FUNCTION rule_book_immutable()
    """,
    "CREATE TRIGGER rule_book_kept BEFORE DELETE OR TRUNCATE ON rule_book FOR EACH STATEMENT EXECUTE FUNCTION rule_book_immutable()",
    "CREATE TRIGGER rule_book_act_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_book_act FOR EACH STATEMENT EXECUTE FUNCTION rule_book_immutable()",
    """
    CREATE TRIGGER rule_book_version_ends_once BEFORE UPDATE ON rule_book_version FOR EACH ROW
      WHEN (OLD.effective_to IS NOT NULL
        OR (OLD.digest, OLD.book_id, OLD.region, OLD.scheme, OLD.version, OLD.effective_from, OLD.content)
          IS DISTINCT FROM (NEW.digest, NEW.book_id, NEW.region, NEW.scheme, NEW.version, NEW.effective_from, NEW.content))
      EXECUTE FUNCTION rule_book_immutable()
    """,
    "CREATE TRIGGER rule_book_version_kept BEFORE DELETE OR TRUNCATE ON rule_book_version FOR EACH STATEMENT EXECUTE FUNCTION rule_book_immutable()",
)
"""Run by the migration that creates the tables: the database itself refuses what must not happen to a version that decided."""
