"""The events of the bridge, built from what happened (shared.contracts.workinjury_bridge)."""

from __future__ import annotations

from datetime import date, datetime

from shared.contracts.workinjury_bridge import (
    AdvanceChanged,
    AuditDeductionChanged,
    ClearingChanged,
    ClearingTransferChanged,
    ConversionChanged,
    DirectSettlementRevoked,
    DoubleBillChanged,
    OutOfAreaClearingChanged,
    OutOfAreaRegistrationChanged,
    OutOfAreaStayChanged,
    PaperClaimChanged,
    RecoveryChanged,
    RecurrenceChanged,
    SetOffApplied,
    TransferConfirmed,
    WorkInjurySettled,
)
from workinjury_bridge.domain.advance import Advance
from workinjury_bridge.domain.audit_deduction import AuditDeduction
from workinjury_bridge.domain.clearing import Clearing, ClearingTransfer
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.direct_settlement import DirectSettlement
from workinjury_bridge.domain.double_bill import DoubleBill
from workinjury_bridge.domain.out_of_area.clearing import QuarterClearing
from workinjury_bridge.domain.out_of_area.registration import Registration
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteStay
from workinjury_bridge.domain.paper_claim import PaperClaim
from workinjury_bridge.domain.recovery import Movement, Recovery
from workinjury_bridge.domain.recurrence import Recurrence
from workinjury_bridge.domain.transfer import Transfer, TransferState


def conversion_changed(conversion: Conversion, at: datetime) -> ConversionChanged:
    """The state a conversion has reached; amounts are 0 while they are unknown."""
    figures = conversion.figures
    return ConversionChanged(
        conversion_id=conversion.conversion_id,
        case_id=conversion.case_id,
        person_id=conversion.person_id,
        settlement_id=conversion.settlement_id,
        decision_id=conversion.decision_id,
        decision_version=conversion.decision_version,
        state=conversion.state.value,
        changed_at=at,
        work_injury_fen=figures.work_injury_fen if figures else 0,
        owed_fen=figures.owed_fen if figures else 0,
        refund_fen=figures.refund_fen if figures else 0,
        hospital_fen=figures.hospital_fen if figures else 0,
        matter_id=conversion.matter_id,
    )


def transfer_confirmed(conversion: Conversion, transfer: Transfer, at: datetime) -> TransferConfirmed:
    """Both sides of a transfer are posted."""
    return TransferConfirmed(
        transfer_id=transfer.transfer_id,
        conversion_id=conversion.conversion_id,
        case_id=conversion.case_id,
        person_id=conversion.person_id,
        voucher_no=transfer.voucher_no,
        from_book=transfer.from_book.value,
        to_book=transfer.to_book.value,
        amount_fen=transfer.amount_fen,
        confirmed_at=at,
    )


def work_injury_settled(settlement: DirectSettlement, at: datetime) -> WorkInjurySettled:
    """A direct settlement is posted."""
    return WorkInjurySettled(
        work_injury_key=settlement.key,
        case_id=settlement.case_id,
        person_id=settlement.person_id,
        visit_id=settlement.visit_id,
        institution_code=settlement.institution_code,
        total_fen=settlement.version.related_fen,
        work_injury_fen=settlement.version.work_injury_fen,
        person_fen=settlement.version.person_fen,
        hospital_fen=settlement.version.hospital_fen,
        settled_at=at,
    )


def direct_settlement_revoked(
    settlement: DirectSettlement, person_fen: int, not_taken_over: str | None, at: datetime
) -> DirectSettlementRevoked:
    """What became of a direct settlement after a final revocation; ``not_taken_over``: why the medical funds pay nothing, in words."""
    return DirectSettlementRevoked(
        key=settlement.key,
        case_id=settlement.case_id,
        person_id=settlement.person_id,
        settlement_id=settlement.settlement_id or "",
        decision_version=settlement.decision_version,
        medical_settlement_id=settlement.taken_over_by,
        medical_fen=settlement.medical_fen,
        person_fen=person_fen,
        not_taken_over=not_taken_over,
        revoked_at=at,
    )


def recovery_changed(debt: Recovery, at: datetime, *, overdue: bool = False, limitation_near: bool = False) -> RecoveryChanged:
    """Where a debt stands now."""
    return RecoveryChanged(
        recovery_id=debt.recovery_id,
        case_id=debt.case_id,
        person_id=debt.person_id,
        conversion_id=debt.conversion_id,
        book=debt.book.value,
        debtor=debt.debtor,
        cause=debt.cause.value,
        state=debt.state.value,
        advanced_fen=debt.advanced_fen,
        recovered_fen=debt.recovered_fen,
        open_fen=debt.open_fen,
        interest_fen=debt.interest_fen,
        due_on=debt.due_on,
        limitation_on=debt.limitation_on,
        limitation_near=limitation_near,
        overdue=overdue,
        changed_at=at,
    )


def set_off_applied(debt: Recovery, movement: Movement, at: datetime) -> SetOffApplied:
    """A debt to a medical fund was met from what the work-injury fund owed the person."""
    return SetOffApplied(
        recovery_id=debt.recovery_id,
        set_off_id=movement.set_off_id or "",
        movement_id=movement.movement_id,
        case_id=debt.case_id,
        person_id=debt.person_id,
        book=debt.book.value,
        amount_fen=movement.amount_fen,
        open_fen=debt.open_fen,
        reference=movement.reference,
        applied_at=at,
    )


