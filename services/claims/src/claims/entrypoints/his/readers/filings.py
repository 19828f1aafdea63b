"""2501 to 2506: filings and their withdrawal."""

from __future__ import annotations

from datetime import date
from typing import Final

from claims.application.filings.cancel_filing import CancelFiling
from claims.application.filings.file_care import FileCare
from claims.domain.filing import FilingKind
from claims.entrypoints.his.envelope import HisRequest
from claims.entrypoints.his.nodes import Node, field_missing

_READ: Final = frozenset({"psn_no", "insutype", "begndate", "enddate"})


def refer(request: HisRequest) -> FileCare:
    """2501; without a first day it holds from the day of referral."""
    node = request.input.container("refmedin", "data")
    node.demand(
        (
            "psn_no", "diag_code", "diag_name", "reflin_medins_no", "reflin_medins_name", "mdtrtarea_admdvs", "refl_type",
            "refl_date", "refl_rea", "refl_opnn",
        )
    )  # fmt: skip
    begins_on = node.optional_day("begndate") or node.optional_day("refl_date")
    return _filing(request, node, "referral", node.text("reflin_medins_no"), begins_on)


def certify_disease(request: HisRequest) -> FileCare:
    """2503."""
    node = request.input.container("data")
    node.demand(
        (
            "psn_no", "insutype", "opsp_dise_code", "opsp_dise_name", "insu_optins", "ide_fixmedins_no", "ide_fixmedins_name",
            "hosp_ide_date", "diag_dr_codg", "diag_dr_name", "begndate",
        )
    )  # fmt: skip
    return _filing(request, node, "chronic", node.text("opsp_dise_code"), node.optional_day("begndate"))


def choose_institution(request: HisRequest) -> FileCare:
    """2505."""
    node = request.input.container("data")
    node.demand(("psn_no", "biz_appy_type", "begndate", "fix_srt_no", "fixmedins_code", "fixmedins_name"))
    return _filing(request, node, "chosen", node.text("fixmedins_code"), node.optional_day("begndate"))


def cancel_referral(request: HisRequest) -> CancelFiling:
    """2502."""
    return _cancelling(request, "referral", ("trt_dcla_detl_sn", "psn_no"))


def cancel_disease(request: HisRequest) -> CancelFiling:
    """2504."""
    return _cancelling(request, "chronic", ("trt_dcla_detl_sn", "psn_no", "memo"))


def cancel_institution(request: HisRequest) -> CancelFiling:
    """2506."""
    return _cancelling(request, "chosen", ("trt_dcla_detl_sn", "psn_no", "memo"))


def _filing(request: HisRequest, node: Node, kind: FilingKind, code: str, begins_on: date | None) -> FileCare:
    if begins_on is None:
        raise field_missing("begndate")
    return FileCare(
        header=request.header,
        person_id=node.text("psn_no"),
        kind=kind,
        code=code,
        begins_on=begins_on,
        ends_on=node.optional_day("enddate"),
        scheme=node.optional_text("insutype"),
        details=node.details(_READ),
    )


def _cancelling(request: HisRequest, kind: FilingKind, demanded: tuple[str, ...]) -> CancelFiling:
    node = request.input.container("data")
    node.demand(demanded)
    return CancelFiling(
        header=request.header, person_id=node.text("psn_no"), filing_id=node.text("trt_dcla_detl_sn"), kind=kind
    )
