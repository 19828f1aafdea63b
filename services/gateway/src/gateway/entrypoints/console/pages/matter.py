"""办件: where it stands, who acts next, what the citizen still owes; and the list of all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import Fields, field, send_button
from gateway.entrypoints.console.frame import Desk, block, empty, more, person_link, section
from gateway.entrypoints.console.injury import SIGNATURES
from gateway.entrypoints.console.markup import Html, el, join, row, table
from gateway.entrypoints.console.pages.home import matter_table
from gateway.entrypoints.console.words import (
    CONVERSION_STATES,
    LIGHTS,
    PAPER_STATES,
    badge,
    day,
    left,
    light,
    limit,
    moment,
    money,
    word,
)
from shared.errors import Refusal

Json = Mapping[str, Any]

_REVIEWS: Final = frozenset({"check", "approve", "send-back"})
"""Acts on a conversion have their own page, where the figures are."""
_ASIDE: Final = frozenset({"pause", "resume", "waive"})
_SIGNS: Final = {"waiting": "○", "running": "◐", "done": "✓", "refused": "✗"}
_ARRIVES_S: Final = 6
"""A task's result comes by an event a moment after the command; so long the page waits for it before it shows again."""
_LOOK_EVERY_S: Final = 0.3
_LIST: Final = 50


async def show_list(desk: Desk) -> None:
    """Matters, the most urgent first."""
    chosen = {name: desk.query[name] for name in ("light", "state", "after") if desk.query.get(name)}
    if not chosen.get("state") and not chosen.get("light"):
        chosen["state"] = "open"
    found = await desk.api.get("/v1/matters", limit=_LIST, **chosen)
    filters = (
        ("在办", "?state=open", {"state": "open"}),
        ("■ 逾期", "?light=red", {"light": "red"}),
        ("▲ 临期", "?light=yellow", {"light": "yellow"}),
        ("● 正常", "?light=green", {"light": "green"}),
        ("办结", "?state=done", {"state": "done"}),
        ("部分办结", "?state=partial", {"state": "partial"}),
        ("已撤回", "?state=withdrawn", {"state": "withdrawn"}),
    )
    here = {name: value for name, value in chosen.items() if name != "after"}
    tabs = [
        el("a", name, href=f"/matters{query}", aria_current="page" if here == which else None) for name, query, which in filters
    ]
    block(
        el(
            "div",
            el("div", el("h1", "办件"), _accept_link(desk), cls="title-line"),
            el("nav", tabs, cls="tabs", aria_label="按状态"),
            matter_table(found["items"]) if found["items"] else empty("没有这样的办件。", _accept_link(desk)),
            more(found, here, "后面的办件"),
            cls="narrow",
        )
    )


def _accept_link(desk: Desk) -> Html | None:
    return el("a", "受理新办件", href="/accept", cls="button primary") if desk.can("matters:accept") else None


async def show(desk: Desk) -> None:
    """One matter."""
    matter_id = desk.path["matter_id"]
    matter = await desk.api.get(f"/v1/matters/{matter_id}")
    person, catalogue = await desk.api.together(f"/v1/persons/{matter['person_id']}", "/v1/matter-catalogue")
    form = _form_rules(matter, catalogue)
    ui.page_title(f"{matter['matter_name']} · 一窗")
    block(_head(matter, person), _next_step(matter))
    block(section("环节", note="同一行的可以同时办"), cls="lanes-title")
    primary = _primary(matter["tasks"])
    with ui.element("div").classes("lanes"):
        for task in matter["tasks"]:
            with ui.element("section").classes(f"lane {task['state']}"):
                block(_lane(task, matter["tasks"]))
                _acts(desk, matter, task, form, primary=task["code"] == primary)
    with ui.element("div").classes("columns even screen"):
        with ui.element("div"):
            block(section("材料", _papers(matter["materials"]), note="一次收齐，各环节共用"))
            if desk.can("matters:accept"):
                _bring(desk, matter)
        block(section("申请内容", _form(matter["form"], form)), section("办理记录", _log(matter["log"])))
    if matter["may_withdraw"]:
        _withdraw(desk, matter_id)
    block(_receipt(matter, person, desk))


