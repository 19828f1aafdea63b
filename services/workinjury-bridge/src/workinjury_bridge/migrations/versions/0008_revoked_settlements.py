"""Stays elsewhere that a final revocation has reached; debts by what they are about; who recorded what of a case."""

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
    op.create_table(
        "case_act",
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False, comment="facts, contested, upheld"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_case_act_case_id_injury_case")),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_case_act")),
    )
    op.create_index("ix_case_act_case_id", "case_act", ["case_id"])
    op.add_column("audit_deduction", sa.Column("objected_by", sa.Text(), comment="who recorded the hospital's objection"))
    op.add_column("audit_deduction", sa.Column("decided_by", sa.Text(), comment="who confirmed or withdrew it"))
    op.create_index("ix_recovery_settlement_id", "recovery", ["settlement_id"])


def downgrade() -> None:
    """What was asked back stays in the book and among the debts."""
    op.drop_column("audit_deduction", "decided_by")
    op.drop_column("audit_deduction", "objected_by")
    op.drop_table("case_act")
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
