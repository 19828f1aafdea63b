"""From an amount on a third person agrees to a conversion (B0.6; 社会保险经办条例 37)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_EYES = op.f("ck_conversion_four_eyes")


def upgrade() -> None:
    """Three people are three."""
    op.add_column("conversion", sa.Column("approver", sa.Text(), comment="third person, for large amounts"))
    op.drop_constraint(_EYES, "conversion", type_="check")
    op.create_check_constraint(
        _EYES, "conversion", "checker <> maker AND approver <> maker AND approver <> checker", postgresql_not_valid=True
    )
    op.execute(f"ALTER TABLE conversion VALIDATE CONSTRAINT {_EYES}")


def downgrade() -> None:
    """What waits for a third person waits for the second again."""
    op.execute("UPDATE conversion SET state = 'checked', checker = NULL WHERE state = 'endorsed'")
    op.drop_constraint(_EYES, "conversion", type_="check")
    op.create_check_constraint(_EYES, "conversion", "checker <> maker")
    op.drop_column("conversion", "approver")
