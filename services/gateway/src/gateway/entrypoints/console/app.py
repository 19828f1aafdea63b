"""The console as a web application: pages by NiceGUI, sign-in and search as plain forms that need no script."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote, urlencode

import httpx
import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from nicegui import ui

from gateway.entrypoints.console.frame import COOKIE, Frame, failure
from gateway.entrypoints.console.markup import Html, el
from gateway.entrypoints.console.pages import (
    accept,
    benefits,
    case,
    clearing,
    conversion,
    double_bills,
    funds,
    home,
    matter,
    out_of_area,
    paper_claims,
    partner_documents,
    person,
    person_dues,
    recovery,
    recurrences,
    returns,
    rule_book,
    rule_books,
    settlement,
    sign_in,
    simulation,
    simulations,
    stay_split,
    worklists,
)
from gateway.entrypoints.console.provider import RETURN_PATH, WAIT_S, Provider
from shared.errors import Kind, Refusal
from shared.ids import IdFactory, TimeOrderedIds
from shared.settings import Settings, read_settings
from shared.telemetry import configure_logging

_STATIC: Final = Path(__file__).parent / "static"
_RECEIPT: Final = re.compile(r"[A-Z]{2}\d{2}\d{14}")
_NUMBER: Final = re.compile(r"[0-9A-Za-z]{8,}")
_BEGUN: Final = "onewindow_sign_in"
_GATEWAY_TIMEOUT_S: Final = 20
_AWAY_S: Final = 60
"""How long a page waits for a slow line to come back before it is forgotten."""


def serve() -> None:
    """Run the console on ``ONEWINDOW_CONSOLE_PORT`` until stopped."""
    settings = read_settings("console")
    configure_logging("console", level=settings.log_level)
    # Its lines hold addresses, and an address may hold an id number that somebody searched for.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )


def create_app(settings: Settings) -> FastAPI:
    """The application. NiceGUI keeps its pages in the process, so there is one console a process."""
    http = httpx.AsyncClient(base_url=settings.urls["gateway"], timeout=_GATEWAY_TIMEOUT_S, trust_env=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await http.aclose()

    app = FastAPI(title="OneWindow console", lifespan=lifespan, openapi_url=None)
    clock = settings.clock()
    ids = TimeOrderedIds(clock)
    frame = Frame(http, clock, ids)
    app.middleware("http")(_private)
    app.mount("/static", StaticFiles(directory=_STATIC))
    _plain_routes(app, frame, secure=settings.production)
    _provider_routes(app, frame, _provider(http, ids), secure=settings.production)
    sign_in.add(frame)
    for path, title, show in (
        ("/", "窗口", home.show),
        ("/search", "查找", home.show_found),
        ("/persons/{person_id}", "一人一档", person.show),
        ("/settlements/{settlement_id}", "结算单", settlement.show),
        ("/matters", "办件", matter.show_list),
        ("/matters/{matter_id}", "办件", matter.show),
        ("/accept", "受理", accept.show_choice),
        ("/accept/{code}", "受理", accept.show),
        ("/conversions", "工伤桥", conversion.show_list),
        ("/conversions/{conversion_id}", "工伤桥", conversion.show),
        ("/cases/{case_id}", "工伤案件", case.show),
        ("/cases/{case_id}/benefits", "工伤待遇", benefits.show_case),
        ("/cases/{case_id}/paper-claims/new", "手工报销", paper_claims.show_new),
        ("/paper-claims/{paper_claim_id}", "手工报销", paper_claims.show),
        ("/worklists", "工伤待办", worklists.show),
        ("/worklists/{kind}", "工伤待办", worklists.show),
        ("/stay-splits/{visit_id}", "结算前拆分", stay_split.show),
        ("/recoveries/{recovery_id}", "追偿", recovery.show),
        ("/double-bills", "重复报销", double_bills.show),
        ("/partner-documents", "合作单位来文", partner_documents.show_list),
        ("/partner-documents/{document_id}", "合作单位来文", partner_documents.show),
        ("/recurrences", "旧伤复发", recurrences.show),
        ("/out-of-area", "异地就医", out_of_area.show),
        ("/clearings", "月末清算", clearing.show_list),
        ("/clearings/{clearing_id}", "月末清算", clearing.show),
        ("/person-dues", "应付个人款", person_dues.show),
        ("/pensions", "定期待遇发放", benefits.show_run),
        ("/returns", "归还情况", returns.show),
        ("/funds", "基金", funds.show),
        ("/funds/{book}", "基金", funds.show),
        ("/funds/{book}/journals", "凭证", funds.show_journals),
        ("/simulations", "政策测算", simulations.show_list),
        ("/simulations/new", "新的测算", simulations.show_new),
        ("/simulations/{simulation_id}", "政策测算", simulation.show),
        ("/rule-books", "规则集", rule_books.show_list),
        ("/rule-books/new", "提交规则集", rule_books.show_submit),
        ("/rule-books/{book_id}", "规则集", rule_book.show),
        ("/rule-books/{book_id}/text", "更换文本", rule_books.show_submit),
    ):
        frame.add(path, title, show)
    ui.add_head_html(
        f'<link rel="stylesheet" href="/static/console.css?v={_version("console.css")}">'
        f'<script defer src="/static/console.js?v={_version("console.js")}"></script>',
        shared=True,
    )
    ui.run_with(
        app,
        title="一窗",
        favicon=_STATIC / "icon.svg",
        language="zh-CN",
        tailwind=False,
        reconnect_timeout=_AWAY_S,
        show_welcome_message=False,
    )
    return app


def _plain_routes(app: FastAPI, frame: Frame, *, secure: bool) -> None:
    @app.get("/health/live")
    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/sign-in")
    async def enter(username: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "") -> Response:
        try:
            answer = await frame.api().command(
                "/v1/auth/login", {"username": username.strip(), "password": password}, "sign-in"
            )
        except Refusal as refusal:
            return RedirectResponse(f"/sign-in?{urlencode({'refused': refusal.code, 'as': username[:50]})}", 303)
        response = RedirectResponse("/", 303)
        response.set_cookie(
            COOKIE, answer["access_token"], max_age=answer["expires_in"], httponly=True, samesite="strict", secure=secure
        )
        return response

    @app.post("/sign-out")
    async def leave() -> Response:
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=secure)
        return response

    @app.get("/cases/{case_id}/vouchers/{number}.pdf")
    async def voucher(request: Request, case_id: str, number: str) -> Response:
        """Opened in a window of its own, where the browser prints it."""
        path = f"/v1/injury-cases/{quote(case_id, safe='')}/vouchers/{quote(number, safe='')}.pdf"
        try:
            sheet = await frame.api(request.cookies.get(COOKIE, "")).document(path)
        except Refusal as refusal:
            return HTMLResponse(_plain(failure(refusal)), 404 if refusal.kind is Kind.NOT_FOUND else 502)
        return Response(sheet, media_type="application/pdf", headers={"Content-Disposition": "inline; filename=voucher.pdf"})

    @app.post("/search")
    async def search(request: Request, q: Annotated[str, Form(max_length=50)] = "") -> Response:
        """Numbers travel in the body, so that no id number stays in the browser's history."""
        return RedirectResponse(await _found(frame, request.cookies.get(COOKIE, ""), q.strip()), 303)


