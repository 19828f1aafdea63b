"""Revoked direct settlements that the medical funds take over; debts between funds that no conversion names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None

_ONE = "ck_interfund_due_of_one_thing"


def upgrade() -> None:
    """No stay was taken over before, and every debt was of a conversion."""
    table = "direct_settlement"
    op.add_column(table, sa.Column("taken_over_by", sa.Text(), comment="in whose hands the stay is since a revocation"))
    op.add_column(
        table,
        sa.Column(
            "medical_fen",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="what the medical funds owe for it",
        ),
    )
    op.add_column(table, sa.Column("not_taken_over", sa.Text(), comment="why the medical funds have not settled it"))
    op.create_index("ix_direct_settlement_reverting", table, ["key"], postgresql_where=sa.text("state = 'reverting'"))
    due = "interfund_due"
    op.add_column(due, sa.Column("case_id", sa.Text(), comment="of a debt that no conversion names"))
    op.add_column(due, sa.Column("origin", sa.Text(), comment="what it is for when it is no conversion: direct: and a key"))
    op.alter_column(due, "conversion_id", existing_type=sa.Text(), nullable=True)
    op.create_foreign_key(op.f("fk_interfund_due_case_id_injury_case"), due, "injury_case", ["case_id"], ["case_id"])
    op.create_unique_constraint(op.f("uq_interfund_due_origin_payer_payee"), due, ["origin", "payer", "payee"])
    op.create_check_constraint(
        op.f(_ONE), due, "(conversion_id IS NULL) <> (origin IS NULL) AND (origin IS NULL) = (case_id IS NULL)"
    )


def downgrade() -> None:
    """Refused by the database while a debt names no conversion."""
    due = "interfund_due"
    op.drop_constraint(op.f(_ONE), due, type_="check")
    op.drop_constraint(op.f("uq_interfund_due_origin_payer_payee"), due, type_="unique")
    op.drop_constraint(op.f("fk_interfund_due_case_id_injury_case"), due, type_="foreignkey")
    op.alter_column(due, "conversion_id", existing_type=sa.Text(), nullable=False)
    op.drop_column(due, "origin")
    op.drop_column(due, "case_id")
    table = "direct_settlement"
    op.drop_index("ix_direct_settlement_reverting", table_name=table)
    op.drop_column(table, "not_taken_over")
    op.drop_column(table, "medical_fen")
    op.drop_column(table, "taken_over_by")
