"""The events of the bridge, built from what happened (shared.contracts.workinjury_bridge)."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.workinjury_bridge import (
    AdvanceChanged,
    AuditDeductionChanged,
    ClearingChanged,
    ClearingTransferChanged,
    ConversionChanged,
    DoubleBillChanged,
    PaperClaimChanged,
    RecoveryChanged,
    TransferConfirmed,
    WorkInjurySettled,
)
from workinjury_bridge.domain.advance import Advance
from workinjury_bridge.domain.audit_deduction import AuditDeduction
from workinjury_bridge.domain.clearing import Clearing, ClearingTransfer
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.direct_settlement import DirectSettlement
from workinjury_bridge.domain.double_bill import DoubleBill
from workinjury_bridge.domain.paper_claim import PaperClaim
from workinjury_bridge.domain.recovery import Recovery
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
        total_fen=settlement.version.total_fen,
        work_injury_fen=settlement.version.work_injury_fen,
        person_fen=settlement.version.person_fen,
        hospital_fen=settlement.version.hospital_fen,
        settled_at=at,
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


def paper_claim_changed(claim: PaperClaim, at: datetime) -> PaperClaimChanged:
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
