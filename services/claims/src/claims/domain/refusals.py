"""Refusals that more than one rule of claims ends in: one code, one meaning, one text."""

from __future__ import annotations

from shared.errors import Refusal, conflict, invalid, not_found


def visit_unknown() -> Refusal:
    """The institution has no such visit."""
    return not_found("claims.visit.unknown", "就诊ID(mdtrt_id)不存在或不属于本机构", "no such visit here", field="mdtrt_id")


def visit_of_other_person() -> Refusal:
    """psn_no and mdtrt_id do not belong together."""
    return invalid("claims.visit.other-person", "人员编号(psn_no)与就诊登记(mdtrt_id)的人员不一致", field="psn_no")


def visit_of_wrong_kind(*, inpatient: bool) -> Refusal:
    """An outpatient transaction on a stay (``inpatient``: what the visit is), or the other way round."""
    found, wanted = ("住院", "门诊") if inpatient else ("门诊", "住院")
    return conflict("claims.visit.wrong-kind", f"就诊ID(mdtrt_id)对应{found}就诊，不能办理{wanted}交易", field="mdtrt_id")


def visit_cancelled() -> Refusal:
    """The registration or admission was cancelled."""
    return conflict("claims.visit.cancelled", "就诊登记(mdtrt_id)已撤销", field="mdtrt_id")


def visit_not_discharged() -> Refusal:
    """The patient is still in hospital: no final settlement, no discharge to take back."""
    return conflict(
        "claims.visit.not-discharged", "尚未办理出院(2402)，只能中途结算(mid_setl_flag=1)", "not discharged", field="mdtrt_id"
    )


def visit_ends_before_it_begins(field: str) -> Refusal:
    """begntime and endtime are in the wrong order."""
    return invalid("claims.visit.end-before-begin", "结束时间(endtime)早于开始时间(begntime)", field=field)


def person_unknown(field: str) -> Refusal:
    """Enrollment does not know the person either."""
    return not_found(
        "claims.person.unknown", f"未查询到该人员的参保信息({field})", "enrollment does not know this person", field=field
    )


def msgid_reused() -> Refusal:
    """The msgid came with other input, and this institution's msgids do not repeat (chs-interface 2.3)."""
    return conflict("claims.his.msgid-reused", "报文ID(msgid)已用于内容不同的交易，请更换报文ID", field="msgid")


def message_recalled() -> Refusal:
    """A 2601 named this message before it arrived."""
    return conflict("claims.message.recalled", "该报文已被冲正(2601)，不能再执行，请用新的报文ID", field="msgid")


def nothing_to_settle(*, settled: bool, settlement_id: str | None = None) -> Refusal:
    """No unsettled fee line is left, or none was ever sent. ``settlement_id``: the newest that has lines of it, where it is known."""
    text = "费用已结算，没有未结算的费用明细" if settled else "没有未结算的费用明细，请先上传费用(2204/2301)"
    if settlement_id is not None:
        text += f"；结算ID(setl_id)为{settlement_id}，可用5203查询"
    return conflict("claims.settlement.nothing-to-settle", text, field="mdtrt_id")


def settlement_unknown(field: str = "setl_id") -> Refusal:
    """There is no such settlement, or not for this caller."""
    return not_found("claims.settlement.unknown", "结算ID(setl_id)不存在或不属于本机构", "no such settlement here", field=field)


_NOT_VALID = {
    "reversed": "该结算已撤销",
    "taken-back": "该结算已转由工伤保险基金支付",
    "charged-back": "该结算与工伤保险基金重复支付，已追回",
    "taken-over": "工伤认定已撤销，该结算已转由医保基金按医保规定结算",
    "reversal": "该结算ID是撤销记录",
    "work-injury": "该结算由工伤保险基金直接支付",
    "manual": "该结算为手工（零星）报销",
    "beside": "该结算是混合住院的非工伤部分，随同一次住院的工伤结算一并撤销",
    "medical": "该结算不是工伤保险基金直接支付的结算",
    "mixed": "该结算同时有医保基金支付，不能整笔转由医保结算",
    "taken-over-stay": "该结算由工伤认定撤销后转入，不能由医疗机构撤销",
}


def settlement_not_valid(state: str, field: str = "setl_id", *, instead: str | None = None) -> Refusal:
    """The settlement does not stand any more, so nothing can be done with it. ``instead``: the settlement that it goes with."""
    text = f"{_NOT_VALID[state]}，不能办理" + (f"，请用结算ID(setl_id){instead}" if instead else "")
    return conflict("claims.settlement.not-valid", text, f"settlement is {state}", field=field, state=state)


def not_charged_back() -> Refusal:
    """Nothing to undo."""
    return conflict(
        "claims.charge-back.not-charged", "该结算未因重复支付被追回，不能恢复", "not charged back", field="settlement_id"
    )


def settled_by_paper() -> Refusal:
    """The person has the medical benefit of this bill already."""
    return conflict(
        "claims.take-over.claimed-on-paper",
        "该费用已由本人向医保基金手工报销，不再转入",
        "the medical funds have paid a paper claim of this bill",
        field="settlement_id",
    )


def institution_gone(field: str) -> Refusal:
    """No such institution in the register."""
    return not_found("claims.institution.unknown", "医疗机构未在本地登记", "no such institution", field=field)


def late_fact_unknown() -> Refusal:
    """There is no such proposal."""
    return not_found("claims.late-fact.unknown", "没有这份待复核的手工报销或明细更正", field="late_fact_id")


def late_fact_decided(state: str) -> Refusal:
    """It was approved or rejected already."""
    text = {"approved": "已复核通过", "rejected": "已退回"}[state]
    return conflict("claims.late-fact.decided", f"该申请{text}，不能再办理", field="late_fact_id", state=state)


def same_person() -> Refusal:
    """Maker and checker must be two (经办与复核不相容岗位)."""
    return conflict("claims.late-fact.same-person", "经办人不能复核自己的申请", field="checker")


def account_person_unknown(field: str) -> Refusal:
    """Claims knows no such person."""
    return not_found("claims.account.person-unknown", "人员编号不存在", "no such person", field=field)


def account_none() -> Refusal:
    """The person has no personal account."""
    return not_found("claims.account.none", "该人员没有个人账户", "no personal account", field="person_id")


def account_closed() -> Refusal:
    """The account was paid out to the heirs."""
    return conflict("claims.account.closed", "个人账户已注销", "the account is closed", field="person_id")


def burden_unknown() -> Refusal:
    """No such crossing of a burden line."""
    return not_found("claims.burden.unknown", "预警记录不存在", "no such crossing", field="crossing_id")


def paid_by_work_injury() -> Refusal:
    """The work-injury fund has this bill (B10): one bill is paid once."""
    return conflict(
        "claims.manual-claim.paid-by-work-injury",
        "该费用已由工伤保险基金支付或正在办理，不能重复报销",
        "the work-injury fund has this bill",
        field="invoice_no",
    )