def _plain(content: Html) -> str:
    """A page without the frame: for an address that is opened by itself."""
    sheet = el("link", rel="stylesheet", href=f"/static/console.css?v={_version('console.css')}")
    return "<!doctype html>" + el(
        "html", el("head", el("meta", charset="utf-8"), sheet), el("body", el("div", content, cls="page"))
    )


def _provider(http: httpx.AsyncClient, ids: IdFactory) -> Provider:
    """Whom the provider knows the console as, and under which address: ``ONEWINDOW_CONSOLE_CLIENT_ID``, ``_PUBLIC_URL``."""
    return Provider(
        http,
        ids,
        client_id=os.environ.get("ONEWINDOW_CONSOLE_CLIENT_ID", "onewindow-console"),
        public_url=os.environ.get("ONEWINDOW_CONSOLE_PUBLIC_URL", "http://127.0.0.1:8080"),
    )


def _provider_routes(app: FastAPI, frame: Frame, provider: Provider, *, secure: bool) -> None:
    @app.get("/sign-in/provider")
    async def go() -> Response:
        try:
            begun = await provider.begin((await frame.api().get("/v1/auth"))["issuer"])
        except Refusal as refusal:
            return RedirectResponse(f"/sign-in?{urlencode({'refused': refusal.code})}", 303)
        response = RedirectResponse(begun.address, 303)
        # Lax: the browser must bring it along when the provider sends it back here.
        response.set_cookie(_BEGUN, begun.cookie, max_age=WAIT_S, httponly=True, samesite="lax", secure=secure)
        return response

    @app.get(RETURN_PATH)
    async def back(request: Request) -> Response:
        try:
            granted = await provider.finish(request.query_params, request.cookies.get(_BEGUN, ""))
            await frame.api(granted.access_token).get("/v1/me")
        except Refusal as refusal:
            return RedirectResponse(f"/sign-in?{urlencode({'refused': refusal.code})}", 303)
        # A page and no redirect: a redirect would still count as coming from the provider's site, and the strict cookie stay away.
        response = HTMLResponse('<meta http-equiv="refresh" content="0;url=/"><a href="/">一窗</a>')
        response.set_cookie(
            COOKIE, granted.access_token, max_age=granted.expires_s, httponly=True, samesite="strict", secure=secure
        )
        response.delete_cookie(_BEGUN)
        return response


async def _found(frame: Frame, token: str, text: str) -> str:
    """Where a search leads: to the one thing found, or to the list."""
    api, number = frame.api(token), text.replace(" ", "").upper()
    try:
        if _RECEIPT.fullmatch(number):
            matters = (await api.get("/v1/matters", receipt_no=number))["items"]
            return f"/matters/{matters[0]['matter_id']}" if matters else "/search?kind=receipt"
        persons = (await api.get("/v1/persons", q=number if _NUMBER.fullmatch(number) else text, limit=2))["items"]
    except Refusal as refusal:
        return f"/search?{urlencode({'refused': refusal.code})}"
    if len(persons) == 1:
        return f"/persons/{persons[0]['person_id']}"
    if _NUMBER.fullmatch(number):
        return "/search?kind=number"
    return f"/search?{urlencode({'name': text})}"


async def _private(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
    """Pages with personal data are neither stored, nor framed, nor named to other sites."""
    response = await proceed(request)
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.url.path.startswith("/static/"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif not request.url.path.startswith("/_nicegui"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _version(name: str) -> str:
    return sha256((_STATIC / name).read_bytes()).hexdigest()[:12]
