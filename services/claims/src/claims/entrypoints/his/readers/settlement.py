"""2206 to 2208, 2303 to 2305, 2601, 5203: settlements."""

from __future__ import annotations

from typing import Any, Final

from claims.application.settlement.commands import (
    PreSettle,
    QuerySettlement,
    ReverseByMessage,
    ReverseSettlement,
    Settle,
    StatedSplit,
)
from claims.entrypoints.his.envelope import HisRequest
from claims.entrypoints.his.fields import label
from claims.entrypoints.his.nodes import Node
from shared.errors import invalid

_OUTPATIENT: Final = (
    "psn_no",
    "mdtrt_cert_type",
    "mdtrt_cert_no",
    "med_type",
    "medfee_sumamt",
    "mdtrt_id",
    "chrg_bchno",
    "insutype",
)
_INPATIENT: Final = ("psn_no", "mdtrt_cert_type", "medfee_sumamt", "mdtrt_id", "insutype")


def pre_settle_outpatient(request: HisRequest) -> PreSettle:
    """2206, 2206A."""
    return PreSettle(**_request(request, inpatient=False))


def settle_outpatient(request: HisRequest) -> Settle:
    """2207, 2207A."""
    return Settle(**_request(request, inpatient=False))


def pre_settle_inpatient(request: HisRequest) -> PreSettle:
    """2303."""
    return PreSettle(**_request(request, inpatient=True))


def settle_inpatient(request: HisRequest) -> Settle:
    """2304."""
    return Settle(**_request(request, inpatient=True))


def _request(request: HisRequest, *, inpatient: bool) -> dict[str, Any]:
    node = request.input.container("data", "mdtrtinfo")
    node.demand(_INPATIENT if inpatient else _OUTPATIENT)
    total_fen = node.money_fen("medfee_sumamt")
    if total_fen < 0:
        raise invalid("claims.his.negative-total", f"{label('medfee_sumamt')}不能为负数", field="medfee_sumamt")
    account_use = node.flag("acct_used_flag", "0")
    if account_use not in ("0", "1", "2"):
        raise invalid("claims.his.wrong-code", f"{label('acct_used_flag')}应为0、1或2", field="acct_used_flag")
    return {
        "header": request.header,
        "inpatient": inpatient,
        "person_id": node.text("psn_no"),
        "visit_id": node.text("mdtrt_id"),
        "scheme": node.text("insutype"),
        "total_fen": total_fen,
        "batch_no": None if inpatient else node.text("chrg_bchno"),
        "med_type": None if inpatient else node.text("med_type"),
        "account_use": account_use,
        "settlement_way": node.code("psn_setlway", 2) or "01",
        "interim": inpatient and node.flag("mid_setl_flag", "0") == "1",
        "stated": _stated(node),
        "discharged_on": node.optional_day("dscgTime"),
        "credential_type": node.code("mdtrt_cert_type", 2),
        "credential_no": node.optional_text("mdtrt_cert_no"),
        "card_sn": node.optional_text("card_sn"),
        "cert_type": node.code("psn_cert_type", 2),
        "certno": node.optional_text("certno"),
        "person_category": node.optional_text("psn_type"),
        "person_name": node.optional_text("psn_name"),
        "invoice_no": node.optional_text("invono"),
        "exp_content": node.optional_text("exp_content"),
    }


def _stated(node: Node) -> StatedSplit:
    """Zero means not given, as absent and empty do (2207, 2303)."""
    return StatedSplit(
        self_funded_fen=node.optional_money_fen("fulamt_ownpay_amt") or None,
        over_limit_fen=node.optional_money_fen("overlmt_selfpay") or None,
        pre_selfpay_fen=node.optional_money_fen("preselfpay_amt") or None,
        in_scope_fen=node.optional_money_fen("inscp_scp_amt") or None,
    )


def reverse_outpatient(request: HisRequest) -> ReverseSettlement:
    """2208."""
    return _reverse(request, inpatient=False)


def reverse_inpatient(request: HisRequest) -> ReverseSettlement:
    """2305."""
    return _reverse(request, inpatient=True)


def _reverse(request: HisRequest, *, inpatient: bool) -> ReverseSettlement:
    node = request.input.container("data", "mdtrtinfo")
    node.demand(("setl_id", "mdtrt_id", "psn_no"))
    return ReverseSettlement(
        header=request.header,
        inpatient=inpatient,
        settlement_id=node.text("setl_id"),
        visit_id=node.text("mdtrt_id"),
        person_id=node.text("psn_no"),
        exp_content=node.optional_text("exp_content"),
    )


def reverse_by_message(request: HisRequest) -> ReverseByMessage:
    """2601."""
    node = request.input.container("data", "mdtrtinfo")
    node.demand(("psn_no", "omsgid", "oinfno"))
    return ReverseByMessage(
        header=request.header,
        person_id=node.text("psn_no"),
        original_msgid=node.text("omsgid"),
        original_infno=node.text("oinfno").upper(),
    )


def query_settlement(request: HisRequest) -> QuerySettlement:
    """5203."""
    node = request.input.container("data", "mdtrtinfo")
    node.demand(("psn_no", "setl_id", "mdtrt_id"))
    return QuerySettlement(
        header=request.header,
        person_id=node.text("psn_no"),
        settlement_id=node.text("setl_id"),
        visit_id=node.text("mdtrt_id"),
    )
