"""费用拆分 of a mixed stay: the flags, and the acts of hospital, reviewer and expert (条例第三十条第五款)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import NOTE, Fields, act_button, field, send_button
from gateway.entrypoints.console.frame import Desk, block
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.splits import Line, Split, flagged, flags_of
from gateway.entrypoints.console.words import BELONGINGS, SPLIT_STATES, badge, money, num, word
from shared.errors import invalid

Json = Mapping[str, Any]

_RATIO: Final = (
    field("numerator", "共用部分算工伤的份数", "number", required=False),
    field("denominator", "总份数", "number", required=False),
)


def flags(split: Split | None, lines: Sequence[Line]) -> Html:
    """What was said of the lines, and how far it has come."""
    if split is None:
        return el("p", "住院中同时治疗自身疾病的，先登记医院的费用拆分。", cls="soft")
    named = flagged(split, lines)
    shared = f"共用部分按 {split.ratio[0]} / {split.ratio[1]} 算工伤" if split.ratio else "共用部分按直接费用比例分"
    head = el(
        "p",
        badge(word(SPLIT_STATES, split.state), "done" if split.over else "due"),
        [_sum(code, [line for _, line, belongs in named if belongs == code]) for code in BELONGINGS],
        el("span", shared) if any(belongs == "shared" for *_, belongs in named) else None,
        el("span", f"意见：{split.note}") if split.note else None,
        cls="facts",
    )
    return el("div", head, table(["明细", "日期", "治疗", "#金额（元）"], [_flag(*flag) for flag in named]))


def _flag(line_id: str, line: Line | None, belongs: str) -> Html:
    if line is None:
        return row(el("td", f"明细 {line_id}", el("small", "不在现有费用中")), "—", word(BELONGINGS, belongs), num(None))
    return row(line.name, el("td", line.on, cls="fig"), word(BELONGINGS, belongs), num(line.amount_fen))


def _sum(code: str, lines: Sequence[Line | None]) -> Html | None:
    amounts = [line.amount_fen for line in lines if line is not None]
    if not lines or len(amounts) < len(lines):
        return None
    return el("span", f"{word(BELONGINGS, code)} ", money(sum(amounts)), " 元")


def acts(desk: Desk, path: str, split: Split | None, lines: Sequence[Line], proposal: tuple[str, Json] | None) -> None:
    """What this person may do. ``path``: the split's; ``proposal``: where another may be proposed, with what goes along, or None."""
    with ui.element("div").classes("acts screen"):
        if proposal is not None and lines:
            said = "按医院标注，选出不是治疗工伤的明细；没选的都算治疗工伤。"
            _flags_button(desk, "登记医院拆分", said, proposal[0], lines, proposal[1], primary=split is None)
        if split is None or not desk.can("conversions:check"):
            return
        me = desk.me["user_id"]
        if split.state == "proposed" and split.proposed_by != me:
            act_button(desk, "同意拆分", "按此拆分计算由工伤保险基金承担的金额。", f"{path}/agree", primary=True)
            act_button(desk, "不同意，请专家", "请写明哪些明细有争议。", f"{path}/dispute", [{**NOTE, "required": True}])
        if split.state == "disputed" and me not in (split.proposed_by, split.disputed_by):
            said = "按专家意见选出明细，可与医院、审核都不同。"
            _flags_button(desk, "登记专家意见", said, f"{path}/opinion", lines, rules=[NOTE], primary=True)


def _flags_button(
    desk: Desk,
    text: str,
    question: str,
    path: str,
    lines: Sequence[Line],
    also: Json | None = None,
    rules: Sequence[Json] = (),
    *,
    primary: bool,
) -> None:
    asked: list[ui.dialog] = []

    def ask() -> None:
        # Made when it is wanted: the lines of a long bill are not sent to whoever only looks.
        if not asked:
            asked.append(_flags_form(desk, text, question, path, lines, also or {}, rules))
        asked[0].open()

    ui.button(text, on_click=ask).props(f"no-caps {'unelevated' if primary else 'outline'} color=primary")


def _flags_form(
    desk: Desk, text: str, question: str, path: str, lines: Sequence[Line], also: Json, rules: Sequence[Json]
) -> ui.dialog:
    names = {line.line_id: line.label for line in lines}
    with ui.dialog() as dialog, ui.card().classes("ask"):
        block(el("h2", text), el("p", question))
        look = "outlined dense options-dense use-chips"
        # A bill may have hundreds of lines: what is typed narrows them down.
        own = ui.select(names, label="治疗自身疾病", multiple=True, value=[], with_input=True).props(look).classes("wide")
        shared = ui.select(names, label="两者共用", multiple=True, value=[], with_input=True).props(look).classes("wide")
        with ui.element("div").classes("fields"):
            form = Fields([*_RATIO, *rules])

        async def send(key: str) -> None:
            chosen = dict.fromkeys(shared.value, "shared") | dict.fromkeys(own.value, "own-disease")
            if not chosen:
                raise invalid("gateway.console.lines-missing", "请至少选一条明细", "no line was chosen", field="lines")
            await desk.api.command(path, {**also, "lines": flags_of(chosen, lines), **form.read()}, key)
            ui.navigate.reload()

        with ui.element("div").classes("ask-buttons"):
            send_button(desk, f"确认{text}", send, primary=True, faults=form)
            ui.button("不办了", on_click=dialog.close).props("flat no-caps")
    return dialog
