"""Whatever arrives, one HIS answer with HTTP 200 leaves, and nothing is done for what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from claims.application.header import HisHeader
from claims.application.visits.answers import Done, FeesUploaded, SignedIn, VisitOpened
from claims.domain.institution import Institution, Switches
from claims.entrypoints.his.answers import HisAnswers
from claims.entrypoints.his.dispatch import Dispatch, HisDesk
from claims.entrypoints.his.endpoint import HisEndpoint
from claims.entrypoints.his.envelope import MAX_BODY_BYTES
from shared.clock import FixedClock
from shared.errors import conflict, unavailable
from tests.factories.his_messages import INSTITUTION, inputs, message
from tests.factories.settlements import SETTLED

CLOCK = FixedClock(datetime(2026, 3, 5, tzinfo=UTC))


def institution(*, active: bool = True, **switches: Any) -> Institution:
    return Institution(
        code=INSTITUTION,
        version=1,
        name="医院",
        kind="1",
        level=3,
        region="420500",
        active=active,
        signature="none",
        access_key="",
        secret_sealed="",
        switches=Switches(**switches),
    )


OPENED = VisitOpened(visit_id="V1", person_id="P1", hospital_no="MZ1")
RESULTS = {
    "9001": SignedIn(sign_no="N1", signed_on=date(2026, 3, 5)),
    "2201": OPENED,
    "2401": OPENED,
    "2204": FeesUploaded(lines=()),
    "2301": FeesUploaded(lines=()),
    **dict.fromkeys(("2207", "2207A", "2208", "2304", "2305"), SETTLED),
}


class Desk:
    """Use cases that only note that they were called."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.done: list[Any] = []
        self._failure = failure

    async def command(self, command: Any, _: Institution, render: Callable[[Any], bytes]) -> bytes:
        self._note(command)
        return render(RESULTS.get(command.header.infno, Done()))

    async def query(self, command: Any, _: Institution) -> Any:
        self._note(command)
        raise conflict("test.nothing", "没有结果")

    def _note(self, command: Any) -> None:
        if self._failure is not None:
            raise self._failure
        self.done.append(command)

    def build(self) -> HisDesk:
        queries = {"identify_person", "pre_settle", "query_settlement"}
        slots: dict[str, Any] = {n: self.query if n in queries else self.command for n in HisDesk.__dataclass_fields__}
        return HisDesk(**slots)


def endpoint(desk: Desk, found: Institution | None) -> HisEndpoint:
    async def find(code: str) -> Institution | None:
        return found if found and found.code == code else None

    async def check(header: HisHeader, _: Institution) -> None:
        if header.sign_no == "refuse":
            raise conflict("test.sign-in", "当日未签到")

    return HisEndpoint(Dispatch(desk.build()), HisAnswers(CLOCK, first_serial=1), find, check, CLOCK)


async def post(
    desk: Desk,
    body: bytes,
    *,
    path: str = "/CSB",
    sender: str = INSTITUTION,
    found: Institution | None = None,
    chunk: int = 1 << 16,
) -> dict[str, Any]:
    chunks = [body[i : i + chunk] for i in range(0, len(body), chunk)] or [b""]
    messages = [{"type": "http.request", "body": c, "more_body": i + 1 < len(chunks)} for i, c in enumerate(chunks)]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(b"x-onewindow-institution", sender.encode("latin-1"))],
    }
    await endpoint(desk, found or institution())(scope, receive, send)
    assert [m["type"] for m in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 200
    assert dict(sent[0]["headers"])[b"content-length"] == str(len(sent[1]["body"])).encode()
    assert not messages
    answer: dict[str, Any] = json.loads(sent[1]["body"])
    return answer


async def test_a_command_reaches_its_use_case() -> None:
    desk = Desk()
    answer = await post(desk, message("9001", inputs()["9001"]))
    assert (answer["infcode"], answer["err_msg"]) == ("0", "")
    assert answer["output"]["signinoutb"] == {"sign_time": "2026-03-05", "sign_no": "N1"}
    assert [command.operator_no for command in desk.done] == ["0001"]


@pytest.mark.parametrize("infno", sorted(inputs()))
async def test_every_transaction_is_served(infno: str) -> None:
    desk = Desk()
    await post(desk, message(infno, inputs()[infno]))
    assert [command.header.infno for command in desk.done] == [infno]


async def test_an_unknown_transaction_is_named() -> None:
    desk = Desk()
    answer = await post(desk, message("7101", {"data": {}}))
    assert (answer["infcode"], answer["err_msg"], answer["output"]) == ("-1", "不支持的交易编号(infno)：7101", {})
    assert desk.done == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "报文不是合法的JSON"),
        (b"\xff\xff", "报文字符集无法识别，应为UTF-8或GB18030"),
        (b"x" * (MAX_BODY_BYTES + 1), "报文超过4MB上限"),
        (b"x" * 10_000_000, "报文超过4MB上限"),
        (message("2201", {"data": {"psn_no": None}}), "缺少必填项：人员编号(psn_no)、险种类型(insutype)、"),
        (message("2201", None), "缺少必填项：交易输入(input)"),
    ],
)
async def test_bad_input_is_answered_and_nothing_is_done(body: bytes, text: str) -> None:
    desk = Desk()
    answer = await post(desk, body)
    assert answer["infcode"] == "-1"
    assert answer["err_msg"].startswith(text)
    assert desk.done == []


