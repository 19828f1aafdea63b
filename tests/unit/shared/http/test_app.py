"""What every service answers alike: problems for whatever goes wrong, health, metrics, and the order of commit and answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import httpx
import pytest
from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from shared.auth import Principal
from shared.auth.wiring import AUDIENCE, build_signer, build_verifier
from shared.db.database import Database
from shared.errors import Kind, Refusal, conflict, unavailable
from shared.http.auth import Caller, IdempotencyKey
from shared.http.problems import MEDIA_TYPE, to_refusal
from shared.runtime import Runtime
from shared.service import Service
from shared.settings import read_settings
from tests.factories.platform import METADATA, START

SETTINGS = read_settings("claims", {"ONEWINDOW_ENV": "test"})
SECRET = "42050219900101123X"


class Payment(BaseModel):
    amount_fen: int = Field(gt=0)
    note: str = Field(max_length=5)


@dataclass
class FakeDatabase:
    """A database that notes what happens to it."""

    story: list[str] = field(default_factory=list)
    away: bool = False
    commit_fails: bool = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[str]:
        self.story.append("begin")
        try:
            yield "tx"
        except BaseException:
            self.story.append("rollback")
            raise
        if self.commit_fails:
            raise unavailable("database.away", "数据库暂时不可用，请稍后重试")
        self.story.append("commit")

    async def ping(self) -> None:
        if self.away:
            raise ConnectionRefusedError("postgres.internal:5432")

    async def close(self) -> None:
        self.story.append("closed")


def routes(db: FakeDatabase) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/refused/{kind}")
    async def refused(kind: str) -> None:
        raise Refusal(
            Kind[kind], "claims.visit.closed", "就诊已结束", "the visit is closed", field="mdtrt_id", facts={"days": 3}
        )

    @router.get("/v1/bug")
    async def bug() -> None:
        raise ValueError(f"could not find {SECRET}")

    @router.get("/v1/gone")
    async def gone() -> None:
        raise HTTPException(418, "teapot", headers={"X-Tea": "yes"})

    @router.get("/v1/shadow")
    async def shadow() -> None:
        raise conflict("a.b", "不行", status=200, title="other", type="other", on=START.date())

    @router.get("/v1/numbers")
    async def numbers(limit: int = Query(ge=1, le=200)) -> int:
        return limit

    @router.get("/v1/payments")
    async def payments() -> None:
        """Another route of the same address."""

    @router.post("/v1/payments", status_code=201)
    async def pay(body: Payment, caller: Caller, key: IdempotencyKey) -> dict[str, Any]:
        caller.require("payments:write")
        async with db.transaction():
            db.story.append(f"{caller.subject} pays {body.amount_fen}")
            if body.note == "bad":
                raise conflict("a.b", "不行")
        return {"paid_fen": body.amount_fen, "key": key}

    return router


class Story:
    """The application under test and the story of its database, with the answer's start in it."""

    def __init__(self, db: FakeDatabase, app: Any) -> None:
        self.db = db
        self.app = app
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self._noting, raise_app_exceptions=False), base_url="http://claims"
        )

    async def _noting(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        async def noting(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.db.story.append(f"answer {message['status']}")
            await send(message)

        await self.app(scope, receive, noting)

    async def pay(self, body: Any, scopes: str = "payments:write", **headers: str) -> httpx.Response:
        token = build_signer(SETTINGS).sign(
            Principal("clerk", "王芳", frozenset(scopes.split()), frozenset({"*"})), audience=AUDIENCE, ttl_s=60
        )
        return await self.http.post(
            "/v1/payments", json=body, headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "k", **headers}
        )


@pytest.fixture
async def story() -> AsyncIterator[Story]:
    db = FakeDatabase()

    async def raw(request: Any) -> PlainTextResponse:
        return PlainTextResponse((await request.body()).decode())

    def bootstrap(settings: Any) -> Runtime:
        return Runtime(
            settings=settings,
            db=cast(Database, db),
            routers=[routes(db)],
            raw_routes=[Route("/his/{p:path}", raw, methods=["POST"])],
        )

    service = Service(name="claims", package="claims", description="test", metadata=METADATA, bootstrap=bootstrap)
    story = Story(db, service.app(SETTINGS))
    async with story.app.router.lifespan_context(story.app), story.http:
        yield story


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:onewindow:problem:{code}")
    return body


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_refusal_is_a_problem_and_comes_back_as_it_was(story: Story, kind: Kind) -> None:
    answer = await story.http.get(f"/v1/refused/{kind.name}")
    body = is_problem(answer, kind.value, "claims.visit.closed")
    assert body == {
        "type": "urn:onewindow:problem:claims.visit.closed",
        "status": kind.value,
        "code": "claims.visit.closed",
        "title": "就诊已结束",
        "detail": "the visit is closed",
        "field": "mdtrt_id",
        "days": 3,
    }
    assert answer.headers.get("retry-after") == ("1" if kind in (Kind.UNAVAILABLE, Kind.TOO_MANY) else None)
    back = to_refusal(answer.status_code, body, upstream="claims")
    assert (back.kind, back.code, back.zh, back.en, back.field, back.facts) == (
        kind,
        "claims.visit.closed",
        "就诊已结束",
        "the visit is closed",
        "mdtrt_id",
        {"days": 3},
    )


async def test_facts_do_not_replace_what_a_problem_says(story: Story) -> None:
    body = is_problem(await story.http.get("/v1/shadow"), 409, "a.b")
    assert (body["title"], body["on"]) == ("不行", "2026-03-02")


async def test_malformed_input_names_every_field_and_repeats_no_value(story: Story) -> None:
    answer = await story.pay({"amount_fen": -5, "note": SECRET})
    body = is_problem(answer, 422, "request.invalid")
    assert body["field"] == "amount_fen"
    assert body["errors"] == [
        {"field": "amount_fen", "rule": "Input should be greater than 0"},
        {"field": "note", "rule": "String should have at most 5 characters"},
    ]
    assert body["title"] == "请求内容有误：amount_fen Input should be greater than 0"
    assert SECRET not in answer.text
    assert story.db.story == ["answer 422"]


@pytest.mark.parametrize(
    ("request_", "field_"),
    [
        ({"content": b"{", "headers": {"content-type": "application/json"}}, "1"),
        ({"content": b"\xff", "headers": {"content-type": "application/json"}}, None),
        ({"json": []}, None),
        ({"json": None}, None),
        ({"content": b"amount_fen=1", "headers": {"content-type": "text/plain"}}, None),
    ],
)
async def test_what_is_no_document_is_a_problem(story: Story, request_: dict[str, Any], field_: str | None) -> None:
    headers = {**story_headers(), **request_.pop("headers", {})}
    answer = await story.http.post("/v1/payments", headers=headers, **request_)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert story.db.story == [f"answer {answer.status_code}"]


def story_headers() -> dict[str, str]:
    token = build_signer(SETTINGS).sign(Principal("clerk", "", frozenset({"*"}), frozenset({"*"})), audience=AUDIENCE, ttl_s=60)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}


