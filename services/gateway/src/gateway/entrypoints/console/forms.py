"""Forms made from the catalogue's fields, and buttons that send a command once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.frame import MALFORMED, Desk, block, fault
from gateway.entrypoints.console.markup import el, head_row, join
from shared.errors import Kind, Refusal
from shared.money import MoneyError, fen, format_yuan

Json = Mapping[str, Any]


def field(
    name: str,
    label: str,
    kind: str,
    *,
    required: bool = True,
    choices: Mapping[str, str] | Mapping[bool, str] | None = None,
    listed: bool = False,
    wide: bool = False,
    pattern: str = "",
    says: str = "",
) -> Json:
    """One field of a form, as the catalogue of matters describes its own.

    Kind ``yes-no`` has choices for True and False and is read as a bool. ``listed``: few choices go into a list as well;
    ``wide``: into one as wide as the form.
    ``pattern``: what a text must match, else the field says ``says``.
    """
    look = {"listed": listed, "wide": wide, "pattern": pattern, "says": says}
    return {"name": name, "label": label, "kind": kind, "required": required, "choices": choices, **look}


NOTE: Final = field("note", "意见", "text", required=False)
_LONG: Final = frozenset({"description", "reason"})
"""Texts of several lines."""
_RADIO: Final = 3
"""Up to so many choices lie open; more go into a list."""


class Wrong(Exception):
    """What was typed cannot be sent; the fields say why."""


class Fields:
    """The inputs of one form, in the order of the catalogue."""

    def __init__(self, rules: Sequence[Json], values: Mapping[str, Any] | None = None) -> None:
        self._rules = rules
        self._inputs = {rule["name"]: _input(rule, (values or {}).get(rule["name"])) for rule in rules}

    def read(self) -> dict[str, Any]:
        """What was typed, as the API wants it: amounts in fen, lists as lists, empty optional fields left out. Raises Wrong."""
        values: dict[str, Any] = {}
        wrong = False
        for rule in self._rules:
            box = self._inputs[rule["name"]]
            try:
                value = _value(rule, box.value)
            except ValueError as error:
                _complain(box, str(error))
                wrong = True
                continue
            _complain(box, None)
            if value is not None:
                values[rule["name"]] = value
        if wrong:
            raise Wrong
        return values

    def complain(self, faults: Mapping[str, str]) -> None:
        """Show the gateway's findings at their fields."""
        for name, text in faults.items():
            if name in self._inputs:
                _complain(self._inputs[name], text)


def _complain(box: Any, text: str | None) -> None:
    if isinstance(box, ui.input | ui.select):
        box.error = text


def _input(rule: Json, value: Any) -> Any:
    kind = rule["kind"]
    hints = [
        hint
        for hint, wanted in (
            ("元", kind in ("fen", "fens")),
            ("多处用顿号隔开", kind in ("texts", "fens")),
            ("选填", not rule["required"]),
        )
        if wanted
    ]
    label = rule["label"] + (f"（{'，'.join(hints)}）" if hints else "")
    if kind in ("choice", "yes-no") and len(rule["choices"]) <= _RADIO and not rule.get("listed"):
        with ui.element("div").classes("choice"):
            ui.label(label).classes("choice-label")
            return ui.radio(dict(rule["choices"]), value=value).props("inline dense")
    if kind == "choice":
        width = "field wide" if rule.get("wide") else "field"
        return ui.select(dict(rule["choices"]), label=label, value=value).props("outlined dense options-dense").classes(width)
    if kind == "fen":
        shown = format_yuan(int(value)).replace(",", "") if value not in (None, "") else ""
        return ui.input(label, value=shown).props("outlined dense inputmode=decimal input-class=amount").classes("field")
    if kind in ("texts", "fens"):
        joined = "、".join(value) if isinstance(value, list) else str(value or "")
        return ui.input(label, value=joined).props("outlined dense").classes("field wide")
    box = ui.input(label, value=str(value or "")).props("outlined dense").classes("field")
    if kind == "date":
        return box.props('placeholder="年-月-日" stack-label maxlength=10')
    if kind == "number":
        return box.props("inputmode=numeric")
    return box.props("autogrow").classes("wide") if rule["name"] in _LONG else box


def _value(rule: Json, typed: Any) -> Any:
    if isinstance(typed, bool):
        return typed
    text = str(typed if typed is not None else "").strip()
    if not text:
        if rule["required"]:
            raise ValueError(f"请填写{rule['label']}")
        return None
    if rule["kind"] == "fen":
        return fen_of(text)
    if rule["kind"] == "fens":
        return [fen_of(part) for part in text.split("、") if part.strip()]
    if rule.get("pattern") and not re.fullmatch(rule["pattern"], text):
        raise ValueError(rule["says"])
    if rule["kind"] == "date":
        return day_of(text).isoformat()
    if rule["kind"] == "number":
        if not text.isdecimal():
            raise ValueError("请填写整数")
        return int(text)
    if rule["kind"] == "texts":
        return [part for part in text.replace("，", "、").replace(",", "、").split("、") if part.strip()]
    return text


