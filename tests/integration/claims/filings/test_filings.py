"""Filings by message and at the counter; a settlement sees what stands, and a withdrawn one no more."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from claims.application.filings.cancel_filing import CancelFiling
from claims.application.filings.file_care import FileCare
from claims.application.registry.state_institution import StateInstitution
from shared.errors import Refusal
from shared.transactions import OnceKey
from tests.factories.claims_desk import ClaimsDesk, read

ELSEWHERE = "H11010500001"


def referral(person: str, **other: Any) -> dict[str, Any]:
    fields = {
        "psn_no": person,
        "insutype": "390",
        "diag_code": "C34.900",
        "diag_name": "肺恶性肿瘤",
        "reflin_medins_no": ELSEWHERE,
        "reflin_medins_name": "外省医院",
        "mdtrtarea_admdvs": "110105",
        "refl_type": "3",
        "refl_date": "2026-03-01",
        "refl_rea": "限于技术设备条件",
        "refl_opnn": "同意转院",
        "begndate": "2026-03-01",
        "enddate": "2026-08-31",
    }
    return {"refmedin": fields | other}


def disease(person: str, **other: Any) -> dict[str, Any]:
    fields = {
        "psn_no": person,
        "insutype": "390",
        "opsp_dise_code": "M03900",
        "opsp_dise_name": "高血压",
        "insu_optins": "990101",
        "ide_fixmedins_no": "H42050100001",
        "ide_fixmedins_name": "县人民医院",
        "hosp_ide_date": "2026-03-01",
        "diag_dr_codg": "D1",
        "diag_dr_name": "李医生",
        "begndate": "2026-03-01",
    }
    return {"data": fields | other}


async def elsewhere(desk: ClaimsDesk) -> None:
    await desk.claims.state_institution(StateInstitution(code=ELSEWHERE, name="外省医院", level=3, region="110105"), None)


async def rate_of_a_stay_elsewhere(desk: ClaimsDesk, person: str) -> Decimal:
    visit = await desk.stay(person, [("A1", "10000.00")], institution=ELSEWHERE)
    output = await desk.call("2303", desk.stay_input(visit, person, "10000.00"), institution=ELSEWHERE)
    rate: Decimal = output["setlinfo"]["pool_prop_selfpay"]
    return rate


async def test_a_referral_changes_the_rate_as_long_as_it_stands(desk: ClaimsDesk) -> None:
    """P1, level 3: 60 %, out of the province without referral 20 points less."""
    await elsewhere(desk)
    person = await desk.person()
    assert await rate_of_a_stay_elsewhere(desk, person) == Decimal("0.4000")
    serial = (await desk.call("2501", referral(person)))["result"]["trt_dcla_detl_sn"]
    assert await rate_of_a_stay_elsewhere(desk, person) == Decimal("0.6000")
    await desk.call("2502", {"data": {"trt_dcla_detl_sn": serial, "psn_no": person}})
    assert await rate_of_a_stay_elsewhere(desk, person) == Decimal("0.4000")
    assert [(f["kind"], f["code"], f["state"]) for f in await desk.claims.list_filings(person)] == [
        ("referral", ELSEWHERE, "cancelled")
    ]


async def test_long_term_residence_is_filed_at_the_counter(desk: ClaimsDesk) -> None:
    await elsewhere(desk)
    person = await desk.person()
    command = FileCare(person_id=person, kind="long_term", code="110000", begins_on=date(2026, 1, 1))
    first = await desk.claims.file_for_care.at_counter(command, "clerk", OnceKey("filings", "k1", "d1"))
    again = await desk.claims.file_for_care.at_counter(command, "clerk", OnceKey("filings", "k2", "d2"))
    assert again == first
    assert await desk.count("filing") == 1
    assert await rate_of_a_stay_elsewhere(desk, person) == Decimal("0.6000")


async def test_a_message_twice_is_one_filing_and_gets_the_same_answer(desk: ClaimsDesk) -> None:
    person = await desk.person()
    first = read(await desk.raw("2503", disease(person), msgid="F1"))
    again = read(await desk.raw("2503", disease(person), msgid="F1"))
    another = read(await desk.raw("2503", disease(person), msgid="F2"))
    assert first["output"] == again["output"] == another["output"]
    assert await desk.count("filing") == 1


async def test_the_same_filing_at_the_same_instant_is_one(desk: ClaimsDesk) -> None:
    person = await desk.person()
    serials = await asyncio.gather(*(desk.call("2503", disease(person), msgid=f"R{n}") for n in range(6)))
    assert len({s["result"]["trt_dcla_detl_sn"] for s in serials}) == 1
    assert await desk.count("filing") == 1


@pytest.mark.parametrize(
    ("infno", "change", "text"),
    [
        ("2503", {"begndate": "2027-02-01"}, "该人员2027-02-01没有有效的医疗保险参保，不能备案"),
        ("2503", {"insutype": "310"}, "该人员2026-03-01没有有效的医疗保险参保，不能备案"),
        ("2503", {"enddate": "2026-02-28"}, "结束日期(enddate)早于开始日期(begndate)"),
        ("2503", {"opsp_dise_code": ""}, "缺少必填项：门慢门特病种目录代码(opsp_dise_code)"),
    ],
)
async def test_what_is_refused_files_nothing(desk: ClaimsDesk, infno: str, change: dict[str, str], text: str) -> None:
    person = await desk.person()
    assert await desk.refused(infno, disease(person, **change)) == text
    assert await desk.count("filing") == 0


async def test_who_may_withdraw_what(desk: ClaimsDesk) -> None:
    await elsewhere(desk)
    person = await desk.person()
    serial = (await desk.call("2503", disease(person)))["result"]["trt_dcla_detl_sn"]
    taken_back = {"data": {"trt_dcla_detl_sn": serial, "psn_no": person, "memo": "误报"}}
    unknown = "待遇申报明细流水号(trt_dcla_detl_sn)不存在或不属于本机构"
    assert await desk.refused("2504", taken_back, institution=ELSEWHERE) == unknown
    assert await desk.refused("2506", taken_back) == unknown
    assert await desk.count("filing", "state = 'valid'") == 1
    await desk.call("2504", taken_back, msgid="W1")
    assert await desk.refused("2504", taken_back, msgid="W2") == "该备案已撤销"
    command = CancelFiling(person_id=person, filing_id="none")
    with pytest.raises(Refusal) as caught:
        await desk.claims.cancel_filing.at_counter(command, OnceKey("filings/cancel", "k", "d"))
    assert caught.value.code == "claims.filing.unknown"


async def test_a_person_stated_again_keeps_the_filings(desk: ClaimsDesk) -> None:
    person = await desk.person()
    await desk.call("2503", disease(person))
    await (await desk.claims.db.pool()).execute("UPDATE insured_person SET version = 0")
    await desk.person()
    assert await desk.count("insured_person", "jsonb_array_length(filings) = 1 AND version = 1") == 1
