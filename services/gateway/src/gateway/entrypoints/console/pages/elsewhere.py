"""旧伤复发 and 异地就医: applications, registrations and stays with their states and time limits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import send_button
from gateway.entrypoints.console.frame import Desk, block, empty, person_link, persons_of, section
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages.case import act_button, field
from gateway.entrypoints.console.pages.worklists import clock
from gateway.entrypoints.console.words import (
    RECURRENCE_STATES,
    REGISTRATION_KINDS,
    REGISTRATION_STATES,
    STAY_STATES,
    badge,
    day,
    word,
)

Json = Mapping[str, Any]

_PAGE: Final = 20
_TONES: Final = {
    "confirming": "due",
    "objected": "due",
    "confirmed": "done",
    "applied": "due",
    "registered": "done",
    "admitted": "info",
    "cleared": "done",
    "audited": "done",
}


async def show_recurrences(desk: Desk) -> None:
    """Applications, newest first."""
    found = await desk.api.get("/v1/recurrences", after=desk.query.get("after"), limit=_PAGE)
    persons = await persons_of(desk, found["items"])
    rows = [
        row(
            el("td", person_link(persons.get(r["person_id"]))),
            el("td", r["diagnosis_name"], el("small", "、".join(r["body_parts"]))),
            badge(word(RECURRENCE_STATES, r["state"]), _TONES.get(r["state"], "")),
            el("td", day(r["applied_on"]), cls="fig"),
            el(
                "td",
                clock(r["due_on"], desk.today) if r["state"] in ("confirming", "objected") else day(r["due_on"]),
                cls="fig",
            ),
            el("td", _span(r["treated_from"], r["treated_until"]), cls="fig"),
            el("td", el("a", "工伤案件", href=f"/cases/{r['case_id']}", cls="button")),
        )
        for r in found["items"]
    ]
    heads = ["职工", "复发的伤病", "状态", "申请", "确认期限", "治疗期间", ""]
    block(
        el("div", el("h1", "旧伤复发"), el("small", "由劳动能力鉴定委员会确认后按工伤治疗", cls="soft"), cls="title-line"),
        section("确认申请", table(heads, rows, cls="rows") if rows else empty("没有旧伤复发确认申请。")),
        _more(found, ""),
    )


async def show_out_of_area(desk: Desk) -> None:
    """Registrations that wait for consent, then the others, and the stays."""
    waiting, found, stays = await asyncio.gather(
        desk.api.get("/v1/out-of-area/registrations", state="applied", limit=_PAGE),
        desk.api.get("/v1/out-of-area/registrations", after=desk.query.get("after"), limit=_PAGE),
        desk.api.get("/v1/out-of-area/stays", limit=_PAGE),
    )
    persons = await persons_of(desk, [*waiting["items"], *found["items"], *stays["items"]])
    block(el("div", el("h1", "异地就医"), cls="title-line"))
    for registration in waiting["items"]:
        with ui.element("div").classes("waiting"):
            block(_waiting(desk, registration, persons[registration["person_id"]]))
            if desk.can("out-of-area:check") and registration["maker"] != desk.me["user_id"]:
                _decide(desk, registration)
    block(
        section("备案", _registrations(found["items"], persons), _more(found, "")),
        section("住院", _stays(stays["items"], persons), note=f"最近 {_PAGE} 次"),
    )


def _waiting(desk: Desk, r: Json, person: Any) -> Html:
    return el(
        "p",
        person_link(person),
        el("span", word(REGISTRATION_KINDS, r["kind"])),
        el("span", f"就医地 {r['place']}", cls="fig"),
        el("span", f"自 {day(r['begins_on'])}", cls="fig"),
        el("span", "审核期限 ", clock(r["due_on"], desk.today)),
        cls="facts",
    )


def _decide(desk: Desk, registration: Json) -> None:
    path = f"/v1/out-of-area/registrations/{registration['registration_id']}"

    async def approve(key: str) -> None:
        await desk.api.command(f"{path}/approve", {}, key)
        ui.navigate.reload()

    send_button(desk, "同意备案", approve, primary=True)
    act_button(desk, "不予备案", "不符合备案条件，请写明理由。", f"{path}/reject", [field("note", "理由", "text")])


def _registrations(items: list[Json], persons: Mapping[str, Any]) -> Html:
    rows = [
        row(
            el("td", person_link(persons[r["person_id"]])),
            word(REGISTRATION_KINDS, r["kind"]),
            el("td", r["place"], el("small", r["institution_code"]) if r["institution_code"] else None, cls="fig"),
            badge(word(REGISTRATION_STATES, r["state"]), _TONES.get(r["state"], "")),
            el("td", _span(r["begins_on"], r["ends_on"]), cls="fig"),
            el("td", el("a", "工伤案件", href=f"/cases/{r['case_id']}", cls="button")),
        )
        for r in items
    ]
    return table(["职工", "种类", "就医地", "状态", "起止", ""], rows, cls="rows") if rows else empty("没有异地就医备案。")


def _stays(items: list[Json], persons: Mapping[str, Any]) -> Html:
    rows = [
        row(
            el("td", person_link(persons[s["person_id"]])),
            el("td", s["institution_name"], el("small", s["place"])),
            badge(word(STAY_STATES, s["state"]), _TONES.get(s["state"], "")),
            el("td", _span(s["admitted_on"], s["discharged_on"]), cls="fig"),
            el("td", el("a", "工伤案件", href=f"/cases/{s['case_id']}", cls="button")),
        )
        for s in items
    ]
    return table(["职工", "医疗机构", "状态", "住院", ""], rows, cls="rows") if rows else empty("没有异地住院。")


def _span(first: object, last: object) -> str:
    return f"{day(first)} 至 {day(last)}" if last else f"{day(first)} 起"


def _more(found: Json, query: str) -> Html | None:
    return el("a", "更早的", href=f"?{query}after={found['next']}", cls="button") if found["next"] else None
