"""Numbers of persons, for interfaces whose person number is a number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A new table; nothing waits for it."""
    op.create_table(
        "person_number",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True, start=1000000001), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_number")),
        sa.UniqueConstraint("number", name=op.f("uq_person_number_number")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("person_number")
