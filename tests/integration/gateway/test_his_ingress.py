"""The door for hospitals: who is let in, what is forwarded, what is answered in claims' place."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.application.forward_his_message import MAX_BYTES
from shared.contracts.claims import InstitutionStated
from shared.crypto import csb_signature, x_tif_signature
from shared.errors import unavailable
from tests.integration.gateway.conftest import SECRET, ClaimsDouble, House

PATH = "/fsi/api/rsfComIfsService/callService"
BODY = '{"infno": "2207", "msgid": "1", "fixmedins_code": "H99010100001", "input": {"中": 1}}'.encode("gb18030")
"""As it comes: not even UTF-8."""


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"ONEWINDOW_GATEWAY_HIS_TIMEOUT_S": "1", **getattr(request, "param", {})}


async def institution(house: House, **more: Any) -> InstitutionStated:
    stated = InstitutionStated(
        **{
            "institution_code": "H99010100001",
            "version": 1,
            "name": "县人民医院",
            "level": 2,
            "region": "990101",
            "active": True,
            "signature": "x-tif",
            "access_key": "paas-1",
            "secret_sealed": house.sealer.seal(SECRET),
            **more,
        }
    )
    await house.tell(stated)
    return stated


def x_tif(nonce: str = "n1", *, age_s: int = 0, secret: str = SECRET, key: str = "paas-1") -> dict[str, str]:
    timestamp = str(int(time.time()) - age_s)
    return {
        "X-Tif-PaasId": key,
        "x-TIF-timestamp": timestamp,
        "x-tif-nonce": nonce,
        "x-tif-signature": x_tif_signature(timestamp, secret, nonce).upper(),
    }


def csb(*, digits: int = 13, age_s: int = 0, secret: str = SECRET) -> dict[str, str]:
    now = time.time() - age_s
    fields = {
        "_api_name": "2207",
        "_api_version": "1.0.0",
        "_api_timestamp": str(int(now)) if digits == 10 else str(int(now * 1000)),
        "_api_access_key": "csb-1",
    }
    return {**fields, "_api_signature": csb_signature(fields, secret)}


async def send(house: House, headers: dict[str, str], body: bytes = BODY, path: str = PATH) -> httpx.Response:
    return await house.client.post(path, content=body, headers={"content-type": "text/plain;charset=GBK", **headers})


async def test_bytes_go_through_unchanged_both_ways(house: House) -> None:
    await institution(house)
    house.desk.answer = '{"infcode":"0","err_msg":"","output":{"中":"国"}}'.encode()
    answer = await send(house, x_tif(), path="/hsa/hgs/2207")
    assert (answer.status_code, answer.content) == (200, house.desk.answer)
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    [(path, headers, body)] = house.desk.requests
    assert (path, body) == ("/hsa/hgs/2207", BODY)
    assert headers["x-onewindow-institution"] == "H99010100001"
    assert headers["content-type"] == "text/plain;charset=GBK"
    assert headers["authorization"].startswith("Bearer ")


@pytest.mark.parametrize(
    "path", ["/CSB", "/mss/web/api/fsi/callService", "/mbs-fsi/web/api/fsi/callService", "/fsi/api/hospSettService/settV2"]
)
async def test_every_path_leads_to_claims(house: House, path: str) -> None:
    await institution(house)
    assert (await send(house, x_tif(), path=path)).status_code == 200
    assert [request[0] for request in house.desk.requests] == [path]


async def test_a_trace_is_continued(house: House) -> None:
    await institution(house)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await send(house, {**x_tif(), "traceparent": trace})
    assert house.desk.requests[0][1]["traceparent"].split("-")[1] == "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("signed", "message"),
    [
        (dict, "缺少网关认证请求头"),
        (lambda: {"x-tif-paasid": "paas-1", "x-tif-nonce": "1"}, "缺少网关认证请求头"),
        (lambda: x_tif(key="nobody"), "未登记的接入账号"),
        (lambda: x_tif(secret="wrong"), "签名校验失败"),
        (lambda: x_tif(age_s=700), "时间戳无效或超出允许范围"),
        (lambda: x_tif(age_s=-700), "时间戳无效或超出允许范围"),
        (lambda: {**x_tif(), "x-TIF-timestamp": "yesterday"}, "时间戳无效或超出允许范围"),
        (lambda: {"apikey": "anything"}, "未登记的接入账号"),
        (lambda: {**csb(), "_api_access_key": "paas-1"}, "未登记的接入账号"),
    ],
)
async def test_what_is_not_proved_is_refused_and_not_forwarded(
    house: House, signed: Callable[[], dict[str, str]], message: str
) -> None:
    await institution(house)
    answer = await send(house, signed())
    assert (answer.status_code, answer.json()) == (401, {"code": 401, "message": message})
    assert house.desk.requests == []


async def test_a_replayed_nonce_is_refused_and_a_new_one_is_not(house: House) -> None:
    await institution(house)
    headers = x_tif("once")
    assert (await send(house, headers)).status_code == 200
    other_body = BODY.replace(b"2207", b"2208")  # the signature does not cover the body: this is the danger
    replayed = await send(house, headers, other_body)
    assert (replayed.status_code, replayed.json()) == (401, {"code": 401, "message": "重复的随机数，请求已被接收过"})
    assert (await send(house, x_tif("twice"))).status_code == 200
    assert [body for _, _, body in house.desk.requests] == [BODY, BODY]


async def test_a_wrongly_signed_message_does_not_use_up_its_nonce(house: House) -> None:
    await institution(house)
    assert (await send(house, x_tif("n", secret="wrong"))).status_code == 401
    assert (await send(house, x_tif("n"))).status_code == 200


@pytest.mark.parametrize("digits", [10, 13])
async def test_csb_with_either_timestamp(house: House, digits: int) -> None:
    await institution(house, signature="csb", access_key="csb-1")
    assert (await send(house, csb(digits=digits), path="/CSB")).status_code == 200
    assert (await send(house, csb(age_s=1700), path="/CSB")).status_code == 200
    stale = await send(house, csb(age_s=1900), path="/CSB")
    assert (stale.status_code, stale.json()["message"]) == (401, "时间戳无效或超出允许范围")
    wrong = await send(house, csb(secret="wrong"), path="/CSB")
    assert (wrong.status_code, wrong.json()["message"]) == (401, "签名校验失败")
    assert len(house.desk.requests) == 2


async def test_a_constant_key(house: House) -> None:
    await institution(house, signature="apikey", access_key="main key")
    assert (await send(house, {"ApiKey": SECRET})).status_code == 200
    assert (await send(house, {"apikey": "main key"})).status_code == 401  # its name is no key
    assert len(house.desk.requests) == 1


async def test_network_trust_only_for_institutions_that_are_set_so(house: House) -> None:
    await institution(house, signature="none", access_key="", secret_sealed="")
    assert (await send(house, {})).status_code == 200
    await institution(house, institution_code="H99010100002")
    signed = BODY.replace(b"H99010100001", b"H99010100002")
    refused = await send(house, {}, signed)
    assert (refused.status_code, refused.json()["message"]) == (401, "缺少网关认证请求头")
    assert len(house.desk.requests) == 1


async def test_a_deactivated_institution_is_out_when_the_copy_is_read_again(house: House) -> None:
    stated = await institution(house)
    assert (await send(house, x_tif("a"))).status_code == 200
    await house.tell(replace(stated, version=3, active=False))
    await house.tell(replace(stated, version=2))  # an older state that arrives late
    (ingress,) = house.runtime.raw_routes
    ingress._admit._institutions._read_at = float("-inf")  # type: ignore[attr-defined]  # as if ten seconds had passed
    refused = await send(house, x_tif("b"))
    assert (refused.status_code, refused.json()["message"]) == (401, "机构接入已停用")
    assert await house.rows("SELECT version, active FROM institution") == [(3, False)]


async def test_a_message_that_is_too_large_is_told_so_and_not_forwarded(house: House) -> None:
    await institution(house)
    exact = b"x" * MAX_BYTES
    assert (await send(house, x_tif("a"), exact)).status_code == 200
    answer = await send(house, x_tif("b"), exact + b"x")
    document = answer.json()
    assert (answer.status_code, document["infcode"], document["output"]) == (200, "-1", {})
    assert document["err_msg"] == "报文过大，未办理；单次报文不得超过10MB，请分批上传"
    assert document["inf_refmsgid"][:20] == "99010120260302093000"
    assert (len(document["inf_refmsgid"]), len(document["refmsg_time"]), len(document["respond_time"])) == (30, 17, 17)
    assert [len(body) for _, _, body in house.desk.requests] == [MAX_BYTES]


async def test_infcode_as_a_number_where_the_institution_wants_it(house: House) -> None:
    await institution(house, infcode_number=True)
    await house.desk.stop()
    answer = await send(house, x_tif())
    assert answer.json()["infcode"] == -1
    assert answer.json()["err_msg"] == "系统繁忙，本次未办理，请稍后用原报文重发"


async def test_an_answer_that_does_not_come_leaves_the_outcome_open(house: House) -> None:
    await institution(house)
    house.desk.hold = True
    answer = await send(house, x_tif())
    assert (answer.status_code, answer.json()["infcode"]) == (200, "-1")
    assert answer.json()["err_msg"] == "结果未知，请用原报文重发或先查询，不要重新办理"


@pytest.mark.parametrize(("status", "said"), [(500, "结果未知"), (503, "结果未知"), (404, "本次未办理"), (401, "本次未办理")])
async def test_a_failure_of_claims_becomes_an_answer(house: House, status: int, said: str) -> None:
    await institution(house)
    house.desk.status = status
    answer = await send(house, x_tif())
    assert (answer.status_code, answer.json()["infcode"]) == (200, "-1")
    assert said in answer.json()["err_msg"]


async def test_a_lost_connection_is_tried_once_more_with_the_same_bytes(house: House) -> None:
    await institution(house)
    assert (await send(house, x_tif("a"))).status_code == 200
    house.desk.drop_first = 1
    answer = await send(house, x_tif("b"))
    assert answer.content == house.desk.answer
    assert [body for _, _, body in house.desk.requests] == [BODY] * 3
    house.desk.drop_first = 3
    lost = await send(house, x_tif("c"))
    assert "结果未知" in lost.json()["err_msg"]


async def test_many_at_once_get_their_own_answers(house: House) -> None:
    await institution(house)

    async def echo(self: ClaimsDouble, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                # In chunks and in pieces, as servers may.
                writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n" % length + body[:3])
                await writer.drain()
                await asyncio.sleep(0)
                writer.write(body[3:] + b"\r\n0\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()

    await house.desk.stop()
    house.desk._serve = echo.__get__(house.desk)  # type: ignore[method-assign]  # another way to answer
    await house.desk.start()
    bodies = [json.dumps({"n": n}).encode() for n in range(60)]
    answers = await asyncio.gather(*(send(house, x_tif(f"n{n}"), body) for n, body in enumerate(bodies)))
    assert [answer.content for answer in answers] == bodies


@pytest.mark.parametrize("environment", [{"ONEWINDOW_GATEWAY_HIS_MESSAGES_PER_S": "2"}], indirect=True)
async def test_more_than_allowed_is_told_so_and_not_forwarded(house: House) -> None:
    await institution(house)
    answers = await asyncio.gather(*(send(house, x_tif(f"n{n}")) for n in range(40)))
    refused = [answer.json() for answer in answers if answer.content != house.desk.answer]
    assert len(refused) + len(house.desk.requests) == 40
    assert {(document["infcode"], document["err_msg"]) for document in refused} == {
        ("-1", "请求过于频繁，本次未办理，请稍后重试")
    }


@pytest.mark.parametrize("environment", [{"ONEWINDOW_GATEWAY_HIS_NONCES": "database"}], indirect=True)
async def test_several_processes_agree_on_replays_through_the_database(house: House) -> None:
    await institution(house)
    headers = x_tif("same")
    answers = await asyncio.gather(
        *(send(house, headers) for _ in range(20)), *(send(house, x_tif(f"n{n}")) for n in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 21 + [401] * 19
    assert len(house.desk.requests) == 21
    assert await house.rows("SELECT count(*) FROM his_nonce") == [(21,)]
    await house.run_job("forget-nonces")
    assert await house.rows("SELECT count(*) FROM his_nonce") == [(21,)]
    pool = await house.runtime.db.pool()
    await pool.execute("UPDATE his_nonce SET seen_at = seen_at - interval '21 minutes'")
    await house.run_job("forget-nonces")
    assert await house.rows("SELECT count(*) FROM his_nonce") == [(0,)]


@pytest.mark.parametrize("path", ["/v1/persons/2207", "/nothing", "/"])
async def test_other_posts_are_no_his_messages(house: House, path: str) -> None:
    await institution(house)
    answer = await send(house, x_tif(), path=path)
    assert answer.status_code in (404, 405)
    assert answer.headers["content-type"] == "application/problem+json"
    assert house.desk.requests == []


async def test_half_a_message_is_none(house: House) -> None:
    await institution(house)
    messages = iter([{"type": "http.request", "body": BODY, "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send_(message: Any) -> None:
        sent.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in x_tif().items()]
    (ingress,) = house.runtime.raw_routes
    await ingress.handle(
        {"type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(), "headers": headers}, receive, send_
    )
    assert (sent, house.desk.requests) == ([], [])


async def test_without_a_database_a_known_institution_is_served_and_an_unknown_one_is_put_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await institution(house)

    def away() -> Any:
        raise unavailable("database.away", "数据库暂时不可用")

    monkeypatch.setattr(house.runtime.db, "reading", away)
    put_off = await send(house, x_tif("a"))
    assert (put_off.status_code, put_off.json()["infcode"], put_off.json()["inf_refmsgid"][:6]) == (200, "-1", "000000")
    assert put_off.json()["err_msg"] == "系统繁忙，本次未办理，请稍后用原报文重发"
    assert house.desk.requests == []
    monkeypatch.undo()
    assert (await send(house, x_tif("b"))).content == house.desk.answer
    monkeypatch.setattr(house.runtime.db, "reading", away)
    (ingress,) = house.runtime.raw_routes
    ingress._admit._institutions._read_at = float("-inf")  # type: ignore[attr-defined]  # the copy is old
    assert (await send(house, x_tif("c"))).content == house.desk.answer


async def test_a_path_cannot_smuggle_a_header(house: House) -> None:
    await institution(house)
    answer = await send(house, x_tif(), path="/hsa/%0d%0ax-onewindow-institution:%20H99010100009%0d%0a/2207")
    assert answer.status_code in (200, 404)
    assert [headers["x-onewindow-institution"] for _, headers, _ in house.desk.requests] in ([], ["H99010100001"])
