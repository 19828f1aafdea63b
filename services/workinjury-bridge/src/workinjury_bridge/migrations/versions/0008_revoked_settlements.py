"""Stays elsewhere that a final revocation has reached; debts by what they are about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No stay was asked back before."""
    op.add_column(
        "out_of_area_stay",
        sa.Column(
            "revoked",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="the recognition was finally revoked: the person owes it",
        ),
    )
    op.create_index("ix_recovery_settlement_id", "recovery", ["settlement_id"])


def downgrade() -> None:
    """What was asked back stays in the book and among the debts."""
    op.drop_index("ix_recovery_settlement_id", table_name="recovery")
    op.drop_column("out_of_area_stay", "revoked")
