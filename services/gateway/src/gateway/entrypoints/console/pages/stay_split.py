"""结算前拆分: a stay that is not settled yet, which of its lines treat an own disease, and who has agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from nicegui import ui

from gateway.entrypoints.console.forms import ask_button, field
from gateway.entrypoints.console.frame import Desk, block, person_link, section
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages import splits
from gateway.entrypoints.console.pages.journals import hands_of
from gateway.entrypoints.console.splits import Line, Split, flagged, split_of_stay, unsettled_lines, unsettled_stays
from gateway.entrypoints.console.words import VISIT_STATES, badge, money, num, span, stay_name, word
from shared.errors import Kind, Refusal

Json = Mapping[str, Any]


async def show(desk: Desk) -> None:
    """One stay."""
    visit_id = desk.path["visit_id"]
    found, visit, provider = await desk.api.together(f"/v1/stay-splits/{visit_id}", f"/v1/visits/{visit_id}", "/v1/auth")
    if isinstance(found, Refusal) and found.kind is not Kind.NOT_FOUND:
        raise found
    if isinstance(visit, Refusal):
        raise visit
    split = None if isinstance(found, Refusal) else split_of_stay(found)
    case_id = desk.query.get("case") or (None if isinstance(found, Refusal) else found["case_id"])
    about = [f"/v1/persons/{visit['person_id']}"] + ([f"/v1/injury-cases/{quote(case_id, safe='')}"] if case_id else [])
    person, *cases = await desk.api.together(*about)
    case = cases[0] if cases else None
    if isinstance(case, Refusal):
        raise case
    lines = unsettled_lines(visit)
    ui.page_title("结算前拆分 · 一窗")
    block(_head(visit, person, case, split, hands_of(provider)))
    block(section("费用拆分", splits.flags(split, lines), note="结算时，治疗自身疾病的费用由医保支付"))
    hindered = _hindrance(case, visit, lines)
    if hindered:
        block(el("p", hindered, cls="hint"))
    proposal = None
    if case and not hindered and desk.can("conversions:split") and (split is None or split.over):
        proposal = (f"/v1/injury-cases/{case['case_id']}/stay-splits", {"visit_id": visit["visit_id"]})
    splits.acts(desk, f"/v1/stay-splits/{visit_id}", split, lines, proposal)
    block(_rest(split, lines))


def choose_button(desk: Desk, case: Json, visits: Sequence[Json]) -> None:
    """At a case: the way to the split of one of the stays that are not settled."""
    stays = unsettled_stays(case, visits, "open", "discharged")
    if not stays or not desk.can("conversions:split") or case["state"] in ("denied", "revoked"):
        return

    async def go(typed: dict[str, Any], _: str) -> None:
        ui.navigate.to(f"/stay-splits/{typed['visit_id']}?case={case['case_id']}")

    ask_button(
        desk,
        "登记结算前拆分",
        "住院期间同时治疗自身疾病的，结算前按明细拆分。先选住院，再选明细。",
        go,
        rules=[
            field("visit_id", "住院", "choice", choices={v["visit_id"]: stay_name(v) for v in stays}, listed=True, wide=True)
        ],
        values={"visit_id": stays[0]["visit_id"]} if len(stays) == 1 else None,
        sure="去选明细",
    )


def _hindrance(case: Json | None, visit: Json, lines: Sequence[Line]) -> str:
    """Why no other split can be proposed, whoever asks; empty when one can."""
    if case is None:
        return "请从工伤案件登记这次住院的费用拆分。"
    if case["person_id"] != visit["person_id"]:
        return "这次住院不是本案职工的，不能在本案登记拆分。"
    if not lines:
        return (
            "这次住院的费用已经结算，拆分不能再改。" if visit["settled_fen"] else "医院还没有上传费用明细，上传后再登记拆分。"
        )
    return ""


def _head(visit: Json, person: Any, case: Json | None, split: Split | None, hands: Mapping[str, str]) -> Html:
    return el(
        "div",
        el(
            "div",
            el("h1", "结算前拆分"),
            badge(word(VISIT_STATES, visit["state"]), "info"),
            el("a", "工伤案件", href=f"/cases/{case['case_id']}", cls="button") if case else None,
            cls="title-line",
        ),
        el(
            "p",
            person_link(person),
            el("span", visit["institution_name"]),
            el("span", span(visit["begun_on"], visit["ended_on"]), cls="fig"),
            el("span", f"住院号 {visit['hospital_no']}", cls="fig"),
            el("span", "未结算费用 ", el("b", money(visit["total_fen"] - visit["settled_fen"])), " 元"),
            cls="facts",
        ),
        _signed(split, hands) if split else None,
        cls="page-head",
    )


def _signed(split: Split, hands: Mapping[str, str]) -> Html:
    names = {"system": "系统（逾期）", **hands}
    said = [("医院拆分由", split.proposed_by, "登记"), ("", split.disputed_by, "提出异议")]
    said.append(("", split.decided_by, "同意" if split.state == "agreed" else "登记专家意见"))
    return el("p", [el("span", f"{before}{names.get(who, who)}{after}") for before, who, after in said if who], cls="facts")


def _rest(split: Split | None, lines: Sequence[Line]) -> Html | None:
    """What treats the injury because nobody says otherwise."""
    named = {line_id for line_id, *_ in flagged(split, lines)} if split else set()
    rest = [line for line in lines if line.line_id not in named]
    if not rest:
        return None
    rows = [row(line.name, el("td", line.on, cls="fig"), num(line.amount_fen)) for line in rest]
    foot = row("合计", "", num(sum(line.amount_fen for line in rest)))
    title = "按治疗工伤的明细" if split else "费用明细"
    return section(title, table(["明细", "日期", "#金额（元）"], rows, foot=foot), note=f"{len(rest)} 项，金额已扣除退费")
