"""月末清算: each fund's runs, what waits for somebody, and one run with its queue, its vouchers and the acts that are due."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import act_button, field, send_act
from gateway.entrypoints.console.frame import Desk, block, empty, missing, more, section
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages.journals import INSTITUTIONS, hands_of, places_of
from gateway.entrypoints.console.words import (
    BOOKS,
    CLEARING_KINDS,
    CLEARING_STATES,
    REMEDIES,
    REMEDY_STEPS,
    TRANSFER_STATES,
    badge,
    clock,
    day,
    moment,
    money,
    num,
    word,
)
from shared.errors import Refusal
from shared.money import format_yuan

Json = Mapping[str, Any]

_PAGE: Final = 50
_TONES: Final = {"open": "due", "frozen": "info", "partial": "late", "paid": "info", "closed": "done"}
_URGENT: Final = frozenset({"shortage", "returned", "hindered", "late"})
_REPLENISHMENTS: Final = frozenset({"replenishment", "medical-replenishment"})
_SHOWN_CASES: Final = 50


async def show_list(desk: Desk) -> None:
    """Runs, newest first, below what waits."""
    waiting, found = await asyncio.gather(
        desk.api.look("/v1/interfund-clearings/worklist"),
        desk.api.get("/v1/interfund-clearings", after=desk.query.get("after"), limit=_PAGE),
    )
    block(el("div", el("h1", "月末清算"), el("small", "基金之间应付的款，按月逐个基金付清", cls="soft"), cls="title-line"))
    if desk.can("clearing:propose"):
        with ui.element("div").classes("acts screen"):
            rules = [field("payer", "付款基金", "choice", choices=BOOKS), field("month", "月份（年-月）", "text")]
            act_button(
                desk,
                "提出清算",
                "把付款基金这个月应付其他基金的款列入清算，由另一人复核后付款。",
                "/v1/interfund-clearings",
                rules,
                {"payer": "WI", "month": f"{desk.today:%Y-%m}"},
                primary=True,
            )
    block(missing(waiting) if isinstance(waiting, Refusal) else section("等人处理", _waiting(waiting["items"])))
    rows = [
        row(
            el("a", f"{word(BOOKS, run['payer'])}　{run['month']}", href=f"/clearings/{run['clearing_id']}"),
            _state(run),
            el("td", day(run["cut_off"]), cls="fig"),
            el("td", day(run["pay_by"]) if run["state"] in ("paid", "closed") else clock(run["pay_by"], desk.today), cls="fig"),
            el("td", el("b", money(run["short_fen"]), cls="light red") if run["short_fen"] else "—", cls="num"),
            num(run["carried_fen"]) if run["carried_fen"] else el("td", "—", cls="num"),
            data_row=True,
            tabindex=0,
        )
        for run in found["items"]
    ]
    heads = ["付款基金和月份", "状态", "截止日", "付款期限", "#资金缺口（元）", "#结转下月（元）"]
    block(section("清算批次", table(heads, rows, cls="rows") if rows else empty("还没有月末清算。"), more(found)))


def _state(run: Json) -> Html:
    if run["carried_fen"]:
        return badge("余额已结转下月", "due")
    return badge(word(CLEARING_STATES, run["state"]), _TONES[run["state"]])


def _waiting(items: list[Json]) -> Html:
    if not items:
        return el("p", "✓ 没有等人处理的清算。", cls="settled")
    rows = []
    for item in items:
        sign, tone = ("■", "red") if item["kind"] in _URGENT else ("▲", "yellow")
        name = el("span", el("i", sign), " ", word(CLEARING_KINDS, item["kind"]), cls=f"light {tone}")
        # what is unconfirmed or not proposed is named by a voucher or a fund, and has no page of a run
        linked = item["kind"] not in ("unconfirmed", "not-proposed")
        rows.append(
            row(
                el("td", el("a", name, href=f"/clearings/{item['subject_id']}") if linked else name),
                el("td", item["cause"]),
                el("td", item["fix"], cls="remedy"),
                el("td", day(item["since"]), cls="fig"),
                data_row=linked,
                tabindex=0 if linked else None,
            )
        )
    return table(["事项", "原因", "怎么办", "发生"], rows, cls="rows")


async def show(desk: Desk) -> None:
    """One run."""
    run = await desk.api.get(f"/v1/interfund-clearings/{desk.path['clearing_id']}")
    provider, waiting, found = await desk.api.together("/v1/auth", "/v1/proposals?state=open&limit=200", INSTITUTIONS)
    hands = hands_of(provider)
    places = places_of(found)
    ui.page_title(f"月末清算 {run['month']} · 一窗")
    block(_head(run, hands), _shortage(desk, run))
    for proposal in _coming(waiting, run["payer"]):
        said = f"{proposal['maker_name']} 已登记补足资金 {format_yuan(proposal['body']['amount_fen'])} 元，等第二人复核。"
        block(el("p", said, el("a", "去复核", href="/worklists/proposals"), cls="hint"))
    with ui.element("div").classes("acts screen"):
        _acts(desk, run)
    block(
        section("各基金", _pairs(run), note="元"),
        section("付款顺序", _queue(run, places), note="先付个人和单位，再付医疗机构，最后付其他基金；同类先发生的先付，元"),
        section("凭证", _vouchers(run), note="一对基金一张凭证，附案件清单，元"),
    )


def _coming(waiting: Any, payer: str) -> list[Json]:
    """Money for the fund that a second person has still to book."""
    if isinstance(waiting, Refusal):
        return []
    return [p for p in waiting["items"] if p["kind"] in _REPLENISHMENTS and p["body"].get("book", "WI") == payer]


def _head(run: Json, hands: Mapping[str, str]) -> Html:
    maker, checker = run["maker"], run["checker"]
    return el(
        "div",
        el(
            "div",
            el("h1", f"{word(BOOKS, run['payer'])}　{run['month']} 月末清算"),
            _state(run),
            el("a", "全部批次", href="/clearings", cls="button"),
            cls="title-line",
        ),
        el(
            "p",
            el("span", f"提出 {hands.get(maker, maker)}"),
            el("span", f"复核 {hands.get(checker, checker)}" if checker else "等另一人复核"),
            el("span", "截止日 ", day(run["cut_off"]), cls="fig"),
            el("span", "付款期限 ", day(run["pay_by"]), cls="fig"),
            cls="facts",
        ),
        cls="page-head",
    )


def _shortage(desk: Desk, run: Json) -> Html | None:
    """What is missing, whom it is asked of since when and until when, and by when the run has to be paid."""
    if run["state"] == "partial" and run["remedy"]:
        return el(
            "div",
            el("b", f"■ 资金缺口 {format_yuan(run['short_fen'])} 元"),
            el("p", f"正在申请：{word(REMEDIES, run['remedy'])}。到账后登记补足资金，复核后系统续付。"),
            el(
                "p",
                el("span", f"申请 {day(run['asked_on'])}", cls="fig") if run["asked_on"] else None,
                el("span", "答复期限 ", clock(run["asked_until"], desk.today)) if run["asked_until"] else None,
                el("span", "付款期限 ", clock(run["pay_by"], desk.today)),
                cls="facts",
            ),
            el("p", f"逾期未到账的，系统转向下一来源：{_after(run['remedy'])}。", cls="soft"),
            cls="fault",
            role="alert",
        )
    if run["cause"] or run.get("hindrance"):
        return el("div", el("b", "■ 未付成"), el("p", run["cause"] or run["hindrance"]), cls="fault", role="alert")
    return None


def _after(remedy: str) -> str:
    """Who is asked next; the last one is asked again."""
    at = REMEDY_STEPS.index(remedy) + 1
    return REMEDIES[REMEDY_STEPS[min(at, len(REMEDY_STEPS) - 1)]]


def _acts(desk: Desk, run: Json) -> None:
    path = f"/v1/interfund-clearings/{run['clearing_id']}"
    if run["state"] == "open" and desk.can("clearing:approve") and run["maker"] != desk.me["user_id"]:
        send_act(desk, "复核通过并付款", f"{path}/approve", primary=True)
    if run["state"] == "partial":
        if desk.can("clearing:approve"):
            send_act(desk, "续付", f"{path}/resume", primary=True)
        if desk.can("clearing:propose"):
            _replenish(desk, run)


def _replenish(desk: Desk, run: Json) -> None:
    """Money for the work-injury fund names its source; a medical fund's is booked by whoever keeps its book."""
    medical = run["payer"] != "WI"
    source = field("source", "资金来源", "choice", choices=REMEDIES)
    rules = [field("amount_fen", "到账金额", "fen"), *([] if medical else [source]), field("reference", "银行回单号", "text")]
    act_button(
        desk,
        "登记补足资金",
        "款已到支出户，登记后由另一人复核入账。",
        "/v1/replenishments" if medical else "/v1/fund-replenishments",
        rules,
        {"amount_fen": run["short_fen"], "source": run["remedy"]},
        primary=True,
        read=(lambda body: {**body, "book": run["payer"]}) if medical else dict,
    )


