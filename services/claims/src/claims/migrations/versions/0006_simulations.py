"""Simulations that are asked for over REST."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own."""
    op.create_table(
        "simulation",
        sa.Column("simulation_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked", postgresql.JSONB(), nullable=False, comment="facts, lines, pools, seed"),
        sa.Column(
            "books",
            sa.JSON(),
            nullable=False,
            comment="texts of both books when it was asked for, and the digests of the versions that decide",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="queued, running, done, failed"),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done_claims", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total_claims", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True, comment="last sign of life of the worker"),
        sa.Column("cause", postgresql.JSONB(none_as_null=True), nullable=True, comment="code and text when it failed"),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True, comment="the result document"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("simulation_id", name=op.f("pk_simulation")),
    )
    op.create_index(
        "ix_simulation_open", "simulation", ["simulation_id"], postgresql_where=sa.text("state IN ('queued', 'running')")
    )


def downgrade() -> None:
    """Without simulations."""
    op.drop_index("ix_simulation_open", table_name="simulation", postgresql_where=sa.text("state IN ('queued', 'running')"))
    op.drop_table("simulation")