def _head(matter: Json, person: Any) -> Html:
    clock = (
        light(
            matter["light"], f"{LIGHTS[matter['light']][1]}，{left(matter['days_left'], provisional=matter['due_provisional'])}"
        )
        if matter["light"]
        else badge(
            ("✓ " if matter["state"] == "done" else "") + matter["state_name"], "done" if matter["state"] == "done" else "info"
        )
    )
    return el(
        "div",
        el(
            "div",
            el("h1", matter["matter_name"]),
            clock,
            el("button", "打印受理回执", type="button", data_print=True),
            cls="title-line",
        ),
        el(
            "p",
            person_link(person),
            el("span", "办件编号 ", el("b", matter["receipt_no"], cls="fig")),
            el("span", "受理 ", moment(matter["accepted_at"]), cls="fig"),
            el("span", f"承诺 {matter['promised_days']} 个工作日，应于 ", el("b", day(matter["due_on"]), cls="fig"), " 前办结"),
            cls="facts",
        ),
        cls="page-head screen",
    )


def _next_step(matter: Json) -> Html:
    """Who acts next, in a sentence."""
    owed = [paper for paper in matter["materials"] if paper["state"] == "deferred"]
    running = [task for task in matter["tasks"] if task["state"] == "running"]
    if matter["state"] != "open":
        text: object = join(
            f"本件{matter['state_name']}", f"，{moment(matter['closed_at'])}。" if matter["closed_at"] else "。"
        )
    elif running:
        text = join(
            "下一步：",
            [
                [el("b", task["name"]), f"（{task['owner_name']}{_whose(task)}）", "、" if task is not running[-1] else "。"]
                for task in running
            ],
        )
    else:
        text = "下一步：等待前面的环节。"
    owes = (
        [
            el(
                "p",
                el("b", "申请人还欠材料："),
                "；".join(f"{paper['name']}，{day(paper['due_on'])} 前补交" for paper in owed),
                "。",
                cls="owed",
            )
        ]
        if owed
        else None
    )
    return el("div", el("p", text), owes, cls="next screen")


def _whose(task: Json) -> str:
    if task["hindrance"]:
        return "，受阻"
    return "，等您办理" if any(a["code"] not in _ASIDE for a in task["actions"]) else ""


def _primary(tasks: Sequence[Json]) -> str | None:
    """The one task whose act is the page's main one."""
    for task in tasks:
        if any(action["code"] not in _ASIDE for action in task["actions"]):
            return str(task["code"])
    return None


def _lane(task: Json, tasks: Sequence[Json]) -> Html:
    names = {other["code"]: other["name"] for other in tasks}
    state = el("span", _SIGNS[task["state"]], " ", task["state_name"], cls=f"task-state {task['state']}")
    if task["state"] == "running" and task["due_on"]:
        text = (
            "已暂停计时" if task["paused"] else left(task["days_left"], unit=task["unit"], provisional=task["due_provisional"])
        )
        clock: Html | None = light(None if task["paused"] else task["light"], text)
    else:
        clock = None
    result = task["result"]
    return join(
        el("h3", task["name"], el("small", task["owner_name"])),
        el("p", state, clock, cls="lane-state"),
        el("p", "前面的环节：", "、".join(names.get(code, code) for code in task["after"]), cls="soft")
        if task["after"] and task["state"] == "waiting"
        else None,
        el("p", result["note"], el("small", moment(result["at"]), cls="fig line")) if result else None,
        el("p", el("b", "受阻："), task["hindrance"], cls="fault") if task["hindrance"] else None,
        el("ul", [_part(part, task["actions"]) for part in task["parts"]], cls="parts") if task["parts"] else None,
        el(
            "p",
            f"承诺 {limit(task['promised'])}，法定 {limit(task['legal'])}",
            el("small", task["legal"]["source"]),
            cls="limits",
        ),
        [
            el("p", f"暂停：{day(p['begun_on'])} 至 {day(p['ended_on']) if p['ended_on'] else '今'}，{p['reason']}", cls="soft")
            for p in task["pauses"]
        ],
    )


