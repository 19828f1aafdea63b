"""Cash benefits: own wages, appraisals, losses, entitlements, postings of the monthly run, one-off items; returned payments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    op.alter_column("payment", "settlement_id", nullable=True, comment="null for a benefit that belongs to no stay")
    op.alter_column("payment", "kind", comment="refund, meals, or a kind of cash benefit", existing_comment="refund, meals")
    op.add_column(
        "payment",
        sa.Column("payee", sa.Text(), server_default=sa.text("''"), nullable=False, comment="dimension of 2203 that was paid"),
    )
    op.add_column("payment", sa.Column("benefit_id", sa.Text()))
    op.add_column("payment", sa.Column("month", sa.Date(), comment="month of the run that paid"))
    op.add_column("payment", sa.Column("repays", sa.Text(), comment="the returned payment that this one replaces"))
    op.add_column("payment", sa.Column("returned_at", sa.DateTime(timezone=True)))
    op.add_column("payment", sa.Column("return_reason", sa.Text()))
    op.add_column("payment", sa.Column("repaid_at", sa.DateTime(timezone=True)))
    op.create_table(
        "own_wage",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("monthly_wages_fen", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("average_fen", sa.BigInteger(), nullable=False),
        sa.Column("own_wage_fen", sa.BigInteger(), nullable=False),
        sa.Column("calculation", postgresql.JSONB(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("own_wage_fen > 0", name=op.f("ck_own_wage_positive")),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_own_wage_case_id_injury_case")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_own_wage")),
    )
    op.create_table(
        "appraisal",
        sa.Column("appraisal_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("conclusion_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("concluded_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("nursing", sa.Text()),
        sa.Column("recheck_due_on", sa.Date()),
        sa.Column("counts_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("grade BETWEEN 1 AND 10", name=op.f("ck_appraisal_grade")),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_appraisal_case_id_injury_case")),
        sa.PrimaryKeyConstraint("appraisal_id", name=op.f("pk_appraisal")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_appraisal_case_id_version")),
    )
    op.create_table(
        "person_loss",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("circumstance", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("notice_due_on", sa.Date(), nullable=False),
        sa.Column("notified_on", sa.Date()),
        sa.Column("heirs_proof", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("returned_on", sa.Date()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_person_loss_case_id_injury_case")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_loss")),
    )
    op.create_table(
        "entitlement",
        sa.Column("entitlement_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False, comment="who gets it"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False, comment="first month"),
        sa.Column("until", sa.Date(), comment="last month known from the beginning"),
        sa.Column("ended", sa.Date(), comment="last month paid"),
        sa.Column("end_reason", sa.Text()),
        sa.Column("relation", sa.Text()),
        sa.Column("lone", sa.Boolean(), nullable=False),
        sa.Column("breaks", postgresql.JSONB(), nullable=False, comment="reason, since, until"),
        sa.Column("pensions", postgresql.JSONB(), nullable=False, comment="since, monthly_fen"),
        sa.Column("certified_on", sa.Date(), nullable=False),
        sa.Column("materials", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text()),
        sa.Column("run_through", sa.Date(), comment="last month that the monthly run has dealt with"),
        sa.Column("stale", sa.Boolean(), server_default=sa.text("true"), nullable=False, comment="facts changed since"),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hindrance", sa.Text(), comment="why the last run did not succeed"),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_entitlement_four_eyes")),
        sa.CheckConstraint(
            "state IN ('proposed', 'dismissed') OR checker IS NOT NULL", name=op.f("ck_entitlement_approved_by_two")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_entitlement_case_id_injury_case")),
        sa.PrimaryKeyConstraint("entitlement_id", name=op.f("pk_entitlement")),
    )
    op.create_index(
        "uq_entitlement_standing",
        "entitlement",
        ["case_id", "person_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('stopped', 'dismissed')"),
    )
    op.create_index("ix_entitlement_case_id", "entitlement", ["case_id"])
    op.create_index("ix_entitlement_person_id", "entitlement", ["person_id"])
    op.create_index(
        "ix_entitlement_next_try_at",
        "entitlement",
        ["next_try_at"],
        postgresql_where=sa.text("state NOT IN ('proposed', 'dismissed')"),
    )
    op.create_table(
        "benefit_posting",
        sa.Column("posting_id", sa.Text(), nullable=False),
        sa.Column("entitlement_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counts what was booked for one month of one entitlement"),
        sa.Column("run_month", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False, comment="negative: the month had been paid too much"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("calculation", postgresql.JSONB(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_benefit_posting_not_zero")),
        sa.ForeignKeyConstraint(
            ["entitlement_id"],
            ["entitlement.entitlement_id"],
            name=op.f("fk_benefit_posting_entitlement_id_entitlement"),
        ),
        sa.PrimaryKeyConstraint("posting_id", name=op.f("pk_benefit_posting")),
        sa.UniqueConstraint("entitlement_id", "month", "number", name=op.f("uq_benefit_posting_entitlement_id_month_number")),
    )
    op.create_index("ix_benefit_posting_run_month", "benefit_posting", ["run_month"])
    op.create_index("ix_benefit_posting_unpaid", "benefit_posting", ["person_id"], postgresql_where=sa.text("NOT paid"))
    op.create_table(
        "benefit_item",
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("request", postgresql.JSONB(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("calculation", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text()),
        sa.Column("approver", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_benefit_item_positive")),
        sa.CheckConstraint(
            "checker <> maker AND approver <> maker AND approver <> checker", name=op.f("ck_benefit_item_six_eyes")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'dismissed') OR checker IS NOT NULL", name=op.f("ck_benefit_item_approved_by_two")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_benefit_item_case_id_injury_case")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_benefit_item")),
    )
    op.create_index(
        "uq_benefit_item_standing",
        "benefit_item",
        ["case_id", "kind", "reference"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('dismissed', 'withdrawn') AND kind <> 'estate-write-off'"),
    )
    op.create_index("ix_benefit_item_case_id", "benefit_item", ["case_id"])
    op.create_index("ix_benefit_item_unpaid", "benefit_item", ["person_id"], postgresql_where=sa.text("state = 'posted'"))


def downgrade() -> None:
    """Drop everything; refused by the database while a payment belongs to no stay."""
    for table in ("benefit_item", "benefit_posting", "entitlement", "person_loss", "appraisal", "own_wage"):
        op.drop_table(table)
    for column in ("repaid_at", "return_reason", "returned_at", "repays", "month", "benefit_id", "payee"):
        op.drop_column("payment", column)
    op.alter_column("payment", "kind", comment="refund, meals")
    op.alter_column("payment", "settlement_id", nullable=False, comment=None)
