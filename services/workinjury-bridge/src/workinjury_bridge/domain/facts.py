"""The events of the bridge, built from what happened (shared.contracts.workinjury_bridge)."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.workinjury_bridge import ConversionChanged, TransferConfirmed, WorkInjurySettled
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.direct_settlement import DirectSettlement
from workinjury_bridge.domain.transfer import Transfer


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