def _part(part: Json, actions: Sequence[Json]) -> Html:
    """A conversion; its button is the main one when this person may act on it now."""
    may = {action["code"] for action in actions}
    _, act, step = SIGNATURES.get(part["state"], ("", "", ""))
    name = f"去{step}" if act in may else "转换单"
    return el(
        "li",
        el("a", name, href=f"/conversions/{part['part_id']}", cls="button primary" if act in may else "button"),
        " ",
        badge(word(CONVERSION_STATES, part["state"]), "done" if part["state"] == "settled" else "due"),
        el("small", moment(part["at"]), cls="fig"),
    )


def _acts(desk: Desk, matter: Json, task: Json, form: Sequence[Json], *, primary: bool) -> None:
    main = [a for a in task["actions"] if a["code"] not in _ASIDE | _REVIEWS]
    aside = [a for a in task["actions"] if a["code"] in _ASIDE]
    for action in main:
        _act(desk, matter, task, action, form if action["code"] == "restart" else action["fields"], primary=primary)
    if aside:
        with ui.element("details").classes("screen"):
            with ui.element("summary"):
                ui.label("暂停、无需办理等" if len(aside) > 1 else aside[0]["name"])
            for action in aside:
                _act(desk, matter, task, action, action["fields"], primary=False)


def _act(desk: Desk, matter: Json, task: Json, action: Json, rules: Sequence[Json], *, primary: bool) -> None:
    with ui.element("div").classes("act screen"):
        fields = Fields(rules, _defaults(desk, matter, rules))

        async def send(key: str) -> None:
            values = fields.read()
            path = f"/v1/matters/{matter['matter_id']}/tasks/{task['code']}/actions"
            before = _fingerprint(await desk.api.command(path, {"action": action["code"], **values}, key), task["code"])
            if action["code"] not in _ASIDE:
                await _arrival(desk, matter["matter_id"], task["code"], before)
            ui.navigate.reload()

        send_button(desk, action["name"], send, primary=primary, faults=fields)


def _fingerprint(matter: Json, code: str) -> str:
    task = next(t for t in matter["tasks"] if t["code"] == code)
    return f"{task['state']} {task['changed_at']} {task['started_at']} {task['hindrance']}"


async def _arrival(desk: Desk, matter_id: str, code: str, before: str) -> None:
    """Wait until the owner's answer has come in, or long enough."""
    if not before.startswith("running"):
        return
    for _ in range(round(_ARRIVES_S / _LOOK_EVERY_S)):
        await asyncio.sleep(_LOOK_EVERY_S)
        now = await desk.api.look(f"/v1/matters/{matter_id}")
        if isinstance(now, Refusal) or _fingerprint(now, code) != before:
            return


