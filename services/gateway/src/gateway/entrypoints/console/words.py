"""Codes, amounts, days and periods in the words of the office."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from gateway.entrypoints.console.markup import Html, el
from shared.clock import CHINA
from shared.money import format_yuan

SCHEMES: Final = {
    "310": "职工基本医疗保险",
    "390": "城乡居民基本医疗保险",
    "510": "生育保险",
    "WI": "工伤保险",
}
BOOKS: Final = {
    "EMP": "职工基本医疗保险基金",
    "RES": "城乡居民基本医疗保险基金",
    "LARGE": "职工大额医疗费用补助资金",
    "CVL": "公务员医疗补助资金",
    "CII": "居民大病保险资金",
    "SUP": "补充医疗保险资金",
    "MAF": "医疗救助基金",
    "WI": "工伤保险基金",
}
CATEGORIES: Final = {
    "11": "在职职工",
    "12": "退休人员",
    "14": "居民（未成年）",
    "1401": "新生儿",
    "1402": "学龄前儿童",
    "1403": "中小学生",
    "1404": "大学生",
    "15": "成年居民",
    "16": "老年居民",
}
CLASSES: Final = {
    "tekun": "特困人员",
    "orphan": "孤儿",
    "hardship_child": "困境儿童",
    "dibao": "低保对象",
    "returned_poor": "返贫致贫人口",
    "monitored": "农村易返贫监测对象",
    "marginal": "低保边缘家庭成员",
    "illness_poor": "因病致贫重病患者",
    "low_income": "低收入人口",
    "lifted": "稳定脱贫人口",
    "youfu": "优抚对象",
    "retrenched_1960s": "六十年代精减退职职工",
    "tekun_worker": "特困职工",
    "severe_disability": "重度残疾人",
    "disability": "三四级残疾人",
    "aids_patient": "艾滋病患者",
    "family_planning_special": "计划生育特殊家庭成员",
    "student": "学生儿童",
    "newborn": "新生儿",
}
COVER_STATES: Final = {"pending": "已申报，待缴费", "active": "正常参保", "withdrawn": "已撤回"}
SETTLEMENT_STATES: Final = {
    "valid": "已结算",
    "reversed": "已撤销",
    "reversal": "撤销单",
    "taken-back": "已转工伤",
    "charged-back": "重复支付已追回",
    "taken-over": "工伤撤销，已转医保结算",
}
CONVERSION_STATES: Final = {
    "proposed": "待初审",
    "checked": "待复核",
    "endorsed": "待审批",
    "approved": "已批准，待记账",
    "posted": "已记账，待划转",
    "transferring": "基金划转中",
    "settled": "已到账",
    "failed": "未予转换",
    "reverting": "撤销中",
    "reverted": "已撤销",
}
TRANSFER_STATES: Final = {
    "instructed": "已预留（一方）",
    "reserved": "双方已预留",
    "committed": "本方已记账",
    "confirmed": "双方已记账",
    "voiding": "作废中",
    "voided": "已作废",
}
OUTCOMES: Final = {"granted": "认定为工伤", "denied": "不予认定", "revoked": "认定已撤销"}
CASE_STATES: Final = {
    "applied": "已申请，待认定",
    "recognised": "已认定为工伤",
    "denied": "不予认定",
    "under_review": "复议或诉讼中",
    "revoked": "认定已撤销",
}
RECOGNISED: Final = ("recognised", "under_review")
"""States of a case whose recognition is in force: a review or lawsuit suspends nothing."""
CHANNELS: Final = {"counter": "窗口", "bank": "银行", "tax": "税务", "app": "手机", "demo": "导入", "import": "导入"}
CHARGE_CLASSES: Final = {"A": "甲类", "B": "乙类", "C": "自费"}
SEXES: Final = {"1": "男", "2": "女"}
KINDS: Final = {
    "coverage": "参保",
    "visit": "就诊",
    "settlement": "结算",
    "injury": "工伤",
    "conversion": "转换",
    "benefit": "待遇",
    "burden": "负担预警",
    "matter": "办件",
}
ADVANCE_STATES: Final = {
    "applied": "待催告或决定",
    "noticed": "已催告，等单位支付",
    "approved": "已决定先行支付",
    "rejected": "不予先行支付",
    "paid": "单位已自行支付",
}
RECOVERY_STATES: Final = {
    "open": "待催收",
    "demanded": "已催收",
    "partial": "部分收回",
    "recovered": "已收回",
    "agreement": "已签分期协议",
    "enforced": "已申请划拨或执行",
    "written-off": "已核销",
    "expensed": "转为基金支出",
    "moved": "转由他人偿还",
    "reversed": "已冲销",
}
RECOVERY_CAUSES: Final = {
    "uninsured": "单位未参保，基金先行支付",
    "late-filing": "单位逾期申请认定，应由单位负担的部分",
    "third-party": "第三人侵权，基金先行支付",
    "self-paid": "应由个人负担，已由账户或第三人支付",
    "revoked": "工伤认定撤销，退回已付待遇",
    "reversed": "医院撤销结算，退回已付补助",
    "double-payment": "同一费用两个基金重复支付",
}
DEDUCTION_STATES: Final = {
    "deducted": "已扣款，等医院意见",
    "objected": "医院有异议",
    "confirmed": "扣款成立",
    "withdrawn": "已撤回",
}
VISIT_STATES: Final = {"open": "住院中", "discharged": "已出院", "cancelled": "已撤销"}
CREDIT_STATES: Final = {"open": "挂账中", "settled": "已结算", "withdrawn": "已结束"}
SPLIT_STATES: Final = {"proposed": "等审核同意", "disputed": "有争议，等专家意见", "agreed": "已同意", "decided": "专家已定"}
BELONGINGS: Final = {"injury": "工伤", "own-disease": "自身疾病", "shared": "共用", "undecided": "未定"}
ITEM_STATES: Final = {
    "proposed": "待复核",
    "checked": "待审批",
    "posted": "已入账，待支付",
    "paid": "已支付",
    "dismissed": "不予支付",
    "withdrawn": "已撤回",
}
ENTITLEMENT_STATES: Final = {
    "proposed": "待复核",
    "granted": "已批准，待首次发放",
    "running": "按月发放中",
    "suspended": "暂停发放",
    "stopped": "已停止",
    "dismissed": "不予支付",
}
PAIR_KINDS: Final = {"transfer": "基金间划转", "conversion": "转换入账", "movement": "追偿款入账"}
REVIEW_REASONS: Final = {
    "certificate-due": "待遇资格认证到期",
    "recheck-due": "劳动能力复查到期",
    "hindered": "发放受阻",
    "heirs-unproven": "继承关系未证明",
    "notice-late": "通知逾期",
}
NURSING: Final = {"full": "生活完全不能自理", "large": "生活大部分不能自理", "partial": "生活部分不能自理"}
RELATIONS: Final = {
    "spouse": "配偶",
    "child": "子女",
    "parent": "父母",
    "grandparent": "祖父母、外祖父母",
    "grandchild": "孙子女、外孙子女",
    "sibling": "兄弟姐妹",
}
PARTIES: Final = {"P": "个人", "HEIRS": "继承人", "DEP": "供养亲属", "E": "用人单位", "T": "第三人", "H": "医疗机构"}
JOURNAL_KINDS: Final = {
    "settlement": "结算",
    "conversion": "转换",
    "transfer": "划转",
    "payment": "支付",
    "contra": "红字冲销",
    "set-off": "抵扣",
    "interest": "计息",
    "benefit": "待遇",
    "recovery": "追回",
    "deduction": "审核扣款",
    "fund-set-off": "跨基金抵扣",
    "charge-back": "重复支付追回",
    "correction": "更正",
    "receipt": "追偿到账",
    "write-off": "核销",
    "clearing": "清算付款",
    "replenishment": "补足资金",
    "paper-claim": "手工报销",
    "reversal": "结算撤销",
    "reroute": "变更收款人",
    "payment-returned": "银行退回",
    "out-of-area": "异地就医",
    "adjustment": "异地费用调整",
    "prefund": "异地预付金",
    "stay-recovery": "异地费用追回",
}
CLEARING_STATES: Final = {
    "open": "待复核",
    "frozen": "付款中",
    "partial": "未付清",
    "paid": "已付清，待对账",
    "closed": "已结清",
}
REMEDIES: Final = {
    "fiscal-account": "财政专户拨款",
    "reserve": "动用储备金",
    "adjustment-fund": "省级调剂金",
    "government-advance": "本级政府垫付",
}
REMEDY_STEPS: Final = ("fiscal-account", "reserve", "adjustment-fund", "government-advance")
"""Who is asked for money, one after the other (工伤保险条例 13, 社会保险法 65)."""
CLEARING_KINDS: Final = {
    "shortage": "资金缺口",
    "returned": "凭证退回",
    "hindered": "办理受阻",
    "to-approve": "待复核",
    "late": "逾期未付",
    "unconfirmed": "凭证未对上",
    "not-proposed": "未提出清算",
}
DOUBLE_BILL_STATES: Final = {
    "raised": "待核实",
    "confirmed": "已确认，待冲回医保结算",
    "charged": "已追回",
    "undoing": "已认定追回有误，待恢复医保结算",
    "undone": "追回已撤销",
    "cleared": "已排除",
}
MATCHES: Final = {"same": "同一张票据", "overlap": "同院同期，须核对明细", "near": "疑似"}
DOCUMENT_STATES: Final = {"received": "待受理", "accepting": "受理中", "accepted": "已受理", "returned": "已退回"}
PAYOUT_STATES: Final = {"proposed": "待复核", "paid": "已支付", "rejected": "已退回"}
RECURRENCE_STATES: Final = {
    "confirming": "等鉴定委员会确认",
    "confirmed": "已确认复发",
    "refused": "不予确认",
    "objected": "等省级再次鉴定",
    "withdrawn": "已撤回",
}
REGISTRATION_KINDS: Final = {"long-term": "异地长期居住", "posted": "常驻异地工作", "referral": "转诊转院"}
REGISTRATION_STATES: Final = {
    "applied": "待审核",
    "registered": "已备案",
    "rejected": "不予备案",
    "cancelled": "已注销",
}
STAY_STATES: Final = {
    "admitted": "住院中",
    "settled-remote": "就医地已结算",
    "received": "已收到月度数据",
    "audited": "已审核",
    "cleared": "已清算",
    "cancelled": "已取消",
}
PAPER_CLAIM_STATES: Final = {"proposed": "待复核", "paid": "已支付", "rejected": "不予支付", "revoked": "认定撤销，追回"}
INTERRUPTIONS: Final = {
    "demand": "书面催收",
    "acknowledged": "对方承认或部分履行",
    "suit": "起诉或申请仲裁",
    "suit-ended": "诉讼或仲裁终结",
}
MOVEMENTS: Final = {"receipt": "到账", "write-off": "核销", "set-off": "待遇抵扣"}
SET_OFF_GROUNDS: Final = {"consent": "本人书面同意", "order": "处理决定"}
SET_OFF_STATES: Final = {"proposed": "等第二人复核", "standing": "抵扣中", "spent": "✓ 已抵完", "withdrawn": "已停止"}
CASE_ACTS: Final = {
    "facts": "登记事故情况",
    "contested": "登记复议或诉讼",
    "upheld": "登记认定维持",
    "revoked": "登记终局撤销",
    "back-paid": "登记补缴",
    "advance-applied": "申请先行支付",
    "employer-paid": "登记单位已支付",
    "stay-facts": "登记住院费用情况",
    "enforced": "申请划拨或执行",
    "set-off-withdrawn": "停止抵扣",
    "recurrence-applied": "申请旧伤复发确认",
    "recurrence-extended": "延长旧伤复发确认期限",
    "recurrence-confirmed": "登记确认旧伤复发",
    "recurrence-refused": "登记不予确认旧伤复发",
    "recurrence-objected": "登记对旧伤复发结论的异议",
    "recurrence-withdrawn": "撤回旧伤复发申请",
    "wage-recorded": "登记本人工资",
    "appraised": "登记鉴定结论",
    "benefit-dismissed": "一次性待遇不予支付",
    "pension-dismissed": "定期待遇不予支付",
    "pension-suspended": "暂停定期待遇",
    "pension-resumed": "恢复定期待遇",
    "pension-stopped": "停止定期待遇",
    "pension-certified": "登记资格认证",
    "old-age-pension": "登记养老保险待遇",
    "person-returned": "登记下落不明人员重新出现",
    "succession-proven": "登记继承（近亲属）证明",
    "payment-returned": "登记银行退回",
    "payment-repaid": "重新支付",
    "registration-cancelled": "注销异地就医备案",
    "remote-data-objected": "对异地就医数据提出异议",
    "remote-data-audited": "审核通过异地就医数据",
}
SERVICES: Final = {"inpatient": "住院", "rehabilitation": "康复", "device": "辅助器具"}
PROVINCES: Final = {
    "110000": "北京市",
    "120000": "天津市",
    "130000": "河北省",
    "140000": "山西省",
    "150000": "内蒙古自治区",
    "210000": "辽宁省",
    "220000": "吉林省",
    "230000": "黑龙江省",
    "310000": "上海市",
    "320000": "江苏省",
    "330000": "浙江省",
    "340000": "安徽省",
    "350000": "福建省",
    "360000": "江西省",
    "370000": "山东省",
    "410000": "河南省",
    "420000": "湖北省",
    "430000": "湖南省",
    "440000": "广东省",
    "450000": "广西壮族自治区",
    "460000": "海南省",
    "500000": "重庆市",
    "510000": "四川省",
    "520000": "贵州省",
    "530000": "云南省",
    "540000": "西藏自治区",
    "610000": "陕西省",
    "620000": "甘肃省",
    "630000": "青海省",
    "640000": "宁夏回族自治区",
    "650000": "新疆维吾尔自治区",
}
"""Division codes of GB/T 2260."""
PAPER_STATES: Final = {"provided": "已交", "shared": "共享调取", "reused": "沿用已交", "deferred": "容缺，待补"}
LIGHTS: Final = {"green": ("●", "正常"), "yellow": ("▲", "临期"), "red": ("■", "逾期")}
SOON: Final = 3
"""Days before a deadline from which it is amber."""
FILING_KINDS: Final = {
    "referral": "转院备案",
    "chronic": "门诊慢特病备案",
    "chosen": "定点备案",
    "long_term": "异地长期居住备案",
}


def word(names: Mapping[str, str], code: object) -> str:
    """The word for a code, the code itself when there is none."""
    return names.get(str(code), str(code or "—"))


def money(amount_fen: int | None) -> Html:
    """An amount as a figure on the screen: thousands, two places, a minus sign and red when negative; a dash when unknown."""
    if amount_fen is None:
        return el("span", "—", cls="none")
    text = format_yuan(amount_fen).replace("-", "−")
    return el("span", text, cls="neg" if amount_fen < 0 else "fig")


def num(amount_fen: int | None, *, cls: str = "") -> Html:
    """A table cell with an amount."""
    return el("td", money(amount_fen), cls=f"num {cls}".strip())


def day(value: object) -> str:
    """A day as 2026-11-22, an instant by its day in China, a dash when there is none."""
    return moment(value)[:10] if value else "—"


def moment(value: object) -> str:
    """An instant in China's time, to the minute."""
    if not value:
        return "—"
    at = datetime.fromisoformat(str(value))
    return (at.astimezone(CHINA) if at.tzinfo else at).strftime("%Y-%m-%d %H:%M")


