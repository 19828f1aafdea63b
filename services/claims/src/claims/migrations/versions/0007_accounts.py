"""Personal accounts: family sharing, years with interest, closures."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables, and nullable columns that nobody else writes."""
    op.create_table(
        "account_sharing",
        sa.Column("sharing_id", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Text(), nullable=False),
        sa.Column("beneficiary_id", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False, comment="what the beneficiary is to the holder"),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True, comment="last day; null while open"),
        sa.Column("limit_fen", sa.BigInteger(), nullable=True, comment="most that is paid under it altogether; null: no limit"),
        sa.Column("used_fen", sa.BigInteger(), server_default="0", nullable=False, comment="paid less what came back"),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True, comment="from then on it pays nothing"),
        sa.CheckConstraint("holder_id <> beneficiary_id", name=op.f("ck_account_sharing_two_persons")),
        sa.CheckConstraint(
            "used_fen >= 0 AND (limit_fen IS NULL OR used_fen <= limit_fen)", name=op.f("ck_account_sharing_within_limit")
        ),
        sa.CheckConstraint("ends_on >= begins_on", name=op.f("ck_account_sharing_period")),
        sa.PrimaryKeyConstraint("sharing_id", name=op.f("pk_account_sharing")),
    )
    op.create_index(op.f("ix_account_sharing_beneficiary_id"), "account_sharing", ["beneficiary_id"])
    op.create_index(op.f("ix_account_sharing_holder_id"), "account_sharing", ["holder_id"])
    op.create_table(
        "account_year",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("opening_fen", sa.BigInteger(), nullable=False, comment="carried over from the year before"),
        sa.Column("credited_fen", sa.BigInteger(), nullable=False),
        sa.Column("spent_fen", sa.BigInteger(), nullable=False, comment="less what was given back"),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("closing_fen", sa.BigInteger(), nullable=False, comment="carried over to the next year, interest included"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "opening_fen + credited_fen - spent_fen + interest_fen = closing_fen", name=op.f("ck_account_year_adds_up")
        ),
        sa.PrimaryKeyConstraint("person_id", "year", name=op.f("pk_account_year")),
    )
    op.create_table(
        "account_year_run",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("after_person_id", sa.Text(), nullable=False, comment="accounts up to this one are done"),
        sa.Column("accounts", sa.Integer(), nullable=False, comment="progress: how many are done"),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_account_year_run")),
    )
    op.create_table(
        "account_closure",
        sa.Column("closure_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="proposed, paid, rejected"),
        sa.Column("died_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False, comment="the papers: death record, proof of succession"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True, comment="what was paid to the heirs"),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_account_closure_two_persons")),
        sa.PrimaryKeyConstraint("closure_id", name=op.f("pk_account_closure")),
    )
    op.create_index(
        "uq_account_closure_open",
        "account_closure",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_index(op.f("ix_account_closure_person_id"), "account_closure", ["person_id"])
    op.add_column(
        "account",
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="paid out to heirs; what is restored later waits for another payout",
        ),
    )
    op.add_column(
        "account_movement",
        sa.Column("sharing_id", sa.Text(), nullable=True, comment="paid for a relative, under this authorisation"),
    )
    op.add_column(
        "account_movement",
        sa.Column("settlement_id", sa.Text(), nullable=True, comment="of a movement for a relative: his settlement"),
    )
    op.alter_column(
        "account_movement",
        "reason",
        comment="credit, settlement, reversal, take-back, restore, correction, interest, payout",
        existing_comment="credit, settlement, reversal, take-back, restore, correction",
        existing_type=sa.Text(),
        existing_nullable=False,
    )


def downgrade() -> None:
    """Drop what this added."""
    op.alter_column(
        "account_movement",
        "reason",
        comment="credit, settlement, reversal, take-back, restore, correction",
        existing_comment="credit, settlement, reversal, take-back, restore, correction, interest, payout",
        existing_type=sa.Text(),
        existing_nullable=False,
    )
    op.drop_column("account_movement", "settlement_id")
    op.drop_column("account_movement", "sharing_id")
    op.drop_column("account", "closed_at")
    for table in ("account_closure", "account_year_run", "account_year", "account_sharing"):
        op.drop_table(table)
