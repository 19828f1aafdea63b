"""Journals of treatment out of the area in the work-injury book (reference B8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from shared.ledger import Book, Entry, Line, credit, debit
from shared.ledger.books import BANK, DUE_OUT_OF_AREA, PREFUNDED, WI_DEVICES, WI_MEDICAL, WI_REHABILITATION
from workinjury_bridge.domain.journals import Concern, Hands, Stamp
from workinjury_bridge.domain.out_of_area.clearing import QuarterClearing, quarter_name
from workinjury_bridge.domain.out_of_area.remote_stay import RemoteStay, Service

ACCOUNTS: Final = {
    Service.INPATIENT: WI_MEDICAL,
    Service.REHABILITATION: WI_REHABILITATION,
    Service.DEVICE: WI_DEVICES,
}
STAY_RECOVERY: Final = "stay-recovery"
"""Kind of the journal that asks a stay elsewhere back from the person."""


def about_stay(stay: RemoteStay) -> Concern:
    """The concern of what is asked back for a stay."""
    return Concern(
        person_id=stay.person_id,
        case_id=stay.case_id,
        decision_version=stay.decision_version,
        institution_code=stay.institution_code,
        settlement_id=stay.stay_id,
    )


def costs_of(stay: RemoteStay) -> Mapping[str, int]:
    """What a stay has cost the fund (fen), by account of expenditure."""
    return {ACCOUNTS[stay.service]: stay.payable_fen}


def place_dim(province: str) -> str:
    """Dimension of 1131 and 2205."""
    return f"R:{province}"


def received_entry(stay: RemoteStay, stamp: Stamp) -> Entry:
    """Accepted data: Dr 5001.11 (.12 rehabilitation, .15 devices) / Cr 2205(province)."""
    amount = stay.fund_fen
    lines = (debit(ACCOUNTS[stay.service], amount), credit(DUE_OUT_OF_AREA, amount, place_dim(stay.province)))
    return _of_stay(stay, stamp, "out-of-area", lines, "异地就医月度数据入账")


def adjustment_entry(stay: RemoteStay, amount_fen: int, stamp: Stamp) -> Entry:
    """Adjustment of the place: Dr 2205(province) / Cr 5001.11."""
    lines = (debit(DUE_OUT_OF_AREA, amount_fen, place_dim(stay.province)), credit(ACCOUNTS[stay.service], amount_fen))
    return _of_stay(stay, stamp, "adjustment", lines, "异地就医费用调整")


def clearing_entry(clearing: QuarterClearing, stamp: Stamp) -> Entry:
    """A quarter is paid: Dr 2205(province) / Cr 1003. The prefund stays what it is."""
    amount = clearing.amount_fen
    lines = (debit(DUE_OUT_OF_AREA, amount, place_dim(clearing.province)), credit(BANK, amount))
    memo = f"异地就医清算：{quarter_name(clearing.quarter)}，通知书{clearing.bill_no}"
    return _entry(stamp, "clearing", lines, memo, Hands(maker=clearing.maker, checker=clearing.checker))


def prefund_entry(province: str, amount_fen: int, stamp: Stamp, hands: Hands, *, back: bool) -> Entry:
    """Money laid out in advance: Dr 1131(province) / Cr 1003; ``back``: it comes back."""
    dim = place_dim(province)
    lines: Sequence[Line] = (debit(PREFUNDED, amount_fen, dim), credit(BANK, amount_fen))
    if back:
        lines = (debit(BANK, amount_fen), credit(PREFUNDED, amount_fen, dim))
    return _entry(stamp, "prefund", lines, "收回异地预付金" if back else "拨付异地预付金", hands)


def _of_stay(stay: RemoteStay, stamp: Stamp, kind: str, lines: Sequence[Line], memo: str) -> Entry:
    return Entry(
        entry_id=stamp.entry_id,
        book=Book.WI,
        booked_on=stamp.booked_on,
        kind=kind,
        lines=tuple(lines),
        memo=memo,
        person_id=stay.person_id,
        settlement_id=stay.stay_id,
        case_id=stay.case_id,
        decision_version=stay.decision_version,
        voucher_no=stamp.voucher_no,
    )


def _entry(stamp: Stamp, kind: str, lines: Sequence[Line], memo: str, hands: Hands) -> Entry:
    return Entry(
        entry_id=stamp.entry_id,
        book=Book.WI,
        booked_on=stamp.booked_on,
        kind=kind,
        lines=tuple(lines),
        memo=memo,
        voucher_no=stamp.voucher_no,
        maker=hands.maker,
        checker=hands.checker,
    )
