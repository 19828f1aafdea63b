"""申报待遇: what a benefit is worked out from, and a form for each item that the injury may give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import act_button, field
from gateway.entrypoints.console.frame import Desk, block, section
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.words import NURSING, RELATIONS, day, money, word
from shared.money import format_yuan

Json = Mapping[str, Any]

_GONE: Final = frozenset({"dismissed", "withdrawn"})
_ENDED: Final = frozenset({"dismissed", "stopped"})
_BY_FUND: Final = range(1, 5)
"""Grades whose monthly allowance is the fund's (工伤保险条例 35); 5 and 6 are the employer's (36)."""
_CONTRACT_END: Final = range(5, 11)
"""Grades with a payment when the contract ends (36, 37)."""
_MATERIALS: Final = field("materials", "申报材料编号", "texts")
_RECEIPT: Final = field("reference", "票据编号", "text")
_ON: Final = field("on", "发生日期", "date")
_TRAVEL: Final = (
    _ON,
    _RECEIPT,
    field("confirmation_no", "就医证明（经办机构同意）编号", "text"),
    field("transport_fen", "交通费", "fen", required=False),
    field("lodging_fen", "住宿费", "fen", required=False),
    field("nights", "住宿晚数", "number", required=False),
    field("board_days", "伙食天数", "number", required=False),
    _MATERIALS,
)
_DEVICE: Final = (
    _ON,
    _RECEIPT,
    field("confirmation_no", "鉴定委员会确认书编号", "text"),
    field("device_code", "辅助器具代码", "text"),
    field("price_fen", "实际价格", "fen"),
    _MATERIALS,
)
_FEE: Final = (_ON, _RECEIPT, field("fee_fen", "鉴定费", "fen"), _MATERIALS)
_APPRAISAL: Final = (
    field("kind", "类别", "choice", choices={"initial": "初次鉴定", "reappraisal": "再次鉴定", "recheck": "复查鉴定"}),
    field("conclusion_no", "结论书文号", "text"),
    field("decided_by", "作出机关", "text"),
    field("grade", "伤残等级", "choice", choices={"0": "未达级", **{str(n): f"{n} 级" for n in range(1, 11)}}, listed=True),
    field("nursing", "生活自理障碍", "choice", choices={"": "无", **NURSING}, required=False, listed=True),
    field("concluded_on", "结论日期", "date"),
    field("recheck_due_on", "复查日期", "date", required=False),
)
_DEPENDANT: Final = (
    field("person_id", "供养亲属档案号", "text"),
    field("relation", "与职工的关系", "choice", choices=RELATIONS, listed=True),
    field("lone", "孤寡老人或孤儿", "yes-no", choices={False: "否", True: "是"}),
    field("until", "终止月份（任一天）", "date", required=False),
    _MATERIALS,
)


def show(desk: Desk, found: Json) -> None:
    """The bases, and the items that may be proposed on them by this person."""
    if not desk.can("benefits:propose"):
        return
    block(section("申报待遇", _bases(found), note="按下列依据由系统核定金额，另一人复核后支付"))
    path = f"/v1/injury-cases/{found['case_id']}"
    with ui.element("div").classes("acts screen"):
        _record(desk, path, found)
        if found["loss"]:
            _after_death(desk, path, found)
        else:
            _of_the_injured(desk, path, found)


def _bases(found: Json) -> Html:
    wage, last = found["own_wage"], _newest(found)
    rows = [
        row(
            "本人工资",
            el("td", "12 个月平均缴费工资，按规定封顶保底" if wage else "还没有登记"),
            el("td", money(wage["amount_fen"]) if wage else "—", cls="num"),
        )
    ]
    if last:
        grade = f"伤残 {last['grade']} 级" if last["grade"] else "未达伤残等级"
        nursing = word(NURSING, last["nursing"]) if last["nursing"] else ""
        said = f"{last['conclusion_no']}，自 {day(last['counts_from'])[:7]} 起"
        rows.append(row("鉴定结论", el("td", "，".join(x for x in (grade, nursing) if x), el("small", said)), el("td", "")))
    else:
        rows.append(row("鉴定结论", el("td", "还没有登记"), el("td", "")))
    if found["loss"]:
        words = "下落不明" if found["loss"]["circumstance"] == "missing" else "因工死亡"
        rows.append(row("死亡或下落不明", el("td", f"{words}，{day(found['loss']['occurred_on'])}"), el("td", "")))
    return table(["依据", "内容", "#金额（元/月）"], rows)


def _record(desk: Desk, path: str, found: Json) -> None:
    if not found["own_wage"]:
        act_button(
            desk,
            "登记本人工资",
            "事故前 12 个月的月缴费工资，由系统平均并按统筹地区平均工资的 60%–300% 核定；不足 12 个月的按实际月数。",
            f"{path}/own-wage",
            [field("monthly_wages_fen", "各月缴费工资", "fens")],
            primary=True,
        )
    act_button(
        desk,
        "登记鉴定结论",
        "劳动能力鉴定委员会的结论；新的结论为新的一版，定期待遇按月调整。",
        f"{path}/appraisals",
        _APPRAISAL,
        {"kind": "recheck" if found["appraisals"] else "initial", "concluded_on": desk.today.isoformat()},
        read=_conclusion,
        primary=not found["appraisals"],
    )


def _of_the_injured(desk: Desk, path: str, found: Json) -> None:
    last = _newest(found)
    grade = last["grade"] if last else None
    wage, papers = found["own_wage"], [last["conclusion_no"]] if last else []
    on = {"on": desk.today.isoformat(), "materials": papers}
    by_wage = (
        f"依据：伤残 {grade} 级" + (f"，本人工资 {format_yuan(wage['amount_fen'])} 元" if wage else "，本人工资未登记") + "。"
    )
    if grade and not _stands(found, "one-off-disability"):
        rules = [field("on", "鉴定结论日期", "date"), _MATERIALS]
        at = {**on, "on": day(last["concluded_on"]) if last else on["on"]}
        _item(desk, path, "一次性伤残补助金", "one-off-disability", by_wage, rules, at, primary=bool(wage))
    if grade in _BY_FUND and not _runs(found, "disability-allowance"):
        _monthly(desk, path, "伤残津贴", "disability-allowance", by_wage, [_MATERIALS], on, primary=bool(wage))
    if last and last["nursing"] and not _runs(found, "nursing"):
        by_nursing = f"依据：{word(NURSING, last['nursing'])}，统筹地区上年度职工月平均工资。"
        _monthly(desk, path, "生活护理费", "nursing", by_nursing, [_MATERIALS], on)
    if grade in _CONTRACT_END and not _stands(found, "contract-end-medical"):
        rules = [field("on", "解除劳动关系日期", "date"), _MATERIALS]
        said = f"依据：伤残 {grade} 级，解除劳动关系时的全省月平均工资。"
        _item(desk, path, "一次性工伤医疗补助金", "contract-end-medical", said, rules, {"materials": papers})
    _item(
        desk,
        path,
        "交通食宿费",
        "travel",
        "依据：医疗机构证明和经办机构同意到统筹地区以外就医；交通按票据，住宿伙食按标准。",
        _TRAVEL,
    )
    _item(desk, path, "辅助器具费", "device", "依据：鉴定委员会确认；按实际价格，不超过价格标准。", _DEVICE)
    _item(desk, path, "劳动能力鉴定费", "appraisal-fee", "依据：鉴定费票据，不超过限额。", _FEE)


def _after_death(desk: Desk, path: str, found: Json) -> None:
    at = {"on": day(found["loss"]["occurred_on"])}
    rules = [_ON, _MATERIALS]
    if found["loss"]["circumstance"] != "missing" and not _stands(found, "funeral"):
        _item(desk, path, "丧葬补助金", "funeral", "依据：死亡日期，统筹地区上年度职工月平均工资，6 个月。", rules, at)
    if not _stands(found, "one-off-death"):
        said = "依据：死亡日期，上一年度全国城镇居民人均可支配收入的 20 倍；下落不明的预支 50%。"
        _item(desk, path, "一次性工亡补助金", "one-off-death", said, rules, at)
    wage = found["own_wage"]
    said = f"依据：职工本人工资 {format_yuan(wage['amount_fen']) if wage else '未登记'}，亲属与职工的关系。"
    _monthly(desk, path, "供养亲属抚恤金", "dependant", said, _DEPENDANT, {"lone": False})


def _item(
    desk: Desk,
    path: str,
    name: str,
    kind: str,
    bases: str,
    rules: Sequence[Json],
    values: Mapping[str, Any] | None = None,
    *,
    primary: bool = False,
) -> None:
    act_button(
        desk,
        f"申报{name}",
        bases,
        f"{path}/benefits",
        rules,
        values or {"on": desk.today.isoformat()},
        read=lambda typed: {**typed, "kind": kind},
        primary=primary,
    )


def _monthly(
    desk: Desk,
    path: str,
    name: str,
    kind: str,
    bases: str,
    rules: Sequence[Json],
    values: Mapping[str, Any],
    *,
    primary: bool = False,
) -> None:
    act_button(
        desk,
        f"申报{name}",
        bases,
        f"{path}/entitlements",
        rules,
        values,
        read=lambda typed: {**typed, "kind": kind},
        primary=primary,
    )


def _newest(found: Json) -> Json | None:
    return found["appraisals"][-1] if found["appraisals"] else None


def _stands(found: Json, kind: str) -> bool:
    return any(i["kind"] == kind and i["state"] not in _GONE for i in found["items"])


def _runs(found: Json, kind: str) -> bool:
    return any(e["kind"] == kind and e["state"] not in _ENDED for e in found["entitlements"])


def _conclusion(typed: dict[str, Any]) -> dict[str, Any]:
    grade = int(typed["grade"])
    return {**typed, "grade": grade} if grade else {name: value for name, value in typed.items() if name != "grade"}
