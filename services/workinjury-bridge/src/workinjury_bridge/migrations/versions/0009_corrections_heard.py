"""Which corrections of a settlement were heard of: a fact told again computes nothing anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table."""
    op.create_table(
        "corrected_settlement",
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False, comment="of the newest correction that was heard of"),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_corrected_settlement")),
    )


def downgrade() -> None:
    """Without it."""
    op.drop_table("corrected_settlement")
