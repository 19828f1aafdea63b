"""备案: what a person has declared before care; filed and withdrawn at the window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import Fields, act_button, field, send_button
from gateway.entrypoints.console.frame import Desk, block, missing
from gateway.entrypoints.console.markup import Html, el
from gateway.entrypoints.console.pages.journals import INSTITUTIONS, places_of
from gateway.entrypoints.console.words import FILING_KINDS, badge, day, word
from shared.errors import Refusal

Json = Mapping[str, Any]

_NAMED: Final = {"chronic": "病种", "long_term": "居住地"}
_CODES: Final = {"chronic": "病种代码", "long_term": "居住地区划代码（六位）"}


async def show(desk: Desk, person_id: str) -> None:
    """A part of the person's page: the filings, a form for another, and a way to withdraw each that stands."""
    filings = await desk.api.look(f"/v1/persons/{person_id}/filings")
    places = places_of(await desk.api.look(INSTITUTIONS))
    with ui.element("section").classes("filings"):
        block(el("h2", "备案"))
        if isinstance(filings, Refusal):
            block(missing(filings))
            return
        for filing in reversed(filings["items"]):
            with ui.element("div").classes("filing"):
                block(_filing(filing, places, desk.today))
                if filing["state"] == "valid" and desk.can("filings:write"):
                    _withdraw_button(desk, person_id, filing, places)
        if not filings["items"]:
            block(el("p", "没有备案。转院、异地就医前先备案，结算时才按备案的待遇支付。", cls="soft"))
        if desk.can("filings:write"):
            _file_button(desk, person_id, places)


def _what(filing: Json, places: Mapping[str, str]) -> str:
    code = filing["code"]
    if filing["kind"] in _CODES:
        return f"{_NAMED[filing['kind']]} {code}"
    return places.get(code, code) if code else "不限机构"


def _filing(filing: Json, places: Mapping[str, str], today: date) -> Html:
    period = f"{day(filing['begins_on'])} {'至 ' + day(filing['ends_on']) if filing['ends_on'] else '起，长期有效'}"
    if filing["state"] != "valid":
        state = badge("已撤销")
    elif filing["ends_on"] and filing["ends_on"] < today.isoformat():
        state = badge("已到期")
    else:
        state = badge("✓ 有效", "done")
    return el(
        "div",
        el("b", word(FILING_KINDS, filing["kind"])),
        state,
        el("span", _what(filing, places), cls="what"),
        el("small", period, cls="fig"),
    )


def _withdraw_button(desk: Desk, person_id: str, filing: Json, places: Mapping[str, str]) -> None:
    what = f"{word(FILING_KINDS, filing['kind'])}（{_what(filing, places)}）"
    path = f"/v1/persons/{person_id}/filings/{filing['filing_id']}/cancel"
    act_button(desk, "撤销", f"撤销{what}？撤销前已结算的费用不变。", path)


def _file_button(desk: Desk, person_id: str, places: Mapping[str, str]) -> None:
    with ui.dialog() as dialog, ui.card().classes("ask"):
        block(el("h2", "登记备案"))
        kind = (
            ui.select(FILING_KINDS, label="备案种类", value="referral").props("outlined dense options-dense").classes("field")
        )
        forms: list[Fields] = []

        @ui.refreshable
        def rest() -> None:
            with ui.element("div").classes("fields"):
                forms[:] = [Fields(_rules(str(kind.value), places), {"begins_on": desk.today.isoformat()})]

        rest()
        kind.on_value_change(rest.refresh)

        async def file(key: str) -> None:
            body = {"kind": kind.value, **forms[0].read()}
            await desk.api.command(f"/v1/persons/{person_id}/filings", body, key)
            ui.navigate.reload()

        with ui.element("div").classes("ask-buttons"):
            send_button(desk, "备案", file, primary=True)
            ui.button("不办了", on_click=dialog.close).props("flat no-caps")
    ui.button("登记备案", on_click=dialog.open).props("flat no-caps").classes("plain")


def _rules(kind: str, places: Mapping[str, str]) -> list[Json]:
    """The fields of a kind of filing; institutions are chosen by name."""
    if kind in _CODES:
        code = field("code", _CODES[kind], "text")
    else:
        chosen, label = kind == "chosen", "定点医疗机构" if kind == "chosen" else "转往医疗机构（不选为不限）"
        # Always a list: one or two names lying open would look like an answer already given.
        code = field("code", label, "choice", required=chosen, choices=places, listed=True)
    return [
        code,
        field("begins_on", "开始日期", "date"),
        field("ends_on", "结束日期", "date", required=False),
    ]