async def test_a_query_is_checked_like_a_body(story: Story) -> None:
    body = is_problem(await story.http.get("/v1/numbers", params={"limit": 0}), 422, "request.invalid")
    assert body["field"] == "limit"
    body = is_problem(await story.http.get("/v1/numbers"), 422, "request.invalid")
    assert body["errors"] == [{"field": "limit", "rule": "Field required"}]


async def test_unknown_paths_and_methods(story: Story) -> None:
    assert is_problem(await story.http.get("/v1/nowhere"), 404, "http.404")["title"] == "没有这个地址"
    answer = await story.http.delete("/v1/payments")
    assert is_problem(answer, 405, "http.405")["title"] == "不支持的方法"
    assert answer.headers["allow"] == "GET, POST"
    answer = await story.http.get("/v1/gone")
    assert is_problem(answer, 418, "http.418")["detail"] == "teapot"
    assert answer.headers["x-tea"] == "yes"


async def test_a_bug_is_logged_and_nothing_of_it_is_told(story: Story) -> None:
    with capture_logs() as logs:
        answer = await story.http.get("/v1/bug", params={"q": SECRET})
    assert is_problem(answer, 500, "internal") == {
        "type": "urn:onewindow:problem:internal",
        "status": 500,
        "code": "internal",
        "title": "系统内部错误，请联系管理员",
        "detail": "internal error; see the log",
    }
    [entry] = logs
    assert (entry["event"], entry["path"], entry["log_level"]) == ("http.failed", "/v1/bug", "error")
    assert isinstance(entry["exc_info"], ValueError)


async def test_the_answer_begins_after_the_commit(story: Story) -> None:
    answer = await story.pay({"amount_fen": 5, "note": "ok"})
    assert (answer.status_code, answer.json()) == (201, {"paid_fen": 5, "key": "k"})
    assert story.db.story == ["begin", "clerk pays 5", "commit", "answer 201"]


