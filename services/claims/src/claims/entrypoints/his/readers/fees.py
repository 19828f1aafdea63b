"""2204, 2205, 2301, 2302: fee lines."""

from __future__ import annotations

from typing import Final

from claims.application.visits.commands import CancelFees, UploadFees
from claims.domain.visit import FeeLine
from claims.entrypoints.his.envelope import HisRequest
from claims.entrypoints.his.fields import label
from claims.entrypoints.his.nodes import Node, field_missing
from shared.errors import invalid

MAX_LINES: Final = 1000
"""Lines in one call; known clients send up to 100."""
_READ: Final = frozenset(
    {
        "feedetl_sn",
        "init_feedetl_sn",
        "mdtrt_id",
        "psn_no",
        "chrg_bchno",
        "fee_ocur_time",
        "med_list_codg",
        "medins_list_codg",
        "det_item_fee_sumamt",
        "cnt",
        "pric",
        "hosp_appr_flag",
    }
)
_LINE: Final = (
    "feedetl_sn",
    "mdtrt_id",
    "psn_no",
    "fee_ocur_time",
    "med_list_codg",
    "medins_list_codg",
    "det_item_fee_sumamt",
    "cnt",
    "pric",
    "bilg_dept_codg",
    "bilg_dept_name",
    "bilg_dr_codg",
    "bilg_dr_name",
)
_OUTPATIENT_LINE: Final = (*_LINE, "chrg_bchno", "hosp_appr_flag")
_INPATIENT_LINE: Final = (*_LINE, "med_type")


def upload_outpatient_fees(request: HisRequest) -> UploadFees:
    """2204."""
    return _upload(request, inpatient=False)


def upload_inpatient_fees(request: HisRequest) -> UploadFees:
    """2301."""
    return _upload(request, inpatient=True)


def _upload(request: HisRequest, *, inpatient: bool) -> UploadFees:
    rows = request.input.rows("feedetail")
    if not rows:
        raise field_missing("feedetail")
    if len(rows) > MAX_LINES:
        raise invalid("claims.his.too-many-lines", f"{label('feedetail')}一次最多{MAX_LINES}条", field="feedetail")
    demanded = _INPATIENT_LINE if inpatient else _OUTPATIENT_LINE
    for row in rows:
        row.demand(demanded)
    return UploadFees(
        header=request.header,
        inpatient=inpatient,
        person_id=_same(rows, "psn_no"),
        visit_id=_same(rows, "mdtrt_id"),
        lines=tuple([_line(row, inpatient=inpatient) for row in rows]),
        details=tuple([row.details(_READ) for row in rows]),
    )


def _line(row: Node, *, inpatient: bool) -> FeeLine:
    return FeeLine(
        line_no=row.text("feedetl_sn"),
        item_code=row.text("med_list_codg"),
        institution_item_code=row.text("medins_list_codg"),
        amount_fen=row.money_fen("det_item_fee_sumamt"),
        quantity=row.quantity("cnt"),
        price=row.quantity("pric"),
        occurred_at=row.moment("fee_ocur_time"),
        batch_no="" if inpatient else row.text("chrg_bchno"),
        returns_line_no=row.optional_text("init_feedetl_sn"),
        hospital_approval=row.flag("hosp_appr_flag", ""),
    )


def cancel_outpatient_fees(request: HisRequest) -> CancelFees:
    """2205: by batch."""
    return _cancel(request, "chrg_bchno", inpatient=False)


def cancel_inpatient_fees(request: HisRequest) -> CancelFees:
    """2302: by line; the node may be an array, ``feeinfo``, or missing."""
    return _cancel(request, "feedetl_sn", inpatient=True)


def _cancel(request: HisRequest, number: str, *, inpatient: bool) -> CancelFees:
    rows = request.input.containers("data", "feeinfo", "mdtrtinfo")
    for row in rows:
        row.demand(("mdtrt_id", number, "psn_no"))
    return CancelFees(
        header=request.header,
        inpatient=inpatient,
        person_id=_same(rows, "psn_no"),
        visit_id=_same(rows, "mdtrt_id"),
        numbers=tuple([row.text(number) for row in rows]),
    )


def _same(rows: list[Node], name: str) -> str:
    values = {row.text(name) for row in rows}
    if len(values) != 1:
        raise invalid("claims.his.several-visits", f"一次交易中各条{label(name)}应相同", field=name)
    return values.pop()
