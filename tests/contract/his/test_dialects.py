"""One transaction in the words of different vendors is one command (chs-interface sections 5 and 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from claims.entrypoints.his.envelope import HisRequest, read_request
from claims.entrypoints.his.readers import fees, session, settlement, visits
from shared.errors import Refusal
from tests.factories.his_messages import inputs, message

READERS: dict[str, Callable[[HisRequest], Any]] = {
    "9001": session.sign_in,
    "1101": session.identify_person,
    "2201": visits.register_visit,
    "2202": visits.cancel_registration,
    "2203": visits.change_visit,
    "2203A": visits.change_visit,
    "2204": fees.upload_outpatient_fees,
    "2205": fees.cancel_outpatient_fees,
    "2206": settlement.pre_settle_outpatient,
    "2206A": settlement.pre_settle_outpatient,
    "2207": settlement.settle_outpatient,
    "2207A": settlement.settle_outpatient,
    "2208": settlement.reverse_outpatient,
    "2301": fees.upload_inpatient_fees,
    "2302": fees.cancel_inpatient_fees,
    "2303": settlement.pre_settle_inpatient,
    "2304": settlement.settle_inpatient,
    "2305": settlement.reverse_inpatient,
    "2401": visits.admit,
    "2402": visits.discharge,
    "2403": visits.change_admission,
    "2404": visits.cancel_admission,
    "2405": visits.cancel_discharge,
    "2601": settlement.reverse_by_message,
    "5203": settlement.query_settlement,
}
REQUIRED = {
    "9001": "opter_no mac ip",
    "1101": "mdtrt_cert_type mdtrt_cert_no",
    "2201": "psn_no insutype begntime mdtrt_cert_type mdtrt_cert_no ipt_otp_no dept_code dept_name caty",
    "2202": "psn_no mdtrt_id ipt_otp_no",
    "2203": "mdtrt_id psn_no med_type begntime",
    "2203A": "mdtrt_id psn_no med_type begntime",
    "2204": "feedetl_sn mdtrt_id psn_no chrg_bchno fee_ocur_time med_list_codg medins_list_codg det_item_fee_sumamt cnt pric"
    " bilg_dept_codg bilg_dept_name bilg_dr_codg bilg_dr_name hosp_appr_flag",
    "2205": "mdtrt_id chrg_bchno psn_no",
    "2206": "psn_no mdtrt_cert_type mdtrt_cert_no med_type medfee_sumamt mdtrt_id chrg_bchno insutype",
    "2207": "psn_no mdtrt_cert_type mdtrt_cert_no med_type medfee_sumamt mdtrt_id chrg_bchno insutype",
    "2208": "setl_id mdtrt_id psn_no",
    "2301": "feedetl_sn mdtrt_id psn_no med_type fee_ocur_time med_list_codg medins_list_codg det_item_fee_sumamt cnt pric"
    " bilg_dept_codg bilg_dept_name bilg_dr_codg bilg_dr_name",
    "2302": "feedetl_sn mdtrt_id psn_no",
    "2303": "psn_no mdtrt_cert_type medfee_sumamt mdtrt_id insutype",
    "2304": "psn_no mdtrt_cert_type medfee_sumamt mdtrt_id insutype",
    "2305": "mdtrt_id setl_id psn_no",
    "2401": "psn_no insutype begntime mdtrt_cert_type med_type ipt_otp_no atddr_no chfpdr_name adm_diag_dscr adm_dept_codg"
    " adm_dept_name adm_bed dscg_maindiag_code dscg_maindiag_name",
    "2402": "mdtrt_id psn_no insutype endtime dscg_dept_codg dscg_dept_name dscg_way",
    "2403": "mdtrt_id psn_no begntime mdtrt_cert_type med_type ipt_otp_no atddr_no chfpdr_name adm_diag_dscr adm_dept_codg"
    " adm_dept_name adm_bed dscg_maindiag_code dscg_maindiag_name",
    "2404": "mdtrt_id psn_no",
    "2405": "mdtrt_id psn_no",
    "2601": "psn_no omsgid oinfno",
    "5203": "psn_no setl_id mdtrt_id",
}
AT = datetime(2026, 3, 5, tzinfo=UTC)


def command(infno: str, input_: Any) -> Any:
    """The command, its header without the digest, which differs between spellings."""
    read = READERS[infno](read_request(message(infno, input_), "/CSB", AT))
    return replace(read, header=replace(read.header, input_digest=""))


def node_of(infno: str) -> tuple[str, dict[str, Any]]:
    name, node = next(iter(inputs()[infno].items()))
    return name, node[0] if isinstance(node, list) else node


SINGLE = sorted(set(READERS) - {"2204", "2301"})


@pytest.mark.parametrize("infno", SINGLE)
def test_fields_directly_in_input(infno: str) -> None:
    name, node = node_of(infno)
    others = {k: v for k, v in inputs()[infno].items() if k != name}
    assert command(infno, {**node, **others}) == command(infno, inputs()[infno])


@pytest.mark.parametrize(
    ("infno", "alias"),
    [("9001", "data")]
    + [(infno, "mdtrtinfo") for infno in ("2201", "2202", "2206", "2207", "2208", "2304", "2305", "2402", "2403")]
    + [("2302", "feeinfo"), ("2203", "mdtrtInfo"), ("2402", "data")],
)
def test_other_names_of_the_container(infno: str, alias: str) -> None:
    name, node = node_of(infno)
    others = {k: v for k, v in inputs()[infno].items() if k != name}
    assert command(infno, {alias: node, **others}) == command(infno, inputs()[infno])


@pytest.mark.parametrize("infno", sorted(READERS))
def test_a_node_as_list_of_one_and_nodes_we_do_not_need(infno: str) -> None:
    name, node = node_of(infno)
    others = {k: v for k, v in inputs()[infno].items() if k != name}
    unneeded = {"agnterinfo": {"agnter_name": None}, "fsUploadIn": {"in": ""}, "hcard_basinfo": "null"}
    assert command(infno, {name: [node], **others, **unneeded}) == command(infno, inputs()[infno])


@pytest.mark.parametrize("infno", ["2204", "2301"])
def test_one_line_as_object_beside_a_data_node(infno: str) -> None:
    _, line = node_of(infno)
    assert command(infno, {"data": {"mdtrt_id": "x"}, "feedetail": line}) == command(infno, inputs()[infno])


@pytest.mark.parametrize("infno", sorted(READERS))
def test_upper_case_and_numbers_for_digits(infno: str) -> None:
    def shout(value: Any) -> Any:
        if isinstance(value, dict):
            return {key.upper() + " ": shout(item) for key, item in value.items()}
        return [shout(item) for item in value] if isinstance(value, list) else value

    assert command(infno, shout(inputs()[infno])) == command(infno, inputs()[infno])


@pytest.mark.parametrize(("infno", "names"), sorted(REQUIRED.items()))
def test_every_required_field_is_demanded_by_name(infno: str, names: str) -> None:
    for name in names.split():
        input_ = inputs()[infno]
        key, node = next(iter(input_.items()))
        target = node[0] if isinstance(node, list) else node
        sent = "ipt_no" if name == "ipt_otp_no" and "ipt_no" in target else name
        target[sent] = "null"
        with pytest.raises(Refusal) as caught:
            command(infno, input_)
        assert caught.value.code == "claims.his.field-missing"
        assert caught.value.field == name
        assert f"({name})" in caught.value.zh
        assert key in input_


def test_the_jiangsu_root_list() -> None:
    body = message("2204", None, feedetail=inputs()["2204"]["feedetail"])
    assert fees.upload_outpatient_fees(read_request(body, "/CSB", AT)).lines[0].line_no == "1"
