"""Acts that wait for a second person, and documents attached to decisions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Two new tables."""
    op.create_table(
        "proposal",
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column(
            "body",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the command as its owner takes it, without the two people",
        ),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("maker_name", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_proposal_four_eyes")),
        sa.CheckConstraint(
            "state NOT IN ('deciding', 'done') OR checker IS NOT NULL", name=op.f("ck_proposal_decided_by_second")
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_proposal")),
    )
    op.create_index("ix_proposal_state", "proposal", ["state", "proposal_id"])
    op.create_index("ix_proposal_subject_id", "proposal", ["subject_id"])
    op.create_index(
        "uq_proposal_pending",
        "proposal",
        ["kind", "subject_id", sa.text("(coalesce(body ->> 'line_id', ''))")],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'deciding')"),
    )
    op.create_table(
        "decision_document",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reference_no", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SM3 of the file, hex"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("material", sa.Text(), nullable=False, comment="where the paper lies"),
        sa.Column("attached_by", sa.Text(), nullable=False),
        sa.Column("attached_by_name", sa.Text(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_decision_document_digest")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_decision_document")),
        sa.UniqueConstraint(
            "subject_kind", "subject_id", "digest", name=op.f("uq_decision_document_subject_kind_subject_id_digest")
        ),
    )


def downgrade() -> None:
    """Drops them with what they hold."""
    op.drop_table("decision_document")
    op.drop_table("proposal")
