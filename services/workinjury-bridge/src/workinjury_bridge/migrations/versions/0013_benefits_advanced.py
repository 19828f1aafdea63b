"""Benefits that the fund advanced for an employer that was not insured; payments that wait for money."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_OWES = "the uninsured employer that owes it to the fund; null: the fund bears it"


def upgrade() -> None:
    """What is booked so far the fund has borne."""
    op.add_column("benefit_item", sa.Column("debtor", sa.Text(), comment=_OWES))
    op.add_column("benefit_posting", sa.Column("debtor", sa.Text(), comment=_OWES))
    op.add_column("audit_deduction", sa.Column("charged_on", sa.Date(), comment="of the line, where it decides who bears it"))
    op.create_table(
        "waiting_payout",
        sa.Column("payout_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("payout", postgresql.JSONB(), nullable=False, comment="what is paid to whom, and what about"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "held",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="waits for heirs, not for money",
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_waiting_payout_positive")),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_waiting_payout_case_id_injury_case")),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_waiting_payout")),
    )
    op.create_index("ix_waiting_payout_since", "waiting_payout", ["since", "payout_id"])
    op.create_index("ix_waiting_payout_case_id", "waiting_payout", ["case_id"])
    op.create_table(
        "payment_shortage",
        sa.Column("shortage_id", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False, comment="who is asked for money"),
        sa.Column("ended_on", sa.Date(), comment="null while payments wait"),
        sa.PrimaryKeyConstraint("shortage_id", name=op.f("pk_payment_shortage")),
    )
    op.create_index(
        "uq_payment_shortage_standing",
        "payment_shortage",
        [sa.text("(ended_on IS NULL)")],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )


def downgrade() -> None:
    """The debts stay, and nothing says of which benefits they are but their ids. Nothing may wait for money."""
    op.drop_table("payment_shortage")
    op.drop_table("waiting_payout")
    op.drop_column("audit_deduction", "charged_on")
    op.drop_column("benefit_posting", "debtor")
    op.drop_column("benefit_item", "debtor")
