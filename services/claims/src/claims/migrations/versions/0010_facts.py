"""What rules ask of lines and catalogue: sessions of treatment, the days of charges; payments to persons."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; each has a default or is nullable. Days are filled in where something is still to be settled."""
    op.add_column(
        "catalogue_item",
        sa.Column(
            "per_session",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="each unit is one session of treatment",
        ),
    )
    for table, comment in (
        ("fee_line", "quantity of a treatment counted by session"),
        ("fee_batch", "units of treatments counted by session"),
    ):
        op.add_column(table, sa.Column("sessions", sa.Numeric(16, 4), nullable=False, server_default="0", comment=comment))
    op.add_column(
        "fee_batch",
        sa.Column(
            "first_on",
            sa.Date(),
            nullable=True,
            comment="day in China of the first charge; null: settled before days were kept",
        ),
    )
    op.add_column("fee_batch", sa.Column("last_on", sa.Date(), nullable=True, comment="day in China of the last charge"))
    op.execute("""
        UPDATE fee_batch b SET first_on = s.first_on, last_on = s.last_on
        FROM (SELECT l.batch_id, min(CAST(l.occurred_at AT TIME ZONE 'Asia/Shanghai' AS date)) AS first_on,
                  max(CAST(l.occurred_at AT TIME ZONE 'Asia/Shanghai' AS date)) AS last_on
              FROM fee_line l JOIN fee_batch o USING (batch_id) WHERE o.settlement_id IS NULL GROUP BY l.batch_id) s
        WHERE b.batch_id = s.batch_id
    """)

    op.create_table(
        "person_payout",
        sa.Column("payout_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="proposed, paid, rejected"),
        sa.Column("dues", postgresql.JSONB(), nullable=False, comment="fen by book, as owed when it was proposed"),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_person_payout_two_persons")),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_person_payout")),
    )
    op.create_index("ix_person_payout_state", "person_payout", ["state", "payout_id"])
    op.create_index(
        "uq_person_payout_open",
        "person_payout",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("person_payout")
    for table, column in (
        ("fee_batch", "last_on"),
        ("fee_batch", "first_on"),
        ("fee_batch", "sessions"),
        ("fee_line", "sessions"),
        ("catalogue_item", "per_session"),
    ):
        op.drop_column(table, column)
