"""What is done at a work-injury case: facts, contests, advances, deductions and attachments, each with its button."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nicegui import events, ui

from gateway.entrypoints.console.forms import NOTE, Fields, act_button, field, send_button
from gateway.entrypoints.console.frame import Desk, block, missing, section
from gateway.entrypoints.console.markup import el, row, table
from gateway.entrypoints.console.words import ADVANCE_STATES, DEDUCTION_STATES, RECOGNISED, badge, day, num, party, word
from shared.crypto.algorithms import sm3
from shared.errors import Refusal, invalid

Json = Mapping[str, Any]

_MAX_BYTES: Final = 20 << 20
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


def statements(desk: Desk, case: Json) -> None:
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


def advances(desk: Desk, case: Json, file: Json) -> None:
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


def deductions(desk: Desk, file: Json) -> None:
    """What an audit has cut, with what this person may do about it."""
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


def documents(desk: Desk, case_id: str, papers: Any) -> None:
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
