"""手工报销: a bill paid in cash, claimed from the work-injury fund with its lines; the form, one claim, the part of a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeVar

from nicegui import ui

from gateway.entrypoints.console.forms import NOTE, Fields, Wrong, act_button, day_of, fen_of, field, send_button
from gateway.entrypoints.console.frame import Desk, block, no_permission, person_link, section
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages.journals import INSTITUTIONS, hands_of, places_of
from gateway.entrypoints.console.words import PAPER_CLAIM_STATES, RECOGNISED, badge, clock, day, money, num, span, word
from shared.money import format_yuan

Json = Mapping[str, Any]
T = TypeVar("T")

_TONES: Final = {"proposed": "due", "paid": "done", "rejected": "late", "revoked": "late"}
_BILL: Final = (
    field("inpatient", "类别", "yes-no", choices={False: "门诊", True: "住院"}),
    field("institution_code", "医疗机构代码", "text"),
    field("institution_name", "医疗机构名称", "text", required=False),
    field("invoice_no", "票据号码", "text"),
    field("begun_on", "就诊（入院）日期", "date"),
    field("ended_on", "结束（出院）日期", "date"),
)
_CATALOGUE: Final = {
    "in": "目录内",
    "out-emergency": "目录外·抢救",
    "out-yes": "目录外·已书面同意",
    "out-no": "目录外·未同意",
    "out": "目录外·未注明",
}
"""Of a line outside the catalogue it counts how it came about: by it the fund, the person or the hospital bears it."""


async def show_new(desk: Desk) -> None:
    """The bill and its lines; what it comes to is the owner's to say."""
    if not desk.can("settlements:manual"):
        block(no_permission())
        return
    case = await desk.api.get(f"/v1/injury-cases/{desk.path['case_id']}")
    person, found = await desk.api.together(f"/v1/persons/{case['person_id']}", INSTITUTIONS)
    places = places_of(found)
    ui.page_title("登记手工报销 · 一窗")
    with ui.element("div").classes("narrow accept"):
        block(
            el(
                "div",
                el("h1", "登记手工报销"),
                el("a", "工伤案件", href=f"/cases/{case['case_id']}", cls="button"),
                cls="title-line",
            ),
            el("p", person_link(person), el("span", f"受伤 {day(case['accident_on'])}", cls="fig"), cls="facts"),
            el("h2", "票据", el("small", "本人先垫付、未经医保结算的医疗费；一张票据登记一次")),
        )
        with ui.element("div").classes("fields"):
            form = Fields(_BILL, {"inpatient": False})
        block(el("h2", "费用明细", el("small", "按票据逐行登记；退费填负数")))
        lines = Lines()

        async def send(key: str) -> None:
            body = _body(form, lines, places)
            claim = await desk.api.command(f"/v1/injury-cases/{case['case_id']}/paper-claims", body, key)
            ui.navigate.to(f"/paper-claims/{claim['paper_claim_id']}")

        send_button(desk, "提交复核", send, primary=True, faults=form)


def _body(form: Fields, lines: Lines, places: Mapping[str, str]) -> dict[str, Any]:
    """Both parts are read before either is refused, so that everything that is wrong is shown at once."""
    wrong, typed, read = False, {}, []
    try:
        typed = form.read()
        name = typed.get("institution_name") or places.get(typed["institution_code"])
        if not name:
            form.complain({"institution_name": "不是本地定点机构，请填写名称"})
            raise Wrong
        typed |= {"institution_name": name}
    except Wrong:
        wrong = True
    try:
        read = lines.read()
    except Wrong:
        wrong = True
    if wrong:
        raise Wrong
    return {**typed, "lines": read}