async def test_a_refusal_inside_a_transaction_is_answered_after_the_rollback(story: Story) -> None:
    is_problem(await story.pay({"amount_fen": 5, "note": "bad"}), 409, "a.b")
    assert story.db.story == ["begin", "clerk pays 5", "rollback", "answer 409"]


async def test_a_commit_that_fails_is_never_answered_as_success(story: Story) -> None:
    story.db.commit_fails = True
    is_problem(await story.pay({"amount_fen": 5, "note": "ok"}), 503, "database.away")
    assert story.db.story == ["begin", "clerk pays 5", "answer 503"]


async def test_callers_without_token_scope_or_key(story: Story) -> None:
    body = {"amount_fen": 5, "note": "ok"}
    is_problem(await story.pay(body, Authorization=""), 401, "auth.token-missing")
    is_problem(await story.pay(body, Authorization="Basic abc"), 401, "auth.token-missing")
    is_problem(await story.pay(body, Authorization="Bearer abc"), 401, "auth.token-invalid")
    other = replace(SETTINGS, service_secret="another secret of thirty-two bytes")
    token = build_signer(other).sign(Principal("x", "x", frozenset({"*"}), frozenset({"*"})), audience=AUDIENCE, ttl_s=60)
    is_problem(await story.pay(body, Authorization=f"Bearer {token}"), 401, "auth.token-invalid")
    is_problem(await story.pay(body, scopes="persons:read"), 403, "auth.scope-missing")
    no_key = await story.http.post("/v1/payments", json=body, headers={"Authorization": story_headers()["Authorization"]})
    assert is_problem(no_key, 422, "request.invalid")["field"] == "Idempotency-Key"
    assert (
        is_problem(await story.pay(body, **{"Idempotency-Key": "k" * 201}), 422, "request.invalid")["field"]
        == "Idempotency-Key"
    )
    assert [each for each in story.db.story if not each.startswith("answer")] == []


async def test_health(story: Story) -> None:
    assert (await story.http.get("/health/live")).json() == {"status": "ok"}
    assert (await story.http.get("/health/ready")).json() == {"status": "ok"}
    story.db.away = True
    answer = await story.http.get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "cause": "ConnectionRefusedError"})
    assert (await story.http.get("/health/live")).json() == {"status": "ok"}


async def test_requests_are_counted_by_route_and_never_by_address(story: Story) -> None:
    await story.http.get("/v1/refused/CONFLICT")
    await story.http.get(f"/v1/nowhere/{SECRET}")
    metrics = (await story.http.get("/metrics")).text
    assert 'onewindow_http_request_seconds_count{route="/v1/refused/{kind}",service="claims",status="409"}' in metrics
    assert 'onewindow_http_request_seconds_count{route="other",service="claims",status="404"}' in metrics
    assert SECRET not in metrics


async def test_raw_routes_get_the_bytes(story: Story) -> None:
    assert (await story.http.post("/his/any/path", content="原文".encode())).text == "原文"


async def test_the_document_describes_problems_and_the_token(story: Story) -> None:
    document = (await story.http.get("/openapi.json")).json()
    pay = document["paths"]["/v1/payments"]["post"]
    assert list(pay["responses"]) == ["201", "default"]
    assert pay["responses"]["default"]["content"] == {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert pay["security"] == [{"HTTPBearer": []}]
    assert [p["name"] for p in pay["parameters"]] == ["Idempotency-Key"]
    assert document["components"]["schemas"]["Problem"]["required"] == ["type", "status", "code", "title", "detail"]
    assert "/his/{p}" not in document["paths"]
    assert "security" not in document["paths"]["/health/live"]["get"]


async def test_the_process_starts_and_stops_what_it_has() -> None:
    db = FakeDatabase()

    async def step(name: str) -> None:
        db.story.append(name)

    runtime = Runtime(
        settings=SETTINGS,
        db=cast(Database, db),
        on_start=[lambda: step("started")],
        on_stop=[lambda: step("stopped")],
        verifier=build_verifier(SETTINGS),
    )
    service = Service(name="claims", package="claims", description="", metadata=METADATA, bootstrap=lambda _: runtime)
    app = service.app(SETTINGS)
    assert db.story == []
    async with app.router.lifespan_context(app):
        assert db.story == ["started"]
    assert db.story == ["started", "stopped", "closed"]