def span(first: object, last: object) -> str:
    """A period by its days; without its end it is still open."""
    if not last:
        return f"{day(first)} 起"
    return day(first) if day(first) == day(last) else f"{day(first)} 至 {day(last)}"


def stay_name(visit: Mapping[str, Any]) -> str:
    """A stay as one of a list: hospital, days, bill."""
    return f"{visit['institution_name']}　{span(visit['begun_on'], visit['ended_on'])}　{format_yuan(visit['total_fen'])} 元"


def party(code: str | None) -> str:
    """Who owes or is owed: ``E:…`` a 用人单位, a book its name; the third party that nobody knows yet is said so."""
    if code in BOOKS:
        return BOOKS[str(code)]
    if code == "T:UNKNOWN":
        return "第三人（待查明）"
    return word(PARTIES, str(code or "").partition(":")[0])


def province(place: object) -> str:
    """The province of a division code; the code itself where none is known."""
    return word(PROVINCES, f"{str(place)[:2]}0000") if place else "—"


def quarter(first_day: object) -> str:
    """A quarter by its first day."""
    first = date.fromisoformat(str(first_day)[:10])
    return f"{first.year} 年第 {(first.month + 2) // 3} 季度"


def days_between(begun_on: object, ended_on: object) -> int:
    """Days of a stay: discharge minus admission, at least one."""
    return max(1, (date.fromisoformat(str(ended_on)) - date.fromisoformat(str(begun_on))).days)


