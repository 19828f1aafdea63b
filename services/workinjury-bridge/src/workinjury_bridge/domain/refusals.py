"""What the bridge refuses, in one place: stable codes with the text that the clerk reads."""

from __future__ import annotations

from datetime import date

from shared.errors import Refusal, conflict, invalid, not_found, unavailable
from shared.money import format_yuan

PREFIX = "workinjury-bridge"


def unknown(subject: str, zh: str) -> Refusal:
    """The id names nothing here."""
    return not_found(f"{PREFIX}.{subject}.unknown", f"{zh}不存在，请核对编号", f"no such {subject}")


def out_of_turn(subject: str, wanted: str, state: str, zh: str) -> Refusal:
    """The step is not allowed in the present state."""
    return conflict(f"{PREFIX}.{subject}.wrong-state", zh, f"{subject} is {state}, cannot {wanted}", state=state, wanted=wanted)


def wrong_state(subject: str, wanted: str, state: str, zh: str) -> Refusal:
    """The same where it is not said why: mostly somebody else has acted meanwhile."""
    return out_of_turn(subject, wanted, state, f"{zh}现在的状态不能办理此操作，请刷新后按当前状态办理")


def same_hand() -> Refusal:
    """Maker and checker are one person (B0.6, 社会保险经办条例 art. 37)."""
    return conflict(
        f"{PREFIX}.conversion.same-hand",
        "经办人与复核人不能是同一人，请由另一人复核",
        "maker and checker must be two persons",
        field="actor",
    )


def signed_already() -> Refusal:
    """The third signature must be neither the maker's nor the checker's (B0.6, 社会保险经办条例 art. 37)."""
    return conflict(
        f"{PREFIX}.conversion.same-hand",
        "初审人和复核人不能再审批，请由第三人审批",
        "the third signature must be another person's",
        field="actor",
    )


def figures_do_not_close(work_injury_fen: int, hospital_fen: int, owed_fen: int, refund_fen: int) -> Refusal:
    """The identity E + X_h = sum of t_f + refund fails (B0.5); nothing may be posted."""
    return conflict(
        f"{PREFIX}.conversion.figures-do-not-close",
        f"转换金额不平：工伤基金承担 {format_yuan(work_injury_fen)} + 医疗机构承担 {format_yuan(hospital_fen)} "
        f"应等于归还各医保基金 {format_yuan(owed_fen)} + 退还个人 {format_yuan(refund_fen)}，请核对费用明细",
        "E + X_h must equal what is owed to the funds plus the refund",
        work_injury_fen=work_injury_fen,
        hospital_fen=hospital_fen,
        owed_fen=owed_fen,
        refund_fen=refund_fen,
    )


def in_the_future(field: str, zh: str) -> Refusal:
    """A day that has not come yet."""
    return invalid(f"{PREFIX}.day.in-the-future", f"{zh}不能晚于今天", f"{field} is in the future", field=field)


def claims_disagrees(conversion_id: str) -> Refusal:
    """What claims took back or restored is not what was approved; nothing is booked until a person has looked."""
    return conflict(
        f"{PREFIX}.conversion.claims-disagrees",
        "医保结算系统收回的金额与复核金额不一致，已暂停，待人工核查",
        "claims and the approved figures differ",
        conversion_id=conversion_id,
    )


def stay_divided(key: str) -> Refusal:
    """The medical funds have settled their part of a mixed stay already (B5): the stay would have two deductibles."""
    return conflict(
        f"{PREFIX}.settlement.stay-divided", "混合住院的非工伤部分已由医保结算，不能再整笔转入", "a mixed stay", key=key
    )


def nothing_paid(key: str) -> Refusal:
    """The fund has paid nothing of the stay, or an audit has cut all of it: the medical funds have nothing to take over from it."""
    return conflict(f"{PREFIX}.settlement.nothing-paid", "工伤保险基金没有实际支付该次费用", "nothing was paid", key=key)


def bill_differs(key: str) -> Refusal:
    """The lines that claims has are not the bill that was settled directly; a person has to look."""
    return conflict(
        f"{PREFIX}.settlement.bill-differs",
        "医保结算系统中的费用明细与工伤直接结算时的不一致，请与医疗机构核对",
        "the lines are not those that were settled",
        key=key,
    )


