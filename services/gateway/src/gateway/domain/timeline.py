"""One timeline per person: every fact of every service as one line in the words of the office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.domain.facts import CONVERSION_STATES
from shared.contracts import claims, enrollment, gateway, workinjury_bridge
from shared.ledger import BOOK_NAMES
from shared.money import format_yuan

SCHEMES: Final = {"310": "职工基本医疗保险", "390": "城乡居民基本医疗保险", "WI": "工伤保险"}
_TASK_STATES: Final = {"waiting": "等待前置环节", "running": "开始办理", "done": "办结", "refused": "未予办理"}
_OUTCOMES: Final = {"done": "全部办结", "partial": "办结，部分事项未予办理", "withdrawn": "申请人撤回"}

BENEFITS: Final = {
    "meals": "住院伙食补助费",
    "refund": "垫付医疗费退还",
    "disability-allowance": "伤残津贴",
    "nursing": "生活护理费",
    "dependant": "供养亲属抚恤金",
    "one-off-disability": "一次性伤残补助金",
    "contract-end-medical": "一次性工伤医疗补助金",
    "travel": "异地就医交通食宿费",
    "device": "辅助器具配置费",
    "appraisal-fee": "劳动能力鉴定费",
    "funeral": "丧葬补助金",
    "one-off-death": "一次性工亡补助金",
}
_NURSING: Final = {"full": "生活完全不能自理", "large": "生活大部分不能自理", "partial": "生活部分不能自理"}
_STOP_REASONS: Final = {
    "not-eligible": "丧失享受条件",
    "death": "死亡",
    "missing-returned": "下落不明人员重新出现",
    "refuses-appraisal": "拒不接受劳动能力鉴定",
    "refuses-treatment": "拒绝治疗",
    "no-certificate": "未进行待遇资格认证",
    "missing": "下落不明",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a person's timeline."""

    person_id: str
    at: datetime
    kind: str
    """``coverage``, ``visit``, ``settlement``, ``burden``, ``injury``, ``conversion``, ``benefit`` or ``matter``."""
    title: str
    detail: str = ""
    amount_fen: int | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    """Ids of the things behind the line: settlement_id, conversion_id, case_id, matter_id, visit_id."""


