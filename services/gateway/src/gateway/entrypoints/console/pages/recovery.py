"""追偿: one debt, the money that moved on it, and the acts that are due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import NOTE, act_button, field
from gateway.entrypoints.console.frame import Desk, block, missing, person_link, section
from gateway.entrypoints.console.injury import next_step
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages.journals import hands_of
from gateway.entrypoints.console.words import (
    BOOKS,
    INTERRUPTIONS,
    MOVEMENTS,
    RECOVERY_CAUSES,
    RECOVERY_STATES,
    SET_OFF_GROUNDS,
    SET_OFF_STATES,
    badge,
    clock,
    day,
    moment,
    money,
    num,
    party,
    word,
)
from shared.errors import Refusal

Json = Mapping[str, Any]

_CLAIMABLE: Final = frozenset({"demanded", "partial", "agreement", "enforced"})
_SHARES: Final = {
    "1000000": "全部责任 100%",
    "900000": "90%",
    "700000": "主要责任 70%",
    "500000": "同等责任 50%",
    "300000": "次要责任 30%",
}


async def show(desk: Desk) -> None:
    """One debt."""
    recovery_id = desk.path["recovery_id"]
    debt = await desk.api.get(f"/v1/recoveries/{recovery_id}")
    person, provider, waiting = await desk.api.together(
        f"/v1/persons/{debt['person_id']}", "/v1/auth", f"/v1/proposals?state=open&subject_id={recovery_id}"
    )
    hands = hands_of(provider)
    pending = [] if isinstance(waiting, Refusal) else waiting["items"]
    ui.page_title("追偿 · 一窗")
    block(_head(debt, person, desk), _sums(debt))
    if debt["open_fen"]:
        block(el("p", el("b", "下一步："), next_step(debt), cls="next"))
        if pending:
            block(
                el(
                    "p",
                    f"{pending[0]['maker_name']} 已提请核销，等第二人复核。",
                    el("a", "去复核", href="/worklists/proposals"),
                    cls="hint",
                )
            )
        with ui.element("div").classes("acts screen"):
            _acts(desk, debt, pending=bool(pending))
    if debt["debtor"].startswith("T:"):
        block(section("诉讼时效", _limitation(debt, desk, hands)))
    if debt["set_offs"]:
        block(section("从工伤待遇中抵扣", _set_offs(debt, hands), note="元"))
    block(
        section("到账与核销", _movements(debt, hands), note="元"),
        missing(waiting) if isinstance(waiting, Refusal) else None,
    )


def _head(debt: Json, person: Any, desk: Desk) -> Html:
    share = "" if debt["liability"] is None else f"责任比例 {debt['liability'] // 10_000}%"
    return el(
        "div",
        el(
            "div",
            el("h1", f"向{party(debt['debtor'])}追偿"),
            badge(word(RECOVERY_STATES, debt["state"]), "due" if debt["open_fen"] else "done"),
            el("a", "工伤案件", href=f"/cases/{debt['case_id']}", cls="button"),
            cls="title-line",
        ),
        el(
            "p",
            person_link(person),
            el("span", word(RECOVERY_CAUSES, debt["cause"])),
            el("span", word(BOOKS, debt["book"])),
            el("span", share) if share else None,
            el("span", "发生 ", day(debt["opened_at"]), cls="fig"),
            el("span", "期限 ", clock(debt["due_on"], desk.today)) if debt["open_fen"] else None,
            cls="facts",
        ),
        cls="page-head",
    )


def _sums(debt: Json) -> Html:
    parts = [
        ("应收", debt["advanced_fen"]),
        ("已收回", debt["recovered_fen"]),
        ("转基金支出", debt["expensed_fen"]),
        ("已核销", debt["written_off_fen"]),
        ("转由他人偿还", debt["moved_fen"]),
        ("未收回", debt["open_fen"]),
    ]
    shown = [(name, amount) for name, amount in parts if amount or name in ("应收", "已收回", "未收回")]
    return el("div", [el("div", el("small", name), el("b", money(amount)), cls="sum") for name, amount in shown], cls="sums")


def _acts(desk: Desk, debt: Json, *, pending: bool) -> None:
    """The act that is due comes first and is the blue one."""
    path, state = f"/v1/recoveries/{debt['recovery_id']}", debt["state"]
    third = debt["debtor"].startswith("T:")
    unknown = third and debt["liability"] is None
    if desk.can("recoveries:write"):
        if unknown:
            rules = [
                field("share", "第三人责任比例", "choice", choices=_SHARES),
                field("third_party_id", "第三人编号（已查明的）", "text", required=False),
            ]
            act_button(
                desk,
                "确定责任比例",
                "按责任认定书确定第三人的责任比例；第三人不负担的部分转为基金支出。",
                f"{path}/liability",
                rules,
                primary=True,
                read=_share,
            )
        if state in ("open", "partial"):
            act_button(
                desk, "登记催收", "书面催收通知已发出，还款期限自今日起算。", f"{path}/demand", [NOTE], primary=not unknown
            )
    if desk.can("recoveries:receive"):
        rules = [
            field("amount_fen", "到账本金", "fen"),
            field("interest_fen", "利息和费用", "fen", required=False),
            field("reference", "银行回单号", "text"),
        ]
        act_button(
            desk,
            "登记到账",
            "到账款记入账套支出户，冲减应收。",
            f"{path}/receipts",
            rules,
            {"amount_fen": debt["open_fen"]},
            primary=True,
        )
    if desk.can("recoveries:write"):
        if state in ("demanded", "partial"):
            act_button(
                desk,
                "签分期协议",
                "已与应付方签订还款协议或提供担保。",
                f"{path}/agreement",
                [field("until", "还清日期", "date")],
            )
        if state in ("demanded", "partial", "agreement"):
            act_button(desk, "申请划拨或执行", "已申请划拨存款或申请人民法院强制执行。", f"{path}/enforcement", [NOTE])
        if third:
            act_button(
                desk,
                "登记时效中断",
                "登记使诉讼时效中断的事由和证明，时效自该日（诉讼为终结之日）起重新计算。",
                f"{path}/interruptions",
                [
                    field("kind", "中断事由", "choice", choices=INTERRUPTIONS, listed=True),
                    field("on", "发生日期", "date"),
                    field("reference", "证明材料或案号", "text"),
                ],
                {"on": desk.today.isoformat()},
            )
            act_button(
                desk,
                "第三人已付给个人",
                "第三人已把这笔款付给受伤职工，改向职工追偿。",
                f"{path}/debtor",
                [field("amount_fen", "付给个人的金额", "fen")],
            )
            act_button(
                desk,
                "改由用人单位偿还",
                "第三人不支付，受伤时用人单位未参保的，改向用人单位追偿。",
                f"{path}/debtor",
                [field("amount_fen", "改由单位偿还的金额", "fen")],
                {"amount_fen": debt["open_fen"]},
                read=lambda typed: {**typed, "to": "employer"},
            )
        if state in _CLAIMABLE and not pending:
            act_button(
                desk,
                "提请核销",
                "确实无法收回的部分，附批准文件提请核销；由另一人复核后入账。",
                f"{path}/write-off",
                [field("reference", "批准文号", "text")],
            )
    _set_off_acts(desk, debt)


def _set_off_acts(desk: Desk, debt: Json) -> None:
    """Of a medical fund's debt: from what the work-injury fund pays the person later, by consent or order, as two people say (B10)."""
    writes = desk.can("recoveries:write")
    waiting = next((s for s in debt["set_offs"] if s["state"] in ("proposed", "standing")), None)
    if waiting is None:
        if writes and debt["debtor"].startswith("P:") and debt["book"] != "WI":
            act_button(
                desk,
                "登记抵扣",
                "凭本人书面同意或处理决定，从以后支付的工伤待遇中抵扣；由另一人复核后生效。",
                f"/v1/recoveries/{debt['recovery_id']}/set-offs",
                [
                    field("ground", "依据", "choice", choices=SET_OFF_GROUNDS),
                    field("document_no", "文号", "text"),
                    field("documented_on", "签署日期", "date"),
                    field("amount_fen", "最多抵扣", "fen"),
                ],
                {"amount_fen": debt["open_fen"], "documented_on": desk.today.isoformat()},
            )
        return
    path = f"/v1/set-offs/{waiting['set_off_id']}"
    if waiting["state"] == "proposed" and desk.can("recoveries:approve") and waiting["maker"] != desk.me["user_id"]:
        act_button(desk, "复核抵扣", "同意从以后支付的工伤待遇中抵扣。", f"{path}/approve", [NOTE], primary=True)
    if writes:
        said = "本人撤回同意，或处理决定已撤销；已抵扣的不变。"
        act_button(desk, "停止抵扣", said, f"{path}/withdraw", [field("note", "理由", "text")])


