"""工伤案件: where the case stands, who owes whom now and why, what hangs on it, both books side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from gateway.entrypoints.console.frame import Desk, block, empty, missing, person_link, section
from gateway.entrypoints.console.injury import (
    SIGNATURES,
    Owing,
    Pair,
    Step,
    Term,
    may_sign,
    owings,
    pairs_of,
    steps_of,
    terms_of,
    totals,
)
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages import case_acts, out_of_area, paper_claims, recurrences, stay_credits, stay_split
from gateway.entrypoints.console.pages.journals import INSTITUTIONS, dim_name, hands_of, places_of
from gateway.entrypoints.console.words import (
    BOOKS,
    CASE_ACTS,
    CASE_STATES,
    CONVERSION_STATES,
    JOURNAL_KINDS,
    OUTCOMES,
    RECOVERY_CAUSES,
    RECOVERY_STATES,
    SOON,
    badge,
    day,
    left,
    moment,
    money,
    num,
    party,
    span,
    word,
)
from shared.errors import Refusal

Json = Mapping[str, Any]

_DONE: Final = frozenset({"recovered", "written-off", "expensed", "moved", "reversed"})


async def show(desk: Desk) -> None:
    """One case."""
    case_id = desk.path["case_id"]
    case = await desk.api.get(f"/v1/injury-cases/{case_id}")
    file = await desk.api.get(f"/v1/injury-case-files/{case_id}")
    (person, journals, provider, papers, found, recurred, registered, stays), (visits, credits) = await asyncio.gather(
        desk.api.together(
            f"/v1/persons/{case['person_id']}",
            f"/v1/ledger/journals?case_id={case_id}&limit=200",
            "/v1/auth",
            f"/v1/decision-documents?subject_kind=case&subject_id={case_id}",
            INSTITUTIONS,
            f"/v1/recurrences?case_id={case_id}&limit=50",
            f"/v1/out-of-area/registrations?case_id={case_id}&limit=50",
            f"/v1/out-of-area/stays?case_id={case_id}&limit=50",
        ),
        stay_credits.of_person(desk, case["person_id"]),
    )
    hands = hands_of(provider)
    places = places_of(found)
    booked = [] if isinstance(journals, Refusal) else journals["items"]
    ui.page_title("工伤案件 · 一窗")
    block(_head(case, person), _line(steps_of(case, file, booked)), _next(desk, case, file))
    with ui.element("div").classes("columns wide-left"):
        block(
            section(
                "现在谁欠谁", missing(journals) if isinstance(journals, Refusal) else _owings(owings(case, booked), booked)
            ),
        )
        block(section("期限", _terms(terms_of(file), desk.today)))
    block(section("医保转工伤", _conversions(case)))
    stay_credits.of_case(desk, credits)
    case_acts.advances(desk, case, file)
    paper_claims.of_case(desk, file["paper_claims"])
    recurrences.of_case(desk, _items(recurred))
    out_of_area.of_case(desk, _items(registered), _items(stays))
    if file["recoveries"]:
        block(section("追偿", _recoveries(file["recoveries"]), note="元，点开办理"))
    case_acts.deductions(desk, file)
    block(section("划转与支付", _moves(file), note="元"))
    with ui.element("div").classes("columns even"):
        block(section("认定决定", _decisions(case, hands)))
        with ui.element("section"):
            case_acts.documents(desk, case_id, papers)
    with ui.element("div").classes("columns even"):
        block(section("受伤经过", el("p", case["description"])))
        block(section("办理记录", _record(file["acts"], hands)))
    with ui.element("div").classes("acts screen"):
        paper_claims.form_link(desk, case)
        recurrences.apply_button(desk, case, _items(recurred))
        out_of_area.apply_button(desk, case)
        if not isinstance(visits, Refusal):
            stay_credits.give_button(desk, case, visits, [] if isinstance(credits, Refusal) else credits)
            stay_split.choose_button(desk, case, visits)
        case_acts.statements(desk, case)
    block(section("两套账并列", _books(case_id, journals, places, hands), note="同一凭证号一行；元", anchor="books"))


def _items(found: Any) -> list[Json]:
    """What a list holds; a refusal raised, because what is missing would look as if there were none."""
    if isinstance(found, Refusal):
        raise found
    items: list[Json] = found["items"]
    return items


def _head(case: Json, person: Any) -> Html:
    facts = case.get("facts") or {}
    marks = [] if facts.get("employer_insured", True) else [badge("单位未参保", "late")]
    if facts.get("insured_from"):
        marks = [badge(f"单位已补缴，自 {day(facts['insured_from'])} 起", "due")]
    if facts.get("third_party"):
        marks.append(badge(f"{party(facts['third_party'])}责任", "due"))
    return el(
        "div",
        el(
            "div",
            el("h1", "工伤案件"),
            badge(word(CASE_STATES, case["state"]), "done" if case["state"] == "recognised" else "due"),
            marks,
            el("a", "待遇", href=f"/cases/{case['case_id']}/benefits", cls="button"),
            el("a", "办件", href=f"/matters/{case['matter_id']}", cls="button") if case["matter_id"] else None,
            el("button", "打印", type="button", data_print=True),
            cls="title-line",
        ),
        el(
            "p",
            person_link(person),
            el("span", f"受伤 {day(case['accident_on'])}", cls="fig"),
            el("span", "部位：", "、".join(case["body_parts"])),
            cls="facts",
        ),
        cls="page-head",
    )


def _line(steps: Sequence[Step]) -> Html:
    signs = {"done": "✓", "now": "▶", "todo": "", "no": "✗"}
    words = {"done": "已完成", "now": "进行到这里", "todo": "未到", "no": "到此为止"}
    return el(
        "ol",
        [
            el(
                "li",
                el("i", signs[s.state], title=words[s.state]),
                el("b", s.name),
                el("span", s.on or ("进行中" if s.state == "now" else "—"), cls="fig"),
                el("small", s.note) if s.note else None,
                cls=s.state,
                aria_current="step" if s.state == "now" else None,
            )
            for s in steps
        ],
        cls="stations",
        aria_label="办理进程",
    )


def _next(desk: Desk, case: Json, file: Json) -> Html | None:
    """What waits for this person, the most visible thing: a conversion, else a claim on paper."""
    for c in case["conversions"]:
        scope, _, act = SIGNATURES.get(c["state"], ("", "", ""))
        if scope and desk.can(scope) and c["total_fen"] is not None and may_sign(c, desk.me["user_id"]):
            link = el("a", f"去{act}", href=f"/conversions/{c['conversion_id']}", cls="button primary screen")
            return el("p", el("b", "下一步："), f"{act}{c['institution_name'] or '医院'}住院费用的转换　", link, cls="next")
    for claim in file["paper_claims"]:
        if claim["state"] == "proposed" and desk.can("settlements:approve") and claim["maker"] != desk.me["user_id"]:
            link = el("a", "去复核", href=f"/paper-claims/{claim['paper_claim_id']}", cls="button primary screen")
            return el("p", el("b", "下一步："), f"复核{claim['institution_name']}的手工报销　", link, cls="next")
    return None


def _owings(found: Sequence[Owing], journals: Sequence[Json]) -> Html:
    if not found and not journals:
        return el("p", "还没有入账，各方之间没有往来。", cls="soft")
    if not found:
        return el("p", el("b", "✓ 各方已结清", cls="settled"), "，两套账没有未了的往来。")
    rows = [
        row(
            el("td", el("b", o.debtor), el("span", " 欠 ", cls="soft"), el("b", o.creditor)),
            el("td", o.why, el("small", "复核通过后入账") if not o.booked else None),
            num(o.amount_fen),
        )
        for o in found
    ]
    return table(["谁欠谁", "为什么", "#金额（元）"], rows)


def _terms(terms: Sequence[Term], today: date) -> Html:
    if not terms:
        return el("p", "没有未了的期限。", cls="soft")
    rows = []
    for term in terms:
        days = (term.until - today).days
        sign, tone = ("■", "red") if days < 0 else ("▲", "yellow") if days <= SOON else ("●", "green")
        name: object = el("a", term.what, href=term.address) if term.address else term.what
        clock = el("span", el("i", sign), " ", left(days, unit="days"), cls=f"light {tone}")
        rows.append(row(el("td", name), el("td", day(term.until), cls="fig"), el("td", clock)))
    return table(["事项", "期限", ""], rows)


def _conversions(case: Json) -> Html:
    if not case["conversions"]:
        return empty("没有需要转换的医保结算。")
    rows = [
        row(
            el("a", c["institution_name"] or "医院待报", href=f"/conversions/{c['conversion_id']}"),
            el("td", span(c["begun_on"], c["ended_on"]), cls="fig"),
            badge(word(CONVERSION_STATES, c["state"]), _tone(c["state"])),
            num(c["total_fen"]),
            num(c["work_injury_fen"]),
            num(c["owed_fen"]),
            num(c["refund_fen"]),
            num(c["meals_fen"]),
            data_row=True,
            tabindex=0,
        )
        for c in case["conversions"]
    ]
    heads = ["医院", "住院", "状态", "#医疗费总额", "#工伤基金", "#应退医保", "#应退个人", "#伙食补助"]
    return table(heads, rows, cls="rows")


def _tone(state: str) -> str:
    return {"settled": "done", "failed": "late", "reverted": "late"}.get(state, "due")


def _recoveries(debts: Sequence[Json]) -> Html:
    rows = [
        row(
            el("a", party(d["debtor"]), href=f"/recoveries/{d['recovery_id']}"),
            el("td", word(RECOVERY_CAUSES, d["cause"])),
            word(BOOKS, d["book"]),
            badge(word(RECOVERY_STATES, d["state"]), "done" if d["state"] in _DONE else "due"),
            num(d["advanced_fen"]),
            num(d["recovered_fen"]),
            num(d["open_fen"]),
            data_row=True,
            tabindex=0,
        )
        for d in debts
    ]
    return table(["应付方", "原因", "账套", "状态", "#应收", "#已收回", "#未收回"], rows, cls="rows")


def _moves(file: Json) -> Html:
    case_id = file["case_id"]
    rows = [
        row(
            _voucher(case_id, t["voucher_no"]),
            f"工伤保险基金 → {word(BOOKS, t['book'])}"
            if t["direction"] == "out"
            else f"{word(BOOKS, t['book'])} → 工伤保险基金",
            badge("✓ 双方已记账", "done")
            if t["state"] == "confirmed"
            else badge("已作废" if t["state"] == "voided" else "划转中", "due"),
            el("td", day(t["changed_at"]), cls="fig"),
            num(t["amount_fen"]),
        )
        for t in file["transfers"]
    ] + [
        row(
            _voucher(case_id, p["voucher_no"]),
            f"工伤保险基金 → {party(p['payee']) if p['payee'] else '个人'}（{_kind(p['kind'])}）",
            badge("银行退回", "late") if p["returned_at"] and not p["repaid_at"] else badge("✓ 已支付", "done"),
            el("td", day(p["paid_at"]), cls="fig"),
            num(p["amount_fen"]),
        )
        for p in file["payments"]
    ]
    if not rows:
        return el("p", "复核通过后由系统划转和支付，不需要纸质单据。", cls="soft")
    return table(["凭证", "从哪里到哪里", "状态", "日期", "#金额"], rows)


def _kind(kind: str) -> str:
    return {"refund": "退还垫付", "meals": "住院伙食补助"}.get(kind, "工伤待遇")


def _voucher(case_id: str, number: str) -> Html:
    return el("td", el("a", number, href=voucher_address(case_id, number), target="_blank"), cls="fig")


def voucher_address(case_id: str, number: str) -> str:
    """Where the console serves a voucher as PDF."""
    return f"/cases/{quote(case_id, safe='')}/vouchers/{quote(number, safe='')}.pdf"


def _record(acts: Sequence[Json], hands: Mapping[str, str]) -> Html:
    """Who told what when, the newest first."""
    if not acts:
        return el("p", "还没有办理记录。", cls="soft")
    lines = [
        el(
            "li",
            el("span", moment(act["recorded_at"]), cls="fig soft"),
            el("b", _told(act)),
            el("span", _hand(act["actor"], hands)),
        )
        for act in reversed(acts)
    ]
    return el("ol", lines, cls="record")


def _told(act: Json) -> Html:
    """The act, with the way to what it is about where that has a page."""
    pages = {"stay-facts": "/conversions/", "enforced": "/recoveries/", "set-off-withdrawn": "/recoveries/"}
    name = word(CASE_ACTS, act["act"])
    page = pages.get(act["act"])
    return el("a", name, href=f"{page}{act['subject_id']}") if page else el("span", name)


def _decisions(case: Json, hands: Mapping[str, str]) -> Html:
    rows = [
        row(
            el("td", f"第 {d['version']} 版", cls="fig"),
            el("td", d["decision_no"], el("small", hands.get(d["decided_by"], d["decided_by"]))),
            badge(word(OUTCOMES, d["outcome"]), "done" if d["outcome"] == "granted" else "late"),
            el("td", day(d["decided_on"]), cls="fig"),
        )
        for d in reversed(case["decisions"])
    ]
    if not rows:
        return el("p", "还没有作出认定决定。", cls="soft")
    return table(["版本", "决定书", "结论", "日期"], rows)


def _books(case_id: str, journals: Any, places: Mapping[str, str], hands: Mapping[str, str]) -> Html:
    if isinstance(journals, Refusal):
        return missing(journals)
    items = journals["items"]
    if not items:
        return el("p", "还没有记账。复核通过后两套账同时入账。", cls="soft")
    medical, injury = ([j for j in items if (j["book"] == "WI") is wi] for wi in (False, True))
    return el(
        "div",
        el("div", el("h3", "医保各基金账"), el("h3", "工伤保险基金账"), cls="pair heads"),
        [_pair(case_id, pair, places, hands) for pair in pairs_of(items)],
        el("div", _total("医保各基金账", medical), _total("工伤保险基金账", injury), cls="pair sum-row"),
        cls="pairs",
    )


def _pair(case_id: str, pair: Pair, places: Mapping[str, str], hands: Mapping[str, str]) -> Html:
    first = (pair.left or pair.right)[0]
    return el(
        "div",
        el(
            "p",
            el("b", day(pair.booked_on), cls="fig"),
            badge(word(JOURNAL_KINDS, pair.kind), "late" if first["reverses"] else ""),
            el("span", f"凭证 {pair.voucher_no}", cls="fig") if pair.voucher_no else el("span", "转账凭证", cls="soft"),
            el("span", f"制单 {_hand(first['maker'], hands)}　复核 {_hand(first['checker'], hands)}", cls="soft"),
            el("a", "打印凭证", href=voucher_address(case_id, pair.voucher_no), target="_blank", cls="screen")
            if pair.voucher_no
            else None,
            cls="pair-head",
        ),
        el("div", _side(pair.left, places), _side(pair.right, places), cls="pair"),
        cls="pair-row",
    )


def _side(journals: Sequence[Json], places: Mapping[str, str]) -> Html:
    if not journals:
        return el("div", el("p", "此账无分录", cls="none"))
    rows = []
    for journal in journals:
        if journal["book"] != "WI":
            rows.append(row(el("td", word(BOOKS, journal["book"]), colspan=4, cls="soft")))
        rows += [
            row(
                el("td", line["account"], cls="fig"),
                el("td", line["name"], el("small", dim_name(line["dim"], places)) if line["dim"] else None),
                num(line["debit_fen"]) if line["debit_fen"] else el("td", cls="num"),
                num(line["credit_fen"]) if line["credit_fen"] else el("td", cls="num"),
            )
            for line in journal["lines"]
        ]
    debit, credit = totals(journals)
    foot = row("", el("td", "合计", _balanced(debit, credit)), num(debit), num(credit))
    return el("div", table(["科目", "名称", "#借方", "#贷方"], rows, foot=foot))


def _total(name: str, journals: Sequence[Json]) -> Html:
    debit, credit = totals(journals)
    return el(
        "p",
        el("b", f"{name}合计"),
        el("span", "借 ", money(debit)),
        el("span", "贷 ", money(credit)),
        _balanced(debit, credit),
    )


def _balanced(debit: int, credit: int) -> Html:
    return badge("✓ 平", "done") if debit == credit else badge("✗ 不平", "late")


def _hand(who: str | None, hands: Mapping[str, str]) -> str:
    return "—" if who is None else "系统" if who == "system" else hands.get(who, who)