def entry(event: object, at: datetime) -> Entry | None:
    """The line for an event, None for events that say nothing new about a person. ``at``: the envelope's time."""
    match event:
        case enrollment.PremiumPaid():
            return Entry(
                person_id=event.person_id,
                at=event.paid_at,
                kind="coverage",
                title=f"{_scheme(event.scheme)} {event.year} 年度保费到账",
                amount_fen=event.amount_fen,
                links=_links(matter_id=event.matter_id),
            )
        case enrollment.CoverageActivated():
            until = f"至 {event.ends_on}" if event.ends_on else "起长期有效"
            return Entry(
                person_id=event.person_id,
                at=at,
                kind="coverage",
                title=f"{_scheme(event.scheme)}参保生效",
                detail=f"{event.begins_on} {until}",
                links=_links(matter_id=event.matter_id),
            )
        case claims.AdmissionRecorded():
            return Entry(
                person_id=event.person_id,
                at=at,
                kind="visit",
                title=f"入院登记：{event.institution_name}",
                detail=f"{event.admitted_on} 入院" + ("，疑似工伤" if event.injury_suspect else ""),
                links=_links(visit_id=event.visit_id),
            )
        case claims.ClaimSettled():
            funds = sum(payment.amount_fen for payment in event.payments)
            place = "住院" if event.inpatient else "门诊"
            paid_by = "工伤保险基金直接结算" if event.work_injury_key else f"基金支付 {format_yuan(funds)} 元"
            return Entry(
                person_id=event.person_id,
                at=event.settled_at,
                kind="settlement",
                title=f"{place}结算：{event.institution_name}",
                detail=f"{paid_by}，个人现金 {format_yuan(event.cash_fen)} 元",
                amount_fen=event.total_fen,
                links=_links(settlement_id=event.settlement_id, visit_id=event.visit_id),
            )
        case claims.StayCreditChanged(state="open"):
            return Entry(
                person_id=event.person_id,
                at=event.changed_at,
                kind="visit",
                title="住院费用挂账，等待工伤认定",
                detail=f"挂账期限至 {event.until}",
                links=_links(visit_id=event.visit_id),
            )
        case claims.StayCreditChanged(state="withdrawn"):
            return Entry(
                person_id=event.person_id,
                at=event.changed_at,
                kind="visit",
                title="住院费用挂账结束，未结算",
                links=_links(visit_id=event.visit_id),
            )
        case claims.ClaimReversed():
            return Entry(
                person_id=event.person_id,
                at=event.reversed_at,
                kind="settlement",
                title=f"结算撤销：{event.institution_name}",
                amount_fen=-event.total_fen,
                links=_links(settlement_id=event.original_settlement_id, visit_id=event.visit_id),
            )
        case claims.SettlementCorrected():
            funds = sum(payment.amount_fen for payment in event.payments)
            return Entry(
                person_id=event.person_id,
                at=event.corrected_at,
                kind="settlement",
                title=f"结算更正：{event.institution_name}",
                detail=f"{event.reason_text}；基金支付{_change(funds)}，个人现金负担{_change(event.cash_fen)}",
                amount_fen=funds,
                links=_links(settlement_id=event.settlement_id, visit_id=event.visit_id),
            )
        case claims.AssistanceDecided():
            result = f"自 {event.begins_on} 起认定为{event.class_name}" if event.approved else f"不予救助：{event.reason}"
            return Entry(
                person_id=event.person_id,
                at=event.decided_at,
                kind="benefit",
                title=f"医疗救助申请{'批准' if event.approved else '退回'}",
                detail=result,
                amount_fen=event.expected_fen if event.approved else None,
            )
        case claims.ClaimTakenBack():
            owed = sum(payment.amount_fen for payment in event.owed)
            return Entry(
                person_id=event.person_id,
                at=event.taken_back_at,
                kind="conversion",
                title="医保结算收回，转工伤保险支付",
                detail=f"应退回各医保基金 {format_yuan(owed)} 元",
                amount_fen=event.total_fen,
                links=_links(settlement_id=event.settlement_id, conversion_id=event.conversion_id),
            )
        case claims.ClaimRestored():
            return Entry(
                person_id=event.person_id,
                at=event.restored_at,
                kind="conversion",
                title="医保结算恢复",
                detail="工伤认定已撤销",
                links=_links(settlement_id=event.settlement_id, conversion_id=event.conversion_id),
            )
        case claims.BurdenLineCrossed():
            return Entry(
                person_id=event.person_id,
                at=event.crossed_at,
                kind="burden",
                title=f"{_bearer(event.subject_kind)}超过预警线：{event.line_name}",
                detail=f"{event.benefit_year} 年度累计 {format_yuan(event.amount_fen)} 元，预警线 {format_yuan(event.line_fen)} 元",
                amount_fen=event.amount_fen,
            )
        case claims.BurdenBackUnder():
            return Entry(
                person_id=event.person_id,
                at=event.at,
                kind="burden",
                title=f"{_bearer(event.subject_kind)}预警解除：{event.line_name}",
                detail=f"{event.benefit_year} 年度，结算或家庭成员变动后低于预警线",
            )
        case workinjury_bridge.InjuryCaseOpened():
            return Entry(
                person_id=event.person_id,
                at=event.opened_at,
                kind="injury",
                title="申请工伤认定",
                detail=f"{event.accident_on} 受伤",
                links=_links(case_id=event.case_id, matter_id=event.matter_id),
            )
        case workinjury_bridge.RecognitionDecided(recurrence_id=str()):
            return Entry(
                person_id=event.person_id,
                at=at,
                kind="injury",
                title="确认旧伤复发" if event.outcome == "granted" else "不予确认旧伤复发",
                detail=f"结论书 {event.decision_no}，{event.decided_on}",
                links=_links(case_id=event.case_id, matter_id=event.matter_id),
            )
        case workinjury_bridge.RecognitionDecided():
            return Entry(
                person_id=event.person_id,
                at=at,
                kind="injury",
                title="认定为工伤" if event.outcome == "granted" else "不予认定工伤",
                detail=f"决定书 {event.decision_no}，{event.decided_on}",
                links=_links(case_id=event.case_id, matter_id=event.matter_id),
            )
        case workinjury_bridge.RecognitionRevoked():
            return Entry(
                person_id=event.person_id,
                at=at,
                kind="injury",
                title="工伤认定被撤销",
                detail=f"{event.final_on} 终局",
                links=_links(case_id=event.case_id),
            )
        case workinjury_bridge.ConversionChanged():
            return Entry(
                person_id=event.person_id,
                at=event.changed_at,
                kind="conversion",
                title=f"医保转工伤：{CONVERSION_STATES.get(event.state, event.state)}",
                detail=f"应退医保 {format_yuan(event.owed_fen)} 元，退个人 {format_yuan(event.refund_fen)} 元",
                amount_fen=event.work_injury_fen,
                links=_links(
                    conversion_id=event.conversion_id,
                    case_id=event.case_id,
                    settlement_id=event.settlement_id,
                    matter_id=event.matter_id,
                ),
            )
        case workinjury_bridge.TransferConfirmed():
            return Entry(
                person_id=event.person_id,
                at=event.confirmed_at,
                kind="conversion",
                title=f"基金划转：{_book(event.from_book)} → {_book(event.to_book)}",
                detail=f"凭证 {event.voucher_no}",
                amount_fen=event.amount_fen,
                links=_links(conversion_id=event.conversion_id, case_id=event.case_id),
            )
        case workinjury_bridge.BenefitPaid():
            return Entry(
                person_id=event.person_id,
                at=event.paid_at,
                kind="benefit",
                title=f"{_paid(event.kind)}到账" + ("（近亲属）" if event.to_heirs else ""),
                detail=f"抵扣应收款 {format_yuan(event.set_off_fen)} 元" if event.set_off_fen else "",
                amount_fen=event.amount_fen,
                links=_links(case_id=event.case_id, conversion_id=event.conversion_id, matter_id=event.matter_id),
            )
        case workinjury_bridge.WorkCapacityAppraised():
            nursing = f"，{_NURSING.get(event.nursing, event.nursing)}" if event.nursing else ""
            return Entry(
                person_id=event.person_id,
                at=at,
                kind="injury",
                title="劳动能力鉴定：" + (f"{event.grade}级" if event.grade else "未达等级"),
                detail=f"{event.concluded_on} 作出{nursing}",
                links=_links(case_id=event.case_id),
            )
        case workinjury_bridge.BenefitGranted():
            monthly = f"按月发放，自 {event.begins_on:%Y-%m} 起" if event.begins_on else "一次性"
            return Entry(
                person_id=event.person_id,
                at=event.granted_at,
                kind="benefit",
                title=f"核定{BENEFITS.get(event.kind, event.kind)}",
                detail=monthly,
                amount_fen=event.amount_fen,
                links=_links(case_id=event.case_id),
            )
        case workinjury_bridge.BenefitStopped():
            return Entry(
                person_id=event.person_id,
                at=event.stopped_at,
                kind="benefit",
                title=f"{BENEFITS.get(event.kind, event.kind)}{'停发' if event.final else '暂停发放'}",
                detail=f"{_STOP_REASONS.get(event.reason, event.reason)}，发至 {event.last_month:%Y-%m}",
                links=_links(case_id=event.case_id),
            )
        case workinjury_bridge.BenefitResumed():
            return Entry(
                person_id=event.person_id,
                at=event.resumed_at,
                kind="benefit",
                title=f"{BENEFITS.get(event.kind, event.kind)}恢复发放",
                detail=f"自 {event.from_month:%Y-%m} 起",
                links=_links(case_id=event.case_id),
            )
        case workinjury_bridge.PaymentReturned():
            return Entry(
                person_id=event.person_id,
                at=event.returned_at,
                kind="benefit",
                title=f"{BENEFITS.get(event.kind, event.kind)}被银行退回",
                detail=event.reason,
                amount_fen=-event.amount_fen,
                links=_links(case_id=event.case_id),
            )
        case workinjury_bridge.PersonLost():
            back = event.returned_on is not None
            return Entry(
                person_id=event.person_id,
                at=event.reported_at,
                kind="injury",
                title="重新出现，恢复待遇"
                if back
                else ("下落不明" if event.circumstance == "missing" else "死亡，停发本人待遇"),
                detail=str(event.returned_on if back else event.occurred_on),
                links=_links(case_id=event.case_id),
            )
        case workinjury_bridge.WorkInjurySettled():
            return Entry(
                person_id=event.person_id,
                at=event.settled_at,
                kind="settlement",
                title="工伤医疗费直接结算",
                detail=f"工伤保险基金支付 {format_yuan(event.work_injury_fen)} 元，个人 {format_yuan(event.person_fen)} 元",
                amount_fen=event.total_fen,
                links=_links(case_id=event.case_id, visit_id=event.visit_id),
            )
        case workinjury_bridge.SetOffApplied():
            return Entry(
                person_id=event.person_id,
                at=event.applied_at,
                kind="injury",
                title="工伤待遇抵扣医保追偿款",
                detail=f"依据 {event.reference}，尚欠 {format_yuan(event.open_fen)} 元",
                amount_fen=event.amount_fen,
                links=_links(case_id=event.case_id),
            )
        case workinjury_bridge.DirectSettlementRevoked():
            return Entry(
                person_id=event.person_id,
                at=event.revoked_at,
                kind="settlement",
                title="工伤认定撤销，直接结算转由医保结算" if event.medical_settlement_id else "工伤认定撤销，追回直接结算费用",
                detail=f"医保基金承担 {format_yuan(event.medical_fen)} 元，应由个人退回 {format_yuan(event.person_fen)} 元"
                + (f"；医保基金未承担：{event.not_taken_over}" if event.not_taken_over else ""),
                amount_fen=event.medical_fen + event.person_fen,
                links=_links(case_id=event.case_id),
            )
        case gateway.MatterAccepted():
            return Entry(
                person_id=event.person_id,
                at=event.accepted_at,
                kind="matter",
                title=f"受理：{event.matter_name}",
                detail=f"办件编号 {event.receipt_no}，承诺 {event.due_on} 前办结",
                links=_links(matter_id=event.matter_id),
            )
        case gateway.MatterTaskChanged():
            return Entry(
                person_id=event.person_id,
                at=event.changed_at,
                kind="matter",
                title=f"{event.task_name}：{_TASK_STATES.get(event.state, event.state)}",
                links=_links(matter_id=event.matter_id),
            )
        case gateway.MatterClosed():
            return Entry(
                person_id=event.person_id,
                at=event.closed_at,
                kind="matter",
                title=f"办件{_OUTCOMES.get(event.outcome, event.outcome)}",
                detail=f"办件编号 {event.receipt_no}",
                links=_links(matter_id=event.matter_id),
            )
        case _:
            return None


def _bearer(subject_kind: str) -> str:
    return "家庭医疗负担" if subject_kind == "household" else "个人医疗负担"


def _scheme(code: str) -> str:
    return SCHEMES.get(code, code)


def _book(code: str) -> str:
    return next((name for book, name in BOOK_NAMES.items() if book.value == code), code)


def _change(amount_fen: int) -> str:
    if not amount_fen:
        return "不变"
    return f"{'增加' if amount_fen > 0 else '减少'} {format_yuan(abs(amount_fen))} 元"


def _links(**ids: str | None) -> dict[str, str]:
    return {name: value for name, value in ids.items() if value is not None}


def _paid(kind: str) -> str:
    return "退还已收的追偿款" if kind.startswith("returned-") else BENEFITS.get(kind, kind)
