"""工伤待遇: what a person gets because of an injury, step by step; and the monthly run of the pensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import NOTE, act_button, field
from gateway.entrypoints.console.frame import Desk, block, empty, missing, person_link, section
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages import benefit_forms
from gateway.entrypoints.console.pages.journals import hands_of
from gateway.entrypoints.console.pages.rule_book import progress_bar
from gateway.entrypoints.console.words import (
    ENTITLEMENT_STATES,
    ITEM_STATES,
    NURSING,
    REVIEW_REASONS,
    badge,
    day,
    money,
    num,
    word,
)
from shared.errors import Refusal

Json = Mapping[str, Any]

_TONES: Final = {"paid": "done", "running": "done", "granted": "done", "dismissed": "late", "stopped": "", "withdrawn": "late"}
_AWAITS_MONEY: Final = badge("待基金资金到账", "due")
_AWAITS_HEIRS: Final = badge("待继承（近亲属）证明", "due")
_KINDS: Final = {"disability-allowance": "伤残津贴", "nursing": "生活护理费", "dependant": "供养亲属抚恤金"}
_POSTINGS: Final = 12


async def show_case(desk: Desk) -> None:
    """Every benefit of one injury."""
    case_id = desk.path["case_id"]
    found = await desk.api.get(f"/v1/injury-cases/{case_id}/benefits")
    person, provider = await desk.api.together(f"/v1/persons/{found['person_id']}", "/v1/auth")
    hands = hands_of(provider)
    ui.page_title("工伤待遇 · 一窗")
    block(_head(found, person), _sums(found))
    if found["loss"]:
        block(_loss(found["loss"]))
    benefit_forms.show(desk, found)
    block(section("一次性待遇", _items(found["items"], hands), note="元，点开看计算"))
    for item in found["items"]:
        _item_acts(desk, item)
    block(section("定期待遇", None if found["entitlements"] else el("p", "没有定期待遇。", cls="soft"), note="按月发放，元"))
    for entitlement in found["entitlements"]:
        with ui.element("div").classes("entitlement"):
            block(_entitlement(entitlement, hands))
            _entitlement_acts(desk, entitlement)
    block(section("劳动能力鉴定", _appraisals(found["appraisals"])))
    if found["owed_by_employer"]:
        block(section("由用人单位支付（不从基金支付）", _from_employer(found["owed_by_employer"]), note="元"))


def _head(found: Json, person: Any) -> Html:
    last = found["appraisals"][-1] if found["appraisals"] else None
    return el(
        "div",
        el(
            "div",
            el("h1", "工伤待遇"),
            badge(f"伤残 {last['grade']} 级", "info") if last and last["grade"] else None,
            badge(word(NURSING, last["nursing"]), "info") if last and last["nursing"] else None,
            el("a", "工伤案件", href=f"/cases/{found['case_id']}", cls="button"),
            cls="title-line",
        ),
        el("p", person_link(person), cls="facts"),
        cls="page-head",
    )


def _waits(benefit: Json) -> Html | None:
    """Whether it is given out for payment, and has not gone out."""
    if benefit["awaits_heirs"]:
        return _AWAITS_HEIRS
    return _AWAITS_MONEY if benefit["awaits_money"] else None


def _sums(found: Json) -> Html:
    paid = sum(i["amount_fen"] for i in found["items"] if i["state"] == "paid" and not _waits(i))
    monthly = sum(e["amount_fen"] or 0 for e in found["entitlements"] if e["state"] in ("granted", "running"))
    wage = found["own_wage"]
    cards = [
        ("本人工资（月）", money(wage["amount_fen"]) if wage else el("span", "未登记", cls="none")),
        ("一次性待遇已支付", money(paid)),
        ("每月发放", money(monthly)),
    ]
    return el("div", [el("div", el("small", name), el("b", figure), cls="sum") for name, figure in cards], cls="sums")


def _loss(loss: Json) -> Html:
    words = "下落不明" if loss["circumstance"] == "missing" else "已故"
    late = "，通知已逾期" if loss["notice_late"] else ""
    return el("p", f"{words}（{day(loss['occurred_on'])}），待遇已停发{late}。", cls="hint")


def _how(steps: Sequence[Json]) -> Html:
    return el(
        "ol",
        [
            el(
                "li",
                el("p", s["label"]),
                el(
                    "p",
                    el("span", f"依据：{s['source']}" + (f"，第{s['article']}条" if s["article"] else "")),
                    el("b", money(s["amount_fen"])),
                    cls="source",
                ),
            )
            for s in steps
        ],
        cls="reasons",
    )


def _advanced(item: Json) -> Html | None:
    """Of an uninsured employer: it owes the fund what the fund has advanced (B7)."""
    return el("small", "先行支付，由用人单位偿还") if item["debtor"] else None


def _items(items: Sequence[Json], hands: Mapping[str, str]) -> Html:
    if not items:
        return el("p", "没有一次性待遇。", cls="soft")
    rows = [
        row(
            el("td", el("b", i["name"]), _advanced(i), el("details", el("summary", "怎么算的"), _how(i["calculation"]))),
            _waits(i)
            or badge(("✓ " if i["state"] == "paid" else "") + word(ITEM_STATES, i["state"]), _TONES.get(i["state"], "due")),
            el("td", day(i["on"]), cls="fig"),
            el("td", _signed(i, hands)),
            num(i["amount_fen"]),
        )
        for i in items
    ]
    return table(["待遇", "状态", "发生", "经办", "#金额"], rows)


def _signed(thing: Json, hands: Mapping[str, str]) -> Html:
    names = [
        f"{role} {hands.get(thing[key], thing[key])}"
        for key, role in (("maker", "经办"), ("checker", "复核"), ("approver", "审批"))
        if thing.get(key)
    ]
    return el("span", "　".join(names))


def _item_acts(desk: Desk, item: Json) -> None:
    me = desk.me["user_id"]
    if (
        item["state"] not in ("proposed", "checked")
        or not desk.can("benefits:approve")
        or me in (item["maker"], item["checker"])
    ):
        return
    path = f"/v1/benefits/{item['benefit_id']}"
    with ui.element("div").classes("acts screen"):
        text = f"{item['name']}：{'复核' if item['state'] == 'proposed' else '审批'}通过"
        act_button(desk, text, "最后一人签字后入账并支付。", f"{path}/approve", [NOTE], primary=True)
        act_button(desk, "不予支付", f"{item['name']}不符合条件，请写明理由。", f"{path}/dismiss", [{**NOTE, "required": True}])


def _entitlement(e: Json, hands: Mapping[str, str]) -> Html:
    until = f"至 {day(e['ended'])[:7]}" if e["ended"] else f"至 {day(e['until'])[:7]}" if e["until"] else "起"
    postings = list(reversed(e["postings"]))[:_POSTINGS]
    rows = [
        row(
            el("td", day(p["month"])[:7], cls="fig"),
            el("td", day(p["run_month"])[:7], cls="fig"),
            el("td", _reason(p)),
            badge("✓ 已付", "done") if p["paid"] else badge("待付", "due"),
            num(p["amount_fen"]),
        )
        for p in postings
    ]
    return el(
        "div",
        el(
            "p",
            el("b", e["name"]),
            badge(word(ENTITLEMENT_STATES, e["state"]), _TONES.get(e["state"], "due")),
            _waits(e),
            el("span", f"{day(e['begins'])[:7]} {until}", cls="fig"),
            el("span", f"资格认证 {day(e['certified_on'])}", cls="fig soft"),
            _signed(e, hands),
            el("b", money(e["amount_fen"]), " / 月", cls="amount-now") if e["amount_fen"] is not None else None,
            cls="facts",
        ),
        el("p", el("b", "受阻："), e["hindrance"], cls="fault") if e["hindrance"] else None,
        el("details", el("summary", "怎么算的"), _how(e["calculation"])) if e["calculation"] else None,
        table(["所属月", "发放月", "", "状态", "#金额"], rows) if rows else el("p", "还没有发放。", cls="soft"),
        el("small", f"只列最近 {_POSTINGS} 笔，共 {len(e['postings'])} 笔") if len(e["postings"]) > _POSTINGS else None,
    )


def _reason(posting: Json) -> str:
    if posting["amount_fen"] < 0:
        return "多发追回"
    return "补发" if posting["month"] != posting["run_month"] else "按月发放"


def _entitlement_acts(desk: Desk, e: Json) -> None:
    path = f"/v1/entitlements/{e['entitlement_id']}"
    with ui.element("div").classes("acts screen"):
        if e["state"] == "proposed" and desk.can("benefits:approve") and e["maker"] != desk.me["user_id"]:
            act_button(
                desk,
                "复核通过",
                f"{e['name']}自 {day(e['begins'])[:7]} 起按月发放，已到期的月份立即补发。",
                f"{path}/approve",
                [NOTE],
                primary=True,
            )
            act_button(desk, "不予支付", "不符合条件，请写明理由。", f"{path}/dismiss", [{**NOTE, "required": True}])
        if e["state"] in ("granted", "running", "suspended") and desk.can("benefits:propose"):
            act_button(
                desk,
                "登记资格认证",
                "本年度待遇资格认证已通过。",
                f"{path}/certify",
                [field("on", "认证日期", "date")],
                {"on": desk.today.isoformat()},
            )
        if e["state"] == "suspended" and desk.can("benefits:approve"):
            act_button(
                desk,
                "恢复发放",
                "自所选月份起恢复发放。",
                f"{path}/resume",
                [field("month", "恢复月份（任一天）", "date")],
                {"month": desk.today.isoformat()},
            )


def _appraisals(appraisals: Sequence[Json]) -> Html:
    if not appraisals:
        return el("p", "还没有鉴定结论。", cls="soft")
    rows = [
        row(
            el("td", f"第 {a['version']} 版", cls="fig"),
            el("td", a["conclusion_no"], el("small", a["decided_by"])),
            f"{a['grade']} 级" if a["grade"] else "—",
            word(NURSING, a["nursing"]) if a["nursing"] else "—",
            el("td", day(a["concluded_on"]), cls="fig"),
            el("td", day(a["recheck_due_on"]), cls="fig"),
        )
        for a in reversed(appraisals)
    ]
    return table(["版本", "结论书", "伤残等级", "生活自理障碍", "日期", "复查"], rows)


def _from_employer(owed: Sequence[Json]) -> Html:
    rows = [
        row(
            el("td", el("b", o["name"]), el("details", el("summary", "怎么算的"), _how(o["calculation"]))), num(o["amount_fen"])
        )
        for o in owed
    ]
    return table(["项目", "#金额"], rows)


async def show_run(desk: Desk) -> None:
    """The monthly run: how far, how much, what is in the way."""
    try:
        month = date.fromisoformat(f"{desk.query.get('month') or desk.today.isoformat()[:7]}-01")
    except ValueError:
        month = desk.today.replace(day=1)
    run = await desk.api.get(f"/v1/pension-runs/{month.isoformat()}")
    reviews = await desk.api.look("/v1/pension-reviews", limit=200)
    before, after = _shifted(month, -1), _shifted(month, 1)
    ui.page_title("定期待遇发放 · 一窗")
    going = run["done"] < run["entitlements"]
    block(
        el(
            "div",
            el("h1", "定期待遇发放"),
            badge(f"{month.year} 年 {month.month} 月", "info"),
            el("a", "上月", href=f"?month={before}", cls="button"),
            el("a", "下月", href=f"?month={after}", cls="button") if after <= desk.today.isoformat()[:7] else None,
            cls="title-line",
        ),
        el(
            "div",
            el("p", f"应发 {run['entitlements']:,} 人项，已办 {run['done']:,}，受阻 {run['hindered']:,}"),
            progress_bar(run["done"], run["entitlements"]),
            el("p", "系统正在发放，无需操作。", cls="soft") if going and not run["hindered"] else None,
            cls="progress",
            role="status",
        ),
        el(
            "div",
            [
                el("div", el("small", name), el("b", money(run[key])), cls="sum")
                for name, key in (
                    ("本月发放", "granted_fen"),
                    ("其中补发", "arrears_fen"),
                    ("多发追回", "recovered_fen"),
                    ("待支付", "waiting_fen"),
                )
            ],
            cls="sums",
        ),
        section("需要处理", missing(reviews) if isinstance(reviews, Refusal) else _reviews(reviews["items"])),
    )


def _shifted(month: date, by: int) -> str:
    number = month.year * 12 + month.month - 1 + by
    return f"{number // 12}-{number % 12 + 1:02d}"


def _reviews(items: Sequence[Json]) -> Html:
    if not items:
        return empty("✓ 没有需要处理的事项。")
    rows = [
        row(
            el("a", _KINDS.get(r.get("kind") or "", "死亡或下落不明"), href=f"/cases/{r['case_id']}/benefits"),
            el("td", [badge(word(REVIEW_REASONS, reason), "due") for reason in r["reasons"]]),
            el("td", _since(r), cls="fig"),
            el("td", r.get("hindrance") or "—"),
            data_row=True,
            tabindex=0,
        )
        for r in items
    ]
    return table(["待遇", "原因", "日期", "受阻原因"], rows, cls="rows")


def _since(review: Json) -> str:
    if review.get("certified_on"):
        return f"上次认证 {day(review['certified_on'])}"
    return f"发生 {day(review['occurred_on'])}"