def left(days: int | None, *, unit: str = "working_days", provisional: bool = False) -> str:
    """A clock in words."""
    if days is None:
        return ""
    name = "工作日" if unit == "working_days" else "天"
    end = "（节假日安排未公布，暂按估算）" if provisional else ""
    if days < 0:
        return f"已逾期 {-days} 个{name}{end}" if unit == "working_days" else f"已逾期 {-days} {name}{end}"
    if days == 0:
        return f"今天到期{end}"
    return f"还剩 {days} 个{name}{end}" if unit == "working_days" else f"还剩 {days} {name}{end}"


def light(code: str | None, text: str = "") -> Html:
    """A light: a sign and a word beside the colour, never the colour alone."""
    if code is None:
        return el("span", text or "—", cls="light")
    sign, name = LIGHTS[code]
    return el("span", el("i", sign, aria_hidden="true"), " ", text or name, cls=f"light {code}")


def clock(until: object, today: date) -> Html:
    """A day with its light."""
    if not until:
        return el("span", "—", cls="none")
    days = (date.fromisoformat(str(until)[:10]) - today).days
    sign, tone = ("■", "red") if days < 0 else ("▲", "yellow") if days <= SOON else ("●", "green")
    return el("span", day(until), el("small", el("i", sign), " ", left(days, unit="days"), cls=f"light {tone}"), cls="fig")


def badge(text: str, tone: str = "") -> Html:
    """A small state word."""
    return el("span", text, cls=f"badge {tone}".strip())


def limit(rule: Mapping[str, Any]) -> str:
    """A time limit in words."""
    return f"{rule['days']} {'个工作日' if rule['unit'] == 'working_days' else '天'}"