def key_reused(key: str) -> Refusal:
    """The key of a direct settlement stands for another bill already."""
    return conflict(
        f"{PREFIX}.settlement.key-reused",
        "该工伤结算键已用于内容不同的费用，请换用新的结算键",
        "this key holds another bill",
        field="key",
        key=key,
    )


def total_differs(key: str, settled_fen: int, adjudicated_fen: int) -> Refusal:
    """Claims settled another total than the bridge adjudicated under the key."""
    return conflict(
        f"{PREFIX}.settlement.total-differs",
        f"结算总额 {format_yuan(settled_fen)} 与工伤核算总额 {format_yuan(adjudicated_fen)} 不一致，请核对费用后重新结算",
        "the settled total is not the adjudicated one",
        key=key,
        settled_fen=settled_fen,
        adjudicated_fen=adjudicated_fen,
    )


def no_policy(day: date) -> Refusal:
    """The rule book has no version for that day."""
    return conflict(
        f"{PREFIX}.policy.not-in-force",
        f"{day} 没有有效的工伤保险政策参数，请先维护政策参数",
        f"no policy is in force on {day}",
        day=str(day),
    )


def nothing_to_convert() -> Refusal:
    """No amount would move: the work-injury fund pays nothing of this bill and nobody paid for it."""
    return conflict(
        f"{PREFIX}.conversion.nothing-to-convert", "本次结算没有可转由工伤保险基金承担的费用，无需转换", "nothing to convert"
    )


def returns_too_much() -> Refusal:
    """The returned lines of a bill exceed what it holds."""
    return conflict(
        f"{PREFIX}.bill.returns-too-much", "退费明细超过原费用，请核对退费明细", "returns exceed the bill", field="lines"
    )


def settlement_not_standing(state: str) -> Refusal:
    """The settlement that was to be converted is reversed or taken back by another."""
    return conflict(
        f"{PREFIX}.conversion.settlement-not-standing",
        "医保结算已撤销或已被收回，不能转换；重新结算的请按新的结算办理",
        f"settlement is {state}",
        state=state,
    )


def same_split_hand() -> Refusal:
    """The split of a mixed stay is proposed by one party, agreed or disputed by another, decided by a third (B5)."""
    return conflict(
        f"{PREFIX}.split.same-hand",
        "提出拆分、审核拆分与出具专家意见不能是同一人，请由其他人员办理",
        "proposer, reviewer and expert must be different parties",
        field="actor",
    )


def split_invalid(field: str, zh: str) -> Refusal:
    """The flags do not fit the bill."""
    return invalid(f"{PREFIX}.split.invalid", zh, f"the split's {field} do not fit the bill", field=field)


def split_open() -> Refusal:
    """Nothing of a mixed stay is converted before its split is agreed (B5)."""
    return conflict(f"{PREFIX}.conversion.split-open", "费用拆分尚未确认，请先办结费用拆分", "the split is not agreed yet")


def facts_invalid(field: str, zh: str) -> Refusal:
    """What is stated of a stay or an accident cannot be so."""
    return invalid(f"{PREFIX}.facts.invalid", zh, f"{field} cannot be so", field=field)


def already_converted() -> Refusal:
    """What the figures of an approved conversion rest on is not changed behind it."""
    return conflict(
        f"{PREFIX}.case.already-converted",
        "已有转换业务复核通过，不能更改案件情况；用人单位补缴请登记补缴",
        "a conversion of this case is approved already",
    )


def advance_needed() -> Refusal:
    """The fund pays only in advance here, and nobody has approved that (社会保险法 41, 42)."""
    return conflict(
        f"{PREFIX}.conversion.advance-not-approved",
        "用人单位未参保或涉及第三人，须先批准先行支付",
        "an approved advance is needed first",
    )


def too_early(day: date) -> Refusal:
    """The employer still has time to pay."""
    return conflict(
        f"{PREFIX}.advance.too-early",
        f"用人单位偿付期限至{day}，期满后方可批准先行支付",
        f"the employer has until {day}",
        day=str(day),
    )


def receipts_unbooked() -> Refusal:
    """What came in on a debt is not in the medical book yet: in a moment it is."""
    return unavailable(f"{PREFIX}.recovery.unbooked", "追偿回款尚未在医保基金账套入账，稍后再办", "receipts are not booked yet")


