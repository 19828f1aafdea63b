"""What rules may ask of lines, catalogue, institutions and persons: kinds of lines, ranks and marks, filings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LINES = (("class_b_fen", "of what is in scope, like the next two"), ("traditional_fen", None), ("flat_fen", None))


def upgrade() -> None:
    """Add the columns; each has a default, so no row is rewritten."""
    for table in ("fee_batch", "fee_line"):
        for name, comment in _LINES:
            op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=comment))
    op.add_column(
        "catalogue_item",
        sa.Column(
            "line_class", sa.Text(), nullable=False, server_default="", comment="class of lines of the rule book; empty: none"
        ),
    )
    op.add_column(
        "catalogue_item",
        sa.Column("traditional", sa.Boolean(), nullable=False, server_default=sa.text("false"), comment="traditional medicine"),
    )
    op.add_column(
        "institution", sa.Column("rank", sa.Text(), nullable=False, server_default="county", comment="administrative rank")
    )
    op.add_column(
        "institution",
        sa.Column(
            "marks",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            server_default=sa.text("'{}'"),
            comment="traditional, outside_seat, psychiatric",
        ),
    )
    op.add_column(
        "insured_person",
        sa.Column(
            "filings",
            postgresql.JSONB(),
            nullable=False,
            server_default=sa.text("'[]'::jsonb"),
            comment="filings that stand, for the hot path",
        ),
    )

    op.create_table(
        "filing",
        sa.Column("filing_id", sa.Text(), nullable=False, comment="trt_dcla_detl_sn"),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="referral, chronic, chosen, long_term"),
        sa.Column("code", sa.Text(), nullable=False, comment="disease, institution or region"),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("filed_by", sa.Text(), nullable=False, comment="institution code, or who filed it at the counter"),
        sa.Column("state", sa.Text(), nullable=False, comment="valid, cancelled"),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "details",
            postgresql.JSONB(),
            nullable=False,
            server_default=sa.text("'{}'::jsonb"),
            comment="remaining interface fields by name",
        ),
        sa.PrimaryKeyConstraint("filing_id", name=op.f("pk_filing")),
    )
    op.create_index("ix_filing_person_id", "filing", ["person_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("filing")
    op.drop_column("insured_person", "filings")
    op.drop_column("institution", "marks")
    op.drop_column("institution", "rank")
    op.drop_column("catalogue_item", "traditional")
    op.drop_column("catalogue_item", "line_class")
    for table in ("fee_line", "fee_batch"):
        for name, _ in reversed(_LINES):
            op.drop_column(table, name)
