"""工伤待办: what waits for somebody across all cases, the oldest first, each with its next step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import send_act
from gateway.entrypoints.console.frame import Desk, block, empty, missing, more, persons_of, tabs
from gateway.entrypoints.console.injury import next_step
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages import stay_credits
from gateway.entrypoints.console.words import (
    ADVANCE_STATES,
    BELONGINGS,
    BOOKS,
    CONVERSION_STATES,
    DEDUCTION_STATES,
    PAIR_KINDS,
    RECOVERY_CAUSES,
    RECOVERY_STATES,
    REMEDIES,
    SPLIT_STATES,
    TRANSFER_STATES,
    badge,
    clock,
    day,
    money,
    num,
    party,
    province,
    quarter,
    span,
    word,
)
from shared.errors import Refusal
from shared.money import format_yuan

Json = Mapping[str, Any]

_TABS: Final = {
    "recoveries": "追偿",
    "advances": "先行支付",
    "deductions": "审核扣款",
    "splits": "费用拆分",
    "stay-splits": "结算前拆分",
    "mismatches": "对不上的账",
    "credits": "挂账待认定",
    "proposals": "等第二人复核",
}
_PAGE: Final = 50


async def show(desk: Desk) -> None:
    """One list; the others are one key away."""
    kind = desk.path.get("kind") or "recoveries"
    kind = kind if kind in _TABS else "recoveries"
    block(
        el("div", el("h1", "工伤待办"), el("small", "先到期、先发生的在前", cls="soft"), cls="title-line"),
        tabs("/worklists/", _TABS, kind, "待办种类"),
    )
    if kind == "proposals":
        await _proposals(desk)
        return
    if kind == "recoveries":
        await _recoveries(desk)
        return
    if kind == "credits":
        await _credits(desk)
        return
    found = await desk.api.get(f"/v1/worklists/{kind}", after=desk.query.get("after"), limit=_PAGE)
    if kind == "stay-splits":
        block(await _stay_splits(desk, found["items"]), more(found, text="后面的"))
        return
    rows, heads, nothing = {
        "advances": (_advance, ["应由谁付", "状态", "申请", "下一步期限", ""], "没有等待办理的先行支付申请。"),
        "deductions": (_deduction, ["医院", "扣款理由", "状态", "异议期限", "#扣款（元）", ""], "没有等待定案的扣款。"),
        "splits": (_split, ["医院", "住院", "状态", "拆分明细", "期限", ""], "没有等待同意的费用拆分。"),
        "mismatches": (_mismatch, ["业务", "凭证", "停在", "原因", "怎么办", "#金额（元）"], "✓ 没有超过时限还对不上的账。"),
    }[kind]
    made = [rows(item, desk.today) for item in found["items"]]
    block(table(heads, made, cls="rows") if made else empty(nothing), more(found, text="后面的"))


async def _recoveries(desk: Desk) -> None:
    since, until = desk.query.get("since"), desk.query.get("until")
    after = desk.query.get("after")
    ages, found = await asyncio.gather(
        desk.api.look("/v1/recovery-ages"),
        desk.api.get("/v1/worklists/recoveries", opened_since=since, opened_until=until, after=after, limit=_PAGE),
    )
    block(missing(ages) if isinstance(ages, Refusal) else _ages(ages, since, until))
    rows = [
        row(
            el("a", party(d["debtor"]), href=f"/recoveries/{d['recovery_id']}"),
            el("td", word(RECOVERY_CAUSES, d["cause"]), el("small", word(BOOKS, d["book"]))),
            badge(word(RECOVERY_STATES, d["state"]), "due"),
            el("td", f"{(desk.today - date.fromisoformat(day(d['opened_at']))).days} 天", cls="num fig"),
            el("td", clock(d["due_on"], desk.today)),
            num(d["advanced_fen"]),
            num(d["open_fen"]),
            el("td", el("a", next_step(d), href=f"/recoveries/{d['recovery_id']}", cls="button")),
            data_row=True,
            tabindex=0,
        )
        for d in found["items"]
    ]
    heads = ["应付方", "原因和账套", "状态", "#账龄", "期限", "#应收（元）", "#未收回（元）", "下一步"]
    older = more(found, {"since": since, "until": until}, "后面的")
    block(table(heads, rows, cls="rows") if rows else empty("✓ 没有未收回的追偿。"), older)


def _ages(ages: Json, since: str | None, until: str | None) -> Html:
    """Ages as cards; each opens its debts."""
    today = date.fromisoformat(ages["on"])
    most = max((a["open_fen"] for a in ages["ages"]), default=0) or 1
    cards = [
        el(
            "a",
            el("small", "全部"),
            el("b", money(ages["open_fen"])),
            el("span", f"{ages['debts']} 笔", cls="soft"),
            href="/worklists/recoveries",
            cls="age",
            aria_current=None if since or until else "true",
        )
    ]
    for age in ages["ages"]:
        first = "" if age["to_days"] is None else (today - timedelta(days=age["to_days"])).isoformat()
        last = (today - timedelta(days=age["from_days"])).isoformat()
        name = f"{age['from_days']} 天以上" if age["to_days"] is None else f"{age['from_days']}–{age['to_days']} 天"
        here = (since or "", until or "") == (first, last)
        cards.append(
            el(
                "a",
                el("small", name),
                el("b", money(age["open_fen"])),
                el("span", f"{age['debts']} 笔", cls="soft"),
                el("div", el("i", style=f"width:{age['open_fen'] * 100 // most}%"), cls="bar"),
                href=f"/worklists/recoveries?since={first}&until={last}",
                cls="age",
                aria_current="true" if here else None,
            )
        )
    return el("div", cards, cls="ages", aria_label="未收回金额按账龄，元")


def _advance(a: Json, today: date) -> Html:
    step = {"applied": "送达催告" if a["debtor"].startswith("E:") else "作出决定", "noticed": "期满后作出决定"}[a["state"]]
    return row(
        el("a", party(a["debtor"]), href=f"/cases/{a['case_id']}"),
        badge(word(ADVANCE_STATES, a["state"]), "due"),
        el("td", day(a["applied_on"]), cls="fig"),
        el("td", clock(a["due_on"], today)),
        el("td", el("a", step, href=f"/cases/{a['case_id']}", cls="button")),
        data_row=True,
        tabindex=0,
    )


def _deduction(d: Json, today: date) -> Html:
    step = "听取异议后定案" if d["state"] == "objected" else "期满后定案"
    return row(
        el("a", d["institution_name"] or "医院", href=f"/cases/{d['case_id']}"),
        el("td", d["reason"]),
        badge(word(DEDUCTION_STATES, d["state"]), "due"),
        el("td", clock(d["object_until"], today)),
        num(d["amount_fen"]),
        el("td", el("a", step, href=f"/cases/{d['case_id']}", cls="button")),
        data_row=True,
        tabindex=0,
    )


def _split(s: Json, today: date) -> Html:
    return row(
        el("a", s["institution_name"] or "医院", href=f"/conversions/{s['conversion_id']}"),
        el("td", span(s["begun_on"], s["ended_on"]), cls="fig"),
        *_flags(s, today),
        el("td", el("a", "审核拆分", href=f"/conversions/{s['conversion_id']}", cls="button")),
        data_row=True,
        tabindex=0,
    )


def _flags(s: Json, today: date) -> list[Html]:
    """How far a split has come, what it says, and by when the next must speak."""
    lines = "，".join(f"{word(BELONGINGS, code)} {count} 项" for code, count in s["lines"].items())
    return [
        el("td", badge(word(SPLIT_STATES, s["split_state"]), "due" if s["split_state"] == "proposed" else "late")),
        el("td", lines, el("small", s["note"]) if s["note"] else None),
        el("td", clock(s["due_at"], today)),
    ]


async def _stay_splits(desk: Desk, items: Sequence[Json]) -> Html:
    """Of stays that are not settled: known by their person, for the bridge knows no bill yet."""
    persons = await persons_of(desk, items)
    rows = []
    for s in items:
        person, address = persons[s["person_id"]], f"/stay-splits/{s['visit_id']}"
        name = "个人信息暂时无法显示" if isinstance(person, Refusal) else f"{person['name']} {person['certno']}"
        step = el("a", "审核拆分" if s["split_state"] == "proposed" else "登记专家意见", href=address, cls="button")
        rows.append(row(el("a", name, href=address), *_flags(s, desk.today), el("td", step), data_row=True, tabindex=0))
    if not rows:
        return empty("没有等待同意的结算前拆分。")
    return table(["职工", "状态", "拆分明细", "期限", ""], rows, cls="rows")


async def _credits(desk: Desk) -> None:
    found = await desk.api.get("/v1/stay-credits", after=desk.query.get("after"), limit=_PAGE)
    if found["items"]:
        stay_credits.show_list(desk, found["items"])
    else:
        block(empty("没有挂账等待工伤认定的住院。"))
    block(more(found, text="后面的"))


def _mismatch(m: Json, _: date) -> Html:
    states = {**CONVERSION_STATES, **TRANSFER_STATES, "unbooked": "已登记，未入账"}
    address = f"/conversions/{m['conversion_id']}" if m["conversion_id"] else f"/cases/{m['case_id']}"
    return row(
        el("a", word(PAIR_KINDS, m["kind"]), href=address),
        el("td", m["voucher_no"] or "—", el("small", word(BOOKS, m["book"])) if m["book"] else None, cls="fig"),
        el(
            "td",
            word(states, m["state"]),
            el("small", el("i", "■"), f" {m['working_days']} 个工作日，时限 {m['limit_days']} 个", cls="light red"),
        ),
        el("td", m["cause"] or "没有报错"),
        el("td", m["remedy"], cls="remedy"),
        num(m["amount_fen"]),
        data_row=True,
        tabindex=0,
    )


async def _proposals(desk: Desk) -> None:
    """Acts of two people; the second decides here."""
    found = await desk.api.get("/v1/proposals", state="open", after=desk.query.get("after"), limit=_PAGE)
    if not found["items"]:
        block(empty("没有等待第二人复核的事项。"))
        return
    for proposal in found["items"]:
        with ui.element("div").classes("waiting"):
            block(_proposal(proposal, desk.today))
            _decide(desk, proposal)
    block(more(found, text="后面的"))


def _write_off(recovery_id: str, body: Json) -> Sequence[object]:
    return [el("span", f"批准文号 {body['reference']}"), el("a", "看这笔追偿", href=f"/recoveries/{recovery_id}")]


def _cut(settlement_id: str, body: Json) -> Sequence[object]:
    said = [el("span", f"扣款 {format_yuan(body['amount_fen'])} 元"), el("span", body["reason"])]
    return [*said, el("a", "看原结算单", href=f"/settlements/{settlement_id}")]


def _one_bill(_: str, body: Json) -> Sequence[object]:
    note = el("span", body["note"]) if body.get("note") else None
    return [el("span", "冲回医保结算，多得的款转入追偿"), note, el("a", "看线索", href="/double-bills")]


def _charge_undone(_: str, body: Json) -> Sequence[object]:
    note = el("span", body["note"])
    return [el("span", "恢复医保结算，已退回的款转为应付个人"), note, el("a", "看线索", href="/double-bills?state=charged")]


def _money_in(_: str, body: Json) -> Sequence[object]:
    source = el("span", word(REMEDIES, body["source"])) if "source" in body else None
    book, amount = word(BOOKS, body.get("book", "WI")), format_yuan(body["amount_fen"])
    return [el("span", f"{book}到账 {amount} 元"), source, el("span", f"回单 {body['reference']}")]


def _period(_: str, body: Json) -> Sequence[object]:
    return [el("span", f"{word(BOOKS, body['book'])}　{body['month']}"), el("span", "结账后这个月不能再记账")]


def _quarter(bill_no: str, body: Json) -> Sequence[object]:
    said = f"付给{province(body['province'])} {quarter(body['quarter'])} {format_yuan(body['bill_fen'])} 元"
    return [el("span", said), el("span", f"清算通知书 {bill_no}")]


def _prefund(place: str, body: Json) -> Sequence[object]:
    way = "收回" if body["back"] else "拨付"
    return [el("span", f"{way}{province(place)}预付金 {format_yuan(body['amount_fen'])} 元")]


_PROPOSED: Final[Mapping[str, Callable[[str, Json], Sequence[object]]]] = {
    "write-off": _write_off,
    "deduction": _cut,
    "double-bill": _one_bill,
    "double-bill-undo": _charge_undone,
    "replenishment": _money_in,
    "medical-replenishment": _money_in,
    "period": _period,
    "remote-clearing": _quarter,
    "prefund": _prefund,
}
_SECOND: Final = {
    "write-off": "recoveries:approve",
    "double-bill": "recoveries:approve",
    "double-bill-undo": "recoveries:approve",
    "deduction": "audits:approve",
    "period": "ledger:close",
}
"""Who may decide; the others are money of the clearing."""


def _proposal(p: Json, today: date) -> Html:
    days = (today - date.fromisoformat(day(p["proposed_at"]))).days
    what = _PROPOSED[p["kind"]](p["subject_id"], p["body"])
    return el(
        "p",
        el("b", p["name"]),
        what,
        el("small", f"{p['maker_name']} 提出，{'今天' if not days else f'{days} 天前'}"),
        cls="facts",
    )


def _decide(desk: Desk, proposal: Json) -> None:
    scope = _SECOND.get(proposal["kind"], "clearing:approve")
    mine = proposal["maker"] == desk.me["user_id"]
    path = f"/v1/proposals/{proposal['proposal_id']}"
    if desk.can(scope) and not mine:
        send_act(desk, "复核通过", f"{path}/approve", primary=True)
    if mine or desk.can(scope):
        send_act(desk, "撤回" if mine else "不同意", f"{path}/drop")
