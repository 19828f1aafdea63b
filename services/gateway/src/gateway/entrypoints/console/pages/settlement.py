"""结算单: from the total to the cash, with every reason beside it; on paper an A4 sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.figures import Step, burden, is_account, payment_name, waterfall
from gateway.entrypoints.console.frame import BLUE, Desk, block, fault, missing, person_link, section
from gateway.entrypoints.console.markup import Html, el, join, row, table
from gateway.entrypoints.console.pages.journals import hands_of, journal_list
from gateway.entrypoints.console.words import (
    BOOKS,
    CATEGORIES,
    CHARGE_CLASSES,
    SCHEMES,
    SETTLEMENT_STATES,
    badge,
    day,
    days_between,
    moment,
    money,
    num,
    word,
)
from shared.errors import Refusal
from shared.money import format_yuan

Json = Mapping[str, Any]

_COLOURS: Final = {"total": "#8a94a3", "fund": BLUE, "account": "#5b87bd", "hospital": "#b9c2cf", "cash": "#b45309"}
_BAR: Final = 34


async def show(desk: Desk) -> None:
    """One settlement."""
    settlement_id = desk.path["settlement_id"]
    settlement = await desk.api.get(f"/v1/settlements/{settlement_id}")
    person, journals, provider = await desk.api.together(
        f"/v1/persons/{settlement['person_id']}", f"/v1/ledger/journals?settlement_id={settlement_id}&limit=100", "/v1/auth"
    )
    vouchers = (
        missing(journals)
        if isinstance(journals, Refusal)
        else journal_list(
            journals["items"],
            hands=hands_of(provider),
            names={settlement["institution_code"]: settlement["institution_name"]},
            links=False,
        )
    )
    steps = waterfall(settlement)
    gone = await _whereabouts(desk, settlement)
    ui.page_title("结算单 · 一窗")
    with ui.element("div").classes("title-line"):
        block(_title(settlement), cls="titled")
        _sheet_button(desk, settlement_id)
        block(el("button", "打印结算单", type="button", cls="primary", data_print=True, data_enter=True))
    block(_head(settlement, person), gone)
    with ui.element("div").classes("columns even screen"):
        with ui.element("section"):
            block(el("h2", "从总额到现金", el("small", "元")))
            chart = ui.echart(_chart(steps), renderer="svg").style(f"height:{len(steps) * _BAR + 16}px")
            chart.on("componentClick", js_handler="(e) => window.consoleOpen(e.data && e.data.opens)")
            block(_burden(settlement))
        block(section("理由", _reasons(settlement), note="按计算的先后"))
    block(
        el("div", _paper_steps(steps, settlement), cls="paper"),
        section("各基金支付", _payments(settlement), note="元"),
        section("费用明细", _lines(settlement["lines"]), note=f"{len(settlement['lines'])} 条，元", anchor="lines"),
        el("div", section("记账凭证", vouchers), cls="screen"),
        _signature(settlement, desk),
    )


def _title(settlement: Json) -> Html:
    kind = "住院" if settlement["inpatient"] else "门诊"
    state = word(SETTLEMENT_STATES, settlement["state"])
    return join(el("h1", f"{kind}结算单"), badge(state, "done" if state == "已结算" else "info"))


def _sheet_button(desk: Desk, settlement_id: str) -> None:
    """The sheet as the gateway sets it, for sending on; a page that is printed needs no file."""
    answer = block()

    async def fetch() -> None:
        button.disable()
        answer.set_content("")
        try:
            sheet = await desk.api.document(f"/v1/settlements/{settlement_id}/sheet.pdf")
            ui.download.content(sheet, "结算单.pdf", "application/pdf")
        except Refusal as refusal:
            answer.set_content(fault(refusal))
        finally:
            button.enable()

    button = ui.button("下载PDF", on_click=fetch).props("flat no-caps").classes("plain")


def _head(settlement: Json, person: Any) -> Html:
    period = (
        f"{day(settlement['begun_on'])} 至 {day(settlement['ended_on'])}，{days_between(settlement['begun_on'], settlement['ended_on'])} 天"
        if settlement["inpatient"]
        else day(settlement["begun_on"])
    )
    return el(
        "div",
        el(
            "p",
            person_link(person),
            el("span", settlement["institution_name"]),
            el("span", period, cls="fig"),
            el("span", word(SCHEMES, settlement["scheme"])),
            el("span", word(CATEGORIES, settlement["person_category"])),
            el("span", "结算 ", moment(settlement["settled_at"]), cls="fig"),
            cls="facts",
        ),
        el(
            "div",
            [
                el("div", el("small", name), el("b", money(amount)), cls=f"sum {cls}")
                for name, amount, cls in (
                    ("医疗费总额", settlement["total_fen"], ""),
                    ("政策范围内", settlement["in_scope_fen"], ""),
                    ("基金支付", settlement["fund_fen"], ""),
                    ("个人账户", settlement["account_fen"], ""),
                    ("个人现金", settlement["cash_fen"], "cash"),
                )
            ],
            cls="sums",
        ),
        cls="page-head",
    )


async def _whereabouts(desk: Desk, settlement: Json) -> Html | None:
    """What became of a settlement that does not stand any more, and what a reversal reverses."""
    if settlement["reverses"]:
        return el("p", "撤销的是 ", el("a", "原结算单", href=f"/settlements/{settlement['reverses']}"), cls="note")
    if settlement["state"] != "taken-back":
        return None
    found = await desk.api.look("/v1/conversions", person_id=settlement["person_id"], limit=100)
    conversions = [] if isinstance(found, Refusal) else found["items"]
    mine = next((c for c in conversions if c["settlement_id"] == settlement["settlement_id"]), None)
    return el(
        "p",
        "这笔费用后来认定为工伤，已由工伤保险基金承担。",
        el("a", "看转换单", href=f"/conversions/{mine['conversion_id']}") if mine else None,
        cls="note",
    )


def _chart(steps: Sequence[Step]) -> dict[str, Any]:
    """Bars in fen; the figures on them are written out here, so that the browser computes nothing."""
    total = max(steps[0].amount_fen, 1)
    bars = [
        {
            "value": step.amount_fen,
            "itemStyle": {"color": _COLOURS[step.kind]},
            "label": {"formatter": format_yuan(step.amount_fen)},
            "opens": {"total": "lines", "cash": "burden"}.get(step.kind, "payments"),
        }
        for step in steps
    ]
    return {
        "animation": False,
        "aria": {
            "enabled": True,
            "label": {"description": "从总额到现金：" + "，".join(f"{s.name}{format_yuan(s.amount_fen)}元" for s in steps)},
        },
        "grid": {"left": 8, "right": 96, "top": 4, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "value", "max": total, "show": False},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [step.name for step in steps],
            "axisLine": {"show": False},
            "axisTick": {"show": False},
            "axisLabel": {"color": "#1b2430", "fontSize": 14, "width": 150, "overflow": "break"},
        },
        "series": [
            {
                "type": "bar",
                "stack": "steps",
                "silent": True,
                "itemStyle": {"color": "transparent"},
                "data": [step.left_fen for step in steps],
            },
            {
                "type": "bar",
                "stack": "steps",
                "barWidth": 18,
                "barMinHeight": 2,
                "label": {"show": True, "position": "right", "color": "#1b2430", "fontSize": 14},
                "data": bars,
            },
        ],
    }


def _burden(settlement: Json) -> Html:
    rows = [row(name, num(amount)) for name, amount in burden(settlement)]
    person = settlement["account_fen"] + settlement["cash_fen"]
    return el(
        "div",
        el("h3", "个人负担由什么组成"),
        table(["", "#金额"], rows, foot=row(el("td", "合计（账户与现金）"), num(person)), cls="plain-head"),
        id="burden",
    )


def _reasons(settlement: Json) -> Html:
    steps = settlement["explanation"]
    if not steps:
        text = (
            "这笔由工伤保险基金直接结算，理由见工伤案件。"
            if settlement["work_injury_key"]
            else "当时的政策版本不在本机，金额以结算时为准，理由暂不能重现。"
        )
        return el("p", text, cls="soft")
    return el(
        "ol",
        [
            el(
                "li",
                el("p", step["zh"]),
                el(
                    "p",
                    el("span", f"依据：{step['source']}{'，' + step['article'] if step['article'] else ''}")
                    if step["source"]
                    else el("a", "依据：费用明细", href="#lines"),
                    el("b", money(step["output_fen"])),
                    cls="source",
                ),
            )
            for step in steps
        ],
        cls="reasons",
    )


def _payments(settlement: Json) -> Html:
    rows = [
        row(
            el("td", payment_name(payment)),
            "个人账户" if is_account(payment) else word(BOOKS, payment.get("book")) if payment.get("book") else "—",
            num(payment["amount_fen"]),
        )
        for payment in settlement["payments"]
    ]
    if not rows:
        return el("p", "没有基金支付。", cls="soft", id="payments")
    total = sum(payment["amount_fen"] for payment in settlement["payments"])
    return el(
        "div",
        table(["名称", "从哪个基金", "#金额"], rows, foot=row("合计", "", num(total))),
        id="payments",
    )


def _refused(line: Json) -> str:
    """The words under which a line can be found: why not all of it was in scope."""
    found = [
        word_
        for word_, name in (("self", "self_funded_fen"), ("over", "over_limit_fen"), ("first", "pre_selfpay_fen"))
        if line[name]
    ]
    return " ".join(["any", *found] if found else ["whole"])


def _lines(lines: Sequence[Json]) -> Html:
    marks = [_refused(line) for line in lines]
    filters = [
        (word_, name, sum(1 for mark in marks if word_ in mark.split()))
        for word_, name in (
            ("any", "有不予支付"),
            ("self", "全自费"),
            ("over", "超限价"),
            ("first", "先行自付"),
            ("whole", "全部纳入"),
        )
    ]
    buttons = [el("button", f"全部 {len(lines)}", type="button", data_show="", aria_pressed="true")] + [
        el("button", f"{name} {count}", type="button", data_show=word_, aria_pressed="false")
        for word_, name, count in filters
        if count
    ]
    rows = [
        row(
            el("td", number, cls="fig"),
            el("td", line["item_name"]),
            word(CHARGE_CLASSES, line["class"]),
            el("td", day(line["occurred_at"]), cls="fig"),
            el("td", _plain(line["quantity"]), cls="num fig"),
            el("td", _plain(line["price"], 2), cls="num fig"),
            num(line["amount_fen"]),
            _refusal_cell(line["self_funded_fen"]),
            _refusal_cell(line["over_limit_fen"]),
            _refusal_cell(line["pre_selfpay_fen"]),
            num(line["in_scope_fen"]),
            data_is=mark,
        )
        for number, (line, mark) in enumerate(zip(lines, marks, strict=True), 1)
    ]
    names = ("amount_fen", "self_funded_fen", "over_limit_fen", "pre_selfpay_fen", "in_scope_fen")
    foot = row("", el("td", "合计"), "", "", "", "", *(num(sum(line[name] for line in lines)) for name in names))
    heads = ["序", "项目", "类别", "日期", "#数量", "#单价", "#金额", "#全自费", "#超限价", "#先行自付", "#纳入"]
    return el("div", el("div", buttons, cls="filter"), table(heads, rows, foot=foot, cls="lines"), data_filter=True)


def _refusal_cell(amount_fen: int) -> Html:
    return el("td", money(amount_fen) if amount_fen else "", cls="num refused")


def _plain(number: str, places: int = 0) -> str:
    """A quantity or price with thousands and without idle zeros, but ``places`` at least."""
    whole, _, part = f"{Decimal(number):,f}".partition(".")
    part = part.rstrip("0").ljust(places, "0")
    return f"{whole}.{part}" if part else whole


def _paper_steps(steps: Sequence[Step], settlement: Json) -> Html:
    rows = [row(("" if step.kind in ("total", "cash") else "减：") + step.name, num(step.amount_fen)) for step in steps]
    reasons = el(
        "ol",
        [
            el("li", step["zh"], el("small", f"（{step['source']} {step['article']}）") if step["source"] else None)
            for step in settlement["explanation"]
        ],
    )
    return join(
        table(["从总额到现金", "#金额（元）"], rows), el("h3", "计算依据") if settlement["explanation"] else None, reasons
    )


def _signature(settlement: Json, desk: Desk) -> Html:
    return el(
        "div",
        el(
            "p",
            "校验码 ",
            el("span", settlement["check_code"], cls="fig"),
            "　打印件上的校验码与系统显示一致，即金额未被改动。",
        ),
        el(
            "p",
            el("span", f"经办：{desk.me['name']}"),
            el("span", f"打印日期：{desk.today.isoformat()}"),
            el("span", "领取人签字："),
            cls="paper sign",
        ),
        cls="check-code",
    )