def no_other_fund() -> Refusal:
    """Only what the person owes a medical fund is set off by consent or order; within one book it happens by itself (B0.5)."""
    return conflict(
        f"{PREFIX}.set-off.no-other-fund",
        "只有个人欠医保基金的追偿款可以凭同意书或决定书抵扣；欠工伤保险基金的在支付时直接抵扣",
        "not a debt of the person to a medical fund",
        field="recovery_id",
    )


def set_off_exists() -> Refusal:
    """One consent or order at a time."""
    return conflict(
        f"{PREFIX}.set-off.exists",
        "该笔追偿已有办理中的抵扣，请先办结或停止",
        "a set-off of this debt is open",
        field="recovery_id",
    )


def beyond_debt(open_fen: int) -> Refusal:
    """More than the debtor still owes."""
    return conflict(
        f"{PREFIX}.recovery.beyond-debt",
        f"金额超过尚欠{format_yuan(open_fen)}，请更正金额",
        "the amount exceeds what is still owed",
        field="amount_fen",
        open_fen=open_fen,
    )


def time_barred(until: date) -> Refusal:
    """The claim against the third party has lapsed; only the debtor can still revive it (民法典 188, 192)."""
    return conflict(
        f"{PREFIX}.recovery.time-barred",
        f"诉讼时效已于{until}届满，对方书面承认债务的请登记承认",
        f"the claim lapsed on {until}",
        field="on",
        day=str(until),
    )


def objection_too_late(until: date) -> Refusal:
    """The hospital's days have passed (B12)."""
    return conflict(
        f"{PREFIX}.deduction.too-late",
        f"申诉期限至{until}，已逾期，请确认扣款",
        f"the hospital had until {until}",
        day=str(until),
    )


def objection_past(until: date) -> Refusal:
    """The days for asking the province's committee have passed (条例 art. 26)."""
    return conflict(
        f"{PREFIX}.recurrence.objection-late",
        f"对结论不服的，应在{until}前向省级劳动能力鉴定委员会提出，已逾期，请按结论办理",
        f"objections until {until}",
        day=str(until),
    )


def line_deducted(line_id: str) -> Refusal:
    """One violating line is cut once (B12)."""
    return conflict(
        f"{PREFIX}.deduction.line-deducted",
        f"费用明细{line_id}已扣款，如需更改请先撤回原扣款",
        "this line is cut already",
        field="line_id",
    )


def line_day_needed() -> Refusal:
    """A back-payment took effect within the stay: the day of the line decides whether the fund or the employer bears it (B7, B12)."""
    return invalid(
        f"{PREFIX}.deduction.line-day-needed",
        "该次住院期间用人单位补缴生效，须填写该明细的费用发生日期",
        "the day of the line decides who bears it",
        field="charged_on",
    )


def beyond_cost(left_fen: int) -> Refusal:
    """More than the fund bears of the settlement."""
    return conflict(
        f"{PREFIX}.deduction.beyond-cost",
        f"扣款金额超过工伤保险基金承担的{format_yuan(left_fen)}，请更正金额",
        "more than the fund bears",
        field="amount_fen",
        left_fen=left_fen,
    )


def not_borne() -> Refusal:
    """The work-injury fund does not bear this settlement: its payer cuts it."""
    return conflict(
        f"{PREFIX}.deduction.not-borne",
        "该结算目前不由工伤保险基金承担，请由承担费用的医保基金扣款",
        "this fund does not bear the settlement",
    )


def being_converted() -> Refusal:
    """Claims is being asked for the settlement: in a moment it is known which fund bears it (B12)."""
    return conflict(
        f"{PREFIX}.deduction.being-converted",
        "该结算正在由医保基金转入工伤保险基金，请稍后再办",
        "the settlement is on its way between the funds",
    )


def line_not_ours(line_id: str) -> Refusal:
    """The medical funds have settled the line, or a part of it (B5): the audit of a shared line needs the stay settled anew."""
    return conflict(
        f"{PREFIX}.deduction.line-not-ours",
        f"明细{line_id}全部或部分由医疗保险结算，不能由工伤保险基金单独扣款，请由医疗机构撤销后重新结算",
        "the line is in the medical version, in whole or in part",
        field="line_id",
    )


