"""Every HIS command runs once: the same message, other input, two at once, and answers whose effect is undone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from claims.domain.institution import Switches
from tests.factories.claims_desk import ClaimsDesk, read
from tests.factories.his_messages import INSTITUTION, fee_line, inputs


async def opened(desk: ClaimsDesk, person: str, **envelope: Any) -> str:
    return str((await desk.call("2201", inputs(person=person)["2201"], **envelope))["data"]["mdtrt_id"])


async def test_a_resend_gets_the_stored_answer_word_for_word(desk: ClaimsDesk) -> None:
    person = await desk.person()
    registration = inputs(person=person)["2201"]
    first = await desk.raw("2201", registration, msgid="M")
    visit = read(first)["output"]["data"]["mdtrt_id"]
    assert await desk.raw("2201", registration, msgid="M") == first
    message = inputs(person=person, visit=visit)
    for infno in ("2203", "2204", "2205"):
        first = await desk.raw(infno, message[infno], msgid="M")
        assert read(first)["infcode"] == "0"
        assert await desk.raw(infno, message[infno], msgid="M") == first
    assert await desk.count("visit") == 1
    assert await desk.count("his_message") == 3  # the removal by 2205 took the answer of 2204 along


async def test_stored_answers_are_sealed(desk: ClaimsDesk) -> None:
    await opened(desk, await desk.person(), msgid="M")
    answer = await (await desk.claims.db.pool()).fetchval("SELECT answer FROM his_message")
    assert "infcode" not in answer


async def test_a_resend_is_answered_though_the_world_has_changed(desk: ClaimsDesk) -> None:
    person = await desk.person()
    registration = inputs(person=person)["2201"]
    first = await desk.raw("2201", registration, msgid="M")
    await (await desk.claims.db.pool()).execute("UPDATE insured_person SET coverages = '[]'")
    assert await desk.raw("2201", registration, msgid="M") == first
    assert "没有险种类型" in await desk.refused("2201", registration, msgid="N")


async def test_a_msgid_with_other_input_is_refused(desk: ClaimsDesk) -> None:
    person = await desk.person()
    await opened(desk, person, msgid="M")
    other = inputs(person=person)["2201"]
    other["data"]["ipt_otp_no"] = "MZ0002"
    assert await desk.refused("2201", other, msgid="M") == "报文ID(msgid)已用于内容不同的交易，请更换报文ID"
    assert await desk.count("visit") == 1


async def test_where_msgids_repeat_other_input_is_a_message_of_its_own(desk: ClaimsDesk) -> None:
    await desk.hospital(INSTITUTION, switches=Switches(msgid_reused=True))
    person = await desk.person()
    visits = {await opened(desk, person, msgid="M"), await opened(desk, person, msgid="M")}
    other = inputs(person=person)["2201"]
    other["data"]["ipt_otp_no"] = "MZ0002"
    visits.add((await desk.call("2201", other, msgid="M"))["data"]["mdtrt_id"])
    assert len(visits) == 2
    assert await desk.count("visit") == 2


async def test_one_msgid_of_two_institutions_or_transactions_is_two_messages(desk: ClaimsDesk) -> None:
    await desk.hospital("H42050100002")
    person = await desk.person()
    first = await opened(desk, person, msgid="M")
    second = await opened(desk, person, msgid="M", institution="H42050100002")
    assert first != second
    await desk.call("2202", inputs(person=person, visit=first)["2202"], msgid="M")
    assert await desk.count("visit", "state = 'cancelled'") == 1


async def test_a_refused_message_is_not_remembered(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await opened(desk, person)
    bad = {"feedetail": [fee_line("1", person=person, visit=visit, pric="99")]}
    assert "相差超过5分" in await desk.refused("2204", bad, msgid="M")
    assert (await desk.call("2204", inputs(person=person, visit=visit)["2204"], msgid="M"))["result"][0]["feedetl_sn"] == "1"


@pytest.mark.parametrize("round_", range(10))
async def test_the_same_message_many_times_at_once_has_one_effect(desk: ClaimsDesk, round_: int) -> None:
    person = await desk.person()
    registration = inputs(person=person)["2201"]
    answers = set(await asyncio.gather(*(desk.raw("2201", registration, msgid="M") for _ in range(6))))
    assert len(answers) == 1
    visit = read(answers.pop())["output"]["data"]["mdtrt_id"]
    upload = inputs(person=person, visit=visit)["2204"]
    answers = set(await asyncio.gather(*(desk.raw("2204", upload, msgid="M") for _ in range(6))))
    assert len(answers) == 1
    assert (await desk.count("visit"), await desk.count("fee_line"), await desk.count("his_message")) == (1, 1, 2)


async def test_a_cancelled_registration_sent_again_is_a_new_one(desk: ClaimsDesk) -> None:
    person = await desk.person()
    first = await opened(desk, person, msgid="M")
    await desk.call("2202", inputs(person=person, visit=first)["2202"])
    second = await opened(desk, person, msgid="M")
    assert second != first
    assert await desk.count("visit", "state = 'open'") == 1


async def test_an_upload_sent_again_after_its_lines_were_removed_counts_again(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await opened(desk, person)
    upload = inputs(person=person, visit=visit)["2204"]
    other = {"feedetail": [fee_line("other", person=person, visit=visit, chrg_bchno="B2")]}
    first = await desk.raw("2204", upload, msgid="M1")
    kept = await desk.raw("2204", other, msgid="M2")
    await desk.call("2205", {"data": {"mdtrt_id": visit, "psn_no": person, "chrg_bchno": "B1"}})
    assert await desk.raw("2204", other, msgid="M2") == kept
    again = await desk.raw("2204", upload, msgid="M1")
    assert again != first
    assert read(again)["output"] == read(first)["output"]
    assert await desk.count("fee_line") == 2


async def test_a_discharge_sent_again_after_it_was_cancelled_counts_again(desk: ClaimsDesk) -> None:
    person = await desk.person()
    visit = await desk.stay(person, [("A1", "1.00")], discharged=False)
    message = inputs(person=person, visit=visit)
    await desk.call("2402", message["2402"], msgid="OUT")
    await desk.call("2405", message["2405"])
    await desk.call("2402", message["2402"], msgid="OUT")
    assert await desk.count("visit", "state = 'discharged'") == 1


@pytest.mark.parametrize("round_", range(15))
async def test_an_admission_and_the_2601_that_names_it_at_once_leave_nothing_open(desk: ClaimsDesk, round_: int) -> None:
    person = await desk.person()
    admission = inputs(person=person)["2401"]
    recall = {"data": {"psn_no": person, "omsgid": "ADM", "oinfno": "2401"}}
    admitted, recalled = await asyncio.gather(desk.raw("2401", admission, msgid="ADM"), desk.raw("2601", recall))
    assert read(recalled)["infcode"] == "0"
    assert await desk.count("visit", "state = 'open'") == 0
    assert await desk.count("visit") == (1 if read(admitted)["infcode"] == "0" else 0)


@pytest.mark.parametrize("round_", range(15))
async def test_a_settlement_and_the_2601_that_names_it_at_once_leave_nothing_valid(desk: ClaimsDesk, round_: int) -> None:
    person = await desk.person()
    visit = await desk.registration(person, [("A1", "10.00")])
    recall = {"data": {"psn_no": person, "omsgid": "PAY", "oinfno": "2207"}}
    settled, recalled = await asyncio.gather(
        desk.raw("2207", desk.visit_input(visit, person, "10.00"), msgid="PAY"), desk.raw("2601", recall)
    )
    assert read(recalled)["infcode"] == "0"
    assert await desk.count("settlement", "state = 'valid'") == 0
    assert await desk.count("settlement", "state = 'reversal'") == (1 if read(settled)["infcode"] == "0" else 0)
