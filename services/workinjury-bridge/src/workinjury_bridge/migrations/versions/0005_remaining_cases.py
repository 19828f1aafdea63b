"""Back-payments, package prices and audits before a conversion, limitation of claims, one bill at both funds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_JSONB = postgresql.JSONB(astext_type=sa.Text())
_CASE: list[sa.Column[object]] = [
    sa.Column("insured_from", sa.Date(), comment="since when an employer that was not insured has paid back and pays"),
    sa.Column("insured_proof", sa.Text(), comment="the document that says so"),
]
_CONVERSION: list[sa.Column[object]] = [
    sa.Column("uninsured", sa.Text(), comment="employer that was not insured"),
    sa.Column("new_cost_fen", sa.BigInteger(), comment="of the cost, what arose since the employer's back-payment"),
    sa.Column("new_meals_fen", sa.BigInteger(), comment="of the allowance, the same"),
    sa.Column(
        "hospital_due_fen",
        sa.BigInteger(),
        nullable=False,
        server_default=sa.text("0"),
        comment="package price: the fund pays by line",
    ),
    sa.Column("overpaid_fen", sa.BigInteger(), comment="cash beyond the bill as an audit has put it right"),
    sa.Column("audited_lines", _JSONB, comment="cut before the conversion"),
]
_RECOVERY: list[sa.Column[object]] = [
    sa.Column("limitation_on", sa.Date(), comment="a claim against a third party lapses after this day"),
    sa.Column("in_court", sa.Boolean(), nullable=False, server_default=sa.text("false")),
]
_STAY: list[sa.Column[object]] = [
    sa.Column("invoice_no", sa.Text(), comment="null, like the total, when it was told before there was a comparison"),
    sa.Column("total_fen", sa.BigInteger()),
]
_DIRECT: list[sa.Column[object]] = [sa.Column("invoice_no", sa.Text(), comment="of the settlement in claims")]
_ADDED = {
    "injury_case": _CASE,
    "conversion": _CONVERSION,
    "recovery": _RECOVERY,
    "settled_stay": _STAY,
    "direct_settlement": _DIRECT,
}
_CLOSE = "work_injury_fen + hospital_fen = owed_fen + cash_fen - kept_cash_fen - person_fen"


def upgrade() -> None:
    """Additive; what is stored of uninsured employers keeps its meaning, and the wider check holds for every row that there is."""
    for table, columns in _ADDED.items():
        for column in columns:
            op.add_column(table, column)
    op.execute("UPDATE conversion SET uninsured = debtor WHERE debtor LIKE 'E:%'")
    _close(f"{_CLOSE} + hospital_due_fen")
    op.create_index(
        "ix_recovery_limitation_on", "recovery", ["limitation_on"], postgresql_where=sa.text("limitation_on IS NOT NULL")
    )
    op.create_table(
        "limitation_interruption",
        sa.Column("interruption_id", sa.Text(), nullable=False),
        sa.Column("recovery_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="demand, acknowledged, suit, suit-ended"),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recovery_id"], ["recovery.recovery_id"], name=op.f("fk_limitation_interruption_recovery_id_recovery")
        ),
        sa.PrimaryKeyConstraint("interruption_id", name=op.f("pk_limitation_interruption")),
    )
    op.create_index("ix_limitation_interruption_recovery_id", "limitation_interruption", ["recovery_id"])
    _create_paper_claim()
    _create_double_bill()


def downgrade() -> None:
    """Take it back. Fails while a conversion of a package price is stored."""
    op.drop_table("double_bill")
    op.drop_table("paper_claim")
    op.drop_table("limitation_interruption")
    op.drop_index("ix_recovery_limitation_on", table_name="recovery")
    _close(_CLOSE)
    for table, columns in _ADDED.items():
        for column in columns:
            op.drop_column(table, column.name)


def _close(check: str) -> None:
    """Replaced without looking at the rows under a lock that keeps others out, then looked at."""
    op.drop_constraint(op.f("ck_conversion_figures_close"), "conversion", type_="check")
    op.execute(f"ALTER TABLE conversion ADD CONSTRAINT ck_conversion_figures_close CHECK ({check}) NOT VALID")
    op.execute("ALTER TABLE conversion VALIDATE CONSTRAINT ck_conversion_figures_close")


def _create_paper_claim() -> None:
    op.create_table(
        "paper_claim",
        sa.Column("paper_claim_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("decision_version", sa.Integer(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=False),
        sa.Column("invoice_no", sa.Text(), nullable=False),
        sa.Column("inpatient", sa.Boolean(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("work_injury_fen", sa.BigInteger(), nullable=False),
        sa.Column("person_fen", sa.BigInteger(), nullable=False),
        sa.Column("hospital_fen", sa.BigInteger(), nullable=False),
        sa.Column("unrelated_fen", sa.BigInteger(), nullable=False),
        sa.Column("meals_fen", sa.BigInteger(), nullable=False),
        sa.Column("lines", _JSONB, nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="proposed, paid, rejected, revoked"),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_paper_claim_four_eyes")),
        sa.CheckConstraint("state NOT IN ('paid', 'revoked') OR checker IS NOT NULL", name=op.f("ck_paper_claim_paid_by_two")),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_paper_claim_case_id_injury_case")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["recognition_decision.decision_id"], name=op.f("fk_paper_claim_decision_id_recognition_decision")
        ),
        sa.PrimaryKeyConstraint("paper_claim_id", name=op.f("pk_paper_claim")),
    )
    op.create_index("ix_paper_claim_person_id", "paper_claim", ["person_id"])
    op.create_index("ix_paper_claim_case_id", "paper_claim", ["case_id"])
    op.create_index(
        "uq_paper_claim_invoice",
        "paper_claim",
        ["institution_code", "invoice_no"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'paid')"),
    )


def _create_double_bill() -> None:
    op.create_table(
        "double_bill",
        sa.Column("double_bill_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("settlement_id", sa.Text(), nullable=False, comment="of the medical funds"),
        sa.Column("against", sa.Text(), nullable=False, comment="paper:, direct: or conversion: and an id"),
        sa.Column("decision_version", sa.Integer(), nullable=False),
        sa.Column("match", sa.Text(), nullable=False, comment="same, near"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="raised, confirmed, charged, cleared"),
        sa.Column("maker", sa.Text()),
        sa.Column("checker", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_double_bill_four_eyes")),
        sa.CheckConstraint(
            "state NOT IN ('confirmed', 'charged') OR (maker IS NOT NULL AND checker IS NOT NULL)",
            name=op.f("ck_double_bill_confirmed_by_two"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_double_bill_case_id_injury_case")),
        sa.PrimaryKeyConstraint("double_bill_id", name=op.f("pk_double_bill")),
        sa.UniqueConstraint("settlement_id", "against", name=op.f("uq_double_bill_settlement_id_against")),
    )
    op.create_index("ix_double_bill_person_id", "double_bill", ["person_id"])
    op.create_index("ix_double_bill_state", "double_bill", ["state", "double_bill_id"])
