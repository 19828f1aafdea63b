"""异地就医: registrations, stays and what is owed to other provinces, each with its next act."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.forms import act_button, act_table, field, send_act
from gateway.entrypoints.console.frame import Desk, block, empty, missing, more, person_link, persons_of, section, tabs
from gateway.entrypoints.console.markup import Html, el, join, row, table
from gateway.entrypoints.console.pages.journals import hands_of
from gateway.entrypoints.console.words import (
    PROVINCES,
    RECOGNISED,
    REGISTRATION_KINDS,
    REGISTRATION_STATES,
    SERVICES,
    STAY_STATES,
    badge,
    clock,
    day,
    money,
    num,
    province,
    quarter,
    span,
    word,
)
from shared.errors import Refusal
from shared.money import format_yuan

Json = Mapping[str, Any]

_PAGE: Final = 20
_SCAN: Final = 200
_SCANS: Final = 20
"""What is owed is added up from this many pages of stays; with more of them the page knows no sum."""
_TABS: Final = {"registrations": "备案", "stays": "住院", "clearings": "季度清算"}
_TONES: Final = {
    "applied": "due",
    "registered": "done",
    "rejected": "late",
    "admitted": "info",
    "settled-remote": "info",
    "received": "due",
    "audited": "done",
    "cleared": "done",
}
_SETTLED: Final = frozenset({"settled-remote", "received", "audited", "cleared"})
_MONEY_KINDS: Final = frozenset({"remote-clearing", "prefund"})
_REGISTRATION: Final = (
    field("kind", "备案种类", "choice", choices=REGISTRATION_KINDS),
    field("place", "就医地（六位区划代码）", "text", pattern=r"\d{6}", says="请填写六位区划代码"),
    field("begins_on", "起始日期", "date"),
    field("ends_on", "终止日期（常驻异地工作必填）", "date", required=False),
    field("institution_code", "转往的医疗机构代码", "text", required=False),
    field("certificate_no", "转诊转院证明编号", "text", required=False),
)
_JOURNEY: Final = (
    field("transport_fen", "交通费", "fen", required=False),
    field("lodging_fen", "住宿费", "fen", required=False),
    field("nights", "住宿晚数", "number", required=False),
    field("board_days", "途中伙食天数", "number", required=False),
    field("materials", "票据编号", "texts"),
)


async def show(desk: Desk) -> None:
    """One of the three lists."""
    kind = desk.query.get("list", "registrations")
    kind = kind if kind in _TABS else "registrations"
    block(
        el("div", el("h1", "异地就医"), el("small", "备案在工伤案件里申请", cls="soft"), cls="title-line"),
        tabs("/out-of-area?list=", _TABS, kind, "异地就医"),
    )
    if kind == "registrations":
        await _registrations(desk)
    elif kind == "stays":
        await _stays(desk)
    else:
        await _money(desk)


async def _registrations(desk: Desk) -> None:
    state = desk.query.get("state", "")
    state = state if state in REGISTRATION_STATES else ""
    found = await desk.api.get("/v1/out-of-area/registrations", state=state or None, after=desk.query.get("after"), limit=_PAGE)
    persons = await persons_of(desk, found["items"])
    block(tabs("/out-of-area?list=registrations&state=", {"": "全部", **REGISTRATION_STATES}, state, below=True))
    if not found["items"]:
        block(empty("没有这样的异地就医备案。"))
        return
    rows = []
    for r in found["items"]:
        who = _who(r, persons)
        rows.append(([who, *_registration_cells(desk, r)], partial(registration_acts, desk, r)))
    act_table(["职工", *_REGISTRATION_HEADS], rows)
    block(more(found, {"list": "registrations", "state": state}))


_REGISTRATION_HEADS: Final = ("种类", "就医地", "状态", "起止", "审核期限")


def _registration_cells(desk: Desk, r: Json) -> list[object]:
    last = r["admit_until"]
    return [
        word(REGISTRATION_KINDS, r["kind"]),
        join(
            el("span", province(r["place"])),
            el("small", r["place"], f"　{r['institution_code']}" if r["institution_code"] else None, cls="line fig"),
        ),
        join(
            badge(word(REGISTRATION_STATES, r["state"]), _TONES.get(r["state"], "")),
            el("small", r["note"], cls="line") if r["note"] else None,
        ),
        join(
            el("span", span(r["begins_on"], r["ends_on"]), cls="fig"),
            el("small", f"须在 {day(last)} 前入院", cls="line") if last and r["state"] == "registered" else None,
        ),
        clock(r["due_on"], desk.today) if r["state"] == "applied" else el("span", "—", cls="none"),
    ]


def registration_acts(desk: Desk, r: Json) -> None:
    """Consent by another person than applied; the end of a registration at the window."""
    path, said = f"/v1/out-of-area/registrations/{r['registration_id']}", False
    if r["state"] == "applied" and desk.can("out-of-area:check") and r["maker"] != desk.me["user_id"]:
        send_act(desk, "同意备案", f"{path}/approve", primary=True)
        act_button(desk, "不予备案", "不符合备案条件，请写明理由。", f"{path}/reject", [field("note", "理由", "text")])
        said = True
    if r["state"] == "registered" and desk.can("out-of-area:apply"):
        rules = [field("on", "注销日期", "date"), field("note", "说明", "text", required=False)]
        act_button(
            desk,
            "注销备案",
            "职工返回统筹地区；注销前已入院的，本次住院仍按备案结算。",
            f"{path}/cancel",
            rules,
            {"on": desk.today.isoformat()},
        )
        said = True
    if not said:
        block(el("span", "等审核" if r["state"] == "applied" else "—", cls="soft"))


def of_case(desk: Desk, registrations: Sequence[Json], stays: Sequence[Json]) -> None:
    """The part of a case: registrations and stays with their next act."""
    if registrations:
        block(section("异地就医备案"))
        act_table(
            _REGISTRATION_HEADS,
            [(_registration_cells(desk, r), partial(registration_acts, desk, r)) for r in registrations],
        )
    if stays:
        block(section("异地住院"))
        act_table(_STAY_HEADS, [(_stay_cells(desk, s), partial(stay_acts, desk, s)) for s in stays])


def apply_button(desk: Desk, case: Json) -> None:
    """A way to apply for a registration, at a case whose recognition stands."""
    if desk.can("out-of-area:apply") and case["state"] in RECOGNISED:
        act_button(
            desk,
            "申请异地就医备案",
            "备案后在就医地直接结算，由参保地审核。转诊转院须有协议医疗机构的证明。",
            "/v1/out-of-area/registrations",
            _REGISTRATION,
            {"begins_on": desk.today.isoformat()},
            read=lambda typed: {**typed, "case_id": case["case_id"]},
        )


async def _stays(desk: Desk) -> None:
    state = desk.query.get("state", "")
    state = state if state in STAY_STATES else ""
    found = await desk.api.get("/v1/out-of-area/stays", state=state or None, after=desk.query.get("after"), limit=_PAGE)
    persons = await persons_of(desk, found["items"])
    block(tabs("/out-of-area?list=stays&state=", {"": "全部", **STAY_STATES}, state, below=True))
    if not found["items"]:
        block(empty("没有这样的异地住院。"))
        return
    rows = [([_who(s, persons), *_stay_cells(desk, s)], partial(stay_acts, desk, s)) for s in found["items"]]
    act_table(["职工", *_STAY_HEADS], rows)
    block(more(found, {"list": "stays", "state": state}))


_STAY_HEADS: Final = ("医疗机构", "起止", "状态", "#基金应付（元）", "#个人负担（元）", "审核期限")


def _stay_cells(desk: Desk, s: Json) -> list[object]:
    fund, waits = s["work_injury_fen"], s["state"] == "received"
    period = f"{day(s['period'])[:7]} 月度数据" if s["period"] else None
    return [
        join(
            el("span", s["institution_name"]),
            el("small", f"{province(s['place'])}　{word(SERVICES, s['service'])}", cls="line"),
        ),
        el("span", span(s["admitted_on"], s["discharged_on"]), cls="fig"),
        join(
            badge(word(STAY_STATES, s["state"]), _TONES.get(s["state"], "")),
            el("small", period, cls="line") if period else None,
            el("small", f"异议：{s['objection']}", cls="line") if s["objection"] else None,
        ),
        join(
            money(None if fund is None else fund - s["adjusted_fen"]),
            el("small", "已核减 ", money(s["adjusted_fen"]), cls="below") if s["adjusted_fen"] else None,
        ),
        money(s["person_fen"]),
        clock(s["check_until"], desk.today) if waits else el("span", "—", cls="none"),
    ]


def stay_acts(desk: Desk, s: Json) -> None:
    """The audit of the monthly data; the claim of meals and journey."""
    path, said = f"/v1/out-of-area/stays/{s['stay_id']}", False
    if s["state"] == "received" and not s["objection"] and desk.can("out-of-area:check"):
        send_act(desk, "审核通过", f"{path}/audit", primary=True)
        act_button(
            desk,
            "提出异议",
            f"对就医地的数据提出异议，期限至 {day(s['object_until'])}。",
            f"{path}/objection",
            [field("reason", "异议内容", "text")],
        )
        said = True
    if s["state"] in _SETTLED and desk.can("out-of-area:apply"):
        act_button(
            desk,
            "申报食宿交通",
            "申报住院伙食补助和到统筹地区以外就医的交通、食宿费，按标准核定，由另一人复核。",
            f"{path}/allowances",
            _JOURNEY,
        )
        said = True
    if not said:
        waits = {"received": "等就医地答复" if s["objection"] else "等审核", "settled-remote": "等月度数据"}
        block(el("span", {**waits, "audited": "等季度清算"}.get(s["state"], "—"), cls="soft"))


async def _money(desk: Desk) -> None:
    """What is owed to each province by quarter, what was paid, and the two proposals of the accountant."""
    (audited, all_audited), (received, all_received), (paid, waiting, provider) = await asyncio.gather(
        desk.api.every("/v1/out-of-area/stays", pages=_SCANS, size=_SCAN, state="audited"),
        desk.api.every("/v1/out-of-area/stays", pages=_SCANS, size=_SCAN, state="received"),
        desk.api.together(f"/v1/out-of-area/clearings?limit={_PAGE}", f"/v1/proposals?state=open&limit={_SCAN}", "/v1/auth"),
    )
    for proposal in [] if isinstance(waiting, Refusal) else waiting["items"]:
        if proposal["kind"] in _MONEY_KINDS:
            link = el("a", "去复核", href="/worklists/proposals")
            block(el("p", f"{proposal['maker_name']} 已提出：{proposal['name']}，等第二人复核。", link, cls="hint"))
    if desk.can("clearing:propose"):
        with ui.element("div").classes("acts screen"):
            _prefund(desk)
    if all_audited and all_received:
        _due(desk, _owed(audited, received))
    else:
        said = f"待清算的住院超过 {_SCAN * _SCANS:,} 笔，金额未列全，不能在此提请支付。请联系管理员。"
        block(section("待清算", el("p", said, cls="fault", role="alert")))
    block(
        section("已清算", missing(paid) if isinstance(paid, Refusal) else _paid(paid["items"], hands_of(provider)), note="元")
    )


def _due(desk: Desk, owed: Mapping[tuple[str, str], tuple[int, int, int]]) -> None:
    block(section("待清算", None if owed else empty("✓ 没有待清算的季度。"), note="按就医地省份和数据所属季度；元"))
    if owed:
        rows = [
            (
                [province(place), quarter(first), f"{count} 笔", f"{open_} 笔" if open_ else "—", money(amount)],
                partial(_clear, desk, place, first, amount, open_),
            )
            for (place, first), (count, open_, amount) in owed.items()
        ]
        act_table(["就医地省份", "季度", "#已审核", "#未审核", "#应付"], rows)


def _owed(audited: Sequence[Json], received: Sequence[Json]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Province and quarter to: stays audited, stays that wait for it, fen owed for the former."""
    sums: dict[tuple[str, str], tuple[int, int, int]] = {}
    for stay in [*audited, *received]:
        key = (stay["province"], str(stay["quarter"])[:10])
        count, open_, amount = sums.get(key, (0, 0, 0))
        if stay["state"] == "audited":
            sums[key] = (count + 1, open_, amount + stay["work_injury_fen"] - stay["adjusted_fen"])
        else:
            sums[key] = (count, open_ + 1, amount)
    return dict(sorted(sums.items(), key=lambda item: (item[0][1], item[0][0])))


