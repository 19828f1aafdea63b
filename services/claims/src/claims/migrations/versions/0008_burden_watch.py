"""The burden watch: households, burdens, crossings."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables, and a nullable column whose index is empty."""
    op.create_table(
        "burden",
        sa.Column("subject_kind", sa.Text(), nullable=False, comment="person or household"),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("benefit_year", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Text(), nullable=True, comment="of a person: where his burden counts too"),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("in_scope_self_pay_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("out_of_pocket_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("members", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", "benefit_year", name=op.f("pk_burden")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        op.f("ix_burden_household_id"),
        "burden",
        ["household_id", "benefit_year"],
        postgresql_where=sa.text("household_id IS NOT NULL"),
    )
    op.create_table(
        "burden_crossing",
        sa.Column("crossing_id", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("benefit_year", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("line_name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False, comment="the person, or of the household one whose claim counts"),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("line_fen", sa.BigInteger(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False, comment="false: a reversal took it back under"),
        sa.Column("state", sa.Text(), nullable=False, comment="open, contacted, applied, dismissed"),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("handled_by", sa.Text(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("crossed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'contacted', 'applied', 'dismissed')", name=op.f("ck_burden_crossing_state")),
        sa.PrimaryKeyConstraint("crossing_id", name=op.f("pk_burden_crossing")),
    )
    op.create_index(
        "uq_burden_crossing_subject",
        "burden_crossing",
        ["subject_kind", "subject_id", "benefit_year", "line"],
        unique=True,
    )
    op.create_index(
        op.f("ix_burden_crossing_state"),
        "burden_crossing",
        ["state", "crossing_id"],
        postgresql_where=sa.text("is_over"),
    )
    op.add_column(
        "insured_person",
        sa.Column("household_id", sa.Text(), nullable=True, comment="the household's number in the register (户号)"),
    )
    op.create_index(
        op.f("ix_insured_person_household_id"),
        "insured_person",
        ["household_id"],
        postgresql_where=sa.text("household_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop what this added."""
    op.drop_index(op.f("ix_insured_person_household_id"), table_name="insured_person")
    op.drop_column("insured_person", "household_id")
    op.drop_table("burden_crossing")
    op.drop_table("burden")
