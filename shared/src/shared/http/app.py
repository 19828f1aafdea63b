"""The FastAPI application of a service: its routers, and what every service answers alike."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http import problems
from shared.runtime import Runtime
from shared.telemetry import span

log = structlog.get_logger()

SECONDS = Histogram(
    "onewindow_http_request_seconds",
    "Time to answer",
    ["service", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10),
)


def create_app(service: str, description: str, runtime: Runtime) -> FastAPI:
    """Build the application. Connections are opened when it starts, not when it is built."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await runtime.start()
        try:
            yield
        finally:
            await runtime.stop()

    app = _Application(
        title=f"OneWindow {service}",
        description=description,
        version="1.0",
        lifespan=lifespan,
        docs_url="/docs",
        redoc_url=None,
        separate_input_output_schemas=False,
        responses=problems.RESPONSES,
    )
    problems.install(app)
    _health(app, runtime)
    for router in runtime.routers:
        app.include_router(router)
    app.service = service
    app.raw_routes = runtime.raw_routes
    return app


class _Application(FastAPI):
    service = ""
    raw_routes: Sequence[BaseRoute] = ()

    def build_middleware_stack(self) -> ASGIApp:
        """Ours outside of the framework's: raw routes are few and hot and need nothing that it does for each request."""
        return _Observe(_RawFirst(super().build_middleware_stack(), self.raw_routes), self.service)

    def openapi(self) -> dict[str, Any]:
        """The document, with the schema that every problem has."""
        document = super().openapi()
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = problems.SCHEMA
        return document


def _health(app: FastAPI, runtime: Runtime) -> None:
    @app.get("/health/live", tags=["operation"], summary="The process runs")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/health/ready", tags=["operation"], summary="It can work: its database answers", responses={503: {}})
    async def ready(response: Response) -> dict[str, str]:
        try:
            await runtime.db.ping()
        except Exception as cause:
            response.status_code = 503
            return {"status": "unavailable", "cause": type(cause).__name__}
        return {"status": "ok"}

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class _RawFirst:
    """Asks the raw routes before the framework."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for route in self._routes:
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    scope["route"] = route
                    await route.handle(scope, receive, send)
                    return
        await self._app(scope, receive, send)


class _Observe:
    """Trace context and timing, as plain ASGI: no body is touched and no task is made."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        headers: dict[bytes, bytes] = dict(scope["headers"])
        with span("http", traceparent=headers.get(b"traceparent", b"").decode("latin-1") or None):
            try:
                await self._app(scope, receive, observe)
            finally:
                SECONDS.labels(self._service, _route_of(scope), str(status)).observe(time.perf_counter() - started)


def _route_of(scope: dict[str, Any] | Scope) -> str:
    route = scope.get("route")
    return str(getattr(route, "path", "other"))
