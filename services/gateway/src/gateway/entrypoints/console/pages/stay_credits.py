"""挂账: stays whose bills wait for the recognition; the list over all of them and the part of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from gateway.entrypoints.console.forms import act_button, act_table, field
from gateway.entrypoints.console.frame import Desk, block, missing, section
from gateway.entrypoints.console.markup import Html, el, join
from gateway.entrypoints.console.splits import unsettled_stays
from gateway.entrypoints.console.words import CREDIT_STATES, badge, clock, money, span, stay_name, word
from shared.errors import Refusal

Json = Mapping[str, Any]

_TONES: Final = {"open": "due", "settled": "done"}
_AT_MOST: Final = 50


async def of_person(desk: Desk, person_id: str) -> tuple[Any, Any]:
    """A person's newest stays and credits, open ones first; in place of either the refusal."""
    visits, *found = await desk.api.together(
        f"/v1/visits?person_id={person_id}&limit=200",
        *(f"/v1/stay-credits?person_id={person_id}&state={state}&limit={_AT_MOST}" for state in CREDIT_STATES),
    )
    refused = next((page for page in found if isinstance(page, Refusal)), None)
    credits = refused or [credit for page in found for credit in page["items"]]
    return visits if isinstance(visits, Refusal) else visits["items"], credits


def show_list(desk: Desk, items: Sequence[Json]) -> None:
    """Open ones of everybody, each with its end."""
    rows = []
    for c in items:
        hospital, stay, _, until, hindrance, total = _cells(desk, c)
        person = el("a", hospital, href=f"/persons/{c['person_id']}")
        rows.append(([person, stay, until, hindrance, total], partial(_acts, desk, c)))
    act_table(["医院", "住院", "挂账到期", "办理受阻", "#费用（元）"], rows)


def of_case(desk: Desk, credits: Any) -> None:
    """The part of a case: the credits of its person."""
    if isinstance(credits, Refusal):
        block(section("挂账住院", missing(credits)))
    elif credits:
        block(section("挂账住院", note="费用等工伤认定后再结算，期满未认定的按医保结算"))
        heads = ["医院", "住院", "状态", "挂账到期", "办理受阻", "#费用（元）"]
        act_table(heads, [(_cells(desk, c), partial(_acts, desk, c)) for c in credits])


def give_button(desk: Desk, case: Json, visits: Sequence[Json], credits: Sequence[Json]) -> None:
    """A way to put a stay on credit, at a case that is not turned down, when the person has one that may wait."""
    waiting = {c["visit_id"] for c in credits if c["state"] == "open"}
    stays = [v for v in unsettled_stays(case, visits, "discharged") if v["visit_id"] not in waiting]
    if not stays or not desk.can("stay-credits:write") or case["state"] in ("denied", "revoked"):
        return
    act_button(
        desk,
        "登记挂账",
        "医院同意挂账：费用等工伤认定后结算，期间医院不收、个人不付。期满未认定的按医保结算。",
        "/v1/stay-credits",
        [field("visit_id", "住院", "choice", choices={v["visit_id"]: stay_name(v) for v in stays}, listed=True, wide=True)],
        {"visit_id": stays[0]["visit_id"]} if len(stays) == 1 else None,
        read=lambda typed: {**typed, "person_id": case["person_id"]},
    )


def _cells(desk: Desk, c: Json) -> list[object]:
    ended = el("small", c["ended_text"], cls="line") if c["ended_text"] else None
    if ended and c["settlement_id"]:
        ended = el("small", el("a", c["ended_text"], href=f"/settlements/{c['settlement_id']}"), cls="line")
    return [
        c["institution_name"],
        join(
            el("span", span(c["begun_on"], c["ended_on"]), cls="fig"),
            el("small", f"住院号 {c['hospital_no']}", cls="line"),
        ),
        join(badge(word(CREDIT_STATES, c["state"]), _TONES.get(c["state"], "")), ended),
        clock(c["until"], desk.today) if c["state"] == "open" else _NONE,
        c["hindrance"] or _NONE,
        money(c["total_fen"]),
    ]


_NONE: Final[Html] = el("span", "—", cls="none")


def _acts(desk: Desk, c: Json) -> None:
    if c["state"] != "open" or not desk.can("stay-credits:write"):
        block(el("span", "等工伤认定" if c["state"] == "open" else "—", cls="soft"))
        return
    act_button(
        desk,
        "结束挂账",
        "这次住院不再等工伤认定，由医院按普通住院结算；或属误登记。结束后费用仍未结算的，可以重新登记挂账。",
        f"/v1/stay-credits/{c['credit_id']}/withdraw",
    )
