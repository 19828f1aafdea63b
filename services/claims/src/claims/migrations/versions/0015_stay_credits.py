"""Stays on credit: the bill of a suspected work injury waits for the recognition."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """A new table and a nullable column without a default; nothing waits for them."""
    op.add_column("visit", sa.Column("credit_id", sa.Text(), comment="the credit (挂账) that the stay is on", nullable=True))
    op.create_table(
        "stay_credit",
        sa.Column("credit_id", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.Date(), comment="the last day of credit", nullable=False),
        sa.Column("state", sa.Text(), comment="open, settled, withdrawn", nullable=False),
        sa.Column(
            "ended_by",
            sa.Text(),
            comment="recognised, advance-only, denied, limit, hospital, stayed-on, cancelled, withdrawn",
            nullable=True,
        ),
        sa.Column("settlement_id", sa.Text(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "next_try_at",
            sa.DateTime(timezone=True),
            comment="of an open one: when it is looked at; the day after the limit at the latest",
            nullable=True,
        ),
        sa.Column("wakes", sa.Integer(), server_default="0", comment="rises when something was decided", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("hindrance", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (next_try_at IS NOT NULL)", name=op.f("ck_stay_credit_due_while_open")),
        sa.CheckConstraint("(state = 'settled') = (settlement_id IS NOT NULL)", name=op.f("ck_stay_credit_settled_by")),
        sa.CheckConstraint("(state = 'open') = (ended_by IS NULL)", name=op.f("ck_stay_credit_ended_by_something")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.visit_id"], name=op.f("fk_stay_credit_visit_id_visit")),
        sa.PrimaryKeyConstraint("credit_id", name=op.f("pk_stay_credit")),
    )
    op.create_index("uq_stay_credit_open", "stay_credit", ["visit_id"], unique=True, postgresql_where=_OPEN)
    op.create_index("ix_stay_credit_due", "stay_credit", ["next_try_at"], postgresql_where=_OPEN)
    op.create_index("ix_stay_credit_person", "stay_credit", ["person_id"], postgresql_where=_OPEN)
    op.create_index("ix_stay_credit_list", "stay_credit", ["state", "until", "credit_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("stay_credit")
    op.drop_column("visit", "credit_id")
