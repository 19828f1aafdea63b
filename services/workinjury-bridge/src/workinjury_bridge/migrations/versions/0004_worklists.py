"""Indexes over what is open, for the worklists and the director's figures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INDEXES = (
    (
        "ix_conversion_split_open",
        "conversion",
        "conversion_id",
        "state = 'proposed' AND split ->> 'state' IN ('proposed', 'disputed')",
    ),
    ("ix_conversion_moving", "conversion", "changed_at", "state IN ('approved', 'posted', 'transferring', 'reverting')"),
    ("ix_transfer_open", "transfer", "instructed_at", "state IN ('instructed', 'reserved', 'committed', 'voiding')"),
    ("ix_transfer_confirmed_at", "transfer", "changed_at", "state = 'confirmed'"),
    ("ix_payment_case_id", "payment", "case_id", None),
    ("ix_payment_refunded_at", "payment", "paid_at", "kind = 'refund' AND conversion_id IS NOT NULL"),
    ("ix_recovery_open", "recovery", "recovery_id", "state IN ('open', 'demanded', 'partial', 'agreement', 'enforced')"),
    ("ix_audit_deduction_open", "audit_deduction", "deduction_id", "state IN ('deducted', 'objected')"),
    ("ix_audit_deduction_case_id", "audit_deduction", "case_id", None),
    ("ix_direct_settlement_case_id", "direct_settlement", "case_id", None),
)


def upgrade() -> None:
    """Tables of ten thousands of rows: each index takes its table's write lock for less than a second."""
    for name, table, column, where in _INDEXES:
        op.create_index(name, table, [column], postgresql_where=sa.text(where) if where else None)


def downgrade() -> None:
    """Without them the lists still answer, slowly."""
    for name, table, _, _ in reversed(_INDEXES):
        op.drop_index(name, table)
