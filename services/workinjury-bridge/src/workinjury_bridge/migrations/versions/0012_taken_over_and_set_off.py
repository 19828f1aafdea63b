"""Revoked direct settlements that the medical funds take over; set-offs across books; debts between funds that no conversion names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ONE = "ck_interfund_due_of_one_thing"


def upgrade() -> None:
    """No stay was taken over before, and every debt was of a conversion."""
    table = "direct_settlement"
    op.add_column(table, sa.Column("taken_over_by", sa.Text(), comment="in whose hands the stay is since a revocation"))
    op.add_column(
        table,
        sa.Column(
            "medical_fen",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="what the medical funds owe for it",
        ),
    )
    op.add_column(table, sa.Column("not_taken_over", sa.Text(), comment="why the medical funds have not settled it"))
    op.create_index("ix_direct_settlement_reverting", table, ["key"], postgresql_where=sa.text("state = 'reverting'"))
    due = "interfund_due"
    op.add_column(due, sa.Column("case_id", sa.Text(), comment="of a debt that no conversion names"))
    op.add_column(
        due, sa.Column("origin", sa.Text(), comment="what it is for when it is no conversion: direct: or set-off: and a key")
    )
    op.alter_column(due, "conversion_id", existing_type=sa.Text(), nullable=True)
    op.create_foreign_key(op.f("fk_interfund_due_case_id_injury_case"), due, "injury_case", ["case_id"], ["case_id"])
    op.create_unique_constraint(op.f("uq_interfund_due_origin_payer_payee"), due, ["origin", "payer", "payee"])
    op.create_check_constraint(
        op.f(_ONE), due, "(conversion_id IS NULL) <> (origin IS NULL) AND (origin IS NULL) = (case_id IS NULL)"
    )
    _set_offs()


def _set_offs() -> None:
    op.create_table(
        "set_off",
        sa.Column("set_off_id", sa.Text(), nullable=False),
        sa.Column("recovery_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False, comment="medical fund that is owed"),
        sa.Column("ground", sa.Text(), nullable=False, comment="consent, order"),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("documented_on", sa.Date(), nullable=False),
        sa.Column("most_fen", sa.BigInteger(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False, comment="proposed, standing, spent, withdrawn"),
        sa.Column("applied_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("checker <> maker", name=op.f("ck_set_off_four_eyes")),
        sa.CheckConstraint(
            "state NOT IN ('standing', 'spent') OR checker IS NOT NULL", name=op.f("ck_set_off_approved_by_two")
        ),
        sa.CheckConstraint("applied_fen >= 0 AND applied_fen <= most_fen AND most_fen > 0", name=op.f("ck_set_off_adds_up")),
        sa.ForeignKeyConstraint(["recovery_id"], ["recovery.recovery_id"], name=op.f("fk_set_off_recovery_id_recovery")),
        sa.ForeignKeyConstraint(["case_id"], ["injury_case.case_id"], name=op.f("fk_set_off_case_id_injury_case")),
        sa.PrimaryKeyConstraint("set_off_id", name=op.f("pk_set_off")),
    )
    op.create_index(
        "uq_set_off_open",
        "set_off",
        ["recovery_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'standing')"),
    )
    op.create_index("ix_set_off_standing", "set_off", ["person_id"], postgresql_where=sa.text("state = 'standing'"))
    op.create_index("ix_set_off_case_id", "set_off", ["case_id"])
    moved = "recovery_movement"
    op.add_column(moved, sa.Column("set_off_id", sa.Text(), comment="what allowed a set-off"))
    op.add_column(moved, sa.Column("voucher_no", sa.Text(), comment="of the journal here that a set-off rests on"))
    op.add_column(
        moved,
        sa.Column(
            "voided", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="refused by the medical book"
        ),
    )
    op.create_foreign_key(op.f("fk_recovery_movement_set_off_id_set_off"), moved, "set_off", ["set_off_id"], ["set_off_id"])
    _says("recovery_movement", "kind", "receipt, write-off", "receipt, write-off, set-off")
    clue = "double_bill"
    op.add_column(clue, sa.Column("undo_maker", sa.Text(), comment="who found the charge-back wrong"))
    op.add_column(clue, sa.Column("undo_checker", sa.Text()))
    op.add_column(clue, sa.Column("undo_note", sa.Text()))
    op.create_check_constraint(op.f("ck_double_bill_undone_by_two"), clue, "undo_checker <> undo_maker")
    _says(clue, "state", "raised, confirmed, charged, cleared", "raised, confirmed, charged, undoing, undone, cleared")
    _says(clue, "match", "same, near", "same, overlap, near")


def _says(table: str, column: str, before: str, after: str) -> None:
    op.alter_column(table, column, comment=after, existing_comment=before, existing_type=sa.Text(), existing_nullable=False)


def downgrade() -> None:
    """Refused by the database while a debt names no conversion."""
    _says("double_bill", "match", "same, overlap, near", "same, near")
    _says("double_bill", "state", "raised, confirmed, charged, undoing, undone, cleared", "raised, confirmed, charged, cleared")
    op.drop_constraint(op.f("ck_double_bill_undone_by_two"), "double_bill", type_="check")
    for column in ("undo_note", "undo_checker", "undo_maker"):
        op.drop_column("double_bill", column)
    _says("recovery_movement", "kind", "receipt, write-off, set-off", "receipt, write-off")
    moved = "recovery_movement"
    op.drop_constraint(op.f("fk_recovery_movement_set_off_id_set_off"), moved, type_="foreignkey")
    for column in ("voided", "voucher_no", "set_off_id"):
        op.drop_column(moved, column)
    op.drop_table("set_off")
    due = "interfund_due"
    op.drop_constraint(op.f(_ONE), due, type_="check")
    op.drop_constraint(op.f("uq_interfund_due_origin_payer_payee"), due, type_="unique")
    op.drop_constraint(op.f("fk_interfund_due_case_id_injury_case"), due, type_="foreignkey")
    op.alter_column(due, "conversion_id", existing_type=sa.Text(), nullable=False)
    op.drop_column(due, "origin")
    op.drop_column(due, "case_id")
    table = "direct_settlement"
    op.drop_index("ix_direct_settlement_reverting", table_name=table)
    op.drop_column(table, "not_taken_over")
    op.drop_column(table, "medical_fen")
    op.drop_column(table, "taken_over_by")