class Lines:
    """Lines of an invoice, a row each, with the sum of what is typed so far."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._at = ui.element("div").classes("bill-lines")
        with self._at:
            block(
                el(
                    "div",
                    [
                        el("b", name.strip("#"), cls="num" if "#" in name else "")
                        for name in ("明细编号或名称", "#金额（元）", "目录", "#限价（选填）", "日期（选填）", "")
                    ],
                    cls="heads",
                )
            )
        with ui.element("div").classes("bill-sum"):
            ui.button("加一行", on_click=self._add).props("flat no-caps data-next").classes("plain")
            self._sum = block()
        self._add()

    def read(self) -> list[dict[str, Any]]:
        """Every line as the owner takes it. Raises Wrong; the boxes say why."""
        read, seen, wrong = [], set(), False
        for boxes in self._rows:
            name = boxes["line_id"].value.strip()
            amount, cap = _typed(boxes["amount"], fen_of), _typed(boxes["cap"], fen_of)
            charged_on = _typed(boxes["occurred_on"], day_of)
            boxes["line_id"].error = "请填写" if not name else "与前面重复" if name in seen else None
            if not amount and not boxes["amount"].error:
                boxes["amount"].error = "金额不能为 0" if amount == 0 else "请填写金额"
            if cap is not None and cap <= 0:
                boxes["cap"].error = "限价应大于 0，没有限价的不填"
            wrong |= any(boxes[name].error for name in ("line_id", "amount", "cap", "occurred_on"))
            seen.add(name)
            listed = boxes["catalogue"].value
            line: dict[str, Any] = {"line_id": name, "amount_fen": amount, "in_wi_catalogue": listed == "in"}
            if listed == "out-emergency":
                line["emergency"] = True
            elif listed in ("out-yes", "out-no"):
                line["consent"] = listed == "out-yes"
            if cap is not None:
                line["cap_fen"] = cap
            if charged_on:
                line["occurred_on"] = charged_on.isoformat()
            read.append(line)
        if wrong:
            raise Wrong
        return read

    def _add(self) -> None:
        with self._at, ui.element("div").classes("bill-line") as whole:
            look = "outlined dense"
            boxes = {
                "line_id": ui.input().props(f'{look} aria-label="明细编号或名称"'),
                "amount": ui.input(on_change=self._total).props(
                    f'{look} inputmode=decimal input-class=amount aria-label="金额"'
                ),
                "catalogue": ui.select(dict(_CATALOGUE), value="in").props(f'{look} options-dense aria-label="目录"'),
                "cap": ui.input().props(f'{look} inputmode=decimal input-class=amount aria-label="限价"'),
                "occurred_on": ui.input(placeholder="年-月-日").props(f'{look} maxlength=10 aria-label="日期"'),
            }
            ui.button("删除", on_click=lambda: self._remove(whole, boxes)).props("flat no-caps").classes("plain")
        self._rows.append(boxes)
        if len(self._rows) > 1:
            boxes["line_id"].run_method("focus")
        self._total()

    def _remove(self, whole: ui.element, boxes: dict[str, Any]) -> None:
        if len(self._rows) > 1:
            self._rows.remove(boxes)
            whole.delete()
            self._total()

    def _total(self) -> None:
        total = sum(_so_far(boxes["amount"]) for boxes in self._rows)
        self._sum.set_content(el("p", f"{len(self._rows)} 行，合计 ", el("b", format_yuan(total), cls="fig"), " 元"))


def _typed(box: Any, read: Callable[[str], T]) -> T | None:
    """What was typed; None when nothing was, or something that the box then complains about."""
    text = str(box.value or "").strip()
    box.error = None
    try:
        return read(text) if text else None
    except ValueError as wrong:
        box.error = str(wrong)
        return None


def _so_far(box: Any) -> int:
    """An amount as far as it is typed (fen)."""
    try:
        return fen_of(str(box.value or ""))
    except ValueError:
        return 0


async def show(desk: Desk) -> None:
    """One claim with its lines, and the second person's decision."""
    claim = await desk.api.get(f"/v1/paper-claims/{desk.path['paper_claim_id']}")
    person, provider = await desk.api.together(f"/v1/persons/{claim['person_id']}", "/v1/auth")
    hands = hands_of(provider)
    ui.page_title("手工报销 · 一窗")
    checker = claim["checker"]
    block(
        el(
            "div",
            el(
                "div",
                el("h1", "手工报销"),
                badge(word(PAPER_CLAIM_STATES, claim["state"]), _TONES[claim["state"]]),
                el("a", "工伤案件", href=f"/cases/{claim['case_id']}", cls="button"),
                cls="title-line",
            ),
            el(
                "p",
                person_link(person),
                el("b", claim["institution_name"]),
                el("span", f"票据 {claim['invoice_no']}", cls="fig"),
                el("span", "住院 " if claim["inpatient"] else "门诊 ", span(claim["begun_on"], claim["ended_on"]), cls="fig"),
                el("span", f"经办 {hands.get(claim['maker'], claim['maker'])}"),
                el("span", f"复核 {hands.get(checker, checker)}") if checker else None,
                el("span", "办理期限 ", clock(claim["due_on"], desk.today)) if claim["state"] == "proposed" else None,
                cls="facts",
            ),
            el("p", "意见：", claim["note"], cls="note") if claim["note"] else None,
            cls="page-head",
        ),
        _sums(claim),
    )
    if claim["state"] == "proposed" and desk.can("settlements:approve") and claim["maker"] != desk.me["user_id"]:
        path = f"/v1/paper-claims/{claim['paper_claim_id']}"
        with ui.element("div").classes("acts screen"):
            total = format_yuan(claim["work_injury_fen"] + claim["meals_fen"])
            act_button(desk, "复核通过并支付", f"由工伤保险基金付给个人 {total} 元。", f"{path}/approve", [NOTE], primary=True)
            act_button(desk, "不予支付", "不符合条件，请写明理由。", f"{path}/reject", [{**NOTE, "required": True}])
    block(section("费用明细", _lines(claim["lines"]), note="元"))


