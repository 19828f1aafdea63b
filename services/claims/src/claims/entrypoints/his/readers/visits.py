"""2201, 2202, 2203 and 2203A, 2401 to 2405: visits and stays."""

from __future__ import annotations

import json
from typing import Final

from claims.application.visits.commands import CancelDischarge, CancelVisit, ChangeVisit, Discharge, OpenVisit
from claims.domain.visit import Diagnosis
from claims.entrypoints.his.envelope import HisRequest
from claims.entrypoints.his.nodes import Node

_READ: Final = frozenset(
    {
        "psn_no",
        "mdtrt_id",
        "insutype",
        "begntime",
        "endtime",
        "mdtrt_cert_type",
        "med_type",
        "ipt_otp_no",
        "dise_codg",
        "dise_name",
        "dscg_way",
    }
)
_DIAGNOSIS: Final = (
    "diag_type",
    "diag_srt_no",
    "diag_code",
    "diag_name",
    "diag_dept",
    "dise_dor_no",
    "dise_dor_name",
    "diag_time",
)
_ADMISSION: Final = (
    "psn_no",
    "begntime",
    "mdtrt_cert_type",
    "med_type",
    "ipt_otp_no",
    "atddr_no",
    "chfpdr_name",
    "adm_diag_dscr",
    "adm_dept_codg",
    "adm_dept_name",
    "adm_bed",
    "dscg_maindiag_code",
    "dscg_maindiag_name",
)


def register_visit(request: HisRequest) -> OpenVisit:
    """2201."""
    node = request.input.container("data", "mdtrtinfo")
    node.demand(
        ("psn_no", "insutype", "begntime", "mdtrt_cert_type", "mdtrt_cert_no", "ipt_otp_no", "dept_code", "dept_name", "caty")
    )
    return _open(request, node, inpatient=False)


def admit(request: HisRequest) -> OpenVisit:
    """2401."""
    node = request.input.container("mdtrtinfo", "data")
    node.demand(("insutype", *_ADMISSION))
    return _open(request, node, inpatient=True)


def _open(request: HisRequest, node: Node, *, inpatient: bool) -> OpenVisit:
    return OpenVisit(
        header=request.header,
        inpatient=inpatient,
        person_id=node.text("psn_no"),
        scheme=node.text("insutype"),
        begun_at=node.moment("begntime"),
        hospital_no=node.text("ipt_otp_no"),
        credential_type=node.code("mdtrt_cert_type", 2),
        credential_no=node.optional_text("mdtrt_cert_no"),
        med_type=node.optional_text("med_type"),
        disease_code=node.optional_text("dise_codg"),
        disease_name=node.optional_text("dise_name"),
        condition=_condition(node),
        trauma_flag=_trauma_flag(node),
        diagnoses=_diagnoses(request.input, "maindiag_flag") if inpatient else (),
        details=node.details(_READ),
    )


def change_visit(request: HisRequest) -> ChangeVisit:
    """2203, 2203A: one operation."""
    node = request.input.container("mdtrtinfo", "data")
    node.demand(("mdtrt_id", "psn_no", "med_type", "begntime"))
    return _change(request, node, inpatient=False)


def change_admission(request: HisRequest) -> ChangeVisit:
    """2403."""
    node = request.input.container("adminfo", "mdtrtinfo", "data")
    node.demand(("mdtrt_id", *_ADMISSION))
    return _change(request, node, inpatient=True)


def _change(request: HisRequest, node: Node, *, inpatient: bool) -> ChangeVisit:
    return ChangeVisit(
        header=request.header,
        inpatient=inpatient,
        person_id=node.text("psn_no"),
        visit_id=node.text("mdtrt_id"),
        med_type=node.text("med_type"),
        begun_at=node.moment("begntime"),
        ended_at=node.optional_moment("endtime"),
        hospital_no=node.optional_text("ipt_otp_no"),
        disease_code=node.optional_text("dise_codg"),
        disease_name=node.optional_text("dise_name"),
        condition=_condition(node),
        trauma_flag=_trauma_flag(node),
        diagnoses=_diagnoses(request.input, "maindiag_flag" if inpatient else "vali_flag"),
        details=node.details(_READ),
    )


def discharge(request: HisRequest) -> Discharge:
    """2402."""
    node = request.input.container("dscginfo", "mdtrtinfo", "data")
    node.demand(("mdtrt_id", "psn_no", "insutype", "endtime", "dscg_dept_codg", "dscg_dept_name", "dscg_way"))
    return Discharge(
        header=request.header,
        person_id=node.text("psn_no"),
        visit_id=node.text("mdtrt_id"),
        scheme=node.text("insutype"),
        ended_at=node.moment("endtime"),
        way=node.text("dscg_way"),
        disease_code=node.optional_text("dise_codg"),
        disease_name=node.optional_text("dise_name"),
        diagnoses=_diagnoses(request.input, "maindiag_flag"),
        details=node.details(_READ),
    )


def cancel_discharge(request: HisRequest) -> CancelDischarge:
    """2405."""
    node = request.input.container("data", "mdtrtinfo")
    node.demand(("mdtrt_id", "psn_no"))
    return CancelDischarge(header=request.header, person_id=node.text("psn_no"), visit_id=node.text("mdtrt_id"))


def cancel_registration(request: HisRequest) -> CancelVisit:
    """2202."""
    node = request.input.container("data", "mdtrtinfo")
    node.demand(("psn_no", "mdtrt_id", "ipt_otp_no"))
    return _cancel(request, node, inpatient=False)


def cancel_admission(request: HisRequest) -> CancelVisit:
    """2404."""
    node = request.input.container("data", "mdtrtinfo")
    node.demand(("mdtrt_id", "psn_no"))
    return _cancel(request, node, inpatient=True)


def _cancel(request: HisRequest, node: Node, *, inpatient: bool) -> CancelVisit:
    return CancelVisit(
        header=request.header,
        inpatient=inpatient,
        person_id=node.text("psn_no"),
        visit_id=node.text("mdtrt_id"),
        hospital_no=node.optional_text("ipt_otp_no"),
    )


def _diagnoses(message: Node, flag: str) -> tuple[Diagnosis, ...]:
    return tuple(_diagnosis(row, flag) for row in message.rows("diseinfo"))


def _diagnosis(row: Node, flag: str) -> Diagnosis:
    row.demand((*_DIAGNOSIS, flag))
    return Diagnosis(
        kind=row.text("diag_type"),
        sort_no=row.text("diag_srt_no"),
        code=row.text("diag_code"),
        name=row.text("diag_name"),
        department=row.text("diag_dept"),
        doctor_no=row.text("dise_dor_no"),
        doctor_name=row.text("dise_dor_name"),
        diagnosed_at=row.moment("diag_time"),
        main=row.flag("maindiag_flag", "0") == "1",
        valid=row.flag("vali_flag", "1") == "1",
        condition=row.optional_text("adm_cond"),
    )


def _condition(node: Node) -> str:
    return " ".join(filter(None, (node.optional_text("adm_diag_dscr"), node.optional_text("main_cond_dscr"))))


def _trauma_flag(node: Node) -> str:
    """TRUM_FLAG inside exp_content (chs-interface section 3); what is no JSON object there says nothing."""
    try:
        extension = json.loads(node.optional_text("exp_content") or "{}")
    except (ValueError, RecursionError):
        return ""
    if not isinstance(extension, dict):
        return ""
    return next((str(value) for key, value in extension.items() if key.strip().lower() == "trum_flag"), "")
