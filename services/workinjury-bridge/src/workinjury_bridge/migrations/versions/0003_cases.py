"""Facts of accidents and stays, splits, advances and debts: what the cases beside the plain conversion need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_JSONB = postgresql.JSONB(astext_type=sa.Text())
_CONVERSION: list[sa.Column[object]] = [
    sa.Column("payer", sa.Text(), comment="party that paid the cash"),
    sa.Column("beneficiary", sa.Text(), comment="party that gets the allowance"),
    sa.Column("unrelated_fen", sa.BigInteger()),
    sa.Column("kept_cash_fen", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    sa.Column("keep_lines", _JSONB),
    sa.Column("employer", sa.Text(), comment="party that owes employer_owed"),
    sa.Column("employer_owed", _JSONB, comment="per book, part of owed"),
    sa.Column("employer_cost_fen", sa.BigInteger()),
    sa.Column("employer_meals_fen", sa.BigInteger()),
    sa.Column("debtor", sa.Text(), comment="party that owes what the fund advances"),
    sa.Column("prepaid_fen", sa.BigInteger()),
    sa.Column("facts", _JSONB, comment="what is known of the stay beside its bill"),
    sa.Column("split", _JSONB, comment="of a mixed stay"),
    sa.Column("netted", _JSONB, comment="books whose debt to the hospital was taken over"),
]
_CASE: list[sa.Column[object]] = [
    sa.Column("filed_on", sa.Date(), comment="first application by anybody entitled"),
    sa.Column("accepted_on", sa.Date()),
    sa.Column("employer_insured", sa.Boolean(), nullable=False, server_default=sa.text("true")),
    sa.Column("third_party", sa.Text(), comment="party T:<id> that is liable"),
]
_CLOSE = "work_injury_fen + hospital_fen = owed_fen + cash_fen - kept_cash_fen - person_fen"


def upgrade() -> None:
    """Columns are nullable or have a default; the wider identity is checked for new rows at once, for old ones afterwards."""
    for column in _CASE:
        op.add_column("injury_case", column)
    for column in _CONVERSION:
        op.add_column("conversion", column)
    op.drop_constraint(op.f("ck_conversion_figures_close"), "conversion", type_="check")
    op.execute(f"ALTER TABLE conversion ADD CONSTRAINT ck_conversion_figures_close CHECK ({_CLOSE}) NOT VALID")
    op.execute("ALTER TABLE conversion VALIDATE CONSTRAINT ck_conversion_figures_close")
    op.create_table(
        "recovery",
        sa.Column("recovery_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("conversion_id", sa.Text(), nullable=True),
        sa.Column("decision_version", sa.Integer(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("debtor", sa.Text(), nullable=False, comment="party as the books name it"),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("advanced_fen", sa.BigInteger(), nullable=False),
        sa.Column("recovered_fen", sa.BigInteger(), nullable=False),
        sa.Column("expensed_fen", sa.BigInteger(), nullable=False),
        sa.Column("written_off_fen", sa.BigInteger(), nullable=False),
        sa.Column("moved_fen", sa.BigInteger(), nullable=False, comment="owed by another debtor now"),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("liability", sa.Integer(), nullable=True, comment="share of fault, millionths"),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("advanced_fen > 0", name=op.f("ck_recovery_positive")),
        sa.CheckConstraint(
            "least(recovered_fen, expensed_fen, written_off_fen, moved_fen) >= 0"
            " AND recovered_fen + expensed_fen + written_off_fen + moved_fen <= advanced_fen",
            name=op.f("ck_recovery_adds_up"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_recovery_case_id_injury_case")),
        sa.ForeignKeyConstraint(
            ["conversion_id"], ["conversion.conversion_id"], name=op.f("fk_recovery_conversion_id_conversion")
        ),
        sa.PrimaryKeyConstraint("recovery_id", name=op.f("pk_recovery")),
    )
    op.create_index("ix_recovery_case_id", "recovery", ["case_id"])
    op.create_index("ix_recovery_conversion_id", "recovery", ["conversion_id"])
    op.create_index("ix_recovery_debtor", "recovery", ["debtor", "book"])
    op.create_table(
        "recovery_movement",
        sa.Column("movement_id", sa.Text(), nullable=False),
        sa.Column("recovery_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="receipt, write-off"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("booked", sa.Boolean(), nullable=False, comment="false until the medical book has it"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0 AND interest_fen >= 0", name=op.f("ck_recovery_movement_positive")),
        sa.ForeignKeyConstraint(
            ["recovery_id"], ["recovery.recovery_id"], name=op.f("fk_recovery_movement_recovery_id_recovery")
        ),
        sa.PrimaryKeyConstraint("movement_id", name=op.f("pk_recovery_movement")),
    )
    op.create_index("ix_recovery_movement_recovery_id", "recovery_movement", ["recovery_id"])
    op.create_index(
        "ix_recovery_movement_unbooked", "recovery_movement", ["movement_id"], postgresql_where=sa.text("NOT booked")
    )
    op.create_table(
        "advance",
        sa.Column("advance_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("debtor", sa.Text(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.Column("maker", sa.Text(), nullable=True),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_advance_four_eyes")),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_advance_case_id_injury_case")),
        sa.PrimaryKeyConstraint("advance_id", name=op.f("pk_advance")),
    )
    op.create_index(
        "uq_advance_open",
        "advance",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('applied', 'noticed')"),
    )
    op.create_index("ix_advance_case_id", "advance", ["case_id"])

    op.create_index("ix_direct_settlement_settlement_id", "direct_settlement", ["settlement_id"])
    op.create_table(
        "audit_deduction",
        sa.Column("deduction_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=False),
        sa.Column("conversion_id", sa.Text(), nullable=True, comment="null for a direct settlement"),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("decision_version", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("object_until", sa.Date(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("deducted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_audit_deduction_positive")),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_audit_deduction_four_eyes")),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_audit_deduction_case_id_injury_case")),
        sa.ForeignKeyConstraint(
            ["conversion_id"], ["conversion.conversion_id"], name=op.f("fk_audit_deduction_conversion_id_conversion")
        ),
        sa.PrimaryKeyConstraint("deduction_id", name=op.f("pk_audit_deduction")),
    )
    op.create_index(
        "uq_audit_deduction_line",
        "audit_deduction",
        ["settlement_id", "line_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )


def downgrade() -> None:
    """Drop everything again."""
    op.drop_table("audit_deduction")
    op.drop_index("ix_direct_settlement_settlement_id", table_name="direct_settlement")
    op.drop_table("advance")
    op.drop_table("recovery_movement")
    op.drop_table("recovery")
    op.drop_constraint(op.f("ck_conversion_figures_close"), "conversion", type_="check")
    for column in reversed(_CONVERSION):
        op.drop_column("conversion", column.name)
    op.create_check_constraint(
        op.f("ck_conversion_figures_close"),
        "conversion",
        "work_injury_fen + hospital_fen = owed_fen + cash_fen - person_fen",
    )
    for column in reversed(_CASE):
        op.drop_column("injury_case", column.name)
