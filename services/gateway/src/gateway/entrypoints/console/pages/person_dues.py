"""应付个人款: what the medical funds owe persons, and the payments that one proposes and another approves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import send_act
from gateway.entrypoints.console.frame import Desk, block, empty, more, person_link, persons_of, tabs
from gateway.entrypoints.console.markup import Html, el
from gateway.entrypoints.console.pages.journals import hands_of
from gateway.entrypoints.console.words import BOOKS, PAYOUT_STATES, badge, money, word

Json = Mapping[str, Any]

_PAGE: Final = 20
_TONES: Final = {"proposed": "due", "paid": "done", "rejected": ""}


async def show(desk: Desk) -> None:
    """What is owed, or payments in one state."""
    state = desk.query.get("state", "owed")
    state = state if state in PAYOUT_STATES else "owed"
    block(
        el(
            "div", el("h1", "应付个人款"), el("small", "更正或手工报销后，医保基金应退给个人的款", cls="soft"), cls="title-line"
        ),
        tabs("/person-dues?state=", {"owed": "应付", **PAYOUT_STATES}, state),
    )
    if state == "owed":
        await _owed(desk)
    else:
        await _payouts(desk, state)


async def _owed(desk: Desk) -> None:
    found, waiting = await asyncio.gather(
        desk.api.get("/v1/person-dues", after=desk.query.get("after"), limit=_PAGE),
        desk.api.get("/v1/person-payouts", state="proposed", limit=200),
    )
    persons, proposed = await persons_of(desk, found["items"]), {p["person_id"] for p in waiting["items"]}
    if not found["items"]:
        block(empty("✓ 没有应付个人的款。"))
    for due in found["items"]:
        with ui.element("div").classes("waiting"):
            pending = due["person_id"] in proposed
            block(_dues(due, persons.get(due["person_id"]), badge("等第二人复核", "due") if pending else None))
            if desk.can("settlements:correct") and not pending:
                body = {"person_id": due["person_id"]}
                send_act(desk, "提请支付", "/v1/person-payouts", partial(dict, body), primary=True)
    block(more(found, {"state": "owed"}, "后面的"))


async def _payouts(desk: Desk, state: str) -> None:
    found = await desk.api.get("/v1/person-payouts", state=state, after=desk.query.get("after"), limit=_PAGE)
    persons, (provider,) = await persons_of(desk, found["items"]), await desk.api.together("/v1/auth")
    hands = hands_of(provider)
    if not found["items"]:
        block(empty("✓ 没有待复核的支付。" if state == "proposed" else "没有这种支付。"))
    for payout in found["items"]:
        with ui.element("div").classes("waiting"):
            block(_dues(payout, persons.get(payout["person_id"]), _signed(payout, hands)))
            if state == "proposed" and desk.can("settlements:approve") and payout["maker"] != desk.me["user_id"]:
                _decide(desk, payout)
    block(more(found, {"state": state}, "后面的"))


def _decide(desk: Desk, payout: Json) -> None:
    path = f"/v1/person-payouts/{payout['payout_id']}"
    send_act(desk, "复核通过并支付", f"{path}/approve", primary=True)
    send_act(desk, "退回", f"{path}/reject")


def _signed(payout: Json, hands: Mapping[str, str]) -> Html:
    maker, checker = payout["maker"], payout["checker"]
    said = f"提出 {hands.get(maker, maker)}" + (f"，复核 {hands.get(checker, checker)}" if checker else "")
    return el("span", badge(word(PAYOUT_STATES, payout["state"]), _TONES[payout["state"]]), " ", said)


def _dues(owed: Json, person: Any, *then: object) -> Html:
    """Who is owed how much, and which fund owes what."""
    parts: Sequence[object] = [
        el("span", f"{word(BOOKS, d['book'])} ", money(d["amount_fen"]), el("small", f" 凭证 {d['voucher_no']}"))
        if "voucher_no" in d
        else el("span", f"{word(BOOKS, d['book'])} ", money(d["amount_fen"]))
        for d in owed["dues"]
    ]
    head = el("p", person_link(person), el("b", money(owed["amount_fen"]), " 元"), *then, cls="facts")
    return el("div", head, el("p", parts, cls="facts"))
