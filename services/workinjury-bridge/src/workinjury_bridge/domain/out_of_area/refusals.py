"""What is refused about treatment out of the area."""

from __future__ import annotations

from datetime import date

from shared.errors import Refusal, conflict, invalid
from shared.money import format_yuan
from workinjury_bridge.domain.refusals import PREFIX


def filing_invalid(field: str, zh: str) -> Refusal:
    """The application for registration is not complete or cannot be so."""
    return invalid(f"{PREFIX}.out-of-area.filing-invalid", zh, f"{field} cannot be so", field=field)


def not_registered(zh: str) -> Refusal:
    """No registration was valid at admission: the person pays first and claims by hand."""
    return conflict(
        f"{PREFIX}.out-of-area.not-registered",
        f"{zh}；费用由个人先行垫付，凭票据手工报销",
        "no valid registration at admission",
        field="registration_id",
    )


def not_in_scheme(reason: str, zh: str) -> Refusal:
    """The national scheme of direct settlement leaves this out (人社部发〔2025〕17号)."""
    return conflict(f"{PREFIX}.out-of-area.not-in-scheme", zh, f"not in the scheme: {reason}", reason=reason)


def stay_invalid(field: str, zh: str) -> Refusal:
    """What the place of treatment says cannot be so."""
    return invalid(f"{PREFIX}.out-of-area.stay-invalid", zh, f"{field} cannot be so", field=field)


def told_already(settlement_no: str) -> Refusal:
    """The place's settlement number stands for another stay."""
    return conflict(
        f"{PREFIX}.out-of-area.settlement-known",
        f"就医地结算编号{settlement_no}已登记，请核对编号",
        "this settlement of the place is on file",
        field="settlement_no",
    )


def data_differ(told_fen: int, data_fen: int) -> Refusal:
    """The monthly data say another amount than the settlement that was told."""
    return conflict(
        f"{PREFIX}.out-of-area.data-differ",
        f"月度数据基金支付{format_yuan(data_fen)}，与结算时告知的{format_yuan(told_fen)}不一致，请与就医地核对",
        "the monthly data are not the settlement that was told",
        field="fund_fen",
        told_fen=told_fen,
        data_fen=data_fen,
    )


def objection_late(until: date) -> Refusal:
    """The days for an objection to the monthly data have passed."""
    return conflict(
        f"{PREFIX}.out-of-area.objection-late",
        f"提出异议的期限至{until}，已逾期，请按数据审核",
        f"objections until {until}",
        day=str(until),
    )


def beyond_payable(payable_fen: int) -> Refusal:
    """More than is owed for the stay."""
    return conflict(
        f"{PREFIX}.out-of-area.beyond-payable",
        f"金额超过该笔费用应付的{format_yuan(payable_fen)}，请更正金额",
        "more than is owed for the stay",
        field="amount_fen",
        payable_fen=payable_fen,
    )


def objection_open() -> Refusal:
    """The place has not answered the objection yet."""
    return conflict(f"{PREFIX}.out-of-area.objection-open", "异议尚未由就医地答复，请先登记答复结果", "an objection is open")


def quarter_cleared(quarter: str) -> Refusal:
    """The period is cleared: what comes later goes into the next one."""
    return conflict(
        f"{PREFIX}.out-of-area.quarter-cleared", f"{quarter}已清算，请列入下一清算期", "this period is cleared", quarter=quarter
    )


def quarter_running(quarter: str) -> Refusal:
    """The quarter has not ended: more may come."""
    return conflict(
        f"{PREFIX}.out-of-area.quarter-running",
        f"{quarter}尚未结束，请在期末后清算",
        "this period has not ended",
        quarter=quarter,
    )


def nothing_to_clear(quarter: str) -> Refusal:
    """No stay of the period is owed to the province."""
    return conflict(
        f"{PREFIX}.out-of-area.nothing-to-clear", f"{quarter}没有应付该省的费用，无需清算", "nothing is owed for the period"
    )


def not_audited(count: int) -> Refusal:
    """Stays of the period are not audited yet."""
    return conflict(
        f"{PREFIX}.out-of-area.not-audited",
        f"尚有{count}笔费用未审核，请先审核",
        "stays of the period are not audited",
        count=count,
    )


def bill_differs(bill_fen: int, owed_fen: int) -> Refusal:
    """The national bill of the period is not what the book owes (B8: 2205 per period = national bill)."""
    return conflict(
        f"{PREFIX}.out-of-area.bill-differs",
        f"全国清算通知书金额{format_yuan(bill_fen)}与本账应付{format_yuan(owed_fen)}不一致，请与省级经办机构核对",
        "the national bill is not what the book owes",
        field="bill_fen",
        bill_fen=bill_fen,
        owed_fen=owed_fen,
    )


def beyond_prefund(held_fen: int) -> Refusal:
    """More than the province holds in advance."""
    return conflict(
        f"{PREFIX}.out-of-area.beyond-prefund",
        f"收回金额超过异地预付金余额{format_yuan(held_fen)}，请更正金额",
        "more than is prefunded",
        field="amount_fen",
        held_fen=held_fen,
    )


def allowances_stand() -> Refusal:
    """Allowances of the stay are claimed or paid."""
    return conflict(
        f"{PREFIX}.out-of-area.allowances-stand", "该次住院的补助已申报或支付，请先办结", "allowances of the stay stand"
    )
