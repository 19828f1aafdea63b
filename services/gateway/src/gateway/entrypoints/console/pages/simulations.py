"""政策测算: past claims decided by one rule book and by another; the list, and the form for another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import Fields, Wrong, field, send_button
from gateway.entrypoints.console.frame import Desk, block, empty, more, no_permission
from gateway.entrypoints.console.markup import Html, el, join, row, table
from gateway.entrypoints.console.pages.journals import hands_of
from gateway.entrypoints.console.pages.rule_book import progress_bar
from gateway.entrypoints.console.words import BOOKS, badge, day, moment, word
from shared.errors import Refusal

Json = Mapping[str, Any]

STATES: Final = {
    "queued": ("排队中", "due"),
    "running": ("测算中", "due"),
    "done": ("✓ 完成", "done"),
    "failed": ("✗ 未完成", "late"),
}
_LIST: Final = 50
_BOOKS: Final = 100
_LOOK_EVERY_S: Final = 2
_TODAY: Final = "today"
_POOLS: Final = ("RES", "EMP", "LARGE", "CII", "MAF")


async def show_list(desk: Desk) -> None:
    """Simulations, newest first."""
    found = await desk.api.get("/v1/simulations", limit=_LIST, after=desk.query.get("after"))
    hands = hands_of(await desk.api.look("/v1/auth"))
    ask = el("a", "新的测算", href="/simulations/new", cls="button primary", data_enter=True)
    block(
        el(
            "div",
            el("h1", "政策测算"),
            el("small", "把已结算的费用分别按两套规则重算，看基金和个人各增减多少；不改动任何结算", cls="soft"),
            ask if desk.can("rules:simulate") else None,
            cls="title-line",
        )
    )
    if not found["items"]:
        block(empty("还没有测算。"))
        return
    shown = block(_rows(found["items"], hands))
    block(more(found))
    if desk.query.get("after") is None and any(map(runs, found["items"])):

        async def look() -> None:
            now = await desk.api.look("/v1/simulations", limit=_LIST)
            if isinstance(now, Refusal):
                return
            shown.set_content(_rows(now["items"], hands))
            if not any(map(runs, now["items"])):
                timer.deactivate()

        timer = ui.timer(_LOOK_EVERY_S, look)


def runs(simulation: Json) -> bool:
    """Whether it is still on its way."""
    return simulation["state"] in ("queued", "running")


def _rows(simulations: list[Json], hands: Mapping[str, str]) -> Html:
    rows = [
        row(
            el("td", el("a", title_of(s), href=f"/simulations/{s['simulation_id']}")),
            el("td", facts_of(s)),
            el("td", progress_bar(*_progress(s)) if s["state"] == "running" else state_of(s), cls="going"),
            el("td", hands.get(s["asked_by"], s["asked_by"])),
            el("td", moment(s["asked_at"]), cls="fig nowrap"),
            el("td", moment(s["finished_at"]), cls="fig nowrap"),
            data_row=True,
            tabindex=0,
        )
        for s in simulations
    ]
    return table(["测算", "用哪些费用", "进度", "谁", "提出", "完成"], rows, cls="rows")


def title_of(simulation: Json) -> str:
    """What it is called."""
    return str(simulation["title"] or "未命名的测算")


def facts_of(simulation: Json) -> str:
    """Which claims it decides."""
    facts = simulation["facts"]
    if facts["folder"]:
        return f"算例“{facts['folder']}”"
    return f"{day(facts['begins_on'])} 至 {day(facts['ends_on'])} 的结算"


def state_of(simulation: Json) -> Html:
    """Where it stands."""
    name, tone = STATES[simulation["state"]]
    return badge(name, tone)


def _progress(simulation: Json) -> tuple[int, int]:
    return simulation["progress"]["done"], simulation["progress"]["total"] or 0


def progress_of(simulation: Json) -> Html:
    """How far it is, in words and as a bar."""
    done, total = _progress(simulation)
    said = f"已测算 {done:,} 笔，共 {total:,} 笔" if total else "排队中，等前面的测算完成"
    return el("div", el("p", said), progress_bar(done, total), cls="progress", role="status")


async def show_new(desk: Desk) -> None:
    """The form of another one."""
    if not desk.can("rules:simulate"):
        block(no_permission())
        return
    books = await desk.api.get("/v1/rule-books", limit=_BOOKS)
    choices = {_TODAY: "今天生效的规则"} | {
        b["book_id"]: f"{b['place']}　{b['title']}　{b['versions'][-1]['version']}（{b['state_name']}）"
        for b in books["items"]
        if b["state"] != "retired"
    }
    year = desk.today.year - 1
    rules: list[Json] = [
        field("title", "名称", "text"),
        field("income", "人均可支配收入，一年", "fen", required=False),
        field("book_a", "规则A（与什么比）", "choice", choices=choices, listed=True),
        field("book_b", "规则B（想知道什么）", "choice", choices=choices, listed=True),
        field("begins_on", "结算日期从", "date", required=False),
        field("ends_on", "到", "date", required=False),
        field("folder", "或用算例文件夹", "text", required=False),
    ]
    values = {
        "book_a": _TODAY,
        "book_b": next((b["book_id"] for b in books["items"] if b["state"] not in ("effective", "retired")), None),
        "begins_on": f"{year}-01-01",
        "ends_on": f"{year}-12-31",
    }
    with ui.element("div").classes("narrow accept"):
        block(el("h1", "新的测算"), el("p", "同一批费用分别按规则A和规则B计算。收入用于算因病致贫的预警线。", cls="soft"))
        with ui.element("div").classes("fields"):
            form = Fields(rules, values)
        block(el("h2", "基金结余", el("small", "选填；填了期初结余和每月收入的基金，测算今后能支撑多久")))
        pools: dict[str, Fields] = {}
        for book in _POOLS:
            with ui.element("div").classes("pool"):
                block(el("span", word(BOOKS, book)))
                pools[book] = Fields(
                    [field("opening", "期初结余", "fen", required=False), field("income", "每月收入", "fen", required=False)]
                )
        with ui.element("div").classes("fields"):
            months = Fields([field("months", "测算今后几个月", "number")], {"months": 24})

        async def send(key: str) -> None:
            typed = form.read()
            body = {
                "title": typed["title"],
                "facts": _facts(typed, form),
                "book_a": _book(typed["book_a"], desk),
                "book_b": _book(typed["book_b"], desk),
                **({"income_fen": typed["income"]} if "income" in typed else {}),
            }
            if plan := _plan(pools, months):
                body["pools"] = plan
            queued = await desk.api.command("/v1/simulations", body, key)
            ui.navigate.to(f"/simulations/{queued['simulation_id']}")

        send_button(desk, "开始测算", send, primary=True, faults=form)


def _book(choice: str, desk: Desk) -> dict[str, str]:
    return {"day": desk.today.isoformat()} if choice == _TODAY else {"book_id": choice}


def _facts(typed: Mapping[str, Any], form: Fields) -> dict[str, str]:
    """A folder when one is named, else the period."""
    if "folder" in typed:
        return {"folder": typed["folder"]}
    lacking = {name: "请填写起止日期，或算例文件夹" for name in ("begins_on", "ends_on") if name not in typed}
    if lacking:
        form.complain(lacking)
        raise Wrong
    return {name: typed[name] for name in ("begins_on", "ends_on")}


def _plan(pools: Mapping[str, Fields], months: Fields) -> dict[str, Any] | None:
    """The pools that were filled in, as the plan of the API: amounts in yuan, quoted."""
    filled = {}
    for book, fields in pools.items():
        typed = fields.read()
        if not typed:
            continue
        lacking = {name: "期初结余和每月收入须都填写" for name in ("opening", "income") if name not in typed}
        if lacking:
            fields.complain(lacking)
            raise Wrong
        filled[book] = {"opening": _yuan(typed["opening"]), "monthly_income": _yuan(typed["income"])}
    if not filled:
        return None
    return {"format": "onewindow-pools/1", "months": months.read()["months"], "pools": filled}


def _yuan(amount_fen: int) -> str:
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"


def versions_of(side: Json) -> Html:
    """Which rules may have decided, with places and versions."""
    return join(
        el("div", f"{v['place']} {'职工' if v['scheme'] == '310' else '居民'} {v['version']}") for v in side["versions"]
    )
