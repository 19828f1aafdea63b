"""Facts that claims publishes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from shared.contracts.envelope import event


@dataclass(frozen=True, slots=True, kw_only=True)
class FundPayment:
    """What one fund book paid in a settlement."""

    book: str
    """Book code (``shared.ledger.Book``)."""
    account: str
    """Expenditure account, e.g. ``5001.01`` pool share, ``5001.02`` personal account."""
    fund_pay_type: str
    """National fund code, e.g. 310100 (chs-interface 7.5)."""
    amount_fen: int


@event("claims.institution-stated.v1", topic="claims.institution.v1", key="institution_code")
@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionStated:
    """The whole state of a designated institution that others need: who may sign and how to answer it."""

    institution_code: str
    """fixmedins_code, H or P and 11 digits."""
    version: int
    name: str
    level: int
    """1, 2 or 3: the level that deductible and rate go by."""
    region: str
    active: bool
    signature: str
    """``x-tif``, ``csb``, ``apikey`` or ``none`` (chs-interface 1.3)."""
    access_key: str
    """x-tif-paasid, _api_access_key or the name of the key: how a message names its institution's credential."""
    secret_sealed: str
    infcode_number: bool = False
    """Answer infcode as a JSON number instead of text (chs-interface 2.2)."""


@event("claims.admission-recorded.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRecorded:
    """A person was admitted (2401). ``injury_suspect``: trauma or a cause 'at work' was stated; tag WI_SUSPECT (B1)."""

    visit_id: str
    person_id: str
    institution_code: str
    institution_name: str
    admitted_on: date
    med_type: str
    injury_suspect: bool


@event("claims.claim-settled.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSettled:
    """A visit, a batch of it or a stay was settled; the books of the funds are posted."""

    settlement_id: str
    visit_id: str
    person_id: str
    institution_code: str
    institution_name: str
    scheme: str
    med_type: str
    inpatient: bool
    begun_on: date
    ended_on: date
    settled_at: datetime
    benefit_year: int
    total_fen: int
    self_funded_fen: int
    over_limit_fen: int
    pre_selfpay_fen: int
    in_scope_fen: int
    payments: list[FundPayment]
    """Pool, layers and personal account, each with its book; empty for a work-injury direct settlement."""
    cash_fen: int
    hospital_fen: int
    rule_digest: str
    work_injury_key: str | None = None
    """Key of the reserved work-injury settlement when the work-injury fund pays directly (B4)."""
    beside_key: str | None = None
    """That key, when this settles with the medical funds what of the same stay is an own disease (B5)."""
    injury_suspect: bool = False
    invoice_no: str | None = None
    """As the hospital or the paper states it; tells a bill that a second fund is asked for."""
    takes_over: str | None = None
    """The direct settlement of the work-injury fund in whose place it stands, after a final revocation (B3)."""


@event("claims.claim-reversed.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReversed:
    """A settlement was reversed as a whole (2208, 2305, 2601); amounts are those taken back, positive."""

    settlement_id: str
    """The id of the reversal."""
    original_settlement_id: str
    visit_id: str
    person_id: str
    institution_code: str
    institution_name: str
    reversed_at: datetime
    total_fen: int
    payments: list[FundPayment]
    cash_fen: int
    work_injury_key: str | None = None
    beside_key: str | None = None


@event("claims.claim-taken-back.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTakenBack:
    """A settlement was taken back for conversion (B0.5): each book now has a receivable against the work-injury fund."""

    settlement_id: str
    conversion_id: str
    visit_id: str
    person_id: str
    taken_back_at: datetime
    owed: list[FundPayment]
    """t_f per book and account."""
    cash_fen: int
    total_fen: int
    hospital_fen: int = 0
    """What the hospital bears more; total = payments + cash + hospital."""
    kept: list[FundPayment] = field(default_factory=list)
    """What the funds keep of a mixed stay (B5): p_f(v2) per book and account."""
    kept_cash_fen: int = 0
    """Cash that the person owes in the kept part."""


@event("claims.claim-charged-back.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimChargedBack:
    """A settlement does not stand any more: the work-injury fund has paid the same bill; who got the money twice owes it (B10)."""

    settlement_id: str
    double_bill_id: str
    visit_id: str
    person_id: str
    charged_back_at: datetime
    debtor: str
    """``P:`` or ``H:`` and an id."""
    payments: list[FundPayment]
    """What each book is owed."""
    total_fen: int


@event("claims.claim-reinstated.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReinstated:
    """A settlement that was charged back for a double payment stands again: it was another bill (B10)."""

    settlement_id: str
    double_bill_id: str
    visit_id: str
    person_id: str
    reinstated_at: datetime
    payments: list[FundPayment]
    """What each book bears again."""
    owed_to_person_fen: int
    """What the person has paid in meanwhile, now owed back (2203)."""


@event("claims.claim-restored.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRestored:
    """A taken-back settlement stands again after a final revocation (B3)."""

    settlement_id: str
    conversion_id: str
    person_id: str
    restored_at: datetime
    owed: list[FundPayment] = field(default_factory=list)
    """What each book owes back to the work-injury fund."""


@event("claims.settlement-corrected.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementCorrected:
    """A standing settlement was decided again and comes out differently; what was answered to the hospital stays as it was.

    All amounts are differences in fen, new minus old.
    """

    settlement_id: str
    sequence: int
    """Of the settlement's corrections, from 1."""
    visit_id: str
    person_id: str
    institution_code: str
    institution_name: str
    scheme: str
    benefit_year: int
    corrected_at: datetime
    reason: str
    """``reversal``, ``take-back``, ``restore``, ``class``, ``manual-claim`` or ``line``."""
    reason_text: str
    trigger_id: str
    """The settlement or fact that set it off."""
    counterparty: str
    """``person``: refunded or owing; ``institution``: its bill was wrong."""
    payments: list[FundPayment]
    account_fen: int
    cash_fen: int
    total_fen: int
    hospital_fen: int = 0
    """What the hospital bears more; total = payments + cash + hospital."""


@event("claims.stay-credit-changed.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class StayCreditChanged:
    """The bill of a suspected work injury waits for the recognition (挂账), or does so no more (B0.6 ``CREDITED``, B2)."""

    credit_id: str
    visit_id: str
    person_id: str
    institution_code: str
    state: str
    """``open``, ``settled`` or ``withdrawn``."""
    changed_at: datetime
    until: date | None = None
    """The last day of credit; None of a settled one."""
    ended_by: str | None = None
    """``recognised``, ``advance-only``, ``denied``, ``limit``: settled by the agency; ``hospital``: by its own 2304; ``stayed-on``,
    ``cancelled``, ``withdrawn``: without a settlement."""
    settlement_id: str | None = None
    """Of a settled one: the hospital reads it with 5203."""


@event("claims.burden-line-crossed.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class BurdenLineCrossed:
    """What a person or a household bears in a year went over a line (因病致贫预警); told once while it stays over."""

    person_id: str
    """The person; of a household one whose claim counts."""
    subject_kind: str
    """``person`` or ``household``."""
    subject_id: str
    benefit_year: int
    line: str
    line_name: str
    amount_fen: int
    line_fen: int
    crossed_at: datetime


@event("claims.burden-back-under.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class BurdenBackUnder:
    """A burden is under a line again: a settlement was reversed or taken back, or the household changed."""

    person_id: str
    subject_kind: str
    subject_id: str
    benefit_year: int
    line: str
    line_name: str
    at: datetime


@event("claims.assistance-decided.v1", topic="claims.claim.v1", key="person_id")
@dataclass(frozen=True, slots=True, kw_only=True)
class AssistanceDecided:
    """An application for medical assistance was approved or rejected. What is paid follows as SettlementCorrected."""

    application_id: str
    person_id: str
    class_code: str
    """The identity class that was applied for."""
    class_name: str
    approved: bool
    begins_on: date
    """The first day from which the class is granted."""
    burden_fen: int
    """What the household has borne in the look-back; 0 when it was rejected without a review."""
    line_fen: int
    expected_fen: int
    """The trial at the review: what the funds would pay more."""
    reason: str
    """Of a rejection."""
    decided_at: datetime
