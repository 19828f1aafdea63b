"""Medical assistance by application."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OPEN = sa.text("state NOT IN ('paid', 'rejected', 'withdrawn')")


def upgrade() -> None:
    """One new table."""
    op.create_table(
        "assistance_application",
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("class_code", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="applied, reviewed, on_notice, objected, notice_over, approved, granted, paid, rejected, withdrawn",
        ),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=True),
        sa.Column("approver", sa.Text(), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False, comment="the whole application"),
        sa.Column(
            "next_try_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of an approved one: when granting the class is tried again",
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("approver IS NULL OR approver <> reviewer", name=op.f("ck_assistance_application_four_eyes")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_assistance_application")),
    )
    op.create_index("ix_assistance_application_state", "assistance_application", ["state", "application_id"])
    op.create_index("ix_assistance_application_person_id", "assistance_application", ["person_id", "application_id"])
    op.create_index(
        "uq_assistance_application_open", "assistance_application", ["person_id"], unique=True, postgresql_where=_OPEN
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("assistance_application")
