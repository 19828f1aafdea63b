"""工伤案件: where the case stands, who owes whom now and why, what hangs on it, both books side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from nicegui import events, ui

from gateway.entrypoints.console.forms import NOTE, Fields, act_button, field, send_button
from gateway.entrypoints.console.frame import Desk, block, empty, missing, person_link, section
from gateway.entrypoints.console.injury import Owing, Pair, Step, Term, owings, pairs_of, steps_of, terms_of, totals
from gateway.entrypoints.console.markup import Html, el, row, table
from gateway.entrypoints.console.pages import out_of_area, paper_claims, recurrences
from gateway.entrypoints.console.pages.journals import INSTITUTIONS, dim_name, hands_of, places_of
from gateway.entrypoints.console.words import (
    ADVANCE_STATES,
    BOOKS,
    CASE_ACTS,
    CASE_STATES,
    CONVERSION_STATES,
    DEDUCTION_STATES,
    JOURNAL_KINDS,
    OUTCOMES,
    RECOGNISED,
    RECOVERY_CAUSES,
    RECOVERY_STATES,
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
from shared.crypto.algorithms import sm3
from shared.errors import Refusal, invalid

Json = Mapping[str, Any]

_SOON: Final = 3
"""Days before a deadline from which it is amber."""
_MAX_BYTES: Final = 20 << 20
_DONE: Final = frozenset({"recovered", "written-off", "expensed", "moved", "reversed"})


async def show(desk: Desk) -> None:
    """One case."""
    case_id = desk.path["case_id"]
    case = await desk.api.get(f"/v1/injury-cases/{case_id}")
    file = await desk.api.get(f"/v1/injury-case-files/{case_id}")
    person, journals, provider, papers, found, recurred, registered, stays = await desk.api.together(
        f"/v1/persons/{case['person_id']}",
        f"/v1/ledger/journals?case_id={case_id}&limit=200",
        "/v1/auth",
        f"/v1/decision-documents?subject_kind=case&subject_id={case_id}",
        INSTITUTIONS,
        f"/v1/recurrences?case_id={case_id}&limit=50",
        f"/v1/out-of-area/registrations?case_id={case_id}&limit=50",
        f"/v1/out-of-area/stays?case_id={case_id}&limit=50",
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
    _advances(desk, case, file)
    paper_claims.of_case(desk, file["paper_claims"])
    recurrences.of_case(desk, _items(recurred))
    out_of_area.of_case(desk, _items(registered), _items(stays))
    if file["recoveries"]:
        block(section("追偿", _recoveries(file["recoveries"]), note="元，点开办理"))
    _deductions(desk, file)
    block(section("划转与支付", _moves(file), note="元"))
    with ui.element("div").classes("columns even"):
        block(section("认定决定", _decisions(case, hands)))
        with ui.element("section"):
            _documents(desk, case_id, papers)
    with ui.element("div").classes("columns even"):
        block(section("受伤经过", el("p", case["description"])))
        block(section("办理记录", _record(file["acts"], hands)))
    with ui.element("div").classes("acts screen"):
        paper_claims.form_link(desk, case)
        recurrences.apply_button(desk, case, _items(recurred))
        out_of_area.apply_button(desk, case)
        _case_acts(desk, case)
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
    acts = {"proposed": ("conversions:check", "初审"), "checked": ("conversions:approve", "复核")}
    for c in case["conversions"]:
        scope, act = acts.get(c["state"], ("", ""))
        if scope and desk.can(scope) and c["total_fen"] is not None:
            link = el("a", f"去{act}", href=f"/conversions/{c['conversion_id']}", cls="button primary screen")
            return el("p", el("b", "下一步："), f"{act}{c['institution_name'] or '医院'}住院费用的转换　", link, cls="next")
    for claim in file["paper_claims"]:
        if claim["state"] == "proposed" and desk.can("settlements:approve") and claim["maker"] != desk.me["user_id"]:
            link = el("a", "去复核", href=f"/paper-claims/{claim['paper_claim_id']}", cls="button primary screen")
            return el("p", el("b", "下一步："), f"复核{claim['institution_name']}的手工报销　", link, cls="next")
    return None


_FACTS: Final = (
    field("employer_insured", "用人单位", "yes-no", choices={True: "已参保", False: "未参保或欠缴"}),
    field("third_party", "第三人责任", "choice", choices={"none": "没有", "unknown": "有，待查明", "known": "有，已查明"}),
    field("third_party_id", "第三人编号（已查明的）", "text", required=False),
    field("filed_on", "首次申请日期", "date", required=False),
    field("accepted_on", "受理日期", "date", required=False),
)


def _facts(typed: dict[str, Any]) -> dict[str, Any]:
    third = typed["third_party"]
    said = ("employer_insured", "filed_on", "accepted_on")
    body: dict[str, Any] = {name: typed[name] for name in said if name in typed}
    if third == "unknown":
        body["third_party"] = third
    if third == "known":
        if not typed.get("third_party_id"):
            raise invalid("gateway.console.third-party-missing", "请填写第三人编号", "no id", field="third_party_id")
        body["third_party_id"] = typed["third_party_id"]
    return body


def _case_acts(desk: Desk, case: Json) -> None:
    """What the office states about the case: facts of the accident, a contest and its end."""
    if not desk.can("injury-cases:decide"):
        return
    path, facts = f"/v1/injury-cases/{case['case_id']}", case.get("facts") or {}
    third = facts.get("third_party")
    known = {
        "employer_insured": facts.get("employer_insured", True),
        "third_party": "none" if not third else "unknown" if third == "T:UNKNOWN" else "known",
        "third_party_id": third[2:] if third and third != "T:UNKNOWN" else None,
        "filed_on": facts.get("filed_on"),
        "accepted_on": facts.get("accepted_on"),
    }
    act_button(
        desk,
        "登记事故情况",
        "每次登记全部情况；未入账的转换按新情况重新计算、重新初审。",
        f"{path}/facts",
        _FACTS,
        known,
        read=_facts,
    )
    if not facts.get("employer_insured", True) and not facts.get("insured_from"):
        act_button(
            desk,
            "登记补缴",
            "用人单位已参保并补缴保险费、滞纳金：生效日期起新发生的费用由工伤保险基金支付，此前的仍由用人单位负担。",
            f"{path}/back-payment",
            [field("effective_on", "补缴生效日期", "date"), field("proof", "缴费凭证号", "text")],
        )
    if case["state"] == "recognised":
        act_button(
            desk,
            "登记复议或诉讼",
            "复议、诉讼期间待遇照付，终局后再定。",
            f"{path}/contests",
            [field("opened_on", "立案日期", "date")],
        )
    if case["state"] == "under_review":
        act_button(desk, "登记维持", "复议或诉讼终局，认定决定维持。", f"{path}/upholdings")
    if case["state"] in RECOGNISED:
        rules = [
            field("decision_no", "撤销文书文号", "text"),
            field("final_on", "生效日期", "date"),
            field("decided_by", "作出机关", "text"),
        ]
        act_button(
            desk, "登记终局撤销", "认定被终局撤销：转换红字冲销，医保待遇恢复，已付待遇追回。", f"{path}/revocations", rules
        )


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
        sign, tone = ("■", "red") if days < 0 else ("▲", "yellow") if days <= _SOON else ("●", "green")
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


def _advances(desk: Desk, case: Json, file: Json) -> None:
    """Applications for an advance with what this person may do, and a way to apply."""
    facts = case.get("facts") or {}
    open_ = [a for a in file["advances"] if a["state"] in ("applied", "noticed")]
    may_apply = (
        desk.can("recoveries:apply")
        and not open_
        and case["state"] in RECOGNISED
        and (not facts.get("employer_insured", True) or facts.get("third_party"))
    )
    if not file["advances"] and not may_apply:
        return
    rows = [
        row(
            party(a["debtor"]),
            badge(
                word(ADVANCE_STATES, a["state"]),
                {"approved": "done", "paid": "done", "rejected": "late"}.get(a["state"], "due"),
            ),
            el("td", day(a["applied_on"]), cls="fig"),
            el("td", day(a["served_on"]), cls="fig"),
            el("td", day(a["due_on"]) if a in open_ else "—", cls="fig"),
            el("td", a["note"] or "—"),
        )
        for a in file["advances"]
    ]
    heads = ["应由谁付", "状态", "申请", "催告送达", "下一步期限", "意见"]
    block(
        section("先行支付", table(heads, rows) if rows else el("p", "应由用人单位或第三人支付而未支付的，可申请基金先行支付。"))
    )
    with ui.element("div").classes("acts screen"):
        for advance in open_:
            _advance_acts(desk, advance)
        if may_apply:
            act_button(
                desk,
                "申请先行支付",
                "登记本人或近亲属的先行支付申请。用人单位未参保的，先书面催告，5 个工作日未付的由基金先行支付。",
                f"/v1/injury-cases/{case['case_id']}/advances",
                [field("applied_on", "申请日期", "date")],
                {"applied_on": desk.today.isoformat()},
                primary=True,
            )


def _advance_acts(desk: Desk, advance: Json) -> None:
    path, employer = f"/v1/advances/{advance['advance_id']}", advance["debtor"].startswith("E:")
    today = {"served_on": desk.today.isoformat()}
    if employer and advance["state"] == "applied" and desk.can("recoveries:write"):
        rules = [field("served_on", "送达日期", "date"), NOTE]
        act_button(
            desk,
            "登记催告送达",
            "书面催告已送达用人单位，5 个工作日的支付期限自次日起算。",
            f"{path}/notice",
            rules,
            today,
            primary=True,
        )
    if advance["state"] == "noticed" and desk.can("recoveries:write"):
        act_button(desk, "单位已支付", "用人单位在期限内全部支付，不再先行支付。", f"{path}/employer-payment", [NOTE])
    ready = advance["state"] == ("noticed" if employer else "applied")
    if desk.can("recoveries:approve") and ready and advance["maker"] != desk.me["user_id"]:
        act_button(desk, "同意先行支付", "由基金先行支付，并向应付的一方追偿。", f"{path}/approve", [NOTE], primary=True)
    if desk.can("recoveries:approve"):
        act_button(desk, "不予先行支付", "不符合先行支付条件，请写明理由。", f"{path}/reject", [{**NOTE, "required": True}])


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


def _deductions(desk: Desk, file: Json) -> None:
    if not file["deductions"]:
        return
    rows = [
        row(
            el("td", d["reason"]),
            el("td", d["line_id"], cls="fig"),
            badge(
                word(DEDUCTION_STATES, d["state"]),
                {"confirmed": "done", "withdrawn": ""}.get(d["state"], "due"),
            ),
            el("td", day(d["object_until"]) if d["state"] == "deducted" else "—", cls="fig"),
            el("td", d["note"] or "—"),
            num(d["amount_fen"]),
        )
        for d in file["deductions"]
    ]
    heads = ["扣款理由", "明细", "状态", "异议期限", "意见", "#扣款（元）"]
    block(section("审核扣款", table(heads, rows)))
    with ui.element("div").classes("acts screen"):
        for d in file["deductions"]:
            path, about = f"/v1/audit-deductions/{d['deduction_id']}", f"“{d['reason']}”"
            # Of several deductions each button says which one it is about.
            which = f"：{d['reason'][:12]}" if len(file["deductions"]) > 1 else ""
            if d["state"] == "deducted" and desk.can("audits:object"):
                act_button(desk, f"登记医院异议{which}", f"医院对扣款{about}提出异议。", f"{path}/objection", [NOTE])
            if d["state"] in ("deducted", "objected") and desk.can("audits:approve"):
                act_button(desk, f"扣款成立{which}", f"维持扣款{about}，从医院下月结算中抵扣。", f"{path}/confirm", [NOTE])
                act_button(desk, f"撤回扣款{which}", f"撤回扣款{about}，红字冲销。", f"{path}/withdraw", [NOTE])


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
    pages = {"stay-facts": "/conversions/", "enforced": "/recoveries/"}
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


def _documents(desk: Desk, case_id: str, papers: Any) -> None:
    """What the decisions rest on, with number and digest; a way to register another paper."""
    block(el("h2", "附件材料", el("small", "原件归档，系统登记文号和摘要")))
    if isinstance(papers, Refusal):
        block(missing(papers))
        return
    rows = [
        row(
            el("td", p["name"], el("small", p["reference_no"])),
            el("td", p["material"] or "—"),
            el("td", el("code", p["digest"][:16], title=p["digest"])),
            el("td", day(p["attached_at"]), el("small", p["attached_by_name"]), cls="fig"),
        )
        for p in papers["items"]
    ]
    block(table(["材料", "存放", "国密摘要", "登记"], rows) if rows else el("p", "还没有登记附件。", cls="soft"))
    if desk.can("documents:attach"):
        with ui.element("div").classes("acts screen"):
            _attach(desk, case_id)


def _attach(desk: Desk, case_id: str) -> None:
    read: dict[str, Any] = {}
    rules = [
        field("name", "材料名称", "text"),
        field("reference_no", "文号", "text"),
        field("material", "存放处（档案号）", "text", required=False),
    ]
    with ui.dialog() as dialog, ui.card().classes("ask"):
        block(el("h2", "登记附件"), el("p", "选取扫描件，系统只计算摘要，不保存文件；原件归档。"))

        async def take(event: events.UploadEventArguments) -> None:
            content = await event.file.read()
            read.update(digest=sm3(content).hex(), size_bytes=len(content))

        ui.upload(label="扫描件", on_upload=take, auto_upload=True, max_file_size=_MAX_BYTES).props("flat bordered")
        with ui.element("div").classes("fields"):
            form = Fields(rules)

        async def attach(key: str) -> None:
            if not read:
                raise _no_file()
            body = {"subject_kind": "case", "subject_id": case_id, **form.read(), **read}
            await desk.api.command("/v1/decision-documents", body, key)
            ui.navigate.reload()

        with ui.element("div").classes("ask-buttons"):
            send_button(desk, "登记", attach, primary=True, faults=form)
            ui.button("不办了", on_click=dialog.close).props("flat no-caps")
    ui.button("登记附件", on_click=dialog.open).props("flat no-caps").classes("plain")


def _no_file() -> Refusal:
    return invalid("gateway.console.file-missing", "请先选取扫描件", "no file was read", field="file")


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
