"""Month-end clearing between funds: runs, what is due, vouchers with their cases; who proposed to close a period."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Four new tables, one new column."""
    op.add_column(
        "ledger_period", sa.Column("proposed_by", sa.Text(), nullable=True, comment="the first of the two who closed it")
    )
    op.create_check_constraint(op.f("ck_ledger_period_four_eyes"), "ledger_period", "proposed_by <> closed_by")
    op.create_table(
        "interfund_clearing",
        sa.Column("clearing_id", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False, comment="book that pays"),
        sa.Column("month", sa.Text(), nullable=False, comment="YYYY-MM"),
        sa.Column("cut_off", sa.Date(), nullable=False),
        sa.Column("pay_by", sa.Date(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False, comment="open, frozen, partial, paid, closed"),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.Column("short_fen", sa.BigInteger(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=True, comment="who is asked for money"),
        sa.Column("cause", sa.Text(), nullable=True, comment="why a transfer came back"),
        sa.Column("carried_fen", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hindrance", sa.Text(), nullable=True, comment="why the last step did not succeed"),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_interfund_clearing_four_eyes")),
        sa.CheckConstraint("state = 'open' OR checker IS NOT NULL", name=op.f("ck_interfund_clearing_approved_by_two")),
        sa.CheckConstraint("short_fen >= 0 AND carried_fen >= 0", name=op.f("ck_interfund_clearing_positive")),
        sa.PrimaryKeyConstraint("clearing_id", name=op.f("pk_interfund_clearing")),
        sa.UniqueConstraint("payer", "month", name=op.f("uq_interfund_clearing_payer_month")),
    )
    op.create_index(
        "ix_interfund_clearing_next_try_at",
        "interfund_clearing",
        ["next_try_at"],
        postgresql_where=sa.text("state IN ('frozen', 'paid')"),
    )
    op.create_table(
        "interfund_due",
        sa.Column("due_id", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("conversion_id", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False, comment="day it was booked"),
        sa.Column("clearing_id", sa.Text(), nullable=True, comment="run that it was frozen into"),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False, comment="booked in the work-injury book"),
        sa.Column("confirmed_fen", sa.BigInteger(), nullable=False, comment="booked in both"),
        sa.CheckConstraint("payer <> payee AND 'WI' IN (payer, payee)", name=op.f("ck_interfund_due_pair")),
        sa.CheckConstraint(
            "amount_fen > 0 AND confirmed_fen >= 0 AND confirmed_fen <= paid_fen AND paid_fen <= amount_fen",
            name=op.f("ck_interfund_due_adds_up"),
        ),
        sa.ForeignKeyConstraint(
            ["clearing_id"], ["interfund_clearing.clearing_id"], name=op.f("fk_interfund_due_clearing_id_interfund_clearing")
        ),
        sa.ForeignKeyConstraint(
            ["conversion_id"], ["conversion.conversion_id"], name=op.f("fk_interfund_due_conversion_id_conversion")
        ),
        sa.PrimaryKeyConstraint("due_id", name=op.f("pk_interfund_due")),
        sa.UniqueConstraint("conversion_id", "payer", "payee", name=op.f("uq_interfund_due_conversion_id_payer_payee")),
    )
    op.create_index(
        "ix_interfund_due_open", "interfund_due", ["payer", "due_on"], postgresql_where=sa.text("paid_fen < amount_fen")
    )
    op.create_index("ix_interfund_due_clearing_id", "interfund_due", ["clearing_id"])
    op.create_table(
        "clearing_transfer",
        sa.Column("transfer_id", sa.Text(), nullable=False),
        sa.Column("clearing_id", sa.Text(), nullable=False),
        sa.Column("voucher_no", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("instructed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_clearing_transfer_positive")),
        sa.ForeignKeyConstraint(
            ["clearing_id"],
            ["interfund_clearing.clearing_id"],
            name=op.f("fk_clearing_transfer_clearing_id_interfund_clearing"),
        ),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_clearing_transfer")),
        sa.UniqueConstraint("voucher_no", name=op.f("uq_clearing_transfer_voucher_no")),
    )
    op.create_index("ix_clearing_transfer_clearing_id", "clearing_transfer", ["clearing_id"])
    op.create_index(
        "uq_clearing_transfer_standing",
        "clearing_transfer",
        ["clearing_id", "book"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('confirmed', 'voided')"),
    )
    op.create_table(
        "clearing_transfer_part",
        sa.Column("transfer_id", sa.Text(), nullable=False),
        sa.Column("due_id", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_clearing_transfer_part_positive")),
        sa.ForeignKeyConstraint(
            ["due_id"], ["interfund_due.due_id"], name=op.f("fk_clearing_transfer_part_due_id_interfund_due")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["clearing_transfer.transfer_id"],
            name=op.f("fk_clearing_transfer_part_transfer_id_clearing_transfer"),
        ),
        sa.PrimaryKeyConstraint("transfer_id", "due_id", name=op.f("pk_clearing_transfer_part")),
    )


def downgrade() -> None:
    """Drop everything again."""
    op.drop_table("clearing_transfer_part")
    op.drop_table("clearing_transfer")
    op.drop_table("interfund_due")
    op.drop_table("interfund_clearing")
    op.drop_constraint(op.f("ck_ledger_period_four_eyes"), "ledger_period", type_="check")
    op.drop_column("ledger_period", "proposed_by")