def _pairs(run: Json) -> Html:
    if not run["pairs"]:
        return el("p", "复核后列出应付的基金。" if run["state"] == "open" else "这个月没有应付其他基金的款。", cls="soft")
    rest = "结转下月" if run["carried_fen"] else "未付"
    rows = [
        row(
            f"付给{word(BOOKS, p['payee'])}",
            badge("✓ 付清", "done") if not p["open_fen"] else badge("部分已付" if p["paid_fen"] else rest, "late"),
            num(p["amount_fen"]),
            num(p["paid_fen"]),
            num(p["open_fen"]),
        )
        for p in run["pairs"]
    ]
    foot = row("合计", "", *(num(sum(p[name] for p in run["pairs"])) for name in ("amount_fen", "paid_fen", "open_fen")))
    return table(["收款基金", "", "#应付", "#已付", f"#{rest}"], rows, foot=foot)


def _queue(run: Json, places: Mapping[str, str]) -> Html:
    """What the last round found, in the order in which it pays: an item that the money does not cover stops the queue."""
    if not run["queue"] and not run["set_aside_fen"]:
        return el("p", "还没有排付款顺序。" if run["state"] == "open" else "没有排队的款。", cls="soft")
    first = el("td", "先付个人和用人单位", el("small", "由系统随办随付，这里先留足", cls="line"))
    rows = [row("1", first, el("td", "—"), num(run["set_aside_fen"]), el("td", "—", cls="num"), el("td", "—", cls="num"), "")]
    for item in run["queue"]:
        open_, paid = item["open_fen"], item["paid_fen"]
        done = badge("✓ 付清", "done") if not open_ else badge("部分已付" if paid else "未付", "late" if not paid else "due")
        rows.append(
            row(
                str(item["priority"]),
                el("td", _payee(item, places)),
                el("td", day(item["since"]), cls="fig"),
                num(item["amount_fen"]),
                num(paid),
                num(open_),
                done,
            )
        )
    return table(["顺位", "付给", "发生", "#应付", "#已付", "#未付", ""], rows)