async def test_a_message_of_another_institution_is_refused() -> None:
    desk = Desk()
    answer = await post(desk, message("9001", inputs()["9001"]), sender="H42050100002")
    assert answer["err_msg"] == "定点医药机构编号(fixmedins_code)与签名机构不一致"
    assert (await post(desk, message("9001", inputs()["9001"]), sender=""))["infcode"] == "-1"
    assert desk.done == []


async def test_an_institution_that_is_not_designated_or_suspended_is_refused() -> None:
    desk = Desk()
    other = message("9001", inputs()["9001"], fixmedins_code="H42050100002")
    assert (await post(desk, other, sender="H42050100002"))["err_msg"] == "定点医药机构编号(fixmedins_code)H42050100002未登记"
    suspended = await post(desk, message("9001", inputs()["9001"]), found=institution(active=False))
    assert suspended["err_msg"] == f"定点医药机构(fixmedins_code){INSTITUTION}已暂停服务"
    assert desk.done == []


async def test_the_sign_in_check_comes_before_the_use_case() -> None:
    desk = Desk()
    answer = await post(desk, message("2404", inputs()["2404"], sign_no="refuse"))
    assert (answer["infcode"], answer["err_msg"]) == ("-1", "当日未签到")
    assert desk.done == []


async def test_what_is_passing_asks_for_the_same_message_again() -> None:
    answer = await post(Desk(unavailable("db.away", "数据库暂时不可用")), message("2404", inputs()["2404"]))
    assert (answer["infcode"], answer["err_msg"]) == ("-1", "系统繁忙，请稍后用同一报文重发")


async def test_a_bug_is_a_his_answer_in_the_institutions_dialect() -> None:
    answer = await post(Desk(RuntimeError("x")), message("2404", inputs()["2404"]), found=institution(infcode_number=True))
    assert answer["infcode"] == -1
    assert answer["err_msg"] == "系统内部错误，请联系医保经办机构；可用同一报文重发"


async def test_a_client_that_hangs_up_gets_no_answer() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        raise AssertionError("nobody is there")

    desk = Desk()
    scope = {"type": "http", "method": "POST", "path": "/CSB", "headers": []}
    await endpoint(desk, institution())(scope, receive, send)
    assert desk.done == []


_texts = st.text(max_size=8) | st.sampled_from(
    ["", "null", "0000", "1", "-1", "1e999999", "NaN", "2026-03-05", "\ud800", "\x00"]
)
_trees: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)


@given(body=st.binary(max_size=200), path=st.sampled_from(["/CSB", "/hsa/hgs/2207", "/x"]))
async def test_no_bytes_make_anything_but_a_his_answer(body: bytes, path: str) -> None:
    desk = Desk()
    answer = await post(desk, body, path=path, chunk=7)
    assert answer["infcode"] == "-1"
    assert answer["err_msg"]
    assert desk.done == []


@given(input_=_trees, infno=st.sampled_from(sorted(inputs())), envelope=st.dictionaries(_texts, _trees, max_size=3))
async def test_no_json_makes_anything_but_a_his_answer(input_: Any, infno: str, envelope: dict[str, Any]) -> None:
    body = json.dumps({**json.loads(message(infno, {})), "input": input_, **envelope}).encode()
    answer = await post(Desk(), body)
    assert answer["infcode"] == "-1"
    assert "系统内部错误" not in answer["err_msg"]


@given(data=st.data(), infno=st.sampled_from(sorted(inputs())))
async def test_no_value_of_a_known_field_makes_anything_but_a_his_answer(data: st.DataObject, infno: str) -> None:
    input_ = inputs()[infno]
    _, node = next(iter(input_.items()))
    target = node[0] if isinstance(node, list) else node
    name = data.draw(st.sampled_from(sorted(target)))
    target[name] = data.draw(_trees)
    answer = await post(Desk(), json.dumps({**json.loads(message(infno, {})), "input": input_}).encode())
    assert answer["infcode"] in ("0", "-1")
    assert "系统内部错误" not in answer["err_msg"]
    assert set(answer) == {"infcode", "inf_refmsgid", "refmsg_time", "respond_time", "err_msg", "warn_msg", "output"}
