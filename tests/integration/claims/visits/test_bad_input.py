"""Bad input through the real application: every message gets HTTP 200 and infcode -1, and nothing is half done."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from claims.domain.institution import Switches
from tests.factories.claims_desk import ClaimsDesk
from tests.factories.his_messages import INSTITUTION, PERSON, Json, fee_line, inputs, message

PATHS = ("/fsi/api/rsfComIfsService/callService", "/hsa/hgs/2204", "/fsi/api/outpatientDocInfoService/outpatientFeeListUp")


@pytest.fixture
async def http(desk: ClaimsDesk) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Route("/{path:path}", desk.endpoint, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://claims") as client:
        yield client


async def post(http: httpx.AsyncClient, body: bytes, *, path: str = PATHS[0], sender: str = INSTITUTION) -> Json:
    response = await http.post(path, content=body, headers={"X-OneWindow-Institution": sender, "Content-Type": "text/plain"})
    assert response.status_code == 200
    answer: Json = response.json()
    return answer


async def rows(desk: ClaimsDesk) -> list[int]:
    return [await desk.count(table) for table in ("visit", "diagnosis", "fee_batch", "fee_line", "his_message", "outbox")]


GOOD = fee_line("1")
UPLOADS: list[tuple[str, bytes, str]] = [
    ("broken", message("2204", {"feedetail": [GOOD]})[:-9], "报文不是合法的JSON"),
    ("charset", message("2204", {"feedetail": [GOOD]}) + b"\xff\xff\xff", "报文字符集无法识别"),
    ("huge", message("2204", {"feedetail": [{**GOOD, "memo": "x" * 10_000_000}]}), "报文超过4MB上限"),
    ("infno", message("9999", {"feedetail": [GOOD]}), "不支持的交易编号(infno)：9999"),
    ("no input", message("2204", None), "缺少必填项：交易输入(input)"),
    ("second line", message("2204", {"feedetail": [GOOD, {**fee_line("2"), "cnt": None}]}), "缺少必填项：数量(cnt)"),
    (
        "date",
        message("2204", {"feedetail": [GOOD, fee_line("2", fee_ocur_time="2026-02-30")]}),
        "费用发生时间(fee_ocur_time)应为",
    ),
    ("money", message("2204", {"feedetail": [GOOD, fee_line("2", det_item_fee_sumamt="24.685")]}), "明细项目费用总额"),
    ("long", message("2204", {"feedetail": [GOOD, fee_line("x" * 31)]}), "费用明细流水号(feedetl_sn)长度31，不得超过30"),
    ("nul", message("2204", {"feedetail": [GOOD, fee_line("2", memo="\x00")]}), "报文不是合法的JSON"),
]


@pytest.mark.parametrize(("body", "text"), [case[1:] for case in UPLOADS], ids=[case[0] for case in UPLOADS])
async def test_bad_uploads(desk: ClaimsDesk, http: httpx.AsyncClient, body: bytes, text: str) -> None:
    person = await desk.person()
    visit = await desk.registration(person, [])
    before = await rows(desk)
    body = body.replace(b"V0000000000000000000000001", visit.encode()).replace(PERSON.encode(), person.encode())
    answer = await post(http, body)
    assert answer["infcode"] == "-1"
    assert answer["err_msg"].startswith(text)
    assert answer["output"] == {}
    assert await rows(desk) == before


@pytest.mark.parametrize("path", PATHS)
async def test_the_same_upload_on_every_path(desk: ClaimsDesk, http: httpx.AsyncClient, path: str) -> None:
    person = await desk.person()
    visit = await desk.registration(person, [])
    answer = await post(http, message("2204", inputs(person=person, visit=visit)["2204"]), path=path)
    assert (answer["infcode"], answer["err_msg"]) == ("0", "")
    assert [row["feedetl_sn"] for row in answer["output"]["result"]] == ["1"]


async def test_ids_and_serials_as_numbers(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    person = await desk.person()
    visit = await desk.registration(person, [])
    line = fee_line("1", person=person, visit=visit)
    body = message("2204", {"feedetail": [line]}, opter=17, opter_type=1).replace(
        b'"feedetl_sn": "1"', b'"feedetl_sn": 12345678901234567890'
    )
    answer = await post(http, body)
    assert answer["output"]["result"][0]["feedetl_sn"] == "12345678901234567890"


async def test_an_institution_speaks_for_itself_only(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    person = await desk.person()
    before = await rows(desk)
    body = message("2201", inputs(person=person)["2201"])
    for sender in ("", "H42050100002"):
        assert (await post(http, body, sender=sender))["err_msg"] == "定点医药机构编号(fixmedins_code)与签名机构不一致"
    assert await rows(desk) == before


async def test_the_gateway_header_must_name_a_known_institution(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    body = message("9001", inputs()["9001"], fixmedins_code="H42050100009")
    answer = await post(http, body, sender="H42050100009")
    assert answer["err_msg"] == "定点医药机构编号(fixmedins_code)H42050100009未登记"


async def test_switches_of_an_institution(desk: ClaimsDesk, http: httpx.AsyncClient) -> None:
    await desk.hospital(INSTITUTION, switches=Switches(infcode_number=True, sign_in_required=True))
    refused = await post(http, message("1101", inputs()["1101"]))
    assert refused["infcode"] == -1
    assert refused["err_msg"].startswith("当日未签到")
    signed = await post(http, message("9001", inputs()["9001"]))
    assert signed["infcode"] == 0
    sign_no = signed["output"]["signinoutb"]["sign_no"]
    unknown = await post(http, message("5203", inputs()["5203"], sign_no=sign_no))
    assert "未签到" not in unknown["err_msg"]


async def test_personal_data_does_not_lie_in_clear(desk: ClaimsDesk) -> None:
    person = await desk.person()
    input_ = inputs(person=person)["2401"]
    input_["mdtrtinfo"] |= {"certno": "990101197404100001", "psn_name": "张三", "coner_name": "李四", "tel": "13900001111"}
    await desk.call("2401", input_)
    pool = await desk.claims.db.pool()
    for table in ("visit", "diagnosis", "his_message", "outbox", "insured_person"):
        text = json.dumps([str(dict(row)) for row in await pool.fetch(f"SELECT * FROM {table}")], ensure_ascii=False)
        for secret in ("990101197404100001", "张三", "李四", "13900001111"):
            assert secret not in text, table
