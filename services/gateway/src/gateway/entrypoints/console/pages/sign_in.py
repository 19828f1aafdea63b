"""签入: who sits at the desk."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from nicegui import ui

from gateway.entrypoints.console.frame import Frame, block, failure
from gateway.entrypoints.console.markup import Html, el
from shared.errors import Refusal

_REFUSED = {
    "gateway.auth.credentials-wrong": "用户名或密码不对，请重新输入。",
    "gateway.console.away": "业务服务暂时连不上，请稍后再试。",
    "gateway.console.provider-away": "统一身份认证平台暂时连不上，请稍后再试。",
    "gateway.console.sign-in-broken": "登录没有完成，请重新登录。",
    "auth.token-invalid": "统一身份认证平台的凭证没有被接受，请联系管理员。",
}


def add(frame: Frame) -> None:
    """Serve the sign-in page."""

    @ui.page("/sign-in", title="登录 · 一窗", response_timeout=30)
    async def page(request: Request) -> None:
        try:
            provider = await frame.api().get("/v1/auth")
        except Refusal as refusal:
            with ui.element("div").classes("page"):
                block(failure(refusal))
            return
        with ui.element("div").classes("page sign-in"):
            block(_local(provider["users"], request) if provider["provider"] == "local" else _elsewhere(request))


def _elsewhere(request: Request) -> Html:
    """The bureau's identity provider knows everybody; one key is enough."""
    return el(
        "div",
        *_head(request),
        el("p", "本单位通过统一身份认证平台登录。"),
        el("p", el("a", "去登录", href="/sign-in/provider", cls="button primary", data_enter=True)),
        cls="card",
    )


def _head(request: Request) -> list[Html | None]:
    refused = request.query_params.get("refused")
    return [
        el("h1", "一窗"),
        el("p", "社会保险结算与服务", cls="soft"),
        el("p", "登录已到时限，请重新登录。", cls="hint") if "expired" in request.query_params else None,
        el(
            "div",
            el("b", _REFUSED.get(refused, "没有登录成功。")),
            el("small", "代码 ", el("code", refused)),
            cls="fault",
            role="alert",
        )
        if refused
        else None,
    ]


def _local(users: list[dict[str, Any]], request: Request) -> Html:
    refused = request.query_params.get("refused")
    return el(
        "div",
        *_head(request),
        el(
            "form",
            el("label", "用户名", _box("username", request.query_params.get("as", ""), focus=not refused)),
            el("label", "密码", _box("password", "", kind="password", focus=bool(refused))),
            el("button", "登录", type="submit", cls="primary"),
            method="post",
            action="/sign-in",
        ),
        el(
            "div",
            el("p", "演示用户（点选填入用户名）", cls="soft"),
            el(
                "div",
                [
                    el(
                        "button",
                        el("b", user["name"]),
                        el("small", user["role_name"]),
                        type="button",
                        cls="user",
                        data_fill=user["username"],
                    )
                    for user in users
                ],
                cls="users",
            ),
        )
        if users
        else None,
        cls="card",
    )


def _box(name: str, value: str, *, kind: str = "text", focus: bool = False) -> Html:
    complete = "current-password" if kind == "password" else "username"
    return el("input", type=kind, name=name, value=value, required=True, autocomplete=complete, maxlength=200, data_focus=focus)
