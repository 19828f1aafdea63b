"""What of a case a recorded act is about; of a month-end run whom it asks for money since when, and what stood before other funds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Acts so far were about the case itself; runs that ended before keep no queue."""
    op.add_column("case_act", sa.Column("subject_id", sa.Text(), comment="what of the case it is about; none: the case itself"))
    op.alter_column(
        "case_act",
        "act",
        existing_type=sa.Text(),
        existing_nullable=False,
        comment="what was recorded",
        existing_comment="facts, contested, upheld",
    )
    op.add_column("interfund_clearing", sa.Column("asked_on", sa.Date(), comment="since when the remedy is asked for money"))
    op.add_column("interfund_clearing", sa.Column("asked_until", sa.Date(), comment="by when it is to answer"))
    op.add_column(
        "interfund_clearing",
        sa.Column(
            "set_aside_fen",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="first: what persons and employers were owed when the last round was planned",
        ),
    )
    op.create_table(
        "clearing_institution",
        sa.Column("clearing_id", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False, comment="day of the oldest part"),
        sa.Column("owed_fen", sa.BigInteger(), nullable=False),
        sa.Column("offset_fen", sa.BigInteger(), nullable=False, comment="met from what the institution owes"),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.CheckConstraint("owed_fen >= offset_fen AND offset_fen >= 0", name=op.f("ck_clearing_institution_positive")),
        sa.ForeignKeyConstraint(
            ["clearing_id"],
            ["interfund_clearing.clearing_id"],
            name=op.f("fk_clearing_institution_clearing_id_interfund_clearing"),
        ),
        sa.PrimaryKeyConstraint("clearing_id", "institution_code", name=op.f("pk_clearing_institution")),
    )


def downgrade() -> None:
    """The queue and the days asked are lost."""
    op.drop_table("clearing_institution")
    op.drop_column("interfund_clearing", "set_aside_fen")
    op.drop_column("interfund_clearing", "asked_until")
    op.drop_column("interfund_clearing", "asked_on")
    op.alter_column(
        "case_act",
        "act",
        existing_type=sa.Text(),
        existing_nullable=False,
        comment="facts, contested, upheld",
        existing_comment="what was recorded",
    )
    op.drop_column("case_act", "subject_id")
