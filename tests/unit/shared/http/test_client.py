"""Calls between services: what is sent, what is tried again and what comes back as a refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from shared.errors import Kind, Refusal
from shared.http.client import ServiceClient
from shared.http.problems import to_refusal
from shared.telemetry import span

Answer = httpx.Response | Exception
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Other:
    """The other service: gives these answers in turn, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.fixture
def other() -> Other:
    return Other()


@pytest.fixture
async def client(other: Other, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ServiceClient]:
    async def no_pause(_: float) -> None:
        return

    monkeypatch.setattr("shared.http.client.asyncio.sleep", no_pause)
    client = ServiceClient("claims", "http://claims:8002", lambda: "Bearer t", transport=httpx.MockTransport(other))
    yield client
    await client.close()


def ok(body: Any = None) -> httpx.Response:
    return httpx.Response(200, json=body)


def problem(status: int, code: str, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"type": "t", "status": status, "code": code, "title": "不行", "detail": "no", **more})


async def refusal_of(call: Callable[[], Any]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await call()
    return refused.value


async def test_a_query(client: ServiceClient, other: Other) -> None:
    other.answers = [ok({"items": [1]})]
    with span("test", traceparent=TRACE):
        assert await client.get("/v1/visits", {"person_id": "P 1", "after": None, "limit": 5}) == {"items": [1]}
    [request] = other.requests
    assert str(request.url) == "http://claims:8002/v1/visits?person_id=P+1&limit=5"
    assert (request.method, request.headers["authorization"]) == ("GET", "Bearer t")
    assert request.headers["traceparent"].split("-")[1] == TRACE.split("-")[1]
    assert "idempotency-key" not in request.headers


async def test_a_command_and_its_empty_answer(client: ServiceClient, other: Other) -> None:
    other.answers = [httpx.Response(204)]
    assert await client.command("/v1/transfers", {"金额": 5}, "k1") is None
    [request] = other.requests
    assert (request.method, request.headers["idempotency-key"]) == ("POST", "k1")
    assert request.content.decode() == '{"金额":5}'
    assert "traceparent" not in request.headers


@pytest.mark.parametrize(
    "lost", [httpx.ConnectError("x"), httpx.ReadError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x")]
)
async def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    client: ServiceClient, other: Other, lost: Exception
) -> None:
    other.answers = [lost, lost, ok({"done": True})]
    assert await client.command("/v1/transfers", {"a": 1}, "k1") == {"done": True}
    assert [(r.headers["idempotency-key"], r.content) for r in other.requests] == [("k1", b'{"a":1}')] * 3


async def test_after_three_tries_it_is_unavailable(client: ServiceClient, other: Other) -> None:
    other.answers = [httpx.ConnectError("claims.internal refused")]
    refusal = await refusal_of(lambda: client.command("/v1/transfers", {}, "k"))
    assert (refusal.kind, refusal.code, refusal.en) == (Kind.UNAVAILABLE, "claims.away", "claims: ConnectError")
    assert len(other.requests) == 3


async def test_the_other_side_being_unavailable_is_asked_again(client: ServiceClient, other: Other) -> None:
    other.answers = [problem(503, "database.away"), httpx.Response(502, text="<html>"), ok(1)]
    assert await client.get("/v1/x") == 1
    other.answers = [problem(503, "database.away")]
    refusal = await refusal_of(lambda: client.get("/v1/x"))
    assert (refusal.kind, refusal.code) == (Kind.UNAVAILABLE, "database.away")
    assert len(other.requests) == 6


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UNAVAILABLE])
async def test_a_refusal_is_not_asked_again_and_comes_as_it_was(client: ServiceClient, other: Other, kind: Kind) -> None:
    other.answers = [problem(kind.value, "claims.a.b", field="psn_no", days=3)]
    refusal = await refusal_of(lambda: client.command("/v1/x", {}, "k"))
    assert (refusal.kind, refusal.code, refusal.zh, refusal.en) == (kind, "claims.a.b", "不行", "no")
    assert (refusal.field, refusal.facts) == ("psn_no", {"days": 3})
    assert len(other.requests) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, {"code": "internal"}), (404, None), (404, {"detail": "Not Found"}), (400, {"code": "x"}), (307, None), (422, [1])],
)
def test_what_is_no_refusal_of_ours_is_unavailable(status: int, body: Any) -> None:
    refusal = to_refusal(status, body, upstream="claims")
    assert (refusal.kind, refusal.code, refusal.en) == (Kind.UNAVAILABLE, "claims.failed", f"claims answered {status}")


async def test_a_success_that_is_no_json_is_not_taken_for_one(client: ServiceClient, other: Other) -> None:
    """Half an answer: a proxy cut it off. Nothing is known of the command, so it is asked for again."""
    other.answers = [httpx.Response(200, content=b'{"done":'), ok({"done": True})]
    assert await client.command("/v1/x", {}, "k") == {"done": True}
