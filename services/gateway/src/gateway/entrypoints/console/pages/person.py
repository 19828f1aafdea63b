"""一人一档: everything relevant about one person in ten seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.frame import Desk, block, empty, fault, missing, more, section
from gateway.entrypoints.console.markup import Html, el, join, row, table
from gateway.entrypoints.console.pages import filings
from gateway.entrypoints.console.words import (
    CATEGORIES,
    CHANNELS,
    CLASSES,
    COVER_STATES,
    KINDS,
    SCHEMES,
    SEXES,
    badge,
    day,
    left,
    light,
    moment,
    money,
    num,
    word,
)
from shared.errors import Refusal

Json = Mapping[str, Any]

_LINES: Final = 40
_OPENS: Final = {
    "settlement": ("settlement_id", "case_id"),
    "conversion": ("conversion_id", "settlement_id", "case_id"),
    "injury": ("case_id", "matter_id"),
    "benefit": ("conversion_id", "case_id", "matter_id"),
    "matter": ("matter_id",),
    "coverage": ("matter_id",),
}
"""Which of a timeline entry's links is the nearest one."""
_PAGES: Final = {
    "settlement_id": ("settlements", "settlements:read"),
    "conversion_id": ("conversions", "conversions:read"),
    "case_id": ("cases", "injury-cases:read"),
    "matter_id": ("matters", "matters:read"),
}


async def show(desk: Desk) -> None:
    """One person."""
    person_id = desk.path["person_id"]
    after = desk.query.get("after")
    person = await desk.api.get(f"/v1/persons/{person_id}")
    timeline, (year, matters, accesses) = await asyncio.gather(
        desk.api.look(f"/v1/persons/{person_id}/timeline", limit=_LINES, after=after),
        desk.api.together(
            f"/v1/persons/{person_id}/year",
            f"/v1/matters?person_id={person_id}&state=open",
            f"/v1/access-log?person_id={person_id}",
        ),
    )
    ui.page_title(f"{person['name']} · 一人一档 · 一窗")
    with ui.element("div").classes("head-line"):
        who = block(_who(person))
        if desk.can("persons:identify"):
            _reveal_button(desk, person_id, who)
        if desk.can("matters:accept"):
            block(el("a", "为此人受理", href=f"/accept?person={person_id}", cls="button primary", data_enter=True))
    block(_covers(person, desk))
    with ui.element("div").classes("columns"):
        block(section("经过", _timeline(timeline, desk), note="参保、结算、工伤、转换、待遇、办件，最近的在前"))
        with ui.element("aside"):
            block(section(f"{desk.today.year} 年度", _year(year), note="元"), _open_matters(matters))
            if desk.can("filings:read"):
                await filings.show(desk, person_id)
            if desk.can("access-log:read"):
                block(_accesses(accesses))


def _reveal_button(desk: Desk, person_id: str, who: ui.html) -> None:
    async def reveal() -> None:
        button.disable()
        try:
            clear = await desk.api.get(f"/v1/persons/{person_id}", reveal=1)
        except Refusal as refusal:
            who.set_content(join(Html(who.content), fault(refusal)))
            button.enable()
            return
        who.set_content(_who(clear))
        button.set_visibility(False)

    button = ui.button("显示全部身份信息", on_click=reveal).props("flat no-caps").classes("plain").tooltip("查看会记入访问日志")


def _who(person: Json) -> Html:
    born = day(person["born_on"]) if person["born_on"] else f"{person['birth_year']} 年生"
    return el(
        "div",
        el("h1", person["name"]),
        el("span", person["certno"], cls="fig big"),
        el("span", word(SEXES, person["sex"])),
        el("span", born, cls="fig"),
        el("span", "电话 ", el("span", person["phone"], cls="fig")) if person["phone"] else None,
        [badge(word(CLASSES, c["code"]), "info") for c in person["classes"]],
        el("small", "已显示全部身份信息，本次查看已记入访问日志") if not person["masked"] else None,
        cls="who-is",
    )


def _covers(person: Json, desk: Desk) -> Html:
    covers = person["coverages"]
    if not covers:
        action = el("a", "办理参保", href=f"/accept/enrol-and-pay?person={person['person_id']}", cls="button")
        return empty("没有参保记录。", action if desk.can("matters:accept") else None)
    by_cover: dict[str, list[Json]] = {}
    for premium in person.get("premiums", []):
        by_cover.setdefault(premium["coverage_id"], []).append(premium)
    order = sorted(covers, key=lambda c: (c["state"] != "active", str(c["begins_on"])))
    cards = []
    for cover in order:
        active = cover["state"] == "active"
        until = f"至 {day(cover['ends_on'])}" if cover["ends_on"] else "起，长期有效"
        over = active and cover["ends_on"] is not None and str(cover["ends_on"]) < desk.today.isoformat()
        state = "已到期" if over else word(COVER_STATES, cover["state"])
        cards.append(
            el(
                "div",
                el("b", word(SCHEMES, cover["scheme"])),
                el("span", word(CATEGORIES, cover["person_category"])),
                badge(f"{'✓ ' if active and not over else ''}{state}", "done" if active and not over else "due"),
                el("span", f"{day(cover['begins_on'])} {until}", cls="fig"),
                el("span", "因 ", _because(cover, by_cover.get(cover["coverage_id"], [])), cls="soft"),
                cls="cover",
            )
        )
    return el("div", cards, cls="covers")


