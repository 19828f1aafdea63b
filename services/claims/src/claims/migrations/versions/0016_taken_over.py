"""The medical funds may take over a direct settlement of the work-injury fund after a final revocation."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BEFORE = "valid, reversed, taken-back, charged-back, reversal"
_AFTER = "valid, reversed, taken-back, charged-back, taken-over, reversal"


def upgrade() -> None:
    """Only what the column says of itself."""
    _comment(_BEFORE, _AFTER)


def downgrade() -> None:
    """Back to the old words."""
    _comment(_AFTER, _BEFORE)


def _comment(before: str, after: str) -> None:
    op.alter_column(
        "settlement", "state", comment=after, existing_comment=before, existing_type=sa.Text(), existing_nullable=False
    )