def fen_of(text: str) -> int:
    """An amount as people type it: 1,200 or 1200.50, in fen. Raises ValueError with the words for the field."""
    try:
        return fen(text.strip().replace(",", "").replace("，", ""))
    except MoneyError:
        raise ValueError("请填写金额，最多两位小数") from None


def day_of(text: str) -> date:
    """A day as people type it: 2026-11-22, 2026.11.22 or 20261122. Raises ValueError with the words for the field."""
    try:
        return date.fromisoformat(text.strip().replace(".", "-").replace("/", "-"))
    except ValueError:
        raise ValueError("日期请写成 2026-11-22") from None


def act_table(heads: Sequence[str], rows: Sequence[tuple[Sequence[object], Callable[[], None]]]) -> None:
    """A table whose last column holds what can be done with a row: what the cells say, and what adds the buttons."""
    with ui.element("table").classes("rows acting"):
        ui.html(head_row([*heads, "下一步"]), sanitize=False, tag="thead")
        with ui.element("tbody"):
            for cells, add in rows:
                with ui.element("tr"):
                    for head, cell in zip(heads, cells, strict=True):
                        look = "num" if head.startswith("#") else ""
                        ui.html(join(cell), sanitize=False, tag="td").classes(look)
                    with ui.element("td").classes("do"):
                        add()


def send_button(
    desk: Desk,
    text: str,
    send: Callable[[str], Awaitable[None]],
    *,
    primary: bool = False,
    faults: Fields | None = None,
) -> None:
    """A button that sends once: while it works it waits, and a refusal is shown beside it.

    ``send`` gets an idempotency key. It stays the same until the gateway has said no: a second click after a lost answer
    repeats the command and does not double it.
    """
    keys = [desk.ids.new()]
    props = "no-caps unelevated color=primary" if primary else "no-caps outline color=primary"
    with ui.element("div").classes("send"):
        button = ui.button(text, on_click=lambda: press()).props(props)
        answer = block()

    async def press() -> None:
        button.disable()
        answer.set_content("")
        button.set_text("办理中…")
        try:
            await send(keys[0])
        except Wrong:
            pass
        except Refusal as refusal:
            if refusal.kind is not Kind.UNAVAILABLE:
                keys[0] = desk.ids.new()
            answer.set_content(fault(refusal))
            if faults is not None:
                faults.complain(_faults_of(refusal))
        finally:
            button.set_text(text)
            button.enable()


def send_act(desk: Desk, text: str, path: str, read: Callable[[], dict[str, Any]] = dict, *, primary: bool = False) -> None:
    """A button that sends one command without asking and shows the page again. ``read``: the command's body."""

    async def send(key: str) -> None:
        await desk.api.command(path, read(), key)
        ui.navigate.reload()

    send_button(desk, text, send, primary=primary)


def _faults_of(refusal: Refusal) -> Mapping[str, str]:
    """What is wrong with which field, as far as the owner names it."""
    found = refusal.facts.get("faults")
    if isinstance(found, dict):
        return found
    if refusal.code == MALFORMED:
        return {str(error["field"]).split(".")[0]: "填写有误" for error in refusal.facts.get("errors", ())}
    return {refusal.field: refusal.zh} if refusal.field else {}


def ask_button(
    desk: Desk,
    text: str,
    question: str,
    send: Callable[[dict[str, Any], str], Awaitable[None]],
    *,
    rules: Sequence[Json] = (),
    values: Mapping[str, Any] | None = None,
    primary: bool = False,
    sure: str | None = None,
) -> None:
    """A button that asks first: what will happen, the fields that go with it, then the same button once more (or ``sure``).

    ``send`` gets what was typed and an idempotency key, as in ``send_button``.
    """
    with ui.dialog() as dialog, ui.card().classes("ask"):
        block(el("h2", text), el("p", question))
        with ui.element("div").classes("fields"):
            form = Fields(rules, values)

        async def answered(key: str) -> None:
            await send(form.read(), key)

        with ui.element("div").classes("ask-buttons"):
            again = sure or (text if text.startswith("确认") else f"确认{text}")
            send_button(desk, again, answered, primary=True, faults=form)
            ui.button("不办了", on_click=dialog.close).props("flat no-caps")
    ui.button(text, on_click=dialog.open).props(
        "no-caps unelevated color=primary" if primary else "no-caps outline color=primary"
    )


def act_button(
    desk: Desk,
    text: str,
    question: str,
    path: str,
    rules: Sequence[Json] = (),
    values: Mapping[str, Any] | None = None,
    *,
    primary: bool = False,
    read: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> None:
    """A button that asks, sends one command and shows the page again. ``read``: from what was typed to the command's body."""

    async def send(body: dict[str, Any], key: str) -> None:
        await desk.api.command(path, read(body), key)
        ui.navigate.reload()

    ask_button(desk, text, question, send, rules=rules, values=values, primary=primary)
