"""Registrations and stays: opening, changing, leaving, cancelling, and the state rules of chs-interface 8.3."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.factories.claims_desk import ClaimsDesk
from tests.factories.his_messages import DIAGNOSIS, Json, inputs


async def one(desk: ClaimsDesk, statement: str) -> dict[str, Any]:
    row = await (await desk.claims.db.pool()).fetchrow(statement)
    assert row is not None
    return dict(row)


async def events(desk: ClaimsDesk, type_: str) -> list[Json]:
    rows = await (await desk.claims.db.pool()).fetch("SELECT payload FROM outbox WHERE type = $1 ORDER BY seq", type_)
    return [json.loads(row["payload"]) for row in rows]


async def admit(desk: ClaimsDesk, person: str, *, msgid: str | None = None, **changes: Any) -> str:
    input_ = inputs(person=person)["2401"]
    input_["mdtrtinfo"] |= changes
    return str((await desk.call("2401", input_, msgid=msgid))["result"]["mdtrt_id"])


async def test_a_registration(desk: ClaimsDesk) -> None:
    person = await desk.person()
    data = (await desk.call("2201", inputs(person=person)["2201"]))["data"]
    assert (data["psn_no"], data["ipt_otp_no"], len(data["mdtrt_id"])) == (person, "MZ0001", 26)
    visit = await one(desk, "SELECT * FROM visit")
    assert (visit["visit_id"], visit["inpatient"], visit["state"], visit["scheme"]) == (data["mdtrt_id"], False, "open", "390")
    assert str(visit["begun_on"]) == "2026-03-05"
    assert json.loads(visit["details"]) == {
        "atddr_no": "D420500000001",
        "dr_name": "李医生",
        "dept_code": "03",
        "dept_name": "呼吸内科",
        "caty": "A03",
    }
    assert await desk.count("outbox") == 1  # the hospital's designation, no event of the registration


async def test_an_admission_is_published_with_its_suspicion(desk: ClaimsDesk) -> None:
    person = await desk.person()
    plain = await admit(desk, person)
    suspected = {
        await admit(desk, person, med_type="22"),
        await admit(desk, person, dscg_maindiag_code="S82.100"),
        await admit(desk, person, main_cond_dscr="工地高处坠落"),
        await admit(desk, person, exp_content={"TRUM_FLAG": "1"}),
    }
    recorded = {e["visit_id"]: e for e in await events(desk, "claims.admission-recorded.v1")}
    assert {v for v, e in recorded.items() if e["injury_suspect"]} == suspected
    assert recorded[plain] == {
        "visit_id": plain,
        "person_id": person,
        "institution_code": "H42050100001",
        "institution_name": "县人民医院",
        "admitted_on": "2026-03-05",
        "med_type": "21",
        "injury_suspect": False,
    }


async def test_the_work_injury_rule_set_is_chosen_by_the_receiver_system(desk: ClaimsDesk) -> None:
    person = await desk.person(scheme="390")
    input_ = inputs(person=person)["2401"]
    input_["mdtrtinfo"]["insutype"] = "310"
    text = await desk.refused("2401", input_)
    assert text == "该人员2026-03-05没有险种类型(insutype)310的有效参保"
    assert await desk.count("visit") == 0
    await desk.call("2401", input_, recer_sys_code="GSXT")
    assert await desk.count("visit", "work_injury") == 1


@pytest.mark.parametrize("begun", ["2023-12-31 08:00:00", "2027-01-01 08:00:00"])
async def test_no_registration_outside_the_cover(desk: ClaimsDesk, begun: str) -> None:
    input_ = inputs(person=await desk.person())["2201"]
    input_["data"]["begntime"] = begun
    assert "没有险种类型(insutype)390的有效参保" in await desk.refused("2201", input_)
    assert await desk.count("visit") == 0


async def test_a_visit_upload_replaces_the_data_and_merges_the_diagnoses(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.registration(person, [])
    input_ = inputs(person=person, visit=visit)["2203"]
    tcm = {**DIAGNOSIS, "diag_type": "2", "diag_code": "A01"}
    input_["diseinfo"] = [DIAGNOSIS, tcm, {**DIAGNOSIS, "diag_srt_no": 2, "diag_code": "I10"}]
    assert await desk.call("2203", input_) == {}
    input_["mdtrtinfo"] |= {"dise_codg": "M001", "dise_name": "高血压"}
    input_["diseinfo"] = [{**DIAGNOSIS, "diag_code": "J20"}, {**DIAGNOSIS, "diag_srt_no": 2, "vali_flag": "0"}]
    assert await desk.call("2203A", input_) == {}
    stored = await one(desk, "SELECT med_type, disease_code, disease_name FROM visit")
    assert stored == {"med_type": "11", "disease_code": "M001", "disease_name": "高血压"}
    rows = await (await desk.claims.db.pool()).fetch("SELECT sort_no, kind, code, main FROM diagnosis")
    assert [tuple(row) for row in rows] == [("1", "1", "J20", True)]


async def test_the_stay_from_admission_to_discharge_and_back(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await admit(desk, person)
    message = inputs(person=person, visit=visit)
    assert await desk.call("2403", message["2403"]) == {}
    assert await desk.call("2402", message["2402"]) == {}
    stay = await one(desk, "SELECT state, ended_on, ended_at, details FROM visit")
    assert (stay["state"], str(stay["ended_on"])) == ("discharged", "2026-03-12")
    assert json.loads(stay["details"])["dscg_way"] == "1"
    assert await desk.refused("2402", message["2402"]) == "该次住院已办理出院"
    assert await desk.call("2405", message["2405"]) == {}
    assert (await one(desk, "SELECT state, ended_on FROM visit")) == {"state": "open", "ended_on": None}
    assert "尚未办理出院" in await desk.refused("2405", message["2405"])
    assert await desk.call("2402", message["2402"]) == {}
    assert await desk.call("2405", message["2405"]) == {}
    assert await desk.call("2404", message["2404"]) == {}
    assert (await one(desk, "SELECT state FROM visit")) == {"state": "cancelled"}


async def test_a_discharge_before_the_admission_is_refused(desk: ClaimsDesk) -> None:
    person = await desk.person()
    message = inputs(person=person, visit=await admit(desk, person))
    message["2402"]["dscginfo"]["endtime"] = "2026-03-05 07:59:59"
    assert await desk.refused("2402", message["2402"]) == "结束时间(endtime)早于开始时间(begntime)"
    assert await desk.count("visit", "state = 'open'") == 1


@pytest.mark.parametrize("infno", ["2202", "2203", "2203A", "2204", "2205"])
async def test_outpatient_transactions_do_not_touch_a_stay(desk: ClaimsDesk, infno: str) -> None:
    person = await desk.person()
    visit = await admit(desk, person)
    text = await desk.refused(infno, inputs(person=person, visit=visit)[infno])
    assert text == "就诊ID(mdtrt_id)对应住院就诊，不能办理门诊交易"
    assert await desk.count("visit", "state = 'open'") == 1


@pytest.mark.parametrize("infno", ["2301", "2302", "2402", "2403", "2404", "2405"])
async def test_inpatient_transactions_do_not_touch_a_registration(desk: ClaimsDesk, infno: str) -> None:
    person = await desk.person()
    visit = await desk.registration(person, [])
    text = await desk.refused(infno, inputs(person=person, visit=visit)[infno])
    assert text == "就诊ID(mdtrt_id)对应门诊就诊，不能办理住院交易"
    assert await desk.count("visit", "state = 'open'") == 1


ON_VISIT = ["2202", "2203", "2204", "2205", "2301", "2302", "2402", "2403", "2404", "2405"]


@pytest.mark.parametrize("infno", ON_VISIT)
async def test_a_visit_is_reached_by_its_own_institution_and_person_only(desk: ClaimsDesk, infno: str) -> None:
    person, stranger = await desk.person(1), await desk.person(2)
    await desk.hospital("H42050100002")
    visit = await desk.registration(person, [])
    unknown = "就诊ID(mdtrt_id)不存在或不属于本机构"
    assert await desk.refused(infno, inputs(person=person, visit="nowhere")[infno]) == unknown
    assert await desk.refused(infno, inputs(person=person, visit=visit)[infno], institution="H42050100002") == unknown
    text = await desk.refused(infno, inputs(person=stranger, visit=visit)[infno])
    assert text == "人员编号(psn_no)与就诊登记(mdtrt_id)的人员不一致"
    assert await desk.count("visit", "state = 'open'") == 1
    assert await desk.count("fee_line") == 0


async def test_a_cancelled_registration_takes_its_lines_along_and_stays_cancelled(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.registration(person, [("A1", "10.00")])
    message = inputs(person=person, visit=visit)
    assert await desk.call("2202", message["2202"]) == {}
    assert await desk.count("fee_line") == 0
    assert await desk.count("fee_batch") == 0
    assert await desk.call("2202", message["2202"]) == {}
    for infno in ("2203", "2204", "2205"):
        assert await desk.refused(infno, message[infno]) == "就诊登记(mdtrt_id)已撤销"


async def test_nothing_is_cancelled_while_a_settlement_stands(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.registration(person, [("A1", "10.00")])
    settled = await desk.call("2207", desk.visit_input(visit, person, "10.00"))
    message = inputs(person=person, visit=visit, settlement=settled["setlinfo"]["setl_id"])
    assert "存在有效结算" in await desk.refused("2202", message["2202"])
    assert await desk.count("fee_line") == 1
    message["2203"]["mdtrtinfo"]["med_type"] = "14"
    assert await desk.call("2203", inputs(person=person, visit=visit)["2203"]) == {}
    assert "不能变更医疗类别(med_type)" in await desk.refused("2203", message["2203"])
    await desk.call("2208", message["2208"])
    assert await desk.call("2202", message["2202"]) == {}
    assert await desk.count("visit", "state = 'cancelled'") == 1


async def test_a_settled_stay_is_closed_until_its_settlement_is_reversed(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.stay(person, [("A1", "1000.00")])
    settled = await desk.call("2304", desk.stay_input(visit, person, "1000.00"))
    message = inputs(person=person, visit=visit, settlement=settled["setlinfo"]["setl_id"])
    for infno in ("2301", "2403", "2404", "2405"):
        assert "结算" in await desk.refused(infno, message[infno])
    assert await desk.count("fee_line") == 1
    await desk.call("2305", message["2305"])
    for infno in ("2403", "2405", "2404"):
        assert await desk.call(infno, message[infno]) == {}
    assert await desk.count("visit", "state = 'cancelled'") == 1


async def test_what_2601_does_to_an_admission(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await admit(desk, person, msgid="ADM1")
    recall = {"data": {"psn_no": person, "omsgid": "ADM1", "oinfno": "2401"}}
    assert await desk.call("2601", recall) == {}
    assert await desk.call("2601", recall) == {}
    assert (await one(desk, "SELECT visit_id, state FROM visit")) == {"visit_id": visit, "state": "cancelled"}
    input_ = inputs(person=person)["2401"]
    assert "已被冲正(2601)" in await desk.refused("2401", input_, msgid="ADM1")
    assert await desk.count("visit") == 1


async def test_a_stay_that_was_never_opened_cannot_be_recalled_into_life(desk: ClaimsDesk) -> None:
    person = await desk.person()
    assert await desk.call("2601", {"data": {"psn_no": person, "omsgid": "LATE", "oinfno": "2401"}}) == {}
    assert "已被冲正(2601)" in await desk.refused("2401", inputs(person=person)["2401"], msgid="LATE")
    assert await desk.count("visit") == 0


async def test_2403_corrects_begin_and_end_of_a_stay(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.stay(person, [("A1", "1.00")], ended="2026-03-12")
    message = inputs(person=person, visit=visit)["2403"]
    message["adminfo"] |= {"begntime": "2026-03-04 08:00:00", "endtime": "2026-03-13 09:00:00", "ipt_otp_no": "ZY9"}
    assert await desk.call("2403", message) == {}
    row = await one(desk, "SELECT begun_on, ended_on, hospital_no, state FROM visit")
    assert (str(row["begun_on"]), str(row["ended_on"]), row["hospital_no"]) == ("2026-03-04", "2026-03-13", "ZY9")
    message["adminfo"]["begntime"] = "2026-03-14 08:00:00"
    assert await desk.refused("2403", message) == "结束时间(endtime)早于开始时间(begntime)"
    assert str((await one(desk, "SELECT begun_on FROM visit"))["begun_on"]) == "2026-03-04"
