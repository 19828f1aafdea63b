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
    op.create_index("ix_out_of_area_stay_person_id", "out_of_area_stay", ["person_id"])
    op.alter_column(
        "double_bill",
        "against",
        existing_type=sa.Text(),
        existing_nullable=False,
        comment="paper:, direct:, stay: or conversion: and an id",
        existing_comment="paper:, direct: or conversion: and an id",
    )
    op.execute("DELETE FROM deadline WHERE kind = 'manual-claim-overdue'")
    op.create_index("ix_recovery_settlement_id", "recovery", ["settlement_id"])


def downgrade() -> None:
    """What was asked back stays in the book and among the debts."""
    op.drop_index("ix_recovery_settlement_id", table_name="recovery")
    op.alter_column(
        "double_bill",
        "against",
        existing_type=sa.Text(),
        existing_nullable=False,
        comment="paper:, direct: or conversion: and an id",
        existing_comment="paper:, direct:, stay: or conversion: and an id",
    )
    op.drop_index("ix_out_of_area_stay_person_id", table_name="out_of_area_stay")
    op.drop_column("out_of_area_stay", "revoked")
