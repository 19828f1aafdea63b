"""Rule books: texts with their histories, what is in force, trials on past settlements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from claims.adapters.tables.rule_books import RULE_BOOK_DDL

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Four tables, one row that says what is in force, and what the database refuses."""
    op.create_table(
        "rule_book",
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="as submitted; never changed once approved"),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False, comment="submitted or file"),
        sa.Column("state", sa.Text(), nullable=False, comment="draft, linted, shadow-run, approved, effective, retired"),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("maker", sa.Text(), nullable=True),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("ending_by", sa.Text(), nullable=True),
        sa.Column("ending_on", sa.Date(), nullable=True),
        sa.Column(
            "findings",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="of the last check of this text",
        ),
        sa.Column(
            "shadow",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="result of the last trial of this text",
        ),
        sa.CheckConstraint(
            "checker IS NULL OR (checker <> maker AND checker <> submitted_by)", name=op.f("ck_rule_book_four_eyes")
        ),
        sa.CheckConstraint(
            "origin = 'file' OR state NOT IN ('approved', 'effective') OR checker IS NOT NULL",
            name=op.f("ck_rule_book_approved_by_two"),
        ),
        sa.PrimaryKeyConstraint("book_id", name=op.f("pk_rule_book")),
    )
    op.create_index("ix_rule_book_place", "rule_book", ["region", "scheme"], unique=False)
    op.create_table(
        "rule_book_register",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "edition",
            sa.Text(),
            nullable=True,
            comment="another text after every change of what is in force; null: nothing was registered yet",
        ),
        sa.CheckConstraint("one = 1", name=op.f("ck_rule_book_register_one_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_rule_book_register")),
    )
    op.create_table(
        "rule_book_act",
        sa.Column("act_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="afterwards"),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["rule_book.book_id"], name=op.f("fk_rule_book_act_book_id_rule_book")),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_rule_book_act")),
    )
    op.create_index("ix_rule_book_act_book_id", "rule_book_act", ["book_id"], unique=False)
    op.create_table(
        "rule_book_version",
        sa.Column("digest", sa.Text(), nullable=False, comment="what decisions name"),
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True, comment="decided once, by the text or by a later act"),
        sa.Column(
            "content",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the version as it was read, for whoever has no reader of the text",
        ),
        sa.CheckConstraint(
            "effective_to IS NULL OR effective_to >= effective_from", name=op.f("ck_rule_book_version_in_order")
        ),
        sa.ForeignKeyConstraint(["book_id"], ["rule_book.book_id"], name=op.f("fk_rule_book_version_book_id_rule_book")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rule_book_version")),
        sa.UniqueConstraint("region", "scheme", "effective_from", name="uq_rule_book_version_place"),
    )
    op.create_table(
        "rule_book_job",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="queued, running, done, failed"),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False, comment="the last settlement decided"),
        sa.Column("tally", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["rule_book.book_id"], name=op.f("fk_rule_book_job_book_id_rule_book")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_rule_book_job")),
    )
    op.create_index(
        "uq_rule_book_job_open",
        "rule_book_job",
        ["book_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    for statement in RULE_BOOK_DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop everything."""
    op.drop_table("rule_book_job")
    op.drop_table("rule_book_version")
    op.drop_table("rule_book_act")
    op.drop_table("rule_book_register")
    op.drop_table("rule_book")
    op.execute("DROP FUNCTION rule_book_immutable")