def _share(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "share": int(body["share"])}


def _limitation(debt: Json, desk: Desk, hands: Mapping[str, str]) -> Html:
    """Until when the claim against the third party can be brought, and what made the time begin anew."""
    if debt["in_court"]:
        until: Html = el("p", el("b", "诉讼或仲裁期间"), "，时效不计算；终结后登记，时效重新计算。")
    elif not debt["limitation_on"]:
        until = el("p", "没有计算时效。", cls="soft")
    else:
        until = el("p", "届满 ", clock(debt["limitation_on"], desk.today), cls="facts")
    rows = [
        row(
            el("td", day(i["on"]), cls="fig"),
            el("td", word(INTERRUPTIONS, i["kind"])),
            el("td", i["reference"]),
            el("td", moment(i["recorded_at"]), el("small", hands.get(i["actor"], i["actor"])), cls="fig"),
        )
        for i in debt["interruptions"]
    ]
    return el("div", until, table(["发生", "中断事由", "证明", "登记"], rows) if rows else None)


def _movements(debt: Json, hands: Mapping[str, str]) -> Html:
    rows = [
        row(
            el("td", moment(m["recorded_at"]), cls="fig"),
            word(MOVEMENTS, m["kind"]),
            el("td", m["reference"], cls="fig"),
            el(
                "td",
                hands.get(m["maker"], m["maker"]),
                el("small", f"复核 {hands.get(m['checker'], m['checker'])}") if m["checker"] else None,
            ),
            badge("✓ 已入账", "done") if m["booked"] else badge("待入账", "due"),
            num(m["interest_fen"]),
            num(m["amount_fen"]),
        )
        for m in debt["movements"]
    ]
    if not rows:
        return el("p", "还没有到账。", cls="soft")
    return table(["时间", "", "回单或文号", "经办", "入账", "#利息", "#本金"], rows)


def _set_offs(debt: Json, hands: Mapping[str, str]) -> Html:
    rows = [
        row(
            el("td", word(SET_OFF_GROUNDS, s["ground"]), el("small", s["document_no"])),
            el("td", day(s["documented_on"]), cls="fig"),
            el(
                "td",
                hands.get(s["maker"], s["maker"]),
                el("small", f"复核 {hands.get(s['checker'], s['checker'])}") if s["checker"] else None,
            ),
            el(
                "td",
                badge(word(SET_OFF_STATES, s["state"]), "done" if s["state"] == "spent" else "due"),
                el("small", s["note"]) if s["note"] else None,
            ),
            num(s["applied_fen"]),
            num(s["most_fen"]),
        )
        for s in debt["set_offs"]
    ]
    return table(["依据", "签署", "经办", "状态", "#已抵扣", "#最多抵扣"], rows)
