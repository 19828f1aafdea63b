"""Mixed stays that are settled directly: how their lines are divided, and which medical settlement stands beside (B5)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns, so far without a split anywhere, and a table."""
    op.add_column(
        "direct_settlement",
        sa.Column(
            "keep_lines", JSONB(), nullable=False, server_default="[]", comment="what of the bill is no work injury (B5)"
        ),
    )
    op.add_column(
        "direct_settlement",
        sa.Column("medical_settlement_id", sa.Text(), nullable=True, comment="the settlement in claims that has settled it"),
    )
    op.create_table(
        "stay_split",
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("split", JSONB(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_stay_split_case_id_injury_case")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_stay_split")),
    )
    op.create_index(
        "ix_stay_split_open",
        "stay_split",
        ["visit_id"],
        postgresql_where=sa.text("split ->> 'state' IN ('proposed', 'disputed')"),
    )


def downgrade() -> None:
    """Without them."""
    op.drop_table("stay_split")
    op.drop_column("direct_settlement", "medical_settlement_id")
    op.drop_column("direct_settlement", "keep_lines")
