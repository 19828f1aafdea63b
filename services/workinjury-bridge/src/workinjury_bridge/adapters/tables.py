"""The tables of the bridge. What the reference calls an invariant is a constraint here wherever a row can show it (B15)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.db.tables import NAMING, platform_tables
from shared.ledger.tables import ledger_tables

metadata = MetaData(naming_convention=NAMING)
PLATFORM: Final = platform_tables(metadata)
LEDGER: Final = ledger_tables(metadata)
Index("ix_journal_voucher_no", LEDGER.journal.c.voucher_no, postgresql_where=text("voucher_no IS NOT NULL"))

OPEN_DEBT: Final = "state IN ('open', 'demanded', 'partial', 'agreement', 'enforced')"
OPEN_DEDUCTION: Final = "state IN ('deducted', 'objected')"
OPEN_TRANSFER: Final = "state IN ('instructed', 'reserved', 'committed', 'voiding')"
MOVING_CONVERSION: Final = "state IN ('approved', 'posted', 'transferring', 'reverting')"
OPEN_SPLIT: Final = "state = 'proposed' AND split ->> 'state' IN ('proposed', 'disputed')"
STANDING_SET_OFF: Final = "state = 'standing'"
UNBOOKED_MOVEMENT: Final = "NOT booked"
OPEN_STAY_SPLIT: Final = "split ->> 'state' IN ('proposed', 'disputed')"
"""Conditions of indexes over what is open; queries state them word for word, so that the planner finds the index."""

voucher_no = Sequence("voucher_no", metadata=metadata)
"""Unique, not gapless: a number drawn by a transaction that rolled back is lost."""

injury_case = Table(
    "injury_case",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("employer_id", Text),
    Column("accident_on", Date, nullable=False),
    Column("body_parts", ARRAY(Text), nullable=False),
    Column("description", Text, nullable=False),
    Column("matter_id", Text),
    Column("region", Text),
    Column("filed_on", Date, comment="first application by anybody entitled"),
    Column("accepted_on", Date),
    Column("employer_insured", Boolean, nullable=False, server_default=text("true")),
    Column("insured_from", Date, comment="since when an employer that was not insured has paid back and pays"),
    Column("insured_proof", Text, comment="the document that says so"),
    Column("third_party", Text, comment="party T:<id> that is liable"),
    Column("contested_on", Date, comment="since when the newest decision is under review or before a court"),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Index("ix_injury_case_person_id", "person_id"),
)

case_act = Table(
    "case_act",
    metadata,
    Column("act_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("act", Text, nullable=False, comment="what was recorded"),
    Column("actor", Text, nullable=False),
    Column("subject_id", Text, comment="what of the case it is about; none: the case itself"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Index("ix_case_act_case_id", "case_id"),
)

decision = Table(
    "recognition_decision",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("decision_no", Text, nullable=False),
    Column("outcome", Text, nullable=False, comment="granted, denied, revoked"),
    Column("decided_on", Date, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("recurrence_id", Text, comment="null for the recognition; otherwise a committee's decision on a recurrence (B9)"),
    Index("uq_recognition_decision_version", "case_id", "version", unique=True, postgresql_where=text("recurrence_id IS NULL")),
    Index(
        "uq_recognition_decision_recurrence",
        "case_id",
        "version",
        unique=True,
        postgresql_where=text("recurrence_id IS NOT NULL"),
    ),
)

stay = Table(
    "settled_stay",
    metadata,
    Column("settlement_id", Text, primary_key=True),
    Column("visit_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("institution_code", Text, nullable=False),
    Column("institution_name", Text, nullable=False),
    Column("inpatient", Boolean, nullable=False),
    Column("begun_on", Date, nullable=False),
    Column("ended_on", Date, nullable=False),
    Column("injury_suspect", Boolean, nullable=False),
    Column("invoice_no", Text, comment="null, like the total, when it was told before there was a comparison"),
    Column("total_fen", BigInteger),
    Index("ix_settled_stay_person_id", "person_id"),
)

reversed_settlement = Table(
    "reversed_settlement",
    metadata,
    Column("settlement_id", Text, primary_key=True, comment="may be known before the settlement itself"),
)

corrected_settlement = Table(
    "corrected_settlement",
    metadata,
    Column("settlement_id", Text, primary_key=True),
    Column("sequence", Integer, nullable=False, comment="of the newest correction that was heard of"),
)

conversion = Table(
    "conversion",
    metadata,
    Column("conversion_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("person_id", Text, nullable=False),
    Column("settlement_id", Text, nullable=False),
    Column("visit_id", Text, nullable=False),
    Column("institution_code", Text, nullable=False),
    Column("decision_id", Text, ForeignKey("recognition_decision.decision_id"), nullable=False),
    Column("decision_version", Integer, nullable=False),
    Column("matter_id", Text),
    Column("state", Text, nullable=False),
    Column("total_fen", BigInteger, comment="figures are null until the bill was read"),
    Column("work_injury_fen", BigInteger),
    Column("person_fen", BigInteger),
    Column("hospital_fen", BigInteger),
    Column("cash_fen", BigInteger),
    Column("meals_fen", BigInteger),
    Column("owed_fen", BigInteger),
    Column("owed", JSONB, comment="per book and account"),
    Column("payer", Text, comment="party that paid the cash"),
    Column("beneficiary", Text, comment="party that gets the allowance"),
    Column("unrelated_fen", BigInteger),
    Column("kept_cash_fen", BigInteger, nullable=False, server_default=text("0")),
    Column("keep_lines", JSONB),
    Column("employer", Text, comment="party that owes employer_owed"),
    Column("employer_owed", JSONB, comment="per book, part of owed"),
    Column("employer_cost_fen", BigInteger),
    Column("employer_meals_fen", BigInteger),
    Column("debtor", Text, comment="party that owes what the fund advances"),
    Column("prepaid_fen", BigInteger),
    Column("uninsured", Text, comment="employer that was not insured"),
    Column("new_cost_fen", BigInteger, comment="of the cost, what arose since the employer's back-payment"),
    Column("new_meals_fen", BigInteger, comment="of the allowance, the same"),
    Column(
        "hospital_due_fen", BigInteger, nullable=False, server_default=text("0"), comment="package price: the fund pays by line"
    ),
    Column("overpaid_fen", BigInteger, comment="cash beyond the bill as an audit has put it right"),
    Column("audited_lines", JSONB, comment="cut before the conversion"),
    Column("facts", JSONB, comment="what is known of the stay beside its bill"),
    Column("split", JSONB, comment="of a mixed stay"),
    Column("netted", JSONB, comment="books whose debt to the hospital was taken over"),
    Column("maker", Text),
    Column("checker", Text),
    Column("approver", Text, comment="third person, for large amounts"),
    Column("note", Text),
    Column("cause", Text),
    Column("begun", Boolean, nullable=False, server_default=text("false")),
    Column("revoked", Boolean, nullable=False, server_default=text("false")),
    Column("restored", Boolean, nullable=False, server_default=text("false")),
    Column("paid", Boolean, nullable=False, server_default=text("false")),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("hindrance", Text, comment="why the last step did not succeed"),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_try_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("settlement_id", "decision_id", "decision_version"),
    CheckConstraint(
        "work_injury_fen + hospital_fen = owed_fen + cash_fen - kept_cash_fen - person_fen + hospital_due_fen",
        name="figures_close",
    ),
    CheckConstraint("checker <> maker AND approver <> maker AND approver <> checker", name="four_eyes"),
    CheckConstraint(
        "state IN ('proposed', 'checked', 'failed') OR (maker IS NOT NULL AND checker IS NOT NULL)", name="approved_by_two"
    ),
    Index(
        "uq_conversion_open_settlement",
        "settlement_id",
        unique=True,
        postgresql_where=text("state NOT IN ('reverted', 'failed')"),
    ),
    Index("ix_conversion_case_id", "case_id"),
    Index("ix_conversion_person_id", "person_id"),
    Index(
        "ix_conversion_next_try_at",
        "next_try_at",
        postgresql_where=text("state IN ('proposed', 'approved', 'posted', 'transferring', 'reverting')"),
    ),
    Index("ix_conversion_split_open", "conversion_id", postgresql_where=text(OPEN_SPLIT)),
    Index("ix_conversion_moving", "changed_at", postgresql_where=text(MOVING_CONVERSION)),
)

transfer = Table(
    "transfer",
    metadata,
    Column("transfer_id", Text, primary_key=True),
    Column("conversion_id", Text, ForeignKey("conversion.conversion_id"), nullable=False),
    Column("voucher_no", Text, nullable=False, unique=True),
    Column("book", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("cause", Text),
    Column("instructed_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("amount_fen > 0", name="positive"),
    Index("ix_transfer_conversion_id", "conversion_id"),
    Index(
        "uq_transfer_standing",
        "conversion_id",
        "book",
        "direction",
        unique=True,
        postgresql_where=text("state NOT IN ('voiding', 'voided')"),
    ),
    Index("ix_transfer_open", "instructed_at", postgresql_where=text(OPEN_TRANSFER)),
    Index("ix_transfer_confirmed_at", "changed_at", postgresql_where=text("state = 'confirmed'")),
)

payment = Table(
    "payment",
    metadata,
    Column("payment_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("person_id", Text, nullable=False),
    Column("settlement_id", Text, comment="null for a benefit that belongs to no stay"),
    Column("conversion_id", Text, ForeignKey("conversion.conversion_id"), comment="null for a direct settlement"),
    Column("kind", Text, nullable=False, comment="refund, meals, or a kind of cash benefit"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("voucher_no", Text, nullable=False),
    Column("paid_at", DateTime(timezone=True), nullable=False),
    Column("payee", Text, nullable=False, server_default=text("''"), comment="dimension of 2203 that was paid"),
    Column("benefit_id", Text),
    Column("month", Date, comment="month of the run that paid"),
    Column("repays", Text, comment="the returned payment that this one replaces"),
    Column("returned_at", DateTime(timezone=True)),
    Column("return_reason", Text),
    Column("repaid_at", DateTime(timezone=True)),
    CheckConstraint("amount_fen > 0", name="positive"),
    Index(
        "uq_payment_conversion_kind", "conversion_id", "kind", unique=True, postgresql_where=text("conversion_id IS NOT NULL")
    ),
    Index("uq_payment_direct_kind", "settlement_id", "kind", unique=True, postgresql_where=text("conversion_id IS NULL")),
    Index("ix_payment_case_id", "case_id"),
    Index("ix_payment_refunded_at", "paid_at", postgresql_where=text("kind = 'refund' AND conversion_id IS NOT NULL")),
)

recovery = Table(
    "recovery",
    metadata,
    Column("recovery_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("person_id", Text, nullable=False),
    Column("settlement_id", Text, nullable=False),
    Column("conversion_id", Text, ForeignKey("conversion.conversion_id")),
    Column("decision_version", Integer, nullable=False),
    Column("book", Text, nullable=False),
    Column("debtor", Text, nullable=False, comment="party as the books name it"),
    Column("cause", Text, nullable=False),
    Column("advanced_fen", BigInteger, nullable=False),
    Column("recovered_fen", BigInteger, nullable=False),
    Column("expensed_fen", BigInteger, nullable=False),
    Column("written_off_fen", BigInteger, nullable=False),
    Column("moved_fen", BigInteger, nullable=False, comment="owed by another debtor now"),
    Column("interest_fen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_on", Date),
    Column("liability", Integer, comment="share of fault, millionths"),
    Column("limitation_on", Date, comment="a claim against a third party lapses after this day"),
    Column("in_court", Boolean, nullable=False, server_default=text("false")),
    Column("reversed_from", Text, comment="state before it was reversed"),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("advanced_fen > 0", name="positive"),
    CheckConstraint(
        "least(recovered_fen, expensed_fen, written_off_fen, moved_fen) >= 0"
        " AND recovered_fen + expensed_fen + written_off_fen + moved_fen <= advanced_fen",
        name="adds_up",
    ),
    Index("ix_recovery_case_id", "case_id"),
    Index("ix_recovery_conversion_id", "conversion_id"),
    Index("ix_recovery_settlement_id", "settlement_id"),
    Index("ix_recovery_debtor", "debtor", "book"),
    Index("ix_recovery_open", "recovery_id", postgresql_where=text(OPEN_DEBT)),
    Index("ix_recovery_limitation_on", "limitation_on", postgresql_where=text("limitation_on IS NOT NULL")),
)

limitation_interruption = Table(
    "limitation_interruption",
    metadata,
    Column("interruption_id", Text, primary_key=True),
    Column("recovery_id", Text, ForeignKey("recovery.recovery_id"), nullable=False),
    Column("kind", Text, nullable=False, comment="demand, acknowledged, suit, suit-ended"),
    Column("on", Date, nullable=False),
    Column("reference", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Index("ix_limitation_interruption_recovery_id", "recovery_id"),
)


def open_fen() -> ColumnElement[int]:
    """What is open of a debt that stands."""
    c = recovery.c
    return c.advanced_fen - c.recovered_fen - c.expensed_fen - c.written_off_fen - c.moved_fen


recovery_movement = Table(
    "recovery_movement",
    metadata,
    Column("movement_id", Text, primary_key=True),
    Column("recovery_id", Text, ForeignKey("recovery.recovery_id"), nullable=False),
    Column("kind", Text, nullable=False, comment="receipt, write-off, set-off"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("interest_fen", BigInteger, nullable=False),
    Column("reference", Text, nullable=False),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("booked", Boolean, nullable=False, comment="false until the medical book has it"),
    Column("set_off_id", Text, ForeignKey("set_off.set_off_id"), comment="what allowed a set-off"),
    Column("voucher_no", Text, comment="of the journal here that a set-off rests on"),
    Column("voided", Boolean, nullable=False, server_default=text("false"), comment="refused by the medical book"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("amount_fen > 0 AND interest_fen >= 0", name="positive"),
    Index("ix_recovery_movement_recovery_id", "recovery_id"),
    Index("ix_recovery_movement_unbooked", "movement_id", postgresql_where=text(UNBOOKED_MOVEMENT)),
)

set_off = Table(
    "set_off",
    metadata,
    Column("set_off_id", Text, primary_key=True),
    Column("recovery_id", Text, ForeignKey("recovery.recovery_id"), nullable=False),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("person_id", Text, nullable=False),
    Column("book", Text, nullable=False, comment="medical fund that is owed"),
    Column("ground", Text, nullable=False, comment="consent, order"),
    Column("document_no", Text, nullable=False),
    Column("documented_on", Date, nullable=False),
    Column("most_fen", BigInteger, nullable=False),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("state", Text, nullable=False, comment="proposed, standing, spent, withdrawn"),
    Column("applied_fen", BigInteger, nullable=False),
    Column("note", Text),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("checker <> maker", name="four_eyes"),
    CheckConstraint("state NOT IN ('standing', 'spent') OR checker IS NOT NULL", name="approved_by_two"),
    CheckConstraint("applied_fen >= 0 AND applied_fen <= most_fen AND most_fen > 0", name="adds_up"),
    Index("uq_set_off_open", "recovery_id", unique=True, postgresql_where=text("state IN ('proposed', 'standing')")),
    Index("ix_set_off_standing", "person_id", postgresql_where=text(STANDING_SET_OFF)),
    Index("ix_set_off_recovery_id", "recovery_id"),
)

audit_deduction = Table(
    "audit_deduction",
    metadata,
    Column("deduction_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("person_id", Text, nullable=False),
    Column("settlement_id", Text, nullable=False),
    Column("conversion_id", Text, ForeignKey("conversion.conversion_id"), comment="null for a direct settlement"),
    Column("institution_code", Text, nullable=False),
    Column("decision_version", Integer, nullable=False),
    Column("line_id", Text, nullable=False),
    Column("charged_on", Date, comment="of the line, where it decides who bears it"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("object_until", Date, nullable=False),
    Column("maker", Text, nullable=False),
    Column("checker", Text, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Text),
    Column("objected_by", Text, comment="who recorded the hospital's objection"),
    Column("decided_by", Text, comment="who confirmed or withdrew it"),
    Column("deducted_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("amount_fen > 0", name="positive"),
    CheckConstraint("checker <> maker", name="four_eyes"),
    Index(
        "uq_audit_deduction_line",
        "settlement_id",
        "line_id",
        unique=True,
        postgresql_where=text("state <> 'withdrawn'"),
    ),
    Index("ix_audit_deduction_open", "deduction_id", postgresql_where=text(OPEN_DEDUCTION)),
    Index("ix_audit_deduction_case_id", "case_id"),
)

advance = Table(
    "advance",
    metadata,
    Column("advance_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("person_id", Text, nullable=False),
    Column("debtor", Text, nullable=False),
    Column("applied_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("served_on", Date),
    Column("maker", Text),
    Column("checker", Text),
    Column("note", Text),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("checker <> maker", name="four_eyes"),
    Index("uq_advance_open", "case_id", unique=True, postgresql_where=text("state IN ('applied', 'noticed')")),
    Index("ix_advance_case_id", "case_id"),
)

direct_settlement = Table(
    "direct_settlement",
    metadata,
    Column("key", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("decision_id", Text, ForeignKey("recognition_decision.decision_id"), nullable=False),
    Column("decision_no", Text, nullable=False),
    Column("decision_version", Integer, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("visit_id", Text, nullable=False),
    Column("institution_code", Text, nullable=False),
    Column("begun_on", Date, nullable=False),
    Column("ended_on", Date, nullable=False),
    Column("work_injury_fen", BigInteger, nullable=False),
    Column("person_fen", BigInteger, nullable=False),
    Column("hospital_fen", BigInteger, nullable=False),
    Column("unrelated_fen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("settlement_id", Text),
    Column("meals_fen", BigInteger, nullable=False),
    Column("meals_paid", Boolean, nullable=False),
    Column("invoice_no", Text, comment="of the settlement in claims"),
    Column("keep_lines", JSONB, nullable=False, server_default="[]", comment="what of the bill is no work injury (B5)"),
    Column("medical_settlement_id", Text, comment="the settlement in claims that has settled it"),
    Column("taken_over_by", Text, comment="in whose hands the stay is since a revocation"),
    Column("medical_fen", BigInteger, nullable=False, server_default=text("0"), comment="what the medical funds owe for it"),
    Column("not_taken_over", Text, comment="why the medical funds have not settled it"),
    Column("care_system", Text, comment="list that care_code is from"),
    Column("care_code", Text),
    CheckConstraint("(care_system IS NULL) = (care_code IS NULL)", name="care_is_a_pair"),
    Column("reserved_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("ix_direct_settlement_person_id", "person_id"),
    Index("ix_direct_settlement_settlement_id", "settlement_id"),
    Index("ix_direct_settlement_case_id", "case_id"),
    Index("ix_direct_settlement_reverting", "key", postgresql_where=text("state = 'reverting'")),
)

stay_split = Table(
    "stay_split",
    metadata,
    Column("visit_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("person_id", Text, nullable=False),
    Column("split", JSONB, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("ix_stay_split_open", "visit_id", postgresql_where=text(OPEN_STAY_SPLIT)),
)
"""Splits of stays that are not settled yet (B5)."""

paper_claim = Table(
    "paper_claim",
    metadata,
    Column("paper_claim_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("person_id", Text, nullable=False),
    Column("decision_id", Text, ForeignKey("recognition_decision.decision_id"), nullable=False),
    Column("decision_version", Integer, nullable=False),
    Column("institution_code", Text, nullable=False),
    Column("institution_name", Text, nullable=False),
    Column("invoice_no", Text, nullable=False),
    Column("inpatient", Boolean, nullable=False),
    Column("begun_on", Date, nullable=False),
    Column("ended_on", Date, nullable=False),
    Column("work_injury_fen", BigInteger, nullable=False),
    Column("person_fen", BigInteger, nullable=False),
    Column("hospital_fen", BigInteger, nullable=False),
    Column("unrelated_fen", BigInteger, nullable=False),
    Column("meals_fen", BigInteger, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("state", Text, nullable=False, comment="proposed, paid, rejected, revoked"),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("note", Text),
    Column("due_on", Date, nullable=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("checker <> maker", name="four_eyes"),
    CheckConstraint("state NOT IN ('paid', 'revoked') OR checker IS NOT NULL", name="paid_by_two"),
    Index("ix_paper_claim_person_id", "person_id"),
    Index("ix_paper_claim_case_id", "case_id"),
    Index(
        "uq_paper_claim_invoice",
        "institution_code",
        "invoice_no",
        unique=True,
        postgresql_where=text("state IN ('proposed', 'paid')"),
    ),
)

double_bill = Table(
    "double_bill",
    metadata,
    Column("double_bill_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("injury_case.case_id"), nullable=False),
    Column("person_id", Text, nullable=False),
    Column("settlement_id", Text, nullable=False, comment="of the medical funds"),
    Column("against", Text, nullable=False, comment="paper:, direct:, stay: or conversion: and an id"),
    Column("decision_version", Integer, nullable=False),
    Column("match", Text, nullable=False, comment="same, overlap, near"),
    Column("due_on", Date, nullable=False),
    Column("state", Text, nullable=False, comment="raised, confirmed, charged, undoing, undone, cleared"),
    Column("maker", Text),
    Column("checker", Text),
    Column("note", Text),
    Column("undo_maker", Text, comment="who found the charge-back wrong"),
    Column("undo_checker", Text),
    Column("undo_note", Text),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("settlement_id", "against"),
    CheckConstraint("checker <> maker", name="four_eyes"),
    CheckConstraint(
        "state NOT IN ('confirmed', 'charged') OR (maker IS NOT NULL AND checker IS NOT NULL)", name="confirmed_by_two"
    ),
    CheckConstraint("undo_checker <> undo_maker", name="undone_by_two"),
    Index("ix_double_bill_person_id", "person_id"),
    Index("ix_double_bill_state", "state", "double_bill_id"),
)
