"""Late facts: corrections, re-decisions left over, facts that wait for approval."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables; new columns with a constant default or none, which rewrites no row."""
    op.add_column(
        "person_year",
        sa.Column(
            "person_version",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="the version of the person by whose classes the year was decided again; who read an older one begins anew",
        ),
    )
    op.add_column(
        "settlement",
        sa.Column(
            "year_no",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="its number in the person-year, in the order of deciding; 0: by settled_at, before there were numbers",
        ),
    )
    op.add_column(
        "settlement",
        sa.Column(
            "placed_on",
            sa.Date(),
            nullable=True,
            comment="of a claim that came late: its day, by which it stands before number year_no",
        ),
    )
    op.alter_column("account_movement", "reason", comment="credit, settlement, reversal, take-back, restore, correction")
    op.create_table(
        "settlement_correction",
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False, comment="from 1; the last one stands"),
        sa.Column("reason", sa.Text(), nullable=False, comment="reversal, take-back, restore, class, manual-claim, line"),
        sa.Column("reason_text", sa.Text(), nullable=False),
        sa.Column("trigger_id", sa.Text(), nullable=False, comment="the settlement or fact that set it off"),
        sa.Column("counterparty", sa.Text(), nullable=False, comment="person or institution"),
        sa.Column("facts", sa.JSON(), nullable=False, comment="what the decision was made from, as in settlement"),
        sa.Column("decision", sa.JSON(), nullable=False, comment="the whole new decision, as in settlement"),
        sa.Column("difference", sa.JSON(), nullable=False, comment="new minus old: payments by book, account and fund"),
        sa.Column("lines", sa.JSON(), nullable=False, comment="every line corrected so far, by line_no"),
        sa.Column("total_fen", sa.BigInteger(), nullable=False, comment="this and the next three: as they stand now"),
        sa.Column("account_fen", sa.BigInteger(), nullable=False),
        sa.Column("cash_fen", sa.BigInteger(), nullable=False),
        sa.Column("hospital_fen", sa.BigInteger(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("checker IS NULL OR checker <> maker", name=op.f("ck_settlement_correction_four_eyes")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_settlement_correction_settlement_id_settlement")
        ),
        sa.PrimaryKeyConstraint("settlement_id", "sequence", name=op.f("pk_settlement_correction")),
    )
    op.execute(
        "CREATE TRIGGER settlement_correction_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_correction"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
    )
    op.create_table(
        "redecision",
        sa.Column("redecision_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("benefit_year", sa.Integer(), nullable=False, comment="the first year concerned"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trigger_id", sa.Text(), nullable=False),
        sa.Column("rest", sa.JSON(), nullable=False, comment="where to go on: since, years, visits"),
        sa.Column(
            "decided", sa.Integer(), server_default="0", nullable=False, comment="progress: settlements decided again so far"
        ),
        sa.Column("corrected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("redecision_id", name=op.f("pk_redecision")),
    )
    op.create_index(
        "ix_redecision_open", "redecision", ["redecision_id"], unique=False, postgresql_where=sa.text("finished_at IS NULL")
    )
    op.create_index("ix_redecision_person_id", "redecision", ["person_id"], unique=False)
    op.create_table(
        "late_fact",
        sa.Column("late_fact_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="manual-claim or line"),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column(
            "settlement_id",
            sa.Text(),
            nullable=True,
            comment="of a line: the settlement it corrects; of a paper claim: what came of it",
        ),
        sa.Column("invoice_no", sa.Text(), nullable=True, comment="of a paper claim; used once"),
        sa.Column("state", sa.Text(), nullable=False, comment="proposed, approved, rejected"),
        sa.Column("body", sa.JSON(), nullable=False, comment="the command"),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("checker IS NULL OR checker <> maker", name=op.f("ck_late_fact_four_eyes")),
        sa.PrimaryKeyConstraint("late_fact_id", name=op.f("pk_late_fact")),
    )
    op.create_index("ix_late_fact_state", "late_fact", ["state", "late_fact_id"], unique=False)
    op.create_index(
        "uq_late_fact_invoice_no",
        "late_fact",
        ["invoice_no"],
        unique=True,
        postgresql_where=sa.text("invoice_no IS NOT NULL AND state <> 'rejected'"),
    )


def downgrade() -> None:
    """Drop what this added."""
    op.drop_index(
        "uq_late_fact_invoice_no",
        table_name="late_fact",
        postgresql_where=sa.text("invoice_no IS NOT NULL AND state <> 'rejected'"),
    )
    op.drop_index("ix_late_fact_state", table_name="late_fact")
    op.drop_table("late_fact")
    op.drop_index("ix_redecision_person_id", table_name="redecision")
    op.drop_index("ix_redecision_open", table_name="redecision", postgresql_where=sa.text("finished_at IS NULL"))
    op.drop_table("redecision")
    op.drop_table("settlement_correction")
    op.alter_column("account_movement", "reason", comment="credit, settlement, reversal, take-back, restore")
    op.drop_column("settlement", "placed_on")
    op.drop_column("settlement", "year_no")
    op.drop_column("person_year", "person_version")