def _because(cover: Json, premiums: Sequence[Json]) -> object:
    """What the cover rests on: the employer, the premium, or the subsidy that stands for it."""
    reasons: list[object] = [cover["employer_name"]] if cover["employer_name"] else []
    for premium in sorted(premiums, key=lambda p: p["year"], reverse=True)[:1]:
        if premium["paid_on"]:
            channel = CHANNELS.get(str(premium["channel"]), str(premium["channel"] or ""))
            subsidy = (
                f"（另有{word(CLASSES, premium['subsidy_class'])}补助）"
                if premium["subsidy_fen"] and premium["subsidy_class"]
                else ""
            )
            reasons.append(
                join(
                    f"{premium['year']} 年度保费 ",
                    money(premium["amount_fen"]),
                    f" 元，{day(premium['paid_on'])} {channel}到账{subsidy}",
                )
            )
        else:
            reasons.append(join(f"{premium['year']} 年度保费 ", money(premium["amount_fen"]), " 元，未缴"))
    if not reasons:
        reasons.append("已登记的参保期")
    return [part for reason in reasons for part in ("；", reason)][1:]


def _timeline(timeline: Any, desk: Desk) -> Html:
    if isinstance(timeline, Refusal):
        return missing(timeline)
    items = timeline["items"]
    if not items:
        return empty("还没有任何业务记录。")
    kinds = [code for code in KINDS if any(item["kind"] == code for item in items)]
    buttons = [el("button", "全部", type="button", data_show="", aria_pressed="true")] + [
        el("button", KINDS[code], type="button", data_show=code, aria_pressed="false") for code in kinds
    ]
    rows = [
        row(
            el("td", moment(item["at"]), cls="fig when"),
            badge(word(KINDS, item["kind"])),
            el("td", _linked(item, desk), el("small", item["detail"]) if item["detail"] else None),
            num(item["amount_fen"]) if item["amount_fen"] is not None else el("td"),
            data_is=item["kind"],
            data_row=True,
            tabindex=0,
        )
        for item in items
    ]
    return el(
        "div",
        el("div", buttons, cls="filter") if len(kinds) > 1 else None,
        table(["时间", "类别", "事项", "#金额（元）"], rows, cls="rows timeline"),
        more(timeline, text="更早的记录"),
        data_filter=True,
    )


def _linked(item: Json, desk: Desk) -> Html:
    for name in _OPENS.get(item["kind"], ()):
        target = item["links"].get(name)
        page, scope = _PAGES[name]
        if target and desk.can(scope):
            return el("a", item["title"], href=f"/{page}/{target}")
    return el("span", item["title"])


def _year(year: Any) -> Html:
    if isinstance(year, Refusal):
        return missing(year)
    parts: list[Html] = []
    for scheme in year["schemes"]:
        layers = [_layer(layer) for layer in scheme["layers"]]
        parts.append(
            el(
                "div",
                el("p", el("b", word(SCHEMES, scheme["scheme"])), f"　本年住院 {scheme['stays']} 次"),
                table(["", "#起付线已用", "#已支付", "#封顶余额"], [r for pair in layers for r in pair], cls="year")
                if layers
                else el("p", "没有适用的待遇标准。", cls="soft"),
            )
        )
    if year["account_balance_fen"] is not None:
        parts.append(el("p", "个人账户余额 ", el("b", money(year["account_balance_fen"])), cls="balance"))
    return join(parts) if parts else empty("本年度没有有效参保，没有可用额度。")


def _layer(layer: Json) -> tuple[Html, ...]:
    cap, room = layer["cap_fen"], layer["room_fen"]
    used = min(100, (cap - room) * 100 // cap) if cap else 0
    deductible = layer["deductible_fen"]
    return (
        row(
            el("td", layer["name"]),
            el(
                "td",
                money(layer["deductible_used_fen"]),
                el("small", "标准 ", money(deductible), cls="below") if deductible else None,
                cls="num",
            ),
            num(layer["paid_fen"]),
            el("td", money(room) if cap is not None else "不封顶", cls="num"),
        ),
        el(
            "tr",
            el(
                "td",
                el("div", el("i", style=f"width:{used}%"), cls="bar"),
                el("small", "封顶线 ", money(cap), f"，已用 {used}%"),
                colspan=4,
            ),
            cls="bar-row",
        )
        if cap
        else Html(""),
    )


def _open_matters(matters: Any) -> Html:
    if isinstance(matters, Refusal):
        return section("在办事项", missing(matters))
    if not matters["items"]:
        return section("在办事项", el("p", "没有在办的事项。", cls="soft"))
    return section("在办事项", el("ul", [_open_matter(m) for m in matters["items"]], cls="open-matters"))


def _open_matter(matter: Json) -> Html:
    return el(
        "li",
        el("a", matter["matter_name"], href=f"/matters/{matter['matter_id']}"),
        light(matter["light"], left(matter["days_left"])) if matter["light"] else None,
        el("small", "正在办：", "、".join(matter["running"]) or matter["state_name"]),
        el("small", f"{day(matter['due_on'])} 前办结", cls="fig"),
    )


def _accesses(accesses: Any) -> Html:
    if isinstance(accesses, Refusal):
        return section("身份信息查看记录", missing(accesses))
    rows = [row(el("td", moment(a["at"]), cls="fig"), a["by_name"] or a["by"], a["what"]) for a in accesses["items"]]
    return section(
        "身份信息查看记录", table(["时间", "谁", "内容"], rows) if rows else el("p", "没有人查看过全部身份信息。", cls="soft")
    )
