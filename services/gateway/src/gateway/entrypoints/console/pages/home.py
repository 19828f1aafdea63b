"""窗口: serve the next citizen; today's matters by light; what waits for me. And the list that a search by name finds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.frame import Desk, block, empty, failure, missing, search_form, section, state
from gateway.entrypoints.console.injury import SIGNATURES, may_sign
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.words import (
    CONVERSION_STATES,
    LIGHTS,
    SCHEMES,
    SEXES,
    badge,
    day,
    left,
    light,
    moment,
    num,
    word,
)
from shared.errors import Refusal

_ROWS: Final = 12
_NOT_WAITING: Final = frozenset({"waive", "check", "approve", "send-back"})
"""Acts that nobody waits for, and those on conversions, which have a list of their own."""


async def show(desk: Desk) -> None:
    """The first page."""
    if not desk.can("matters:read"):
        with ui.element("div").classes("narrow"):
            block(empty("您的岗位没有窗口业务。合作单位请通过接口办理。"))
        return
    counts, waiting, conversions = await asyncio.gather(
        desk.api.look("/v1/matters/counts"), _waiting_matters(desk), _waiting_conversions(desk)
    )
    block(
        el("div", el("h1", "下一位"), search_form(big=True), el("p", "刷身份证或输入后按回车", cls="soft"), cls="welcome"),
        _lights(counts),
    )
    with ui.element("div").classes("narrow"):
        block(section("等我处理", _waiting(waiting, conversions, desk)))


async def show_found(desk: Desk) -> None:
    """Several persons of one name, or nobody."""
    name, kind = desk.query.get("name"), desk.query.get("kind")
    if desk.query.get("refused"):
        block(state("没有查成", "", "请检查输入的内容后再试。", desk.query["refused"]))
        return
    if name is None:
        block(
            el(
                "div",
                _nobody("没有这个办件编号" if kind == "receipt" else "没有找到此人", desk, person=kind != "receipt"),
                cls="narrow",
            )
        )
        return
    try:
        found = await desk.api.get("/v1/persons", q=name, limit=50)
    except Refusal as refusal:
        block(failure(refusal))
        return
    if not found["items"]:
        block(el("div", _nobody(f"没有找到姓名为“{name}”的人", desk, person=True), cls="narrow"))
        return
    rows = [
        row(
            el("a", person["name"], href=f"/persons/{person['person_id']}"),
            el("td", person["certno"], cls="fig"),
            word(SEXES, person["sex"]),
            el("td", f"{person['birth_year']} 年", cls="fig"),
            "、".join(_covers(person)) or "未参保",
            data_row=True,
            tabindex=0,
        )
        for person in found["items"]
    ]
    more = el("p", "同名的人很多，只显示前 50 人，请改用身份证号查找。", cls="hint") if found["next"] else None
    block(
        el(
            "div",
            section(
                f"姓名为“{name}”的有 {len(rows)} 人",
                table(["姓名", "证件号码", "性别", "出生", "参保"], rows, cls="rows"),
                more,
            ),
            cls="narrow",
        )
    )


def _covers(person: Mapping[str, Any]) -> Iterable[str]:
    return (word(SCHEMES, cover["scheme"]) for cover in person["coverages"] if cover["state"] == "active")


def _nobody(text: str, desk: Desk, *, person: bool) -> Html:
    accept = el("a", "登记此人并受理", href="/accept", cls="button primary") if person and desk.can("matters:accept") else None
    return empty(
        text,
        el("p", "请核对证件号码、全名（不能只输姓）或 18 位办件编号。", cls="soft"),
        el("p", accept, " ", el("a", "重新查找", href="/", cls="button", data_enter=True)),
    )


def _lights(counts: Any) -> Html:
    if isinstance(counts, Refusal):
        return el("div", missing(counts), cls="narrow")
    cards = [
        el("a", el("b", str(counts[code])), light(code), href=f"/matters?light={code}", cls=f"count {code}")
        for code in ("red", "yellow", "green")
    ]
    return el(
        "div",
        cards,
        el(
            "a",
            el("b", str(counts["closed_today"])),
            el("span", "✓ 今日办结", cls="light"),
            href="/matters?state=done",
            cls="count",
        ),
        cls="counts narrow",
        aria_label="在办件",
    )


async def _waiting_matters(desk: Desk) -> Any:
    """Open matters with a running task that this person may act on."""
    catalogue, matters = await desk.api.together("/v1/matter-catalogue", "/v1/matters?state=open&limit=100")
    if isinstance(catalogue, Refusal) or isinstance(matters, Refusal):
        return catalogue if isinstance(catalogue, Refusal) else matters
    mine = {
        task["name"]
        for rule in catalogue["items"]
        for task in rule["tasks"]
        for action in task["actions"]
        if desk.can(action["scope"]) and action["code"] not in _NOT_WAITING
    }
    return [m for m in matters["items"] if mine & set(m["running"])][:_ROWS]


async def _waiting_conversions(desk: Desk) -> Any:
    """Conversions that wait for this person's signature."""
    states = [state for state, (scope, *_) in SIGNATURES.items() if desk.can(scope)]
    found = await desk.api.together(*(f"/v1/conversions?state={state}&limit={_ROWS}" for state in states))
    refused = next((part for part in found if isinstance(part, Refusal)), None)
    if refused is not None:
        return refused
    mine = [c for part in found for c in part["items"] if may_sign(c, desk.me["user_id"])]
    return mine[:_ROWS]


def _waiting(matters: Any, conversions: Any, desk: Desk) -> object:
    for part in (matters, conversions):
        if isinstance(part, Refusal):
            return missing(part)
    if not matters and not conversions:
        accept = el("a", "受理新办件", href="/accept", cls="button") if desk.can("matters:accept") else None
        return empty("没有等您处理的事。", accept)
    heads = ["事项", "医院与住院", "状态", "#工伤基金应付（元）", "更新时间"]
    return [
        table(heads, [_conversion_row(c) for c in conversions], cls="rows") if conversions else None,
        matter_table(matters) if matters else None,
    ]


def _conversion_row(conversion: Mapping[str, Any]) -> Html:
    return row(
        el("a", "医保转工伤结算", href=f"/conversions/{conversion['conversion_id']}"),
        f"{conversion['institution_name'] or '—'}，{day(conversion['begun_on'])} 入院",
        badge(word(CONVERSION_STATES, conversion["state"]), "due"),
        num(conversion["work_injury_fen"]),
        el("td", moment(conversion["changed_at"]), cls="fig"),
        data_row=True,
        tabindex=0,
    )


def matter_table(matters: Iterable[Mapping[str, Any]]) -> Html:
    """Matters as rows: what, where it stands, by when."""
    rows = [
        row(
            el("a", m["matter_name"], href=f"/matters/{m['matter_id']}"),
            el("td", m["receipt_no"], cls="fig"),
            el("td", "、".join(m["running"]) or m["state_name"]),
            el("td", light(m["light"], f"{LIGHTS[m['light']][1]}，{left(m['days_left'])}") if m["light"] else m["state_name"]),
            el("td", day(m["due_on"]), cls="fig"),
            data_row=True,
            tabindex=0,
        )
        for m in matters
    ]
    return table(["事项", "办件编号", "在办环节", "时限", "应办结日"], rows, cls="rows")
