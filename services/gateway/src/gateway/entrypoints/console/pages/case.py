"""工伤案件: the accident, the decisions on it, and what was re-settled because of it."""

from __future__ import annotations

from gateway.entrypoints.console.frame import Desk, block, person_link, section
from gateway.entrypoints.console.markup import el, row, table
from gateway.entrypoints.console.words import CASE_STATES, CONVERSION_STATES, OUTCOMES, badge, day, moment, num, word


async def show(desk: Desk) -> None:
    """One case."""
    case = await desk.api.get(f"/v1/injury-cases/{desk.path['case_id']}")
    person = await desk.api.look(f"/v1/persons/{case['person_id']}")
    decisions = [
        row(
            el("td", d["decision_no"]),
            badge(word(OUTCOMES, d["outcome"]), "done" if d["outcome"] == "granted" else "late"),
            el("td", day(d["decided_on"]), cls="fig"),
        )
        for d in case["decisions"]
    ]
    conversions = [
        row(
            el("a", c["institution_name"] or "医院待报", href=f"/conversions/{c['conversion_id']}"),
            el("td", f"{day(c['begun_on'])} 至 {day(c['ended_on'])}", cls="fig"),
            badge(word(CONVERSION_STATES, c["state"]), "done" if c["state"] == "settled" else "due"),
            num(c["work_injury_fen"]),
            data_row=True,
            tabindex=0,
        )
        for c in case["conversions"]
    ]
    block(
        el(
            "div",
            el("h1", "工伤案件"),
            badge(word(CASE_STATES, case["state"]), "done" if case["state"] == "recognised" else "due"),
            cls="title-line",
        ),
        el(
            "p",
            person_link(person),
            el("span", f"受伤 {day(case['accident_on'])}", cls="fig"),
            el("span", "部位：", "、".join(case["body_parts"])),
            el("span", f"申请 {moment(case['opened_at'])}", cls="fig"),
            el("a", "办件", href=f"/matters/{case['matter_id']}", cls="button") if case["matter_id"] else None,
            cls="facts",
        ),
        section("受伤经过", el("p", case["description"])),
        section(
            "认定决定",
            table(["决定书", "结论", "日期"], decisions) if decisions else el("p", "还没有作出认定决定。", cls="soft"),
        ),
        section(
            "医保转工伤",
            table(["医院", "住院", "状态", "#工伤基金（元）"], conversions, cls="rows")
            if conversions
            else el("p", "没有需要转换的医保结算。", cls="soft"),
        ),
    )