def advance_changed(advance: Advance, at: datetime, *, overdue: bool = False) -> AdvanceChanged:
    """Where an application for an advance stands now."""
    return AdvanceChanged(
        advance_id=advance.advance_id,
        case_id=advance.case_id,
        person_id=advance.person_id,
        debtor=advance.debtor,
        state=advance.state.value,
        due_on=advance.due_on if advance.open else None,
        overdue=overdue,
        changed_at=at,
    )


def audit_deduction_changed(deduction: AuditDeduction, at: datetime) -> AuditDeductionChanged:
    """Where a deduction after audit stands now."""
    return AuditDeductionChanged(
        deduction_id=deduction.deduction_id,
        case_id=deduction.case_id,
        person_id=deduction.person_id,
        settlement_id=deduction.settlement_id,
        institution_code=deduction.institution_code,
        amount_fen=deduction.amount_fen,
        state=deduction.state.value,
        changed_at=at,
    )


def paper_claim_changed(claim: PaperClaim, at: datetime, *, overdue: bool = False) -> PaperClaimChanged:
    """Where a paper claim stands now."""
    return PaperClaimChanged(
        paper_claim_id=claim.paper_claim_id,
        case_id=claim.case_id,
        person_id=claim.person_id,
        institution_code=claim.institution_code,
        total_fen=claim.version.total_fen,
        work_injury_fen=claim.version.work_injury_fen,
        meals_fen=claim.meals_fen,
        state=claim.state.value,
        due_on=claim.due_on,
        changed_at=at,
        overdue=overdue,
    )


def clearing_changed(clearing: Clearing, open_fen: int, at: datetime) -> ClearingChanged:
    """The state a month-end clearing has reached."""
    return ClearingChanged(
        clearing_id=clearing.clearing_id,
        payer=clearing.payer.value,
        month=clearing.month,
        state=clearing.state.value,
        open_fen=open_fen,
        carried_fen=clearing.carried_fen,
        changed_at=at,
    )


def double_bill_changed(clue: DoubleBill, at: datetime, *, overdue: bool = False) -> DoubleBillChanged:
    """A clue of a bill at both funds, or what became of it."""
    return DoubleBillChanged(
        double_bill_id=clue.double_bill_id,
        case_id=clue.case_id,
        person_id=clue.person_id,
        settlement_id=clue.settlement_id,
        against=clue.against,
        match=clue.match.value,
        state=clue.state.value,
        due_on=clue.due_on,
        overdue=overdue,
        changed_at=at,
    )


def clearing_transfer_changed(transfer: ClearingTransfer, at: datetime) -> ClearingTransferChanged:
    """Where the voucher of a pair of funds stands; ``returned`` when neither book has it."""
    states = {TransferState.INSTRUCTED: "instructed", TransferState.CONFIRMED: "confirmed", TransferState.VOIDED: "returned"}
    return ClearingTransferChanged(
        clearing_id=transfer.clearing_id,
        transfer_id=transfer.transfer_id,
        voucher_no=transfer.voucher_no,
        from_book=transfer.from_book.value,
        to_book=transfer.to_book.value,
        amount_fen=transfer.amount_fen,
        state=states[transfer.state],
        cause=transfer.cause,
        changed_at=at,
    )


def registration_changed(registration: Registration, at: datetime, *, overdue: bool = False) -> OutOfAreaRegistrationChanged:
    """Where a registration for treatment out of the area stands now."""
    return OutOfAreaRegistrationChanged(
        registration_id=registration.registration_id,
        case_id=registration.case_id,
        person_id=registration.person_id,
        kind=registration.kind.value,
        place=registration.place,
        state=registration.state.value,
        begins_on=registration.begins_on,
        ends_on=registration.ends_on,
        due_on=registration.due_on,
        overdue=overdue,
        changed_at=at,
    )


def remote_stay_changed(stay: RemoteStay, at: datetime, *, overdue: bool = False) -> OutOfAreaStayChanged:
    """Where a stay out of the area stands now."""
    return OutOfAreaStayChanged(
        stay_id=stay.stay_id,
        case_id=stay.case_id,
        person_id=stay.person_id,
        place=stay.place,
        institution_code=stay.institution_code,
        state=stay.state.value,
        fund_fen=stay.fund_fen,
        adjusted_fen=stay.adjusted_fen,
        objected=stay.objection is not None,
        overdue=overdue,
        changed_at=at,
    )


def clearing_completed(clearing: QuarterClearing, stays: int, at: datetime) -> OutOfAreaClearingChanged:
    """A quarter is paid."""
    return OutOfAreaClearingChanged(
        province=clearing.province,
        quarter=clearing.quarter,
        state="cleared",
        amount_fen=clearing.amount_fen,
        stays=stays,
        changed_at=at,
        clearing_id=clearing.clearing_id,
    )


def clearing_overdue(province: str, quarter: date, owed_fen: int, stays: int, at: datetime) -> OutOfAreaClearingChanged:
    """The day of payment has passed."""
    return OutOfAreaClearingChanged(
        province=province, quarter=quarter, state="overdue", amount_fen=owed_fen, stays=stays, changed_at=at
    )


def recurrence_changed(recurrence: Recurrence, at: datetime, *, overdue: bool = False) -> RecurrenceChanged:
    """Where the confirmation of a recurrence stands now."""
    return RecurrenceChanged(
        recurrence_id=recurrence.recurrence_id,
        case_id=recurrence.case_id,
        person_id=recurrence.person_id,
        state=recurrence.state.value,
        treated_from=recurrence.treated_from,
        treated_until=recurrence.treated_until,
        due_on=recurrence.due_on,
        matter_id=recurrence.matter_id,
        overdue=overdue,
        changed_at=at,
    )
