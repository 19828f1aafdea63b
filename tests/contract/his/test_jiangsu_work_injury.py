"""The Jiangsu interface for work-injury institutions: the same numbers with other content (chs-interface 7.2)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from claims.application.visits.answers import InjuredIdentified, PersonIdentified, SignedIn, VisitOpened
from claims.domain.care_codes import CareCategories
from claims.entrypoints.his.answers_work_injury import injured_identified, signed_in, visit_opened
from claims.entrypoints.his.envelope import HisRequest, read_request
from claims.entrypoints.his.readers import fees, session, work_injury
from claims.settings import read_claims_settings
from shared.errors import Refusal
from shared.rules import read_rules
from tests.factories.his_messages import CERTNO, INSTITUTION, fee_line
from tests.unit.claims.his.test_endpoint import Desk, endpoint, institution

AT = datetime(2026, 3, 20, 1, tzinfo=UTC)
REGISTER = {
    "ipt_otp_no": "MZ0001",
    "ipt_no": "",
    "med_type": "11",
    "adm_time": "20260320083000",
    "adm_diag_dscr": "T92.601",
    "wardarea_name": "",
    "adm_dept_codg": "03",
    "adm_bed": "",
    "atddr_no": "D1",
    "tel": "13900000000",
    "psn_no": 1000000001,
    "qualification_id": "K1",
}


def body(infno: str, input_: Any = None, **envelope: Any) -> bytes:
    """As a client writes it: no regions, opter_type a number, the receiver named by the institution's own code."""
    whole = {
        "infno": infno,
        "msgid": "H42050100001202603200830001",
        "recer_sys_code": "H420501",
        "infver": "V1.0",
        "opter_type": 1,
        "opter": "0001",
        "opter_name": "收费员",
        "inf_time": "20260320083000",
        "fixmedins_code": INSTITUTION,
        "sign_no": "",
        "idfi_mode": "1",
        **({} if input_ is None else {"input": input_}),
        **envelope,
    }
    return json.dumps(whole, ensure_ascii=False).encode()


def request(infno: str, input_: Any = None, **envelope: Any) -> HisRequest:
    return read_request(body(infno, input_, **envelope), "/", AT)


def test_the_envelope_is_told_by_its_way_of_identification() -> None:
    header = request("9001", {}).header
    assert (header.dialect, header.work_injury, header.care_region) == ("mohrss-js", True, "")
    assert (header.operator, header.operator_type) == ("0001", "1")
    without = read_request(body("9001", {}).replace(b', "idfi_mode": "1"', b""), "/", AT).header
    assert (without.dialect, without.work_injury) == ("", False)


def test_sign_in_has_no_input() -> None:
    command = work_injury.sign_in(request("9001", {}))
    assert (command.operator_no, command.mac, command.ip) == ("0001", "", "")
    with pytest.raises(Refusal) as caught:
        work_injury.sign_in(request("9001", {}, opter=""))
    assert caught.value.field == "opter"


def test_a_registration_is_flat() -> None:
    command = work_injury.register(request("2201", REGISTER))
    assert (command.person_id, command.med_type, command.hospital_no) == ("1000000001", "11", "MZ0001")
    assert command.begun_at == datetime(2026, 3, 20, 0, 30, tzinfo=UTC)
    assert command.disease_code == "T92.601"
    assert command.details["qualification_id"] == "K1"
    assert "tel" not in command.details


@pytest.mark.parametrize(
    "name", ["med_type", "adm_time", "adm_diag_dscr", "adm_dept_codg", "atddr_no", "psn_no", "qualification_id"]
)
def test_what_a_registration_needs(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        work_injury.register(request("2201", REGISTER | {name: ""}))
    assert (caught.value.code, caught.value.field) == ("claims.his.field-missing", name)


def test_a_stay_is_numbered_by_ipt_no() -> None:
    command = work_injury.register(request("2201", REGISTER | {"ipt_otp_no": "", "ipt_no": "ZY1", "med_type": "21"}))
    assert (command.hospital_no, command.med_type) == ("ZY1", "21")


def test_lines_stand_in_a_root_member() -> None:
    lines = [fee_line("1", visit="V1", person="1000000001")]
    command = fees.upload_outpatient_fees(request("2204", feedetail=lines))
    assert (command.person_id, command.visit_id, [line.line_no for line in command.lines]) == ("1000000001", "V1", ["1"])


def test_a_person_is_identified_as_ever() -> None:
    command = session.identify_person(request("1101", {"mdtrt_cert_type": "02", "mdtrt_cert_no": CERTNO}))
    assert command.credential_no == CERTNO


def test_answers_have_numbers_and_compact_dates() -> None:
    person = PersonIdentified(
        person_id="P1",
        cert_type="01",
        certno=CERTNO,
        name="张三",
        sex="1",
        naty="01",
        born_on=date(1974, 4, 10),
        as_of=date(2026, 3, 20),
        covers=(),
        identities=(),
    )
    answer = injured_identified(InjuredIdentified(person=person, number=1000000001, qualification_id="K1"))
    assert {k: answer[k] for k in ("psn_no", "brdy", "exam_ccls", "psn_name")} == {
        "psn_no": 1000000001,
        "brdy": "19740410",
        "exam_ccls": "K1",
        "psn_name": "张三",
    }
    opened = visit_opened(VisitOpened(visit_id="V1", person_id="1000000001", hospital_no="MZ0001"))
    assert opened == {"mdtrt_id": "V1", "psn_no": 1000000001, "ipt_otp_no": "MZ0001"}
    assert signed_in(SignedIn(sign_no="N1", signed_on=date(2026, 3, 20))) == {"sign_no": "N1", "sign_time": "20260320"}


@pytest.mark.parametrize("infno", sorted(work_injury.UNPUBLISHED))
async def test_what_is_not_known_is_refused_and_changes_nothing(infno: str) -> None:
    desk = Desk()
    raw = await endpoint(desk, institution()).answer(body(infno, {"psn_no": 1}), path="/", sender=INSTITUTION, received_at=AT)
    answer = json.loads(raw)
    assert (answer["infcode"], desk.done) == ("-1", [])
    assert answer["err_msg"] == (
        f"江苏型工伤接口交易{infno}的报文内容未公布，不能受理；请以国家医保接口报文（接收方系统代码GSXT）办理"
    )


async def test_the_national_interface_has_its_own_content_for_these_numbers() -> None:
    desk = Desk()
    raw = await endpoint(desk, institution()).answer(body("8200", {}), path="/", sender=INSTITUTION, received_at=AT)
    assert json.loads(raw)["err_msg"] == "不支持的交易编号(infno)：8200"
    assert desk.done == []


CATEGORIES = read_rules(read_claims_settings().work_injury_care.read_text("utf-8"), "work-injury-care.yaml", CareCategories)


@pytest.mark.parametrize(("code", "inpatient"), [("11", False), ("12", False), ("13", False), ("21", True)])
def test_its_categories_are_its_own(code: str, inpatient: bool) -> None:
    assert CATEGORIES.on(code, date(2026, 3, 20)).inpatient is inpatient


@pytest.mark.parametrize("code", ["41", "22", "410"])
def test_a_category_of_another_list_is_refused(code: str) -> None:
    with pytest.raises(Refusal) as caught:
        CATEGORIES.on(code, date(2026, 3, 20))
    assert (caught.value.code, caught.value.field) == ("claims.code.care-unknown", "med_type")
