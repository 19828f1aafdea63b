"""合作单位来文: what courts, police, employers and the bank have sent, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import act_button, field, send_act
from gateway.entrypoints.console.frame import Desk, block, empty, more, section, tabs
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages.journals import hands_of
from gateway.entrypoints.console.words import DOCUMENT_STATES, badge, moment, word
from shared.money import format_yuan

Json = Mapping[str, Any]

_PAGE: Final = 50
_TONES: Final = {"received": "due", "accepting": "info", "accepted": "done", "returned": ""}
_FIELDS: Final = {
    "opened_on": "立案日期",
    "decision_no": "文书号",
    "final_on": "生效日期",
    "decided_by": "作出机关",
    "share": "第三人责任比例",
    "third_party_id": "第三人编号",
    "amount_fen": "金额（元）",
    "interest_fen": "利息和费用（元）",
    "reference": "回单号",
    "note": "说明",
}
_ABOUT: Final = {"injury-cases": "工伤案件", "recoveries": "追偿", "advances": "先行支付"}
_PER_CENT: Final = 10_000
"""Millionths in a hundredth."""


async def show_list(desk: Desk) -> None:
    """Documents in one state, newest first."""
    state = desk.query.get("state", "received")
    state = state if state in DOCUMENT_STATES else "received"
    found = await desk.api.get("/v1/partner-documents", state=state, after=desk.query.get("after"), limit=_PAGE)
    rows = [
        row(
            el("a", d["document_name"], href=f"/partner-documents/{d['document_id']}"),
            el("td", d["document_no"], cls="fig"),
            d["partner_name"],
            word(_ABOUT, d["about"]),
            el("td", moment(d["received_at"]), cls="fig"),
            el("td", d["reason"] or "—"),
            data_row=True,
            tabindex=0,
        )
        for d in found["items"]
    ]
    heads = ["文书", "文号", "来文单位", "关于", "收到", "退回理由" if state == "returned" else "未办成的原因"]
    block(
        el("div", el("h1", "合作单位来文"), cls="title-line"),
        tabs("/partner-documents?state=", DOCUMENT_STATES, state),
        table(heads, rows, cls="rows") if rows else empty("没有这种来文。" if state != "received" else "✓ 没有待受理的来文。"),
        more(found, {"state": state}),
    )


async def show(desk: Desk) -> None:
    """One document."""
    document = await desk.api.get(f"/v1/partner-documents/{desk.path['document_id']}")
    (provider,) = await desk.api.together("/v1/auth")
    ui.page_title(f"{document['document_name']} · 一窗")
    block(_head(document, hands_of(provider)))
    if document["state"] == "received" and document["reason"]:
        block(el("div", el("b", "上次受理没有办成"), el("p", document["reason"]), cls="fault", role="alert"))
    if document["state"] in ("received", "accepting") and desk.can(document["scope"]):
        with ui.element("div").classes("acts screen"):
            _acts(desk, document)
    block(section("文书要素", _fields(document)))


def _head(document: Json, hands: Mapping[str, str]) -> Html:
    by = document["decided_by"]
    # a document that proves itself is accepted on arrival, in the name of its partner
    who = document["partner_name"] if by == document["partner"] else hands.get(by, by)
    return el(
        "div",
        el(
            "div",
            el("h1", document["document_name"]),
            badge(word(DOCUMENT_STATES, document["state"]), _TONES[document["state"]]),
            cls="title-line",
        ),
        el(
            "p",
            el("span", document["partner_name"]),
            el("span", document["document_no"], cls="fig"),
            el("span", "收到 ", moment(document["received_at"]), cls="fig"),
            _about(document),
            el("span", f"{who} 于 {moment(document['decided_at'])} 办理") if by else None,
            el("span", f"退回理由：{document['reason']}") if document["state"] == "returned" else None,
            cls="facts",
        ),
        cls="page-head",
    )


def _about(document: Json) -> Html:
    if document["about"] == "recoveries":
        return el("a", "看这笔追偿", href=f"/recoveries/{document['about_id']}")
    return el("a", "看工伤案件", href=f"/cases/{document['case_id']}")


def _fields(document: Json) -> Html:
    rows = [row(word(_FIELDS, name), el("td", _shown(name, value), cls="fig")) for name, value in document["fields"].items()]
    if document["digest"]:
        rows.append(row("原件摘要（SM3）", el("td", el("code", document["digest"]))))
    return table(["要素", "内容"], rows) if rows else el("p", "这种文书只有文号，没有其他要素。", cls="soft")


def _shown(name: str, value: Any) -> str:
    if name.endswith("_fen"):
        return format_yuan(value)
    if name == "share":
        whole, rest = divmod(value, _PER_CENT)
        return f"{whole}%" if not rest else f"{whole}.{rest:04d}".rstrip("0") + "%"
    return str(value)


def _acts(desk: Desk, document: Json) -> None:
    path = f"/v1/partner-documents/{document['document_id']}"
    send_act(desk, "受理", f"{path}/accept", primary=True)
    if document["state"] == "received":
        act_button(
            desk,
            "退回",
            "退回来文单位，请写明理由。",
            f"{path}/return",
            [field("reason", "退回理由", "text")],
        )
