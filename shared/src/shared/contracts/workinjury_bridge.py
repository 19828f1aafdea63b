"""Facts that the work-injury bridge publishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shared.contracts.envelope import event


@event("workinjury-bridge.injury-case-opened.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class InjuryCaseOpened:
    """An accident was reported and recognition applied for (工伤认定申请)."""

    case_id: str
    person_id: str
    employer_id: str | None
    accident_on: date
    opened_at: datetime
    matter_id: str | None = None


@event("workinjury-bridge.recognition-decided.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionDecided:
    """A recognition decision took effect (工伤认定决定); a version older than the newest known is ignored."""

    case_id: str
    person_id: str
    decision_id: str
    decision_no: str
    decision_version: int
    outcome: str
    """``granted`` or ``denied``."""
    accident_on: date
    decided_on: date
    matter_id: str | None = None
    recurrence_id: str | None = None
    """The decision is a committee's on a recurrence of the injury (B9), not on the injury itself: None for the recognition."""


@event("workinjury-bridge.recognition-revoked.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionRevoked:
    """A granted recognition was finally revoked (B3); contested is not revoked."""

    case_id: str
    person_id: str
    decision_id: str
    decision_version: int
    final_on: date


@event("workinjury-bridge.conversion-changed.v1", topic="workinjury-bridge.conversion.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionChanged:
    """A conversion reached a state (B0.6): proposed, checked, endorsed (a third person is needed), approved, posted, transferring, settled, failed, reverted."""

    conversion_id: str
    case_id: str
    person_id: str
    settlement_id: str
    decision_id: str
    decision_version: int
    state: str
    changed_at: datetime
    work_injury_fen: int
    """E, the cost that the work-injury fund takes over."""
    owed_fen: int
    """Sum of t_f over the medical books."""
    refund_fen: int
    """To the payer of record of the cash; negative when the person owes."""
    hospital_fen: int = 0
    matter_id: str | None = None


@event("workinjury-bridge.transfer-confirmed.v1", topic="workinjury-bridge.conversion.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class TransferConfirmed:
    """Money moved between two funds, both sides posted under one voucher (B0.5)."""

    transfer_id: str
    conversion_id: str
    case_id: str
    person_id: str
    voucher_no: str
    from_book: str
    to_book: str
    amount_fen: int
    confirmed_at: datetime


@event("workinjury-bridge.benefit-paid.v1", topic="workinjury-bridge.conversion.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitPaid:
    """The work-injury fund paid a person or employer: refund of cash or a benefit item such as meals, less what was set off."""

    payment_id: str
    case_id: str
    person_id: str
    kind: str
    """``refund``, ``meals``, or a cash benefit: disability-allowance, nursing, dependant, one-off-disability,
    contract-end-medical, travel, device, appraisal-fee, funeral, one-off-death."""
    amount_fen: int
    """Paid out; 0 when a debt has eaten up the whole item."""
    paid_at: datetime
    conversion_id: str | None = None
    matter_id: str | None = None
    set_off_fen: int = 0
    """Not paid out but met from what the person owed the fund."""
    paid_to: str = ""
    """Party as the books name it: ``P:``, ``E:`` or ``HEIRS:``; empty: the person."""
    benefit_id: str | None = None
    """The one-off item or the monthly entitlement that was paid."""
    month: date | None = None
    """First day of the month of the run that paid a monthly benefit, arrears included."""
    to_heirs: bool = False
    """The person is dead or missing; the next of kin got it."""


@event("workinjury-bridge.work-capacity-appraised.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCapacityAppraised:
    """A conclusion on working capacity was recorded (劳动能力鉴定结论)."""

    case_id: str
    person_id: str
    appraisal_id: str
    version: int
    concluded_on: date
    grade: int | None = None
    """Disability grade 1–10; None below any grade."""
    nursing: str | None = None
    """``full``, ``large`` or ``partial`` dependence on nursing."""


@event("workinjury-bridge.benefit-granted.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitGranted:
    """A cash benefit was approved by everybody who must (待遇核定)."""

    benefit_id: str
    case_id: str
    person_id: str
    """Who gets it; the dead person for what goes to the next of kin."""
    kind: str
    amount_fen: int
    """One-off: the whole; monthly: of its first month."""
    granted_at: datetime
    begins_on: date | None = None
    """First month of a monthly benefit; None for a one-off item."""


@event("workinjury-bridge.benefit-stopped.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitStopped:
    """A monthly benefit is interrupted or has ended (社会保险法 40, 43)."""

    benefit_id: str
    case_id: str
    person_id: str
    kind: str
    reason: str
    """not-eligible, death, missing-returned; refuses-appraisal, refuses-treatment, no-certificate, missing."""
    final: bool
    """Ended for good; otherwise it may be resumed."""
    last_month: date
    """Last month paid."""
    stopped_at: datetime


@event("workinjury-bridge.benefit-resumed.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitResumed:
    """An interrupted monthly benefit is paid again."""

    benefit_id: str
    case_id: str
    person_id: str
    kind: str
    from_month: date
    resumed_at: datetime


@event("workinjury-bridge.payment-returned.v1", topic="workinjury-bridge.conversion.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReturned:
    """The bank could not deliver a payment (``benefit.payment.returned``); it is payable again."""

    payment_id: str
    case_id: str
    person_id: str
    kind: str
    amount_fen: int
    reason: str
    returned_at: datetime


@event("workinjury-bridge.person-lost.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLost:
    """A beneficiary is reported dead or missing, or a missing one has returned: payments freeze or thaw (B14)."""

    case_id: str
    person_id: str
    circumstance: str
    """``injury``, ``after-time-off``, ``unrelated`` (dead) or ``missing``."""
    occurred_on: date
    notice_due_on: date
    reported_at: datetime
    returned_on: date | None = None


@event("workinjury-bridge.recovery-changed.v1", topic="workinjury-bridge.recovery.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryChanged:
    """A debt to a fund was opened, demanded, paid in, agreed, enforced, written off, moved, is overdue, or lapses (B0.6, B6, B7)."""

    recovery_id: str
    case_id: str
    person_id: str
    conversion_id: str | None
    book: str
    debtor: str
    """Party as the books name it: ``E:``, ``T:`` or ``P:`` and an id."""
    cause: str
    state: str
    advanced_fen: int
    recovered_fen: int
    open_fen: int
    changed_at: datetime
    interest_fen: int = 0
    due_on: date | None = None
    overdue: bool = False
    limitation_on: date | None = None
    """The last day on which a claim against a third party can be brought; None while a suit is pending."""
    limitation_near: bool = False
    """It lapses soon, or has lapsed: somebody must demand or sue."""


@event("workinjury-bridge.set-off-applied.v1", topic="workinjury-bridge.recovery.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class SetOffApplied:
    """A debt to a medical fund was met from what the work-injury fund owed the person; both books have it (B10)."""

    recovery_id: str
    set_off_id: str
    movement_id: str
    case_id: str
    person_id: str
    book: str
    amount_fen: int
    open_fen: int
    """Still owed."""
    reference: str
    """Number of the consent or of the order."""
    applied_at: datetime


@event("workinjury-bridge.advance-changed.v1", topic="workinjury-bridge.recovery.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceChanged:
    """An advance payment was applied for, the employer was served, it was approved, rejected, or is overdue (B6, B7)."""

    advance_id: str
    case_id: str
    person_id: str
    debtor: str
    state: str
    changed_at: datetime
    due_on: date | None = None
    overdue: bool = False


@event("workinjury-bridge.work-injury-settled.v1", topic="workinjury-bridge.conversion.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class WorkInjurySettled:
    """A stay was settled directly with the work-injury fund (B4) and its journal is posted."""

    work_injury_key: str
    case_id: str
    person_id: str
    visit_id: str
    institution_code: str
    total_fen: int
    work_injury_fen: int
    person_fen: int
    hospital_fen: int
    settled_at: datetime


@event("workinjury-bridge.direct-settlement-revoked.v1", topic="workinjury-bridge.conversion.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class DirectSettlementRevoked:
    """After a final revocation: what of a stay settled directly the medical funds owe, and what the person (B3)."""

    key: str
    case_id: str
    person_id: str
    settlement_id: str
    decision_version: int
    """The one that the stay was settled under."""
    medical_settlement_id: str | None
    medical_fen: int
    person_fen: int
    not_taken_over: str | None
    """Why the medical funds pay nothing, in the words of the office."""
    revoked_at: datetime


@event("workinjury-bridge.audit-deduction-changed.v1", topic="workinjury-bridge.recovery.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDeductionChanged:
    """An audit has cut what the work-injury fund paid a hospital, or that was objected to, confirmed, withdrawn (B12)."""

    deduction_id: str
    case_id: str
    person_id: str
    settlement_id: str
    institution_code: str
    amount_fen: int
    state: str
    changed_at: datetime


@event("workinjury-bridge.paper-claim-changed.v1", topic="workinjury-bridge.recovery.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaperClaimChanged:
    """A bill paid in cash is claimed from the work-injury fund with its papers: proposed, paid, rejected, revoked."""

    paper_claim_id: str
    case_id: str
    person_id: str
    institution_code: str
    total_fen: int
    work_injury_fen: int
    meals_fen: int
    state: str
    due_on: date
    changed_at: datetime
    overdue: bool = False
    """Whether the day by which it is to be decided has passed."""


@event("workinjury-bridge.double-bill-changed.v1", topic="workinjury-bridge.recovery.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleBillChanged:
    """One bill may be at both funds (B10): raised, confirmed, charged, cleared, or overdue."""

    double_bill_id: str
    case_id: str
    person_id: str
    settlement_id: str
    """Of the medical funds."""
    against: str
    """``paper:``, ``direct:``, ``stay:`` (elsewhere) or ``conversion:`` and the id of the work-injury fund's bill."""
    match: str
    """``same`` or ``near``."""
    state: str
    due_on: date
    changed_at: datetime
    overdue: bool = False


@event("workinjury-bridge.clearing-changed.v1", topic="workinjury-bridge.clearing.v1", key="clearing_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingChanged:
    """A fund's month-end clearing reached a state (B13): open, frozen (``clearing.started``), partial, paid, closed
    (``clearing.completed``)."""

    clearing_id: str
    payer: str
    """Book that pays."""
    month: str
    """YYYY-MM."""
    state: str
    changed_at: datetime
    open_fen: int
    """Still owed to other funds by this run."""
    carried_fen: int = 0
    """Left to the next month's run."""


@event("workinjury-bridge.shortage-raised.v1", topic="workinjury-bridge.clearing.v1", key="clearing_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ShortageRaised:
    """A fund's money does not cover its month (``clearing.shortage.raised``, B13, F12); again for each who is asked next."""

    clearing_id: str
    """The run, or the shortage of payments to persons and employers outside a run."""
    payer: str
    month: str
    short_fen: int
    open_interfund_fen: int
    remedy: str
    """Who is asked: fiscal-account, reserve, adjustment-fund, government-advance."""
    raised_at: datetime
    answer_by: date


@event("workinjury-bridge.clearing-transfer-changed.v1", topic="workinjury-bridge.clearing.v1", key="clearing_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingTransferChanged:
    """The voucher of a pair of funds: instructed, confirmed (both books have it), returned (neither has)."""

    clearing_id: str
    transfer_id: str
    voucher_no: str
    from_book: str
    to_book: str
    amount_fen: int
    state: str
    changed_at: datetime
    cause: str | None = None


@event("workinjury-bridge.fund-replenished.v1", topic="workinjury-bridge.clearing.v1", key="replenishment_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class FundReplenished:
    """Money came into a fund's payment account (``fund.replenished``, B13)."""

    replenishment_id: str
    book: str
    amount_fen: int
    source: str
    reference: str
    replenished_at: datetime


@event("workinjury-bridge.out-of-area-registration-changed.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfAreaRegistrationChanged:
    """Treatment out of the area was applied for, registered, rejected, cancelled, or the decision is overdue (B8)."""

    registration_id: str
    case_id: str
    person_id: str
    kind: str
    """``long-term``, ``posted`` or ``referral``."""
    place: str
    state: str
    begins_on: date
    changed_at: datetime
    ends_on: date | None = None
    due_on: date | None = None
    overdue: bool = False


@event("workinjury-bridge.out-of-area-stay-changed.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfAreaStayChanged:
    """A stay out of the area was admitted, settled there, received, adjusted, audited, cleared, cancelled, or is overdue (B8)."""

    stay_id: str
    case_id: str
    person_id: str
    place: str
    institution_code: str
    state: str
    fund_fen: int
    """E as the place settled it."""
    adjusted_fen: int
    changed_at: datetime
    objected: bool = False
    overdue: bool = False


@event("workinjury-bridge.out-of-area-clearing-changed.v1", topic="workinjury-bridge.case.v1", key="province")
@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfAreaClearingChanged:
    """A quarter of treatment in another province was paid, or its day of payment has passed (B8)."""

    province: str
    quarter: date
    state: str
    """``cleared`` or ``overdue``."""
    amount_fen: int
    stays: int
    changed_at: datetime
    clearing_id: str | None = None


@event("workinjury-bridge.recurrence-changed.v1", topic="workinjury-bridge.case.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceChanged:
    """A recurrence was applied for, extended, confirmed, refused, objected to, withdrawn, or its decision is overdue (B9)."""

    recurrence_id: str
    case_id: str
    person_id: str
    state: str
    treated_from: date
    changed_at: datetime
    treated_until: date | None = None
    due_on: date | None = None
    matter_id: str | None = None
    overdue: bool = False