def _defaults(desk: Desk, matter: Json, rules: Sequence[Json]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for rule in rules:
        name = rule["name"]
        if name in matter["form"]:
            values[name] = matter["form"][name]
        elif name in matter["references"] and rule["kind"] == "fen":
            values[name] = int(matter["references"][name])
        elif rule["kind"] == "date":
            values[name] = desk.today.isoformat()
        elif name == "channel":
            values[name] = "counter"
    return values


def _form_rules(matter: Json, catalogue: Any) -> list[Json]:
    """The fields of the matter's form as the catalogue has them today; none when it is no longer offered.

    Without the employer, whose id says nothing to a reader and cannot be typed.
    """
    rules = [] if isinstance(catalogue, Refusal) else catalogue["items"]
    form: list[Json] = next((rule["form"] for rule in rules if rule["code"] == matter["matter_code"]), [])
    return [field for field in form if field["name"] != "employer_id"]


def _papers(materials: Sequence[Json]) -> Html:
    rows = [
        row(
            el(
                "td",
                "○" if paper["state"] == "deferred" else "✓",
                cls="tick " + ("due" if paper["state"] == "deferred" else "done"),
            ),
            paper["name"],
            el("td", word(PAPER_STATES, paper["state"])),
            el("td", f"{day(paper['due_on'])} 前" if paper["due_on"] else day(paper["received_on"]), cls="fig"),
        )
        for paper in materials
    ]
    return table(["", "材料", "来源", "日期"], rows)


def _bring(desk: Desk, matter: Json) -> None:
    """Papers that were to follow arrive."""
    owed = [paper for paper in matter["materials"] if paper["state"] == "deferred"]
    if not owed or matter["state"] != "open":
        return
    with ui.element("div").classes("act"):
        boxes = {paper["code"]: ui.checkbox(paper["name"]) for paper in owed}

        async def send(key: str) -> None:
            brought = [{"code": code} for code, box in boxes.items() if box.value]
            if brought:
                await desk.api.command(f"/v1/matters/{matter['matter_id']}/materials", {"materials": brought}, key)
                ui.navigate.reload()

        send_button(desk, "收到补交材料", send)


def _form(values: Json, rules: Sequence[Json]) -> Html:
    rows = [
        row(rule["label"], el("td", _form_value(rule, values[rule["name"]])))
        for rule in rules
        if values.get(rule["name"]) not in (None, "", [])
    ]
    return table(["", ""], rows, cls="plain-head form") if rows else el("p", "没有填写内容。", cls="soft")


def _form_value(rule: Json, value: Any) -> object:
    if rule["kind"] == "choice":
        return str((rule["choices"] or {}).get(str(value), value))
    if rule["kind"] == "fen":
        return join(money(int(value)), " 元")
    if rule["kind"] == "texts" and isinstance(value, list):
        return "、".join(map(str, value))
    return str(value)


def _log(log: Sequence[Json]) -> Html:
    return el(
        "ul",
        [el("li", el("span", moment(note["at"]), cls="fig soft"), f" {note['by']}：{note['text']}") for note in log],
        cls="log",
    )


def _withdraw(desk: Desk, matter_id: str) -> None:
    with ui.element("details").classes("screen withdraw"):
        with ui.element("summary"):
            ui.label("申请人要求撤回")
        reason = Fields([field("reason", "撤回理由", "text")])

        async def send(key: str) -> None:
            await desk.api.command(f"/v1/matters/{matter_id}/withdrawal", reason.read(), key)
            ui.navigate.reload()

        send_button(desk, "确认撤回", send)


def _receipt(matter: Json, person: Any, desk: Desk) -> Html:
    """The receipt for the citizen, on paper only."""
    name = "" if isinstance(person, Refusal) else f"{person['name']}（{person['certno']}）"
    owed = [paper for paper in matter["materials"] if paper["state"] == "deferred"]
    have = [paper for paper in matter["materials"] if paper["state"] != "deferred"]
    return el(
        "div",
        el("h1", "受理回执"),
        table(
            ["", ""],
            [
                row("申请人", name),
                row("事项", matter["matter_name"]),
                row("办件编号", el("td", matter["receipt_no"], cls="fig big")),
                row("受理时间", moment(matter["accepted_at"])),
                row("承诺办结", f"{day(matter['due_on'])} 前（{matter['promised_days']} 个工作日）"),
                row("办理环节", "、".join(task["name"] for task in matter["tasks"])),
                row("已收材料", "、".join(f"{paper['name']}（{word(PAPER_STATES, paper['state'])}）" for paper in have)),
                row("待补材料", "；".join(f"{paper['name']}，{day(paper['due_on'])} 前" for paper in owed) or "无"),
            ],
            cls="plain-head form",
        ),
        el("p", "查询进度：凭办件编号和身份证号后四位，在查询页面或向任一窗口查询。办件编号末位为校验位。"),
        el(
            "p",
            el("span", f"经办：{desk.me['name']}"),
            el("span", f"打印日期：{desk.today.isoformat()}"),
            el("span", "申请人签字："),
            cls="sign",
        ),
        cls="paper receipt",
    )
