"""What conversion needs beside taking a whole settlement back: the kept part of a mixed stay, and which months are paid out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Additive only."""
    op.add_column(
        "take_back",
        sa.Column(
            "kept",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="the decision on what the medical funds keep of the bill (B5); null: nothing",
        ),
    )
    op.create_table(
        "institution_clearing",
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False, comment="YYYY-MM: everything settled in it is paid"),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("offset_fen", sa.BigInteger(), nullable=False, comment="met from what the institution owed the book"),
        sa.Column("voucher_no", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("book", "institution_code", "month", name=op.f("pk_institution_clearing")),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("institution_clearing")
    op.drop_column("take_back", "kept")
