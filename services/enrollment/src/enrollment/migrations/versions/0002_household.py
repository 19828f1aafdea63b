"""The household of a person."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A nullable column."""
    op.add_column(
        "person", sa.Column("household_id", sa.Text(), nullable=True, comment="the household's number in the register (户号)")
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("person", "household_id")
