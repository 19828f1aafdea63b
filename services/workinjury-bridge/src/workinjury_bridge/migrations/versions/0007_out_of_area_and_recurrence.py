"""Treatment out of the area, recurrences whose decisions stand beside the recognition's, categories as pairs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TEXTS = postgresql.ARRAY(sa.Text())


def upgrade() -> None:
    """The uniqueness of decision versions is split; old rows are all recognitions, so nothing can clash."""
    op.create_table(
        "out_of_area_registration",
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="long-term, posted, referral"),
        sa.Column("place", sa.Text(), nullable=False, comment="division code of the place of treatment"),
        sa.Column("institution_code", sa.Text(), nullable=True, comment="the one that a referral names"),
        sa.Column("certificate_no", sa.Text(), nullable=True),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True, comment="null until cancelled"),
        sa.Column("admit_until", sa.Date(), nullable=True, comment="last day of admission on a referral"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_out_of_area_registration_four_eyes")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["injury_case.case_id"], name=op.f("fk_out_of_area_registration_case_id_injury_case")
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_out_of_area_registration")),
    )
    op.create_index("ix_out_of_area_registration_case_id", "out_of_area_registration", ["case_id"])
    op.create_index(
        "uq_out_of_area_registration_applied",
        "out_of_area_registration",
        ["case_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 'applied'"),
    )
    op.create_table(
        "out_of_area_clearing",
        sa.Column("clearing_id", sa.Text(), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("bill_no", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_out_of_area_clearing_positive")),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_out_of_area_clearing_four_eyes")),
        sa.PrimaryKeyConstraint("clearing_id", name=op.f("pk_out_of_area_clearing")),
        sa.UniqueConstraint("province", "quarter", name=op.f("uq_out_of_area_clearing_province_quarter")),
    )
    op.create_table(
        "out_of_area_stay",
        sa.Column("stay_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("registration_id", sa.Text(), nullable=False),
        sa.Column("decision_version", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("province", sa.Text(), nullable=False, comment="dimension of 2205"),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False, comment="inpatient, rehabilitation, device"),
        sa.Column("admitted_on", sa.Date(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=True),
        sa.Column(
            "settlement_no", sa.Text(), nullable=True, comment="number of the settlement at the place, or of the invoice"
        ),
        sa.Column("work_injury_fen", sa.BigInteger(), nullable=True, comment="figures are null until the place has settled"),
        sa.Column("person_fen", sa.BigInteger(), nullable=True),
        sa.Column("hospital_fen", sa.BigInteger(), nullable=True),
        sa.Column("unrelated_fen", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("period", sa.Date(), nullable=True, comment="first day of the month of the data"),
        sa.Column("quarter", sa.Date(), nullable=True, comment="first day of the quarter that it is paid in"),
        sa.Column("check_until", sa.Date(), nullable=True),
        sa.Column("object_until", sa.Date(), nullable=True),
        sa.Column("objection", sa.Text(), nullable=True, comment="null when none is open"),
        sa.Column("adjusted_fen", sa.BigInteger(), nullable=False),
        sa.Column("clearing_id", sa.Text(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "adjusted_fen >= 0 AND adjusted_fen <= coalesce(work_injury_fen, 0)",
            name=op.f("ck_out_of_area_stay_adjusted_within"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_out_of_area_stay_case_id_injury_case")),
        sa.ForeignKeyConstraint(
            ["clearing_id"],
            ["out_of_area_clearing.clearing_id"],
            name=op.f("fk_out_of_area_stay_clearing_id_out_of_area_clearing"),
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["out_of_area_registration.registration_id"],
            name=op.f("fk_out_of_area_stay_registration_id_out_of_area_registration"),
        ),
        sa.PrimaryKeyConstraint("stay_id", name=op.f("pk_out_of_area_stay")),
    )
    op.create_index("ix_out_of_area_stay_case_id", "out_of_area_stay", ["case_id"])
    op.create_index("ix_out_of_area_stay_quarter", "out_of_area_stay", ["province", "quarter"])
    op.create_index(
        "uq_out_of_area_stay_settlement_no",
        "out_of_area_stay",
        ["institution_code", "settlement_no"],
        unique=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
    )
    op.create_table(
        "recurrence",
        sa.Column("recurrence_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("treated_from", sa.Date(), nullable=False),
        sa.Column("treated_until", sa.Date(), nullable=True),
        sa.Column("diagnosis_system", sa.Text(), nullable=False),
        sa.Column("diagnosis_code", sa.Text(), nullable=False),
        sa.Column("diagnosis_name", sa.Text(), nullable=False),
        sa.Column("body_parts", _TEXTS, nullable=False),
        sa.Column("materials", _TEXTS, nullable=False),
        sa.Column("old_injury", sa.Boolean(), nullable=False, comment="from before the employer was insured"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("objected_on", sa.Date(), nullable=True),
        sa.Column("matter_id", sa.Text(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_recurrence_case_id_injury_case")),
        sa.PrimaryKeyConstraint("recurrence_id", name=op.f("pk_recurrence")),
    )
    op.create_index("ix_recurrence_case_id", "recurrence", ["case_id"])
    op.create_index("ix_recurrence_person_id", "recurrence", ["person_id"])
    op.create_index(
        "uq_recurrence_undecided",
        "recurrence",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('confirming', 'objected')"),
    )
    op.add_column(
        "recognition_decision",
        sa.Column(
            "recurrence_id",
            sa.Text(),
            nullable=True,
            comment="null for the recognition; otherwise a committee's decision on a recurrence (B9)",
        ),
    )
    for name, which in (("version", "IS NULL"), ("recurrence", "IS NOT NULL")):
        op.create_index(
            f"uq_recognition_decision_{name}",
            "recognition_decision",
            ["case_id", "version"],
            unique=True,
            postgresql_where=sa.text(f"recurrence_id {which}"),
        )
    op.drop_constraint(op.f("uq_recognition_decision_case_id_version"), "recognition_decision", type_="unique")
    op.add_column("direct_settlement", sa.Column("care_system", sa.Text(), comment="list that care_code is from"))
    op.add_column("direct_settlement", sa.Column("care_code", sa.Text()))
    pair = "(care_system IS NULL) = (care_code IS NULL)"
    op.execute(f"ALTER TABLE direct_settlement ADD CONSTRAINT ck_direct_settlement_care_is_a_pair CHECK ({pair}) NOT VALID")
    op.execute("ALTER TABLE direct_settlement VALIDATE CONSTRAINT ck_direct_settlement_care_is_a_pair")


def downgrade() -> None:
    """Decisions on recurrences go: they have no place in one sequence."""
    op.drop_constraint(op.f("ck_direct_settlement_care_is_a_pair"), "direct_settlement", type_="check")
    op.drop_column("direct_settlement", "care_code")
    op.drop_column("direct_settlement", "care_system")
    op.execute("DELETE FROM recognition_decision WHERE recurrence_id IS NOT NULL")
    op.create_unique_constraint(op.f("uq_recognition_decision_case_id_version"), "recognition_decision", ["case_id", "version"])
    op.drop_index("uq_recognition_decision_recurrence", table_name="recognition_decision")
    op.drop_index("uq_recognition_decision_version", table_name="recognition_decision")
    op.drop_column("recognition_decision", "recurrence_id")
    op.drop_table("recurrence")
    op.drop_table("out_of_area_stay")
    op.drop_table("out_of_area_clearing")
    op.drop_table("out_of_area_registration")
