"""重复报销: the same bill at both funds. The reviewer finds it to be one bill, which a second person decides, or another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import NOTE, act_button, field
from gateway.entrypoints.console.frame import Desk, block, empty, more, person_link, persons_of, tabs
from gateway.entrypoints.console.markup import Html, el
from gateway.entrypoints.console.words import DOUBLE_BILL_STATES, MATCHES, badge, clock, day, word
from shared.errors import Refusal

Json = Mapping[str, Any]

_PAGE: Final = 20
_BILLS: Final = {"paper": "工伤手工报销", "direct": "工伤医院直接结算", "conversion": "工伤转换"}
_TONES: Final = {"raised": "due", "confirmed": "info", "charged": "done", "undoing": "info", "undone": "", "cleared": ""}


async def show(desk: Desk) -> None:
    """Clues in one state."""
    state = desk.query.get("state", "raised")
    state = state if state in DOUBLE_BILL_STATES else "raised"
    found = await desk.api.get("/v1/double-bills", state=state, after=desk.query.get("after"), limit=_PAGE)
    persons = await persons_of(desk, found["items"])
    (waiting,) = await desk.api.together("/v1/proposals?state=open&limit=200")
    pending = {} if isinstance(waiting, Refusal) else {p["subject_id"]: p for p in waiting["items"]}
    block(
        el("div", el("h1", "重复报销"), el("small", "同一笔费用，医保和工伤两边都有", cls="soft"), cls="title-line"),
        tabs("/double-bills?state=", DOUBLE_BILL_STATES, state),
    )
    if not found["items"]:
        block(empty("✓ 没有等待核实的重复报销线索。" if state == "raised" else "没有这种线索。"))
    for clue in found["items"]:
        with ui.element("div").classes("waiting"):
            block(_clue(desk, clue, persons.get(clue["person_id"])), _pending(pending.get(clue["double_bill_id"])))
            if clue["double_bill_id"] in pending or not desk.can("recoveries:write"):
                continue
            if state == "raised":
                _acts(desk, clue)
            if state == "charged":
                _undo(desk, clue)
    block(more(found, {"state": state}, "后面的"))


def _clue(desk: Desk, clue: Json, person: Any) -> Html:
    kind, _, bill_id = clue["against"].partition(":")
    other = word(_BILLS, kind)
    return el(
        "div",
        el(
            "p",
            person_link(person),
            badge(word(MATCHES, clue["match"]), "due" if clue["match"] == "near" else "late"),
            badge(word(DOUBLE_BILL_STATES, clue["state"]), _TONES[clue["state"]]) if clue["state"] != "raised" else None,
            el("span", "核实期限 ", clock(clue["due_on"], desk.today)) if clue["state"] == "raised" else None,
            el("span", "发现 ", day(clue["raised_at"]), cls="fig"),
            cls="facts",
        ),
        el(
            "p",
            el("a", "医保结算单", href=f"/settlements/{clue['settlement_id']}"),
            el("a", other, href=f"/conversions/{bill_id}") if kind == "conversion" else el("span", other),
            el("a", "工伤案件", href=f"/cases/{clue['case_id']}"),
            el("span", clue["note"]) if clue["note"] else None,
            el("span", clue["undo_note"]) if clue.get("undo_note") else None,
            cls="facts",
        ),
    )


def _pending(proposal: Json | None) -> Html | None:
    if proposal is None:
        return None
    wanted = "撤销追回" if proposal["kind"] == "double-bill-undo" else "确认为同一笔费用"
    said = f"{proposal['maker_name']} 已提请{wanted}，等第二人复核。"
    return el("p", said, el("a", "去复核", href="/worklists/proposals"), cls="hint")


def _undo(desk: Desk, clue: Json) -> None:
    path = f"/v1/double-bills/{clue['double_bill_id']}/undo"
    said = "追回认定有误（异议成立或有新证据）：复核后恢复医保结算，已退回的款转为应付个人。"
    act_button(desk, "提请撤销追回", said, path, [field("note", "理由", "text")])


def _acts(desk: Desk, clue: Json) -> None:
    path = f"/v1/double-bills/{clue['double_bill_id']}"
    act_button(
        desk,
        "提请确认",
        "两边是同一笔费用：复核后冲回医保结算，多得的款转入追偿。",
        f"{path}/confirm",
        [NOTE],
        primary=clue["match"] == "same",
    )
    act_button(desk, "排除", "不是同一笔费用，请写明理由。", f"{path}/clear", [field("note", "理由", "text")])