def _clear(desk: Desk, place: str, first: str, amount: int, open_: int) -> None:
    if not desk.can("clearing:propose") or open_:
        block(el("span", "等审核" if open_ else "等财务提请支付", cls="soft"))
        return
    act_button(
        desk,
        "提请支付",
        f"按全国清算通知书付给{province(place)} {quarter(first)}的费用，本账应付 {format_yuan(amount)} 元；由另一人复核后付款。",
        "/v1/out-of-area/clearings",
        [field("bill_no", "清算通知书编号", "text"), field("bill_fen", "通知书金额", "fen")],
        {"bill_fen": amount},
        primary=True,
        read=lambda typed: {**typed, "province": place, "quarter": first},
    )


def _prefund(desk: Desk) -> None:
    rules = [
        field("back", "方向", "yes-no", choices={False: "拨付", True: "收回"}),
        field("province", "省份", "choice", choices=PROVINCES, listed=True),
        field("amount_fen", "金额", "fen"),
    ]
    act_button(
        desk,
        "提请拨付或收回预付金",
        "向就医地省份拨付或收回异地就医预付金；由另一人复核后付款。",
        "/v1/out-of-area/prefunds",
        rules,
        {"back": False},
    )


def _paid(items: Sequence[Json], hands: Mapping[str, str]) -> Html:
    if not items:
        return el("p", "还没有付过季度清算。", cls="soft")
    rows = [
        row(
            province(c["province"]),
            quarter(c["quarter"]),
            el("td", c["bill_no"], cls="fig"),
            el("td", day(c["cleared_on"]), cls="fig"),
            f"{hands.get(c['maker'], c['maker'])}　复核 {hands.get(c['checker'], c['checker'])}",
            num(c["amount_fen"]),
        )
        for c in items
    ]
    return table(["就医地省份", "季度", "清算通知书", "付款日期", "经办", "#金额"], rows, cls="rows")


def _who(thing: Json, persons: Mapping[str, Any]) -> Html:
    case = el("a", "工伤案件", href=f"/cases/{thing['case_id']}")
    return join(person_link(persons[thing["person_id"]]), el("small", case, cls="line"))
