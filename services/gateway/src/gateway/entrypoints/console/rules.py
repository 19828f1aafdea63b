"""A rule book in the words of the office: conditions, deductibles, bands, caps, paths of a difference, and who acts next.

Pure readings of the gateway's answers (docs/rule-books.md): amounts are fen, rates and points millionths; what is left out has its
default. Nothing here decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.entrypoints.console.words import BOOKS, CLASSES, word
from shared.money import fen, format_yuan

Json = Mapping[str, Any]

STATES: Final = {
    "draft": "草稿",
    "linted": "已检查",
    "shadow-run": "已试算",
    "approved": "已批准",
    "effective": "生效",
    "retired": "退役",
}
TONES: Final = {"effective": "done", "approved": "info", "retired": ""}
ACTS: Final = {
    "submit": "提交",
    "change": "更换文本",
    "import": "由文件导入",
    "lint": "检查",
    "ask-shadow-run": "提出试算",
    "shadow-run": "试算完成",
    "propose": "经办批准",
    "approve": "复核批准",
    "make-effective": "确认生效",
    "ask-end": "提出退役",
    "retire": "确认退役",
    "supersede": "被后来的规则集接替",
    "give-up": "作废",
}
GRADES: Final = {"A": "政府公开", "B": "媒体引述", "C": "转载", "D": "出处不明", "synthetic": "演示用"}
SEVERITIES: Final = {"error": ("■", "错误", "late"), "warning": ("▲", "提醒", "due"), "note": ("○", "备注", "")}

CARE: Final = {
    "inpatient": "住院",
    "outpatient": "普通门诊",
    "chronic": "门诊慢特病",
    "two_diseases": "两病门诊",
    "maternity": "生育",
    "day_surgery": "日间手术",
}
LEVELS: Final = {"1": "一级医疗机构", "2": "二级医疗机构", "3": "三级医疗机构"}
STATUSES: Final = {"active": "在职", "retired": "退休", "resident": "居民"}
PLACES: Final = {"local": "本地", "in_province": "省内异地", "out_of_province": "跨省异地"}
RANKS: Final = {
    "village": "村卫生室",
    "community": "社区机构",
    "township": "乡镇机构",
    "county": "县级机构",
    "city": "市级机构",
    "province": "省级机构",
}
FACILITIES: Final = {
    "traditional": "中医机构",
    "chosen": "签约定点机构",
    "linked": "联动机构",
    "outside_seat": "城区以外机构",
    "psychiatric": "精神专科",
    "own_county": "本县机构",
    "pharmacy": "定点药店",
}
IDENTITIES: Final = {
    **CLASSES,
    "hardship_child": "困境儿童",
    "low_income": "低收入人口",
    "lifted": "稳定脱贫人口",
    "youfu": "优抚对象",
    "retrenched_1960s": "六十年代精减退职职工",
    "tekun_worker": "特困职工",
    "severe_disability": "重度残疾人",
    "family_planning_special": "计划生育特殊家庭成员",
    "student": "学生儿童",
    "newborn": "新生儿",
    "ordinary": "普通参保人员",
}
DISEASES: Final = {
    "hypertension": "高血压",
    "diabetes": "糖尿病",
    "dialysis": "透析",
    "haemodialysis": "血液透析",
    "haemodiafiltration": "血液透析滤过",
    "peritoneal_dialysis": "腹膜透析",
    "caesarean": "剖宫产",
    "thalassaemia": "地中海贫血",
    "tumour": "恶性肿瘤",
    "tumour_chemotherapy": "恶性肿瘤化疗",
    "severe_disease": "重症疾病",
    "special_chronic": "特殊慢性病",
}
"""Diseases by the names that the books of this repository give them; others stand as the book has them."""
DATED_BY: Final = {"service": "就医首日", "discharge": "出院或就医末日", "settlement": "结算日"}
PAYS: Final = {"nothing": "不支付", "self_pay": "先行自付和政策范围内自付", "whole_share": "个人负担的全部"}
PERIODS: Final = {"claim": "每次结算", "session": "每次治疗", "month": "每月", "year": "每年", "highest": "每年按最高一次"}
_SHARES_OF: Final = {"total": "总费用", "in_scope": "政策范围内费用"}
_PARTS: Final = {"pre_selfpay": "先行自付", "over_limit": "超限价", "self_funded": "全自费"}
_LINES: Final = {"class_b": "乙类项目", "traditional": "中医药项目"}
_CAPS_ON: Final = {"paid": "支付", "cost": "起付线以上费用", "base": "费用"}
_OF: Final = {"age": "年龄", "tenure_years": "连续参保"}

_ONE: Final = 10_000
"""Millionths in one percent."""


@dataclass(frozen=True, slots=True)
class Next:
    """What a book waits for; ``act`` empty: for nothing."""

    act: str
    post: str = ""
    """Whose turn it is."""
    scope: str = ""
    not_by: frozenset[str] = frozenset()
    """Who may not, because of what he did before (不相容岗位分离)."""

    def waits_for(self, user_id: str, may: Callable[[str], bool]) -> bool:
        """Whether this person may do it."""
        return bool(self.act) and may(self.scope) and user_id not in self.not_by

    def in_words(self, *, mine: bool) -> str:
        """等您检查, 待审核岗检查, or a dash."""
        if not self.act:
            return "—"
        return f"等您{self.act}" if mine else f"待{self.post}{self.act}"


def next_step(book: Json) -> Next:
    """Who acts next, and what is done then."""
    state, ending = book["state"], book["ending"]
    if state == "draft":
        return Next("检查", "审核岗", "rules:write")
    if state == "linted":
        return Next("试算", "审核岗", "rules:write")
    if state == "shadow-run" and book["maker"] is None:
        return Next("经办批准", "复核岗", "rules:approve")
    if state == "shadow-run":
        return Next("复核批准", "另一位复核岗", "rules:approve", frozenset({book["maker"], book["submitted_by"]}))
    if state == "approved":
        return Next("确认生效", "复核岗", "rules:approve")
    if state == "effective" and ending:
        return Next(f"确认退役（有效至 {ending['ends_on']}）", "另一位复核岗", "rules:approve", frozenset({ending["by"]}))
    return Next("")


def percent(millionths: int) -> str:
    """A rate: 85%, 62.5%."""
    whole, part = divmod(abs(millionths), _ONE)
    sign = "−" if millionths < 0 else ""
    return f"{sign}{whole}.{part:04d}".rstrip("0").rstrip(".") + "%"


def points(millionths: int) -> str:
    """A change of a rate: 提高 5 个百分点."""
    return f"{'提高' if millionths >= 0 else '降低'} {percent(abs(millionths)).removesuffix('%')} 个百分点"


def condition(when: Json | None) -> str:
    """A condition in words; empty when every claim meets it."""
    return "，".join(_conditions(when or {}))


def _conditions(when: Json) -> Iterator[str]:
    for name, words in (
        ("care", CARE),
        ("levels", LEVELS),
        ("ranks", RANKS),
        ("facility", FACILITIES),
        ("statuses", STATUSES),
        ("classes", IDENTITIES),
        ("places", PLACES),
    ):
        if when.get(name):
            yield "、".join(word(words, code) for code in words if code in {str(v) for v in when[name]})
    for name, yes, no in (
        ("referred", "规范转诊", "未规范转诊"),
        ("emergency", "急诊抢救", "非急诊"),
        ("long_term", "已备案异地长期居住", "未备案异地长期居住"),
    ):
        if when.get(name) is not None:
            yield yes if when[name] else no
    for name, label, unit in (("age", "年龄", "岁"), ("tenure_months", "连续参保", "个月")):
        if when.get(name) is not None:
            yield f"{label}{_range(when[name], unit)}"
    for name, label in (("diseases", "病种"), ("enrolled", "已认定"), ("tiers", "档次")):
        if when.get(name):
            yield f"{label}：{'、'.join(DISEASES.get(code, code) for code in when[name])}"


def _range(limits: Json, unit: str) -> str:
    least, below = limits.get("at_least", 0), limits.get("below")
    if below is None:
        return f"满 {least} {unit}"
    return f"满 {least} 不满 {below} {unit}" if least else f"不满 {below} {unit}"


def deductible(terms: Json) -> list[str]:
    """起付线, a line for each stay that differs."""
    rule = terms.get("deductible_rule", {})
    lines: list[str] = []
    if "bill" in rule:
        bill = rule["bill"]
        bounds = [f"最低 {format_yuan(bill['at_least'])}" if "at_least" in bill else ""]
        bounds += [f"最高 {format_yuan(bill['at_most'])}" if bill.get("at_most") is not None else ""]
        said = "，".join([f"{_SHARES_OF[bill.get('of', 'total')]}的 {percent(bill['share'])}", *filter(None, bounds)])
        lines.append(said)
    elif "wage" in rule:
        lines.append(f"{rule['wage']['of']}的 {percent(rule['wage']['share'])}")
    else:
        amounts = terms.get("deductible", [0])
        lines += [format_yuan(amounts[0]) if amounts[0] else "无"] if len(amounts) == 1 else list(_stays(amounts))
    if "ladder" in rule:
        lines.append("各次住院依次为 " + "、".join(percent(rate) for rate in rule["ladder"]))
    if rule.get("less_each") is not None:
        lines.append(f"每多住院一次减 {format_yuan(rule['less_each'])}")
    if "floor" in rule:
        lines.append(f"不低于 {format_yuan(rule['floor'])}")
    if rule.get("per_session"):
        lines.append("每次治疗计")
    if rule.get("after_rate"):
        lines.append("从支付额中扣除")
    return lines


def _stays(amounts: Sequence[int]) -> Iterator[str]:
    for number, amount in enumerate(amounts, 1):
        last = number == len(amounts)
        yield f"第 {number} 次{'起' if last else ''} {format_yuan(amount) if amount else '无'}"


def bands(terms: Json, *, excess: bool = False) -> list[tuple[str, str]]:
    """Stretch of cost and rate. ``excess``: bounds are measured above the deductible."""
    given = terms["bands"]
    above = "起付线以上部分 " if excess else ""
    if len(given) == 1:
        return [("起付线以上" if _charged(terms) else "全部", percent(given[0]["rate"]))]
    found: list[tuple[str, str]] = []
    begin = "0" if excess or not _charged(terms) else "起付线"
    for band in given:
        if band.get("up_to") is None:
            found.append((f"{above}{begin} 以上", percent(band["rate"])))
        else:
            end = format_yuan(band["up_to"])
            found.append((f"{above}{begin} 至 {end}", percent(band["rate"])))
            begin = end
    return found


def _charged(terms: Json) -> bool:
    return terms.get("deductible", [0]) != [0] or "deductible_rule" in terms


def caps(rule: Json) -> list[str]:
    """封顶线 of terms or of a layer, a line each."""
    lines = [f"年度支付 {format_yuan(rule['cap'])}"] if rule.get("cap") is not None else []
    if rule.get("cost_cap") is not None:
        lines.append(f"年度费用 {format_yuan(rule['cost_cap'])}")
    for cap in rule.get("caps", []):
        where = condition(cap.get("when"))
        shared = "，与其他层次合并计算" if cap.get("shared") else ""
        each = "，按病种分别计算" if cap.get("per_disease") else ""
        more = f"，每多一个病种加 {format_yuan(cap['per_extra_disease'])}" if cap.get("per_extra_disease") is not None else ""
        head = f"{PERIODS[cap.get('per', 'year')]}{_CAPS_ON[cap.get('on', 'paid')]} {format_yuan(cap['amount'])}"
        lines.append(head + shared + each + more + (f"（{where}）" if where else ""))
    if rule.get("package_price") is not None:
        lines.append(f"定额 {format_yuan(rule['package_price'])}，超出由医院负担")
    return lines


def adjustment(rule: Json) -> str:
    """What an adjustment does."""
    parts = [f"支付比例{points(rule['points'])}"] if rule.get("points") else []
    if each := rule.get("each"):
        unit = "岁" if each["of"] == "age" else "年"
        above = f"超过 {each['above']} {unit}后" if each.get("above") else ""
        most = f"，最多 {percent(abs(each['at_most'])).removesuffix('%')} 个百分点" if each.get("at_most") is not None else ""
        parts.append(f"{_OF[each['of']]}{above}每 {each.get('step', 1)} {unit}{points(each['points'])}{most}")
    if rule.get("factor") is not None:
        parts.append(f"支付比例乘以 {percent(rule['factor'])}")
    if rule.get("deductible_factor") is not None:
        parts.append(f"起付线乘以 {rule['deductible_factor']}")
    if rule.get("deductible_less"):
        parts.append(f"起付线减 {format_yuan(rule['deductible_less'])}")
    if rule.get("group"):
        parts.append("同组只取最高的一项")
    return "；".join(parts)


def layer_facts(layer: Json) -> list[str]:
    """What holds for all terms of a layer: from which fund, on what, how counted."""
    facts = [word(BOOKS, layer["book"])]
    if when := condition(layer.get("when")):
        facts.append(when)
    if layer.get("base") == "beyond_cap":
        facts.append("支付前一层次封顶线以上的费用")
    if layer.get("with_parts"):
        facts.append("计入" + "、".join(_PARTS[part] for part in layer["with_parts"]))
    if layer.get("without_deductible"):
        facts.append("基数不含起付线")
    if layer.get("after_cap_of"):
        facts.append("统筹封顶后才支付")
    facts.append({"claim": "每次结算分段", "month": "按月累计分段", "year": "按年累计分段"}[layer["per"]])
    if layer.get("deductible_per"):
        facts.append(f"起付线{PERIODS[layer['deductible_per']]}计")
    if layer.get("per_disease"):
        facts.append("按病种分别计算")
    facts += [f"封顶：{line}" for line in caps(layer)]
    if layer.get("deductible_year_total") is not None:
        facts.append(f"年度起付线合计不超过 {format_yuan(layer['deductible_year_total'])}")
    if guarantee := layer.get("guarantee"):
        facts.append(f"保底支付 {percent(guarantee['share'])}")
    facts += [f"{_LINES[line['lines']]}支付比例{points(line['points'])}" for line in layer.get("lines", [])]
    return facts


def cited(rule: Json, version: Json, *, inherited: Json | None = None) -> str:
    """Document and article that a rule stands on; what it does not say it inherits from ``inherited``."""
    source = rule.get("source") or (inherited or {}).get("source")
    article = rule.get("article") or (inherited or {}).get("article")
    title = version["sources"].get(source, {}).get("title", "") if source else ""
    return "，".join(part for part in (title, article) if part) or "—"


def claim(example: Json, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """A smallest claim as lines of label and value, what it shows last. ``names``: of terms by code. Amounts with their unit."""
    lines = [("就医", word(CARE, example["care"])), ("医疗机构", word(LEVELS, example["level"]))]
    lines.append(("人员", word(STATUSES, example["status"])))
    for name, label, words in (("classes", "身份", IDENTITIES), ("facility", "机构", FACILITIES)):
        if example.get(name):
            lines.append((label, "、".join(word(words, code) for code in example[name])))
    for name, label, words in (("rank", "机构层级", RANKS), ("place", "就医地", PLACES)):
        if example.get(name):
            lines.append((label, word(words, example[name])))
    for name, label, value in (
        ("referred", "转诊", {True: "规范转诊", False: "未规范转诊"}),
        ("emergency", "急诊", {True: "是", False: "否"}),
        ("long_term", "异地长期居住", {True: "已备案", False: "未备案"}),
    ):
        if name in example:
            lines.append((label, value[bool(example[name])]))
    for name, label, unit in (
        ("age", "年龄", "岁"),
        ("tenure_months", "连续参保", "个月"),
        ("zero_claim_years", "零报销", "年"),
    ):
        if name in example:
            lines.append((label, f"{example[name]} {unit}"))
    for name, label in (("disease", "病种"), ("tier", "档次")):
        if example.get(name):
            lines.append((label, word(DISEASES, example[name])))
    if example.get("enrolled"):
        lines.append(("已认定", "、".join(word(DISEASES, code) for code in example["enrolled"])))
    lines.append(("费用（全部在政策范围内）", _yuan(example["bill"]["total"])))
    shown = {"funds": "基金支付", "with_100_more": "费用多 100 元时基金支付", "a_fen_less_cost": "费用少 1 分时基金支付"}
    for name, amount in example.get("shows", {}).items():
        who = shown.get(name) or (f"{IDENTITIES[name]}得" if name in IDENTITIES else f"按“{names.get(name, name)}”得")
        lines.append((who, _yuan(amount)))
    return lines


def _yuan(text: object) -> str:
    return f"{format_yuan(fen(str(text)))} 元"


_KEYS: Final = {
    "account": "个人账户",
    "accepted_findings": "已确认的检查结果",
    "adjustments": "调整",
    "after_cap_of": "封顶后支付",
    "article": "条款",
    "base": "计算基数",
    "bases": "基准",
    "bands": "分段",
    "bill_adjustments": "先行自付调整",
    "book": "基金",
    "bounds": "分段口径",
    "cap": "年度封顶线",
    "caps": "封顶线",
    "care": "就医方式",
    "class_b": "乙类先行自付",
    "classes": "身份",
    "code": "代码",
    "cost_cap": "年度费用限额",
    "dated_by": "适用日期",
    "deductible": "起付线",
    "deductible_per": "起付线计法",
    "deductible_rule": "起付线规则",
    "deductible_year_total": "年度起付线合计",
    "diseases": "病种",
    "disease_codes": "病种编码",
    "each": "逐级调整",
    "effective_from": "生效",
    "effective_to": "失效",
    "emergency": "急诊",
    "enrolled": "已认定",
    "facility": "机构",
    "factor": "乘数",
    "fund": "基金支付类型",
    "grade": "出处",
    "guarantee": "保底",
    "his_field": "结算字段",
    "incentive": "激励",
    "layers": "层次",
    "levels": "医疗机构级别",
    "line_classes": "项目类别",
    "lines": "项目",
    "long_term": "异地长期居住",
    "name": "名称",
    "note": "说明",
    "pays": "可支付",
    "per": "计算周期",
    "place": "地区",
    "places": "就医地",
    "points": "百分点",
    "policy_year": "待遇年度",
    "pre_selfpay": "先行自付",
    "rate": "比例",
    "ranks": "机构层级",
    "readings": "口径",
    "referral_needed": "须转诊",
    "referred": "规范转诊",
    "region": "统筹区",
    "scheme": "险种",
    "share": "比例",
    "source": "依据",
    "sources": "依据",
    "statuses": "人员状态",
    "stays": "住院次数",
    "tenure_months": "连续参保月数",
    "terms": "待遇标准",
    "tiers": "档次",
    "title": "名称",
    "up_to": "上限",
    "url": "网址",
    "version": "版本",
    "waiting": "等待期",
    "when": "条件",
    "without_deductible": "基数不含起付线",
    "order": "次序",
}
FINDINGS: Final = {
    "unreadable": "格式错误",
    "time-overlap": "时间重叠",
    "time-gap": "时间空档",
    "uncovered": "覆盖死角",
    "terms-unreached": "永不适用",
    "band-unreached": "空档段",
    "two-answers": "一费两策",
    "rate-outside": "比例越界",
    "poorer-paid-less": "待遇倒挂",
    "cliff": "断崖",
    "falling": "递减",
    "jump": "跳升",
    "ladder-rises": "起付线倒挂",
    "premium-without-benefit": "有缴费无待遇",
    "too-many-kinds": "未求解",
    "class-unnamed": "未提到的人员类别",
    "care-unnamed": "未规定的就医方式",
    "does-not-fit": "与生效规则不衔接",
    "nothing-new": "没有新版本",
}
"""What the linter finds (docs/policy-lint.md)."""
_RATES: Final = frozenset({"rate", "factor", "share", "pre_selfpay"})
_AMOUNTS: Final = frozenset(
    {"cap", "cost_cap", "up_to", "deductible", "deductible_year_total", "amount", "at_least", "package_price", "floor",
     "less_each", "per_extra_disease", "deductible_less", "per_year", "per_zero_claim_year"}
)  # fmt: skip
_ENUMS: Final[Mapping[str, Mapping[str, str]]] = {
    "book": BOOKS,
    "care": CARE,
    "classes": IDENTITIES,
    "dated_by": DATED_BY,
    "deductible_per": PERIODS,
    "facility": FACILITIES,
    "grade": GRADES,
    "levels": LEVELS,
    "pays": PAYS,
    "per": PERIODS,
    "places": PLACES,
    "policy_year": {"calendar": "自然年度"},
    "ranks": RANKS,
    "referral_needed": PLACES,
    "statuses": STATUSES,
}
_COUNTED: Final = {"bands": "段", "deductible": "次", "ladder": "次"}
_STEP: Final = re.compile(r"([^.\[\]]+)|\[([^\]]+)\]")


def path_in_words(path: str, *versions: Json) -> str:
    """``layers[pool].terms[level_2].bands[0].rate`` as 统筹基金 › 二级医疗机构 › 第 1 段 › 比例. Names come from ``versions``."""
    parts: list[str] = []
    here: list[Any] = list(versions)
    last = ""
    for name, entry in _STEP.findall(path):
        if name:
            last = name
            here = [thing.get(name) if isinstance(thing, Mapping) else None for thing in here]
            if name not in ("layers", "terms", "bands", "adjustments"):
                parts.append(_KEYS.get(name, name))
            continue
        here = [_entry(thing, entry) for thing in here]
        named = next((t["name"] for t in here if isinstance(t, Mapping) and "name" in t), None)
        if entry == "order":
            parts.append("次序")
        else:
            unit = _COUNTED.get(last, "项")
            parts.append(named or (f"第 {int(entry) + 1} {unit}" if entry.isdecimal() else entry))
    return " › ".join(parts)


def _entry(things: Any, entry: str) -> Any:
    if not isinstance(things, list):
        return None
    if entry.isdecimal():
        return things[int(entry)] if int(entry) < len(things) else None
    return next((t for t in things if isinstance(t, Mapping) and t.get("code") == entry), None)


def value_in_words(path: str, value: Any) -> str:
    """A value of a difference; a whole rule as its parts, a dash for nothing."""
    names = [name for name, _ in _STEP.findall(path) if name]
    return _value(names[-1] if names else "", value)


def _value(key: str, value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "；".join(_value(key, item) for item in value) if value else "—"
    if isinstance(value, Mapping):
        if key == "when":
            return condition(value) or "—"
        if key == "accepted_findings":
            return "；".join(f"{word(FINDINGS, code.partition('/')[0])}：{reason}" for code, reason in value.items())
        hidden = ("code",) if "name" in value else ()
        return "，".join(f"{_KEYS.get(name, name)} {_value(name, part)}" for name, part in value.items() if name not in hidden)
    if key in _ENUMS:
        return word(_ENUMS[key], value)
    if isinstance(value, int):
        return _number(key, value)
    return str(value)


def _number(key: str, value: int) -> str:
    if key in _RATES:
        return percent(value)
    if key == "points":
        return points(value)
    return format_yuan(value) if key in _AMOUNTS else str(value)
