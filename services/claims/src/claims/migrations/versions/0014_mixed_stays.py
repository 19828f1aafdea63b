"""Mixed stays that are settled directly: the medical settlement of the own disease stands beside the work-injury one (B5)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column without a value anywhere, and an index of those that will have one."""
    op.add_column(
        "settlement",
        sa.Column(
            "beside",
            sa.Text(),
            nullable=True,
            comment="settles what of the stay is no work injury: the work-injury settlement of the rest (B5)",
        ),
    )
    op.create_index(
        "uq_settlement_beside", "settlement", ["beside"], unique=True, postgresql_where=sa.text("beside IS NOT NULL")
    )


def downgrade() -> None:
    """Without them."""
    op.drop_index("uq_settlement_beside", "settlement")
    op.drop_column("settlement", "beside")