def _payee(item: Json, places: Mapping[str, str]) -> object:
    """An institution by its name with what is set off, a fund with its case."""
    if item["priority"] == 2:
        offset = el("small", "其中抵扣 ", money(item["offset_fen"]), cls="line") if item["offset_fen"] else None
        return [places.get(item["party"], item["party"]), offset]
    return [word(BOOKS, item["party"]), " ", el("small", el("a", "工伤案件", href=f"/cases/{item['case_id']}"))]


def _vouchers(run: Json) -> Html:
    if not run["transfers"]:
        return el("p", "还没有凭证。", cls="soft")
    rows = []
    for v in run["transfers"]:
        cases = [
            el(
                "li",
                el("a", "工伤案件", href=f"/cases/{c['case_id']}"),
                " ",
                el("a", "转换", href=f"/conversions/{c['conversion_id']}"),
                " ",
                money(c["amount_fen"]),
            )
            for c in v["cases"][:_SHOWN_CASES]
        ]
        more = el("small", f"只列前 {_SHOWN_CASES} 笔") if len(v["cases"]) > _SHOWN_CASES else None
        tone = {"confirmed": "done", "voided": "late"}.get(v["state"], "due")
        rows.append(
            row(
                el("td", v["voucher_no"], cls="fig"),
                word(BOOKS, v["book"]),
                el("td", badge(word(TRANSFER_STATES, v["state"]), tone), el("small", v["cause"]) if v["cause"] else None),
                el("td", moment(v["changed_at"]), cls="fig"),
                el("td", el("details", el("summary", f"{len(v['cases'])} 笔"), el("ul", cases), more)),
                num(v["amount_fen"]),
            )
        )
    return table(["凭证号", "对方基金", "状态", "时间", "案件清单", "#金额"], rows)
