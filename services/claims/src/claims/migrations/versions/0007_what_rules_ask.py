"""What rules may ask of lines, catalogue, institutions and persons: kinds of lines, ranks and marks, filings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
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


def downgrade() -> None:
    """Take them away."""
    op.drop_column("insured_person", "filings")
    op.drop_column("institution", "marks")
    op.drop_column("institution", "rank")
    op.drop_column("catalogue_item", "traditional")
    op.drop_column("catalogue_item", "line_class")
    for table in ("fee_line", "fee_batch"):
        for name, _ in reversed(_LINES):
            op.drop_column(table, name)
