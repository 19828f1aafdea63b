"""The tier that a premium is paid for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A nullable column."""
    op.add_column(
        "coverage",
        sa.Column("tier", sa.Text(), nullable=True, comment="tier of the scheme (缴费档次); null where there is but one"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("coverage", "tier")
