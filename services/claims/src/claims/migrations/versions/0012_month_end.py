"""A transfer may be the voucher of a month-end clearing, for many cases; who proposed to close a period."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OF_ONE_CASE = ("case_id", "settlement_id", "conversion_id")


def upgrade() -> None:
    """Two new columns; what a clearing's voucher does not name may be empty."""
    op.add_column(
        "ledger_period", sa.Column("proposed_by", sa.Text(), nullable=True, comment="the first of the two who closed it")
    )
    op.create_check_constraint(op.f("ck_ledger_period_four_eyes"), "ledger_period", "proposed_by <> closed_by")
    op.add_column(
        "transfer", sa.Column("clearing_id", sa.Text(), nullable=True, comment="of a month-end clearing, for many cases")
    )
    for column in _OF_ONE_CASE:
        op.alter_column("transfer", column, existing_type=sa.Text(), nullable=True)
    op.execute(
        "ALTER TABLE transfer ADD CONSTRAINT ck_transfer_of_case_or_clearing"
        " CHECK ((conversion_id IS NULL) <> (clearing_id IS NULL)) NOT VALID"
    )
    op.execute("ALTER TABLE transfer VALIDATE CONSTRAINT ck_transfer_of_case_or_clearing")


def downgrade() -> None:
    """Possible as long as no clearing has run."""
    op.drop_constraint(op.f("ck_transfer_of_case_or_clearing"), "transfer", type_="check")
    for column in _OF_ONE_CASE:
        op.alter_column("transfer", column, existing_type=sa.Text(), nullable=False)
    op.drop_column("transfer", "clearing_id")
    op.drop_constraint(op.f("ck_ledger_period_four_eyes"), "ledger_period", type_="check")
    op.drop_column("ledger_period", "proposed_by")
