"""工伤桥: both books side by side, who owes whom, what must hold; check, approve or send back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from gateway.entrypoints.console.figures import Proof, open_between, proofs
from gateway.entrypoints.console.forms import NOTE, Fields, act_button, field, send_act
from gateway.entrypoints.console.frame import Desk, block, empty, missing, more, person_link, section, tabs
from gateway.entrypoints.console.injury import SIGNATURES, may_sign
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages import splits
from gateway.entrypoints.console.pages.case import voucher_address
from gateway.entrypoints.console.pages.journals import hands_of, journal_list
from gateway.entrypoints.console.splits import settled_lines, split_of_conversion
from gateway.entrypoints.console.words import (
    BOOKS,
    CONVERSION_STATES,
    TRANSFER_STATES,
    badge,
    day,
    days_between,
    moment,
    money,
    num,
    span,
    word,
)
from shared.errors import Refusal
from shared.money import format_yuan

Json = Mapping[str, Any]

_MOVING: Final = frozenset({"approved", "posted", "transferring", "reverting"})
"""States that change by themselves, without a person."""
_LOOK_EVERY_S: Final = 2
_LIST: Final = 50
_ACCOUNTS: Final = {"5001.01": "统筹", "5001.02": "个人账户"}


async def show_list(desk: Desk) -> None:
    """Conversions by state, newest first."""
    state = desk.query.get("state") or (
        "proposed" if desk.can("conversions:check") else "checked" if desk.can("conversions:approve") else None
    )
    state = None if state == "all" else state
    found = await desk.api.get("/v1/conversions", state=state, after=desk.query.get("after"), limit=_LIST)
    rows = [
        row(
            el("a", c["institution_name"] or "医院待报", href=f"/conversions/{c['conversion_id']}"),
            el("td", span(c["begun_on"], c["ended_on"]), cls="fig"),
            el("td", c["decision_no"]),
            badge(word(CONVERSION_STATES, c["state"]), _tone(c["state"])),
            num(c["total_fen"]),
            num(c["work_injury_fen"]),
            num(c["owed_fen"]),
            num(c["refund_fen"]),
            data_row=True,
            tabindex=0,
        )
        for c in found["items"]
    ]
    heads = ["医院", "住院", "认定决定书", "状态", "#医疗费总额", "#工伤基金", "#应退医保", "#应退个人"]
    block(
        el(
            "div",
            el("h1", "工伤桥"),
            el("small", "医保已结算、后认定为工伤的住院，在基金之间重新结算", cls="soft"),
            cls="title-line",
        ),
        tabs("?state=", {"all": "全部", **CONVERSION_STATES}, state or "all"),
        table(heads, rows, cls="rows")
        if rows
        else empty("没有这种状态的转换。", el("a", "看全部", href="?state=all", cls="button")),
        more(found, {"state": state or "all"}),
    )


async def show(desk: Desk) -> None:
    """One conversion."""
    conversion_id = desk.path["conversion_id"]
    conversion = await desk.api.get(f"/v1/conversions/{conversion_id}")
    person, journals, settlement, provider = await desk.api.together(
        f"/v1/persons/{conversion['person_id']}",
        f"/v1/ledger/journals?settlement_id={conversion['settlement_id']}&limit=200",
        f"/v1/settlements/{conversion['settlement_id']}",
        "/v1/auth",
    )
    hands = hands_of(provider)
    named = {
        **conversion,
        "maker_name": hands.get(conversion["maker"] or ""),
        "checker_name": hands.get(conversion["checker"] or ""),
        "approver_name": hands.get(conversion["approver"] or ""),
    }
    booked = None if isinstance(journals, Refusal) else journals["items"]
    ui.page_title("医保转工伤结算 · 一窗")
    block(_head(named, person))
    if conversion["total_fen"] is None:
        block(empty("正在向医保结算核对费用，金额出来后即可初审。", el("a", "刷新", href="", cls="button", data_enter=True)))
    else:
        with ui.element("div").classes("columns even"):
            block(section("谁欠谁", _owing(named, booked), note="元"))
            checks = proofs(named, booked)
            block(section("核对清单", _proofs(checks), note=_count(checks)))
        _review(desk, named)
    _split(desk, named, settlement)
    _more_acts(desk, named, settlement)
    block(section("两套账并列", _books(named, booked, journals, hands), note="左：医保各基金；右：工伤保险基金"))
    block(_moves(named), _signatures(named))
    block(section("费用依据", _basis(named, settlement), cls="screen"))
    if conversion["state"] in _MOVING:
        _watch(desk, conversion_id, conversion)


def _tone(state: str) -> str:
    return {"settled": "done", "failed": "late", "reverted": "late"}.get(state, "due")


def _head(conversion: Json, person: Any) -> Html:
    stay = ""
    if conversion["begun_on"]:
        stay = f"{day(conversion['begun_on'])} 至 {day(conversion['ended_on'])}，{days_between(conversion['begun_on'], conversion['ended_on'])} 天"
    return el(
        "div",
        el(
            "div",
            el("h1", "医保转工伤结算"),
            badge(
                ("✓ " if conversion["state"] == "settled" else "") + word(CONVERSION_STATES, conversion["state"]),
                _tone(conversion["state"]),
            ),
            el("span", _progress(conversion), cls="soft"),
            el("button", "打印审核表", type="button", data_print=True),
            cls="title-line",
        ),
        el(
            "p",
            person_link(person),
            el("span", conversion["institution_name"] or "—"),
            el("span", stay, cls="fig"),
            el("span", f"受伤 {day(conversion['accident_on'])}", cls="fig"),
            el("span", "认定决定书 ", el("b", conversion["decision_no"])),
            cls="facts",
        ),
        el("p", el("b", "受阻："), conversion["hindrance"], cls="fault") if conversion["hindrance"] else None,
        el("p", "意见：", conversion["note"], cls="note") if conversion["note"] else None,
        cls="page-head",
    )


def _progress(conversion: Json) -> str:
    """What moves by itself, with its number."""
    going = [t for t in conversion["transfers"] if t["state"] != "voided"]
    if conversion["state"] not in _MOVING or not going:
        return "系统正在记账" if conversion["state"] in _MOVING else ""
    arrived = sum(1 for t in going if t["state"] == "confirmed")
    return f"{len(going)} 笔划转，已到账 {arrived} 笔"


def _owing(conversion: Json, journals: Sequence[Json] | None) -> Html:
    """Per party: paid before, bears after, and what moves between."""
    wi, person = conversion["work_injury_fen"], conversion["person_fen"]
    claims = open_between(journals or (), medical=True)
    booked = bool(journals) and any(j["conversion_id"] == conversion["conversion_id"] for j in journals or ())
    rows = []
    for part in _by_book(conversion["owed"]):
        state = "" if not booked else "已结清" if not claims.get(part[0]) else "划转中"
        rows.append(row(word(BOOKS, part[0]), num(part[2]), num(0), num(part[2]), el("td", part[1], el("small", state))))
    rows.append(
        row(
            "个人（现金）",
            num(conversion["cash_fen"]),
            num(person),
            num(conversion["refund_fen"]),
            "退给个人" if conversion["refund_fen"] >= 0 else "个人补交",
        )
    )
    if conversion["hospital_fen"]:
        rows.append(
            row(
                "医院",
                num(0),
                num(conversion["hospital_fen"]),
                num(-conversion["hospital_fen"]),
                "未经同意的目录外费用，向医院收回",
            )
        )
    rows.append(row(el("td", "工伤保险基金"), num(0), num(wi), num(-wi), "承担工伤医疗费", cls="strong"))
    total = conversion["total_fen"]
    parts = [
        table(
            ["", "#转换前付", "#转换后付", "#应收（负数应付）", ""], rows, foot=row("合计", num(total), num(total), num(0), "")
        )
    ]
    if conversion["meals_fen"]:
        days = days_between(conversion["begun_on"], conversion["ended_on"])
        parts.append(
            el(
                "p",
                "另由工伤保险基金支付住院伙食补助 ",
                el("b", money(conversion["meals_fen"])),
                f" 元（{days} 天），合计付给个人 ",
                el("b", money(max(0, conversion["refund_fen"]) + conversion["meals_fen"])),
                " 元。",
            )
        )
    return el("div", parts)


def _by_book(owed: Sequence[Json]) -> list[tuple[str, str, int]]:
    """Book, what it is made of, amount."""
    books: dict[str, list[Json]] = {}
    for part in owed:
        books.setdefault(part["book"], []).append(part)
    return [
        (
            book,
            " + ".join(f"{_ACCOUNTS.get(p['account'], '')} {format_yuan(p['amount_fen'])}" for p in parts)
            if len(parts) > 1
            else "",
            sum(p["amount_fen"] for p in parts),
        )
        for book, parts in books.items()
    ]


def _count(checks: Sequence[Proof]) -> str:
    return f"{sum(1 for c in checks if c.holds)} 项成立，共 {len(checks)} 项"


def _proofs(checks: Sequence[Proof]) -> Html:
    signs = {True: ("✓", "done", "成立"), False: ("✗", "late", "不成立"), None: ("○", "due", "待办")}
    return el(
        "ul",
        [
            el(
                "li",
                el("i", signs[c.holds][0], cls=f"tick {signs[c.holds][1]}", title=signs[c.holds][2]),
                el(
                    "span",
                    c.name,
                    el("small", f"{c.left}　{c.sign}　{c.right}", cls="fig"),
                ),
                el("span", signs[c.holds][2], cls=f"verdict {signs[c.holds][1]}"),
            )
            for c in checks
        ],
        cls="proofs",
    )


def _review(desk: Desk, conversion: Json) -> None:
    """What this person may do now."""
    state, path = conversion["state"], f"/v1/conversions/{conversion['conversion_id']}"
    if state not in SIGNATURES:
        return
    scope, act, name = SIGNATURES[state]
    mine = desk.can(scope) and may_sign(conversion, desk.me["user_id"])
    back = desk.can("conversions:send-back")
    if not mine and not back:
        block(el("p", f"等待{name}。", cls="hint screen"))
        return
    with ui.element("div").classes("review screen"):
        note = Fields([NOTE])
        if mine:
            send_act(desk, f"{name}通过", f"{path}/{act}", note.read, primary=True)
        if back:
            send_act(desk, "不予转换" if state == "proposed" else "退回初审", f"{path}/send-back", note.read)


_PAYERS: Final = {"person": "个人", "employer": "用人单位", "heirs": "继承人"}
_STAY_FACTS: Final = (
    field("payer", "票据持有人", "choice", choices=_PAYERS),
    field("employer_id", "用人单位编号（单位持票的）", "text", required=False),
    field("prepaid_fen", "单位或第三人已付", "fen", required=False),
)


def _more_acts(desk: Desk, conversion: Json, settlement: Any) -> None:
    """Before approval: who holds the receipts. After the money went: a cut of a line, which a second person decides."""
    stated = conversion.get("facts") or {}
    # Facts are stated anew as a whole: what is known of the lines already goes along.
    lines = [{"line_id": line_id, "circumstance": how} for line_id, how in stated.get("circumstances", [])]
    with ui.element("div").classes("acts screen"):
        if conversion["state"] in SIGNATURES and desk.can("conversions:check"):
            act_button(
                desk,
                "登记票据持有人",
                "退款付给持有原始票据的一方；登记后重新计算、重新初审。",
                f"/v1/conversions/{conversion['conversion_id']}/facts",
                _STAY_FACTS,
                {"payer": "person", "prepaid_fen": stated.get("prepaid_fen") or None},
                read=lambda typed: {**typed, "circumstances": lines},
            )
        if conversion["state"] == "settled" and desk.can("audits:propose") and not isinstance(settlement, Refusal):
            names = {line["line_id"]: f"{line['item_name']}　{format_yuan(line['amount_fen'])}" for line in settlement["lines"]}
            rules = (
                field("line_id", "明细", "choice", choices=names, listed=True),
                field("amount_fen", "扣款金额", "fen"),
                field("reason", "理由", "text"),
            )
            about = {"settlement_id": conversion["settlement_id"]}
            act_button(
                desk,
                "提出审核扣款",
                "由另一人复核后入账，从医院下月结算中抵扣；个人不受影响。",
                "/v1/audit-deductions",
                rules,
                read=lambda typed: {**typed, **about},
            )


def _split(desk: Desk, conversion: Json, settlement: Any) -> None:
    """A mixed stay: which lines treat an own disease, who agrees, what the expert says (条例第三十条第五款)."""
    split, open_ = split_of_conversion(conversion), conversion["state"] in SIGNATURES
    lines = [] if isinstance(settlement, Refusal) else settled_lines(settlement)
    may_propose = open_ and desk.can("conversions:split") and (split is None or split.over)
    if split is None and not may_propose:
        return
    path = f"/v1/conversions/{conversion['conversion_id']}/split"
    block(section("费用拆分", splits.flags(split, lines), note="治疗自身疾病的费用仍由医保支付"))
    splits.acts(desk, path, split, lines, (path, {}) if may_propose else None)


def _books(conversion: Json, booked: Sequence[Json] | None, journals: Any, hands: Mapping[str, str]) -> Html:
    if booked is None:
        return missing(journals)
    names = {conversion["institution_code"]: conversion["institution_name"] or "医院"}
    medical = [j for j in booked if j["book"] != "WI"]
    injury = [j for j in booked if j["book"] == "WI"]
    return el(
        "div",
        el("div", el("h3", "医保基金账"), journal_list(medical, hands=hands, names=names, links=False)),
        el(
            "div",
            el("h3", "工伤保险基金账"),
            journal_list(injury, hands=hands, names=names, links=False) if injury else el("p", "复核通过后记账。", cls="soft"),
        ),
        cls="columns even books",
    )


def _moves(conversion: Json) -> Html:
    """Transfers between the funds, payments to the person."""
    rows = [
        row(
            _voucher(conversion, t["voucher_no"]),
            f"工伤保险基金 → {word(BOOKS, t['book'])}"
            if t["direction"] == "out"
            else f"{word(BOOKS, t['book'])} → 工伤保险基金",
            badge(
                ("✓ " if t["state"] == "confirmed" else "") + word(TRANSFER_STATES, t["state"]),
                "done" if t["state"] == "confirmed" else "due",
            ),
            el("td", moment(t["changed_at"]), cls="fig"),
            num(t["amount_fen"]),
        )
        for t in conversion["transfers"]
    ] + [
        row(
            _voucher(conversion, p["voucher_no"]),
            "工伤保险基金 → 个人（" + ("住院伙食补助" if p["kind"] == "meals" else "退还垫付") + "）",
            badge("✓ 已支付", "done"),
            el("td", moment(p["paid_at"]), cls="fig"),
            num(p["amount_fen"]),
        )
        for p in conversion["payments"]
    ]
    body = (
        table(["凭证号", "从哪里到哪里", "状态", "时间", "#金额"], rows)
        if rows
        else el("p", "复核通过后由系统划转，不需要纸质单据。", cls="soft")
    )
    return section("划转与支付", body, note="元")


def _voucher(conversion: Json, number: str) -> Html:
    return el("td", el("a", number, href=voucher_address(conversion["case_id"], number), target="_blank"), cls="fig")


def _basis(conversion: Json, settlement: Any) -> Html:
    """Where the figures come from."""
    links: list[object] = [
        el("a", "原医保结算单", href=f"/settlements/{conversion['settlement_id']}", cls="button")
        if not isinstance(settlement, Refusal)
        else None,
        el("a", "工伤案件", href=f"/cases/{conversion['case_id']}", cls="button"),
        el("a", "办件", href=f"/matters/{conversion['matter_id']}", cls="button") if conversion["matter_id"] else None,
    ]
    return el("p", [[link, " "] for link in links if link])


def _signatures(conversion: Json) -> Html:
    third = conversion["approver"] or conversion["state"] == "endorsed"
    return el(
        "p",
        el("span", f"初审：{conversion['maker_name'] or conversion['maker'] or '　　　　'}"),
        el("span", f"复核：{conversion['checker_name'] or conversion['checker'] or '　　　　'}"),
        el("span", f"审批：{conversion['approver_name'] or conversion['approver'] or '　　　　'}") if third else None,
        el("span", "（盖章）"),
        cls="paper sign",
    )


def _watch(desk: Desk, conversion_id: str, seen: Json) -> None:
    """Show the page again as soon as the system has moved on."""
    known = (seen["state"], [t["state"] for t in seen["transfers"]])

    async def look() -> None:
        now = await desk.api.look(f"/v1/conversions/{conversion_id}")
        if not isinstance(now, Refusal) and (now["state"], [t["state"] for t in now["transfers"]]) != known:
            ui.navigate.reload()

    ui.timer(_LOOK_EVERY_S, look)
