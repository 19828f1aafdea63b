"""What every page has: who is signed in, the head with its search box, and the states of a page that cannot be shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx
import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import ui

from gateway.entrypoints.console.api import Api
from gateway.entrypoints.console.markup import Html, el, join
from shared.clock import Clock
from shared.errors import Kind, Refusal, forbidden
from shared.ids import IdFactory

COOKIE: Final = "onewindow_console"
"""Holds the access token; HttpOnly, so that no script of a page can read it."""

MALFORMED: Final = "request.invalid"
"""The code of a body that is not as the owner takes it; its words are for the log."""

BLUE: Final = "#1f4e8c"

_NAVIGATION: Final = (
    ("/", "窗口", "matters:read"),
    ("/accept", "受理", "matters:accept"),
    ("/matters", "办件", "matters:read"),
    ("/conversions", "工伤桥", "conversions:read"),
    ("/funds", "基金", "ledger:read"),
    ("/rule-books", "规则集", "rules:read"),
    ("/simulations", "政策测算", "rules:simulate"),
)


_BELOW: Final = {
    "/conversions": (
        ("/conversions", "转换审核", "conversions:read"),
        ("/worklists", "工伤待办", "recoveries:read"),
        ("/double-bills", "重复报销", "recoveries:read"),
        ("/partner-documents", "合作单位来文", "partner-documents:read"),
        ("/recurrences", "旧伤复发", "injury-cases:read"),
        ("/out-of-area", "异地就医", "injury-cases:read"),
        ("/pensions", "定期待遇发放", "benefits:read"),
        ("/returns", "归还情况", "ledger:read"),
    ),
    "/funds": (
        ("/funds", "科目余额", "ledger:read"),
        ("/clearings", "月末清算", "clearing:read"),
        ("/person-dues", "应付个人款", "settlements:read"),
    ),
}
"""Pages below one of the main ones, in a line of their own."""
_ABOVE: Final = {
    **{href: main for main, pages in _BELOW.items() for href, _, _ in pages},
    "/recoveries": "/conversions",
    "/cases": "/conversions",
    "/paper-claims": "/conversions",
    "/stay-splits": "/conversions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One request of one signed-in person."""

    api: Api
    me: Mapping[str, Any]
    path: Mapping[str, str]
    """Variable parts of the address."""
    query: Mapping[str, str]
    today: date
    ids: IdFactory

    def can(self, scope: str) -> bool:
        """Whether the person holds a permission; the gateway judges again."""
        return scope in self.me["scopes"]


log = structlog.get_logger()

Json = Mapping[str, Any]
Show = Callable[[Desk], Awaitable[None]]


class Frame:
    """Makes pages out of functions that show something at a desk."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock, ids: IdFactory) -> None:
        self._http = http
        self._clock = clock
        self._ids = ids

    def api(self, token: str = "") -> Api:
        """The gateway as seen with this token."""
        return Api(self._http, token)

    def add(self, path: str, title: str, show: Show) -> None:
        """Serve ``show`` at ``path`` to people who are signed in; others are sent to sign in first."""

        async def page(request: Request) -> Response | None:
            token = request.cookies.get(COOKIE)
            if not token:
                return RedirectResponse("/sign-in", 303)
            api = self.api(token)
            ui.colors(primary=BLUE)
            try:
                me = await api.get("/v1/me")
                desk = Desk(
                    api=api,
                    me=me,
                    # Quoted again: an id in the address must not become another question to the gateway.
                    path={name: quote(value, safe="") for name, value in request.path_params.items()},
                    query=request.query_params,
                    today=self._clock.today(),
                    ids=self._ids,
                )
                block(_head(desk, request.url.path))
                with ui.element("div").classes("page"):
                    await show(desk)
            except Refusal as refusal:
                if refusal.kind is Kind.UNAUTHENTICATED:
                    return RedirectResponse("/sign-in?expired=1", 303)
                with ui.element("div").classes("page"):
                    block(failure(refusal))
            except Exception:
                # A page that cannot be drawn is our fault, not a refusal: it says so, and the log has the cause.
                log.exception("console.page-failed", path=path)
                with ui.element("div").classes("page"):
                    block(state("这一页出错了", "", "已记录。请联系管理员。", "gateway.console.page-failed"))
            return None

        ui.page(path, title=f"{title} · 一窗", response_timeout=30)(page)


def block(*content: object, cls: str = "") -> ui.html:
    """A piece of markup on the page. It was escaped by ``markup``, the browser need not clean it again."""
    return ui.html(join(*content), sanitize=False).classes(f"piece {cls}".strip())


def section(title: str, *content: object, cls: str = "", note: object = None, anchor: str | None = None) -> Html:
    """A titled part of a page."""
    return el("section", el("h2", title, el("small", note) if note else None), *content, cls=cls, id=anchor)


def tabs(address: str, names: Mapping[str, str], here: str, label: str = "状态", *, below: bool = False) -> Html:
    """Links that choose what is listed; ``address`` ends where the code goes. ``below``: under tabs of their own, as buttons."""
    links = [
        el("a", name, href=f"{address}{code}", aria_current="page" if code == here else None, cls="button" if below else "")
        for code, name in names.items()
    ]
    return el("nav", links, cls="states screen" if below else "tabs", aria_label=label)


def more(found: Json, query: Json | None = None, text: str = "更早的") -> Html | None:
    """The way to the next page of a list, with what the list is filtered by; None on the last page."""
    if found["next"] is None:
        return None
    given = {name: value for name, value in (query or {}).items() if value}
    return el("a", text, href=f"?{urlencode({**given, 'after': found['next']})}", cls="button")


def empty(text: str, *then: object) -> Html:
    """Nothing here, and what to do next."""
    return el("div", el("p", text), *then, cls="empty")


def failure(refusal: Refusal) -> Html:
    """A page that was refused: why, what to do, and the code for the telephone."""
    title, advice = {
        Kind.FORBIDDEN: ("您的岗位没有查看此内容的权限", "如工作需要，请联系本单位管理员调整岗位权限。"),
        Kind.NOT_FOUND: ("没有找到", "请核对号码后重新查找。"),
        Kind.UNAVAILABLE: ("系统暂时连不上", "已办理的业务不受影响。请稍后按回车键重试。"),
        Kind.TOO_MANY: ("操作太频繁", "请稍等片刻再试。"),
    }.get(refusal.kind, ("没有办成", "请按提示更正后重试。"))
    # A missing permission is named by its code alone: the scope's name says nothing to a clerk.
    why = refusal.zh if refusal.kind is not Kind.FORBIDDEN else ""
    return state(title, why, advice, refusal.code, again=refusal.kind in (Kind.UNAVAILABLE, Kind.TOO_MANY))


def no_permission() -> Html:
    """A form that this person's post may not send; the gateway would refuse it."""
    return failure(forbidden("gateway.console.no-permission", "没有权限"))


