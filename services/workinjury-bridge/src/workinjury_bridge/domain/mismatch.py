"""Pairs of postings in two books of which one half is missing, and what to do about it (reference B0.5, B13, B15.2)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class PairKind(StrEnum):
    """What has two halves."""

    TRANSFER = "transfer"
    """Money between two funds under one voucher number."""
    CONVERSION = "conversion"
    """A settlement taken back in the medical books and booked in the work-injury book."""
    MOVEMENT = "movement"
    """Money on a debt, noted here and booked in a medical book."""


_WAITS: Final = "原因排除后系统自动重试，不必重新办理。"
_REMEDIES: Final = {
    (PairKind.TRANSFER, "instructed"): f"本方已预留，对方账套未预留：请核对对方账套是否已结账、余额是否足够。{_WAITS}",
    (PairKind.TRANSFER, "reserved"): "双方已预留、均未记账：系统将继续记账；仍不动的请管理员检查后台任务。",
    (
        PairKind.TRANSFER,
        "committed",
    ): "工伤账已记账，对方账套未记账：请恢复对方账套的服务，系统用同一凭证号补记；不得手工另开凭证。",
    (PairKind.TRANSFER, "voiding"): "本方已作废，对方尚未作废：对方恢复后自动作废，并以新凭证号重新划转。",
    (PairKind.CONVERSION, "approved"): f"已复核，医保账套未收回原结算：请核对原结算是否已撤销、账期是否已结。{_WAITS}",
    (PairKind.CONVERSION, "posted"): f"两套账已入账，划转未发起：请核对工伤支出户余额与账期。{_WAITS}",
    (PairKind.CONVERSION, "transferring"): f"划转或退付未完成：请核对收款人信息与账期。{_WAITS}",
    (PairKind.CONVERSION, "reverting"): f"认定已撤销，医保待遇未恢复：请核对原结算与账期。{_WAITS}",
    (PairKind.MOVEMENT, "unbooked"): f"追偿款已登记，医保账套未入账：请核对该账套账期是否已结。{_WAITS}",
}


def remedy(kind: PairKind, state: str) -> str:
    """What to do about a half that is missing, in words for the desk. KeyError for a pair that is not on its way."""
    return _REMEDIES[kind, state]
