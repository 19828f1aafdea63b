"""The mock hospital's line: what is lost, doubled or late, what is sent again, and how a different second answer is noticed."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from devstack.his_client import HisClient, HisError, Institution, Line, Mishap
from devstack.mock_hospital import identities_broken
from shared.clock import FixedClock
from shared.crypto.signatures import csb_signature, x_tif_signature

CLOCK = FixedClock(datetime(2026, 11, 22, 2, 0, tzinfo=UTC))


class Platform:
    """Answers every message with a number of its own, or the stored one for a msgid it has seen; remembers the requests."""

    def __init__(self, *, forgets: bool = False) -> None:
        self.requests: list[httpx.Request] = []
        self._answers: dict[str, bytes] = {}
        self._forgets = forgets

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        msgid = json.loads(request.content)["msgid"]
        if self._forgets or msgid not in self._answers:
            answer = {"infcode": "0", "err_msg": "", "output": {"setl_id": str(len(self.requests)), "medfee_sumamt": 1.10}}
            self._answers[msgid] = json.dumps(answer).encode()
        return httpx.Response(200, content=self._answers[msgid])


class Always(random.Random):
    """Dice that fall as told."""

    def __init__(self, mishap: Mishap) -> None:
        super().__init__(1)
        self._mishap = mishap

    def randrange(self, *_: object) -> int:
        return 0

    def choice(self, _: object) -> Any:
        return self._mishap


def hospital(signature: str = "x-tif", *, number: bool = False) -> Institution:
    return Institution(
        code="H99010100001",
        name="演示县人民医院",
        level=3,
        region="990101",
        signature=signature,
        access_key="key",
        secret="secret",
        infcode_number=number,
    )


def client(platform: Platform, line: Line, institution: Institution | None = None) -> HisClient:
    http = httpx.AsyncClient(transport=httpx.MockTransport(platform), base_url="http://gateway")
    return HisClient(http, institution or hospital(), line, CLOCK)


@pytest.mark.parametrize(
    ("mishap", "sent"), [(Mishap.LOST_REQUEST, 1), (Mishap.LOST_REPLY, 2), (Mishap.DOUBLED, 2), (Mishap.DELAYED, 2)]
)
async def test_a_mishap_sends_the_same_message_again(mishap: Mishap, sent: int) -> None:
    platform, line = Platform(), Line(Always(mishap), 100)
    output = await client(platform, line).call("2207", {"data": {}})
    assert output == {"setl_id": "1", "medfee_sumamt": Decimal("1.1")}
    assert len(platform.requests) == sent
    assert len({request.content for request in platform.requests}) == 1
    assert len({request.headers["x-tif-nonce"] for request in platform.requests}) == sent
    assert line.mishaps == {mishap: 1}
    assert line.answered_differently == []


async def test_another_answer_to_the_same_message_is_noticed() -> None:
    line = Line(Always(Mishap.LOST_REPLY), 100)
    await client(Platform(forgets=True), line).call("2207", {"data": {}})
    assert len(line.answered_differently) == 1


async def test_queries_have_no_mishaps() -> None:
    platform, line = Platform(), Line(Always(Mishap.DOUBLED), 100)
    await client(platform, line).call("1101", {"data": {}})
    assert (len(platform.requests), line.mishaps) == (1, {})


async def test_signatures_and_paths_by_institution() -> None:
    platform = Platform()
    line = Line(random.Random(1))
    await client(platform, line).call("1101", {})
    await client(platform, line, hospital("csb")).call("1101", {})
    await client(platform, line, hospital(number=True)).call("1101", {})
    tif, csb, named = platform.requests
    stamp, nonce = tif.headers["x-tif-timestamp"], tif.headers["x-tif-nonce"]
    assert stamp == "1795312800"
    assert tif.headers["x-tif-signature"] == x_tif_signature(stamp, "secret", nonce)
    signed = {name: csb.headers[name] for name in ("_api_name", "_api_version", "_api_timestamp", "_api_access_key")}
    assert csb.headers["_api_signature"] == csb_signature(signed, "secret")
    assert [request.url.path for request in platform.requests] == [
        "/fsi/api/rsfComIfsService/callService",
        "/CSB",
        "/hsa/hgs/1101",
    ]
    assert len(json.loads(tif.content)["msgid"]) == 30
    assert json.loads(named.content)["fixmedins_code"] == "H99010100001"


async def test_a_refusal_is_an_error_with_the_clerks_text() -> None:
    async def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"infcode": -1, "err_msg": "未参保", "output": {}})

    http = httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://gateway")
    with pytest.raises(HisError, match="2201: 未参保"):
        await HisClient(http, hospital(), Line(random.Random(1)), CLOCK).call("2201", {})


def test_a_cashier_sees_a_broken_identity() -> None:
    names = "fulamt_ownpay_amt overlmt_selfpay hosp_part_amt acct_pay cvlserv_pay hifes_pay hifmi_pay hifob_pay hifdm_pay maf_pay oth_pay"
    answer = dict.fromkeys(names.split(), Decimal(0)) | {
        "medfee_sumamt": Decimal("100.00"),
        "preselfpay_amt": Decimal("10.00"),
        "inscp_scp_amt": Decimal("90.00"),
        "act_pay_dedc": Decimal("20.00"),
        "hifp_pay": Decimal("52.50"),
        "fund_pay_sumamt": Decimal("52.50"),
        "psn_part_amt": Decimal("47.50"),
        "psn_cash_pay": Decimal("47.50"),
    }
    assert identities_broken(answer, Decimal("100.00")) == []
    assert identities_broken(answer, Decimal("100.01")) == ["total = billed"]
    assert identities_broken(answer | {"psn_cash_pay": Decimal("47.49")}, Decimal("100.00")) == ["person = account + cash"]
