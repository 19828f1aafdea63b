"""The tables of the month-end clearing, in the bridge's metadata."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from workinjury_bridge.adapters.tables import metadata

clearing = Table(
    "interfund_clearing",
    metadata,
    Column("clearing_id", Text, primary_key=True),
    Column("payer", Text, nullable=False, comment="book that pays"),
    Column("month", Text, nullable=False, comment="YYYY-MM"),
    Column("cut_off", Date, nullable=False),
    Column("pay_by", Date, nullable=False),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("state", Text, nullable=False, comment="open, frozen, partial, paid, closed"),
    Column("planned", Boolean, nullable=False),
    Column("short_fen", BigInteger, nullable=False),
    Column("remedy", Text, comment="who is asked for money"),
    Column("asked_on", Date, comment="since when the remedy is asked for money"),
    Column("asked_until", Date, comment="by when it is to answer"),
    Column(
        "set_aside_fen",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="first: what persons and employers were owed when the last round was planned",
    ),
    Column("cause", Text, comment="why a transfer came back"),
    Column("carried_fen", BigInteger, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("hindrance", Text, comment="why the last step did not succeed"),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_try_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("payer", "month"),
    CheckConstraint("checker <> maker", name="four_eyes"),
    CheckConstraint("state = 'open' OR checker IS NOT NULL", name="approved_by_two"),
    CheckConstraint("short_fen >= 0 AND carried_fen >= 0", name="positive"),
    Index("ix_interfund_clearing_next_try_at", "next_try_at", postgresql_where=text("state IN ('frozen', 'paid')")),
)

institution = Table(
    "clearing_institution",
    metadata,
    Column("clearing_id", Text, ForeignKey("interfund_clearing.clearing_id"), primary_key=True),
    Column("institution_code", Text, primary_key=True),
    Column("since", Date, nullable=False, comment="day of the oldest part"),
    Column("owed_fen", BigInteger, nullable=False),
    Column("offset_fen", BigInteger, nullable=False, comment="met from what the institution owes"),
    Column("paid", Boolean, nullable=False),
    CheckConstraint("owed_fen >= offset_fen AND offset_fen >= 0", name="positive"),
)

due = Table(
    "interfund_due",
    metadata,
    Column("due_id", Text, primary_key=True),
    Column("payer", Text, nullable=False),
    Column("payee", Text, nullable=False),
    Column("conversion_id", Text, ForeignKey("conversion.conversion_id")),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), comment="of a debt that no conversion names"),
    Column("origin", Text, comment="what it is for when it is no conversion: direct: or set-off: and a key"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("due_on", Date, nullable=False, comment="day it was booked"),
    Column("clearing_id", Text, ForeignKey("interfund_clearing.clearing_id"), comment="run that it was frozen into"),
    Column("paid_fen", BigInteger, nullable=False, comment="booked in the work-injury book"),
    Column("confirmed_fen", BigInteger, nullable=False, comment="booked in both"),
    UniqueConstraint("conversion_id", "payer", "payee"),
    UniqueConstraint("origin", "payer", "payee"),
    CheckConstraint(
        "(conversion_id IS NULL) <> (origin IS NULL) AND (origin IS NULL) = (case_id IS NULL)", name="of_one_thing"
    ),
    CheckConstraint("payer <> payee AND 'WI' IN (payer, payee)", name="pair"),
    CheckConstraint(
        "amount_fen > 0 AND confirmed_fen >= 0 AND confirmed_fen <= paid_fen AND paid_fen <= amount_fen", name="adds_up"
    ),
    Index("ix_interfund_due_open", "payer", "due_on", postgresql_where=text("paid_fen < amount_fen")),
    Index("ix_interfund_due_clearing_id", "clearing_id"),
)

transfer = Table(
    "clearing_transfer",
    metadata,
    Column("transfer_id", Text, primary_key=True),
    Column("clearing_id", Text, ForeignKey("interfund_clearing.clearing_id"), nullable=False),
    Column("voucher_no", Text, nullable=False, unique=True),
    Column("book", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("cause", Text),
    Column("instructed_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("amount_fen > 0", name="positive"),
    Index("ix_clearing_transfer_clearing_id", "clearing_id"),
    Index(
        "uq_clearing_transfer_standing",
        "clearing_id",
        "book",
        unique=True,
        postgresql_where=text("state NOT IN ('confirmed', 'voided')"),
    ),
)

part = Table(
    "clearing_transfer_part",
    metadata,
    Column("transfer_id", Text, ForeignKey("clearing_transfer.transfer_id"), primary_key=True),
    Column("due_id", Text, ForeignKey("interfund_due.due_id"), primary_key=True),
    Column("amount_fen", BigInteger, nullable=False),
    CheckConstraint("amount_fen > 0", name="positive"),
)

waiting = Table(
    "waiting_payout",
    metadata,
    Column("payout_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("payout", JSONB, nullable=False, comment="what is paid to whom, and what about"),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("held", Boolean, nullable=False, server_default=text("false"), comment="waits for heirs, not for money"),
    CheckConstraint("amount_fen > 0", name="positive"),
    Index("ix_waiting_payout_since", "since", "payout_id"),
    Index("ix_waiting_payout_case_id", "case_id"),
)

payment_shortage = Table(
    "payment_shortage",
    metadata,
    Column("shortage_id", Text, primary_key=True),
    Column("since", Date, nullable=False),
    Column("remedy", Text, nullable=False, comment="who is asked for money"),
    Column("ended_on", Date, comment="null while payments wait"),
    Index("uq_payment_shortage_standing", text("(ended_on IS NULL)"), unique=True, postgresql_where=text("ended_on IS NULL")),
)