def no_injury_in_bill() -> Refusal:
    """Every line is an own disease's (B5): nothing is left that the work-injury fund could settle."""
    return conflict(
        f"{PREFIX}.settlement.no-injury",
        "本次费用全部为非工伤项目，请按基本医疗保险登记结算",
        "no line of the bill treats the injury",
        field="lines",
    )


def mixed_stay() -> Refusal:
    """Lines of an own disease are in the bill (B5): one settlement cannot take it as a whole."""
    return conflict(
        f"{PREFIX}.settlement.mixed-stay",
        "本次费用含非工伤项目，不能整单由工伤保险基金结算，请先提出费用拆分",
        "the bill has unrelated lines; a mixed stay is not settled as a whole",
        field="lines",
    )


def papers_invalid(field: str, zh: str) -> Refusal:
    """The papers of a manual claim cannot be paid like this."""
    return invalid(f"{PREFIX}.paper-claim.invalid", zh, f"{field} cannot be paid", field=field)


def bill_taken(where: str) -> Refusal:
    """The bill is paid already, or somebody has to look at it first (B10)."""
    return conflict(
        f"{PREFIX}.paper-claim.same-bill",
        f"同一费用已在{where}，不能重复支付，请核查",
        "the same bill is paid or claimed elsewhere",
        field="invoice_no",
    )


def not_paid_twice() -> Refusal:
    """The work-injury fund has not paid the paper claim (B10): reject it, and the medical settlement stands."""
    return conflict(
        f"{PREFIX}.double-bill.not-paid-twice", "工伤保险基金尚未支付该费用，请驳回手工报销申请", "nothing was paid twice"
    )


def not_entitled(reason: str, zh: str) -> Refusal:
    """The work-injury fund does not pay for this person on that day (B4)."""
    return conflict(f"{PREFIX}.settlement.not-entitled", zh, f"not entitled: {reason}", reason=reason)


def same_clearing_hand() -> Refusal:
    """A clearing is proposed by one person and approved by another (B13, 社会保险经办条例 art. 37)."""
    return conflict(
        f"{PREFIX}.clearing.same-hand",
        "提出清算与批准清算不能是同一人，请由另一人批准",
        "proposer and approver must be two persons",
        field="actor",
    )


def same_fund_hand() -> Refusal:
    """Money of a fund is moved by two persons (社会保险经办条例 art. 37)."""
    return conflict(
        f"{PREFIX}.fund.same-hand",
        "经办人与复核人不能是同一人，请由另一人复核",
        "maker and checker must be two persons",
        field="checker",
    )


def before_cut_off(day: date) -> Refusal:
    """A month is cleared from its last working day on (B13)."""
    return conflict(
        f"{PREFIX}.clearing.before-cut-off",
        f"本月清算截止日为{day}，请自该日起办理",
        f"the cut-off is {day}",
        field="month",
        day=str(day),
    )


def already_cleared(payer: str, month: str) -> Refusal:
    """One run per paying fund and month."""
    return conflict(
        f"{PREFIX}.clearing.exists",
        f"{payer} {month} 已提出清算，请继续办理该次清算",
        f"{payer} has a clearing of {month}",
        field="month",
    )


def earlier_clearing(month: str, state: str) -> Refusal:
    """An earlier month is not frozen yet, or its money is on its way."""
    return conflict(
        f"{PREFIX}.clearing.earlier-unfinished",
        f"{month}的清算尚未办结（状态“{state}”），请先办理",
        f"the clearing of {month} is {state}",
        month=month,
        state=state,
    )


def vouchers_differ(voucher_no: str) -> Refusal:
    """The two books say different things of one voucher: nothing is closed until a person has looked (B13, B15.3)."""
    return conflict(
        f"{PREFIX}.clearing.vouchers-differ",
        f"凭证{voucher_no}在两个账套中的记录不一致，待人工核对",
        f"voucher {voucher_no} differs between the two books",
        voucher_no=voucher_no,
    )


def short_of_cash(needed_fen: int, cash_fen: int) -> Refusal:
    """The payment account does not cover a payment (B13): it is tried again after the fund was replenished."""
    return unavailable(
        f"{PREFIX}.fund.short-of-cash",
        f"工伤保险基金支出户余额{format_yuan(max(0, cash_fen))}不足以支付{format_yuan(needed_fen)}，请先补足资金",
        f"cash {cash_fen} does not cover {needed_fen}",
    )
