"""What the cash benefits refuse, in one place."""

from __future__ import annotations

from datetime import date

from shared.errors import Refusal, conflict, invalid

_PREFIX = "workinjury-bridge"


def no_benefit_rules(day: date) -> Refusal:
    """Neither terms nor figures are in force on that day."""
    return conflict(
        f"{_PREFIX}.benefit.no-rules",
        f"{day} 没有公布的工伤待遇标准或统计数据，请先维护待遇标准",
        f"no benefit rules on {day}",
        day=str(day),
    )


def not_recognised() -> Refusal:
    """The fund pays only with an effective recognition (社会保险法 36)."""
    return conflict(f"{_PREFIX}.benefit.not-recognised", "没有生效的工伤认定，请先登记认定结论", "no effective recognition")


def wage_unknown() -> Refusal:
    """The contribution wages of the twelve months before the accident are not on file."""
    return conflict(
        f"{_PREFIX}.benefit.wage-unknown", "尚未核定本人工资（事故前12个月平均缴费工资），请先登记", "own wage is not on file"
    )


def wage_invalid() -> Refusal:
    """One to twelve monthly wages, none negative, not all zero."""
    return invalid(
        f"{_PREFIX}.wage.invalid", "缴费工资应为1至12个月的金额", "1 to 12 monthly wages are needed", field="monthly_wages_fen"
    )


def wage_in_use() -> Refusal:
    """Other wages are on file and benefits rest on them."""
    return conflict(f"{_PREFIX}.wage.in-use", "本人工资已核定并用于待遇，不能改为不同金额", "the wage on file is in use")


def not_for_grade(kind_zh: str, grade: int | None) -> Refusal:
    """The grade appraised gives no such benefit, or nothing is appraised yet."""
    zh = f"伤残等级{grade}级不享受{kind_zh}" if grade else f"没有评定相应伤残或护理等级，不享受{kind_zh}；有鉴定结论的请先登记"
    return conflict(f"{_PREFIX}.benefit.not-for-grade", zh, "the appraisal gives no such benefit", grade=grade)


def appraisal_wrong(field: str, zh: str) -> Refusal:
    """The conclusion contradicts what is on file or the law."""
    return invalid(f"{_PREFIX}.appraisal.wrong", zh, f"appraisal: {field} is wrong", field=field)


def too_early(earliest: date) -> Refusal:
    """A re-check before its time (条例 28)."""
    return conflict(
        f"{_PREFIX}.appraisal.too-early", f"复查鉴定应自上次结论作出之日起满一年，最早 {earliest}", "re-check is too early",
        earliest=str(earliest),
    )  # fmt: skip


def missing_fact(field: str, zh: str) -> Refusal:
    """The item cannot be calculated, or not be granted, without it."""
    return invalid(f"{_PREFIX}.benefit.fact-missing", zh, f"{field} is missing", field=field)


def employer_owes(kind_zh: str) -> Refusal:
    """Only the employer owes it (社会保险法 39); it never enters the fund, also not in advance (先行支付办法 6)."""
    return conflict(
        f"{_PREFIX}.benefit.employer-owes",
        f"{kind_zh}由用人单位支付，基金不予列支，也不先行支付",
        "owed by the employer",
        field="kind",
    )


def not_advanced(kind_zh: str) -> Refusal:
    """The employer was not insured and no advance is approved (社会保险法 41; 先行支付办法 6-8)."""
    return conflict(
        f"{_PREFIX}.benefit.not-advanced",
        f"用人单位未依法参保，{kind_zh}须先申请先行支付，经书面催告、逾期未付并批准后由基金先行支付",
        "the employer is not insured and no advance is approved",
    )


def benefits_booked() -> Refusal:
    """Benefits are booked on the ground that the employer was insured, or was not."""
    return conflict(
        f"{_PREFIX}.case.benefits-booked",
        "已按原参保情况核定并列支待遇，参保情况不能更改；用人单位补缴请登记补缴",
        "benefits rest on whether the employer was insured",
        field="employer_insured",
    )


def granted_already(kind_zh: str) -> Refusal:
    """The same benefit stands already."""
    return conflict(f"{_PREFIX}.benefit.granted-already", f"{kind_zh}已申报或核定，请办理原申报", "this benefit stands already")


def same_hands() -> Refusal:
    """Every signature must be another person's (社会保险经办条例 37)."""
    return conflict(
        f"{_PREFIX}.benefit.same-hand",
        "经办、复核、审批不能是同一人，请由其他人员办理",
        "each signature must be another person",
        field="actor",
    )


def amount_changed() -> Refusal:
    """Since the proposal the facts or rules have changed: it is proposed anew rather than approved."""
    return conflict(f"{_PREFIX}.benefit.amount-changed", "申报后核定依据已变化，须重新申报", "the amount is another by now")


def family_undecided() -> Refusal:
    """Another dependant of the same injury is proposed and not decided: a first payment now might have to be cut again."""
    return conflict(
        f"{_PREFIX}.benefit.family-undecided", "同案尚有供养亲属待核定，核定后一并首次发放", "a dependant is undecided"
    )


def nothing_due() -> Refusal:
    """The calculation comes to nothing."""
    return conflict(f"{_PREFIX}.benefit.nothing-due", "核定金额为零，无需申报", "the amount is zero")


def not_entitled_after_death(kind_zh: str) -> Refusal:
    """The circumstances of the death do not give this benefit (条例 39)."""
    return conflict(f"{_PREFIX}.benefit.not-after-death", f"按死亡情形不享受{kind_zh}", "the death gives no such benefit")


def person_is_gone() -> Refusal:
    """Benefits for the living are not granted to somebody reported dead or missing."""
    return conflict(f"{_PREFIX}.benefit.person-gone", "该人员已报告死亡或下落不明，不能新增本人待遇", "the person is gone")


def heirs_unproven() -> Refusal:
    """The payee is dead or missing and nobody has proven succession: the money waits (条例 39; 社会保险经办条例 25)."""
    return conflict(
        f"{_PREFIX}.payment.heirs-unproven",
        "收款人已报告死亡或下落不明，须提交继承（近亲属）证明后支付",
        "heirs are not proven",
    )


def loss_contradicts(zh: str, field: str) -> Refusal:
    """A report of death, absence or return that contradicts what is on file."""
    return conflict(f"{_PREFIX}.loss.contradicts", zh, "the report contradicts what is on file", field=field)


def stranger() -> Refusal:
    """The person is neither the injured one nor a beneficiary of the case."""
    return conflict(
        f"{_PREFIX}.loss.stranger",
        "该人员不是本案工伤职工或待遇享受人，请核对人员",
        "not a person of this case",
        field="person_id",
    )


def payment_returned_already() -> Refusal:
    """The bank can return a payment once."""
    return conflict(
        f"{_PREFIX}.payment.returned-already", "该笔支付已登记退回，请办理重新支付", "this payment was returned already"
    )


def payment_not_returned() -> Refusal:
    """Only a returned payment is paid again."""
    return conflict(
        f"{_PREFIX}.payment.not-returned",
        "该笔支付未被退回或已重新支付；银行退回的请先登记退回",
        "this payment is not open to be paid again",
    )