def _sums(claim: Json) -> Html:
    total = claim["work_injury_fen"] + claim["person_fen"] + claim["hospital_fen"]
    parts = [
        ("票据总额", total),
        ("工伤保险基金", claim["work_injury_fen"]),
        ("住院伙食补助", claim["meals_fen"]),
        ("个人负担", claim["person_fen"]),
        ("应由医院退还个人", claim["hospital_fen"]),
    ]
    shown = [part for part in parts if part[1] or part[0] in ("票据总额", "工伤保险基金")]
    return el("div", [el("div", el("small", name), el("b", money(amount)), cls="sum") for name, amount in shown], cls="sums")


def _lines(lines: Sequence[Json]) -> Html:
    rows = [
        row(
            el("td", line["line_id"]),
            _catalogue(line),
            el("td", day(line["charged_on"]), cls="fig"),
            num(line["amount_fen"]),
        )
        for line in lines
    ]
    foot = row("合计", "", "", num(sum(line["amount_fen"] for line in lines)))
    return table(["明细", "目录", "日期", "#金额"], rows, foot=foot)


def _catalogue(line: Json) -> str:
    if line["in_catalogue"]:
        return _CATALOGUE["in"]
    if line["emergency"]:
        return _CATALOGUE["out-emergency"]
    return _CATALOGUE["out" if line["consent"] is None else "out-yes" if line["consent"] else "out-no"]


def of_case(desk: Desk, claims: Sequence[Json]) -> None:
    """The part of a case: what was claimed."""
    if claims:
        block(section("手工报销", _table(claims, desk.today), note="元，点开看明细、办理复核"))


def form_link(desk: Desk, case: Json) -> None:
    """The way to the form, at a case whose recognition stands and where the fund pays at once."""
    facts = case.get("facts") or {}
    insured = facts.get("employer_insured", True) or facts.get("insured_from")
    if desk.can("settlements:manual") and insured and not facts.get("third_party") and case["state"] in RECOGNISED:
        block(el("a", "登记手工报销", href=f"/cases/{case['case_id']}/paper-claims/new", cls="button"))


def _table(claims: Sequence[Json], today: date) -> Html:
    rows = [
        row(
            el("a", c["institution_name"], href=f"/paper-claims/{c['paper_claim_id']}"),
            el("td", c["invoice_no"], cls="fig"),
            el("td", span(c["begun_on"], c["ended_on"]), cls="fig"),
            badge(word(PAPER_CLAIM_STATES, c["state"]), _TONES[c["state"]]),
            el("td", clock(c["due_on"], today) if c["state"] == "proposed" else "—", cls="fig"),
            num(c["work_injury_fen"] + c["person_fen"] + c["hospital_fen"]),
            num(c["work_injury_fen"]),
            num(c["meals_fen"]),
            data_row=True,
            tabindex=0,
        )
        for c in claims
    ]
    heads = ["医疗机构", "票据号码", "就诊", "状态", "办理期限", "#票据总额", "#工伤基金", "#伙食补助"]
    return table(heads, rows, cls="rows")
