"""A reversed debt knows what it was; set-offs are found by their debt, and journals by their voucher."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of a debt that is reversed already, its amounts tell what it was, as far as they can."""
    op.add_column("recovery", sa.Column("reversed_from", sa.Text(), comment="state before it was reversed"))
    op.execute(
        """
        UPDATE recovery SET reversed_from = CASE
            WHEN recovered_fen + expensed_fen + written_off_fen + moved_fen < advanced_fen
                THEN CASE WHEN recovered_fen > 0 THEN 'partial' ELSE 'open' END
            WHEN recovered_fen > 0 THEN 'recovered'
            WHEN written_off_fen > 0 THEN 'written-off'
            WHEN moved_fen > 0 THEN 'moved'
            ELSE 'expensed'
        END
        WHERE state = 'reversed'
        """
    )
    op.drop_index("ix_set_off_case_id", table_name="set_off")
    op.create_index("ix_set_off_recovery_id", "set_off", ["recovery_id"])
    op.create_index("ix_journal_voucher_no", "journal", ["voucher_no"], postgresql_where=sa.text("voucher_no IS NOT NULL"))


def downgrade() -> None:
    """A reversed debt that is owed again will be open, or partly recovered."""
    op.drop_index("ix_journal_voucher_no", table_name="journal")
    op.drop_index("ix_set_off_recovery_id", table_name="set_off")
    op.create_index("ix_set_off_case_id", "set_off", ["case_id"])
    op.drop_column("recovery", "reversed_from")