def state(title: str, why: str, advice: str, code: str, *, again: bool = False) -> Html:
    """A page in place of the one that was asked for. ``again``: trying once more may help."""
    name, target = ("重试", "") if again else ("回到窗口", "/")
    return el(
        "div",
        el("h1", title),
        el("p", why) if why else None,
        el("p", advice, cls="soft"),
        el("p", "代码 ", el("code", code), "　来电咨询时请报此代码", cls="soft"),
        el("p", el("a", name, href=target, cls="button primary", data_enter=True)),
        cls="state",
        role="alert",
    )


def person_link(person: Any) -> Html:
    """The way to somebody's file: masked name and number; words instead when the person could not be read."""
    if isinstance(person, Refusal):
        return el("span", "个人信息暂时无法显示")
    number = el("span", person["certno"], cls="fig")
    return el("a", person["name"], " ", number, href=f"/persons/{person['person_id']}")


async def persons_of(desk: Desk, things: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Who the things on a list are about, by id; a refusal stands where somebody could not be read."""
    ids = sorted({thing["person_id"] for thing in things if thing.get("person_id")})
    return dict(zip(ids, await desk.api.together(*(f"/v1/persons/{person_id}" for person_id in ids)), strict=True))


def missing(refusal: Refusal) -> Html:
    """A part of a page that cannot be shown; the rest of the page stands."""
    if refusal.kind is Kind.FORBIDDEN:
        return el("p", "您的岗位没有查看此项的权限。", cls="soft")
    return el("p", f"此项暂时无法显示：{refusal.zh}（", el("code", refusal.code), "）", cls="fault", role="alert")


def fault(refusal: Refusal) -> Html:
    """A refused action, shown beside its button."""
    found = refusal.facts.get("faults")
    reasons = [str(text) for text in found.values() if str(text) not in refusal.zh] if isinstance(found, dict) else []
    return el(
        "div",
        el("b", "填写的内容有误，请检查标出的栏目" if refusal.code == MALFORMED else refusal.zh or "没有办成"),
        el("ul", [el("li", text) for text in reasons]) if reasons else None,
        el("small", "代码 ", el("code", refusal.code)),
        cls="fault",
        role="alert",
    )


def search_form(*, big: bool = False) -> Html:
    """The search box: id number, name or receipt number."""
    return el(
        "form",
        el(
            "input",
            type="search",
            name="q",
            placeholder="身份证号、姓名或办件编号",
            aria_label="查找",
            autocomplete="off",
            maxlength=50,
            minlength=2,
            required=True,
            data_focus=big,
            data_search=True,
        ),
        el("button", "查找", type="submit", cls="primary" if big else ""),
        method="post",
        action="/search",
        cls="search big" if big else "search",
        role="search",
    )


def _head(desk: Desk, path: str) -> Html:
    here = "/" + path.split("/")[1]
    above = _ABOVE.get(here, here)
    role = "、".join(desk.me["role_names"])
    head = el(
        "header",
        el("a", "一窗", href="/", cls="brand", aria_label="一窗，回到窗口"),
        el("nav", _links(desk, _NAVIGATION, above), aria_label="主要页面"),
        search_form() if here != "/" and desk.can("persons:read") else el("span", cls="grow"),
        el("span", el("b", desk.me["name"]), f" {role}" if role else None, cls="who"),
        el("form", el("button", "退出", type="submit", cls="quiet"), method="post", action="/sign-out"),
    )
    if above not in _BELOW:
        return head
    name = next(name for href, name, _ in _NAVIGATION if href == above)
    return join(head, el("nav", _links(desk, _BELOW[above], here), cls="below", aria_label=name))


def _links(desk: Desk, pages: Sequence[tuple[str, str, str]], here: str) -> list[Html]:
    return [
        el("a", name, href=href, aria_current="page" if href == here else None)
        for href, name, scope in pages
        if desk.can(scope)
    ]
