"""Refusals as RFC 9457 problem documents, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.errors import Kind, Refusal

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "Why nothing was done (RFC 9457); some problems carry figures of their own.",
    "required": ["type", "status", "code", "title", "detail"],
    "properties": {
        "type": {"type": "string", "description": "urn:onewindow:problem: and the code"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stable"},
        "title": {"type": "string", "description": "Chinese, for the screen"},
        "detail": {"type": "string", "description": "English, for the log"},
        "field": {"type": "string", "description": "the caller's name of what is wrong"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "rule": {"type": "string"}}},
        },
    },
}
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "A refusal",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""How every route's documentation describes what is not a success."""


def problem(
    status: int, code: str, title: str, detail: str, *, field: str | None = None, facts: Mapping[str, Any] | None = None
) -> JSONResponse:
    """A problem document. ``code`` is stable; ``title`` is Chinese for the screen, ``detail`` English for the log."""
    body: dict[str, Any] = {
        "type": f"urn:onewindow:problem:{code}",
        "status": status,
        "code": code,
        "title": title,
        "detail": detail,
    }
    if field is not None:
        body["field"] = field
    body = {**jsonable_encoder(facts or {}), **body}
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every failure of the app with a problem document."""

    @app.exception_handler(Refusal)
    async def refused(_: Request, refusal: Refusal) -> JSONResponse:
        response = problem(refusal.kind.value, refusal.code, refusal.zh, refusal.en, field=refusal.field, facts=refusal.facts)
        if refusal.kind in (Kind.UNAVAILABLE, Kind.TOO_MANY):
            response.headers["Retry-After"] = "1"
        return response

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {
                "field": ".".join(str(part) for part in e["loc"] if part not in ("body", "query", "path", "header")),
                "rule": e["msg"],
            }
            for e in error.errors()
        ]
        first = errors[0] if errors else {"field": "", "rule": ""}
        return problem(
            422,
            "request.invalid",
            f"请求内容有误：{first['field']} {first['rule']}",
            f"{first['field']}: {first['rule']}",
            field=first["field"] or None,
            facts={"errors": errors},
        )

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        titles = {404: "没有这个地址", 405: "不支持的方法"}
        response = problem(
            error.status_code, f"http.{error.status_code}", titles.get(error.status_code, "请求有误"), str(error.detail)
        )
        response.headers.update(error.headers or {})
        if error.status_code == 405:
            # The router names the methods of the first route that fits the address, the document all of them.
            address = app.openapi()["paths"].get(getattr(request.scope.get("route"), "path", None), {})
            response.headers["Allow"] = ", ".join(map(str.upper, address)) or response.headers.get("Allow", "")
        return response

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> JSONResponse:
        log.error("http.failed", path=request.url.path, exc_info=error)
        return problem(500, "internal", "系统内部错误，请联系管理员", "internal error; see the log")


def to_refusal(status: int, body: Any, *, upstream: str) -> Refusal:
    """A problem document from another service as the Refusal it was; anything else as UNAVAILABLE."""
    kinds = {kind.value: kind for kind in Kind}
    if isinstance(body, dict) and "code" in body and status in kinds:
        facts = {k: v for k, v in body.items() if k not in ("type", "status", "code", "title", "detail", "field")}
        return Refusal(
            kinds[status],
            str(body["code"]),
            str(body.get("title", "")),
            str(body.get("detail", "")),
            field=body.get("field"),
            facts=facts,
        )
    return Refusal(Kind.UNAVAILABLE, f"{upstream}.failed", "系统繁忙，请稍后重试", f"{upstream} answered {status}")
