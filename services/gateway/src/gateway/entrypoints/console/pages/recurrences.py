"""旧伤复发: applied for at a case, decided by the committee; the list over all cases and the part of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from gateway.entrypoints.console.forms import act_button, act_table, field
from gateway.entrypoints.console.frame import Desk, block, empty, more, person_link, persons_of, section, tabs
from gateway.entrypoints.console.markup import Html, el, join
from gateway.entrypoints.console.words import RECOGNISED, RECURRENCE_STATES, badge, clock, day, span, word

Json = Mapping[str, Any]

_PAGE: Final = 20
_UNDECIDED: Final = ("confirming", "objected")
_TONES: Final = {"confirming": "due", "objected": "due", "confirmed": "done", "refused": "late"}
_HEADS: Final = ("复发的伤病", "状态", "申请", "确认期限", "治疗期间")
_APPLICATION: Final = (
    field("applied_on", "申请日期", "date"),
    field("treated_from", "治疗开始日期", "date"),
    field("diagnosis", "医保疾病诊断编码", "text"),
    field("diagnosis_name", "诊断名称", "text"),
    field("body_parts", "复发部位", "texts"),
    field("materials", "诊断证明、病历等材料编号", "texts"),
    field("old_injury", "受伤时单位是否已参保", "yes-no", choices={False: "已参保", True: "未参保（老工伤）"}),
)
_CONCLUSION: Final = (
    field("confirmed", "结论", "yes-no", choices={True: "确认复发", False: "不予确认"}),
    field("decision_no", "结论书文号", "text"),
    field("decided_by", "作出机关", "text"),
    field("decided_on", "作出日期", "date"),
    field("treated_until", "确认的治疗终止日期", "date", required=False),
)


async def show(desk: Desk) -> None:
    """Applications, newest first, each with its next act."""
    state = desk.query.get("state", "")
    state = state if state in RECURRENCE_STATES else ""
    found = await desk.api.get("/v1/recurrences", state=state or None, after=desk.query.get("after"), limit=_PAGE)
    persons = await persons_of(desk, found["items"])
    block(
        el("div", el("h1", "旧伤复发"), el("small", "由劳动能力鉴定委员会确认后按工伤治疗", cls="soft"), cls="title-line"),
        tabs("/recurrences?state=", {"": "全部", **RECURRENCE_STATES}, state),
        None if found["items"] else empty("没有这样的旧伤复发确认申请。"),
    )
    if found["items"]:
        _table(desk, found["items"], persons)
    block(more(found, {"state": state}))


def _table(desk: Desk, items: Sequence[Json], persons: Mapping[str, Any]) -> None:
    rows = []
    for r in items:
        case = el("a", "工伤案件", href=f"/cases/{r['case_id']}")
        who = join(person_link(persons[r["person_id"]]), el("small", case, cls="line"))
        rows.append(([who, *_cells(desk, r)], partial(acts, desk, r)))
    act_table(["职工", *_HEADS], rows)


def of_case(desk: Desk, items: Sequence[Json]) -> None:
    """The part of a case: what was applied for with its next act."""
    if items:
        block(section("旧伤复发", note="由劳动能力鉴定委员会确认后按工伤治疗"))
        act_table(_HEADS, [(_cells(desk, r), partial(acts, desk, r)) for r in items])


def apply_button(desk: Desk, case: Json, items: Sequence[Json]) -> None:
    """A way to apply, at a case whose recognition stands and that has no application being decided."""
    undecided = any(r["state"] in _UNDECIDED for r in items)
    if desk.can("recurrences:apply") and case["state"] in RECOGNISED and not undecided:
        act_button(
            desk,
            "申请旧伤复发确认",
            "登记本人或用人单位的申请，送劳动能力鉴定委员会确认；确认前医疗费仍按医保结算。",
            "/v1/recurrences",
            _APPLICATION,
            {"applied_on": desk.today.isoformat(), "body_parts": case["body_parts"], "old_injury": False},
            read=lambda typed: _application(case["case_id"], typed),
        )


def _cells(desk: Desk, r: Json) -> list[object]:
    waits = r["state"] in _UNDECIDED
    return [
        join(el("span", r["diagnosis_name"]), el("small", "、".join(r["body_parts"]), cls="line")),
        join(badge(word(RECURRENCE_STATES, r["state"]), _TONES.get(r["state"], "")), _decided(r)),
        el("span", day(r["applied_on"]), cls="fig"),
        join(clock(r["due_on"], desk.today), el("small", "已延长一次", cls="line") if r["extended"] else None)
        if waits
        else el("span", "—", cls="none"),
        el("span", span(r["treated_from"], r["treated_until"]), cls="fig"),
    ]


def _decided(r: Json) -> Html | None:
    newest = r["decisions"][-1] if r["decisions"] else None
    return el("small", f"{newest['decision_no']}，{day(newest['decided_on'])}", cls="line") if newest else None


def acts(desk: Desk, r: Json) -> None:
    """What this person may do with an application as it stands."""
    path, said = f"/v1/recurrences/{r['recurrence_id']}", False
    if desk.can("injury-cases:decide"):
        if r["state"] in _UNDECIDED:
            again = r["state"] == "objected"
            act_button(
                desk,
                "登记再次鉴定结论" if again else "登记确认结论",
                "确认复发的，治疗期间的费用转由工伤保险基金承担；未填终止日期的按规定期限。"
                + ("省级结论为最终结论。" if again else ""),
                f"{path}/conclusion",
                _CONCLUSION,
                {"decided_on": desk.today.isoformat(), "confirmed": True},
                primary=True,
            )
            said = True
        if r["state"] == "confirming" and not r["extended"]:
            act_button(desk, "延长确认期限", "伤情复杂，鉴定委员会延长确认期限，只能延长一次。", f"{path}/extension")
        if r["state"] in ("confirmed", "refused") and not r["objected_on"]:
            act_button(
                desk,
                "登记异议",
                "对结论不服，已向省级劳动能力鉴定委员会申请再次鉴定。",
                f"{path}/objection",
                [field("on", "提出日期", "date")],
                {"on": desk.today.isoformat()},
            )
            said = True
    if r["state"] == "confirming" and desk.can("recurrences:apply"):
        act_button(desk, "撤回申请", "申请人撤回旧伤复发确认申请。", f"{path}/withdrawal")
        said = True
    if not said:
        block(el("span", "等鉴定委员会" if r["state"] in _UNDECIDED else "—", cls="soft"))


def _application(case_id: str, typed: dict[str, Any]) -> dict[str, Any]:
    diagnosis = {"code_system": "chs:diag_code", "code": typed["diagnosis"]}
    return {**typed, "case_id": case_id, "diagnosis": diagnosis}
