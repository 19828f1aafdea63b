"""Back-payments, package prices and audits before a conversion, limitation of claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0003"
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
_ADDED = {"injury_case": _CASE, "conversion": _CONVERSION, "recovery": _RECOVERY}
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


def downgrade() -> None:
    """Take it back. Fails while a conversion of a package price is stored."""
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
