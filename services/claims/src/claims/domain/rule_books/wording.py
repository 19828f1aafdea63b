"""What is wrong with a rule file, in Chinese for the people at the desk; logs and the command line keep the English.

Names of the file (keys, codes) stay as they are written there. A test sees that every problem the format can have is worded.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from shared.rules import RuleError

SLOT: Final = "•"
"""Stands for a name or a value in a problem."""
WORDS: Final = {
    # the reader of YAML
    "the file is empty": "文件为空",
    "no YAML: •": "不是合法的YAML：•",
    "unknown key •; known here: •": "没有键•；此处可用：•",
    "the key • is missing": "缺少键•",
    "the key • was already given in line •": "键•在第•行已经写过",
    "a key must be text, found •": "键应为文本，现为•",
    "expected keys and values, found •": "应为键和值，现为•",
    "expected a list, found •": "应为列表，现为•",
    "expected •, found •": "应为•，现为•",
    "expected •: •": "应为•：•",
    "• is not one of •": "•不在可用值之内：•",
    "• stands twice in the list": "•在列表中出现两次",
    '• is a float, which is never exact: quote it, "•"': '小数•须加引号写成文本："•"',
    "• is not written that way": "•的写法不对",
    "the text is empty": "文本为空",
    # numbers
    "• is finer than a fen": "•的位数细于分",
    "rate • is finer than a millionth": "比例•的位数细于百万分之一",
    "rate • is outside 0..1": "比例•不在0到1之间",
    "• is no exact number": "•不是精确的数",
    "• is not finite": "•不是有限的数",
    "• is no number": "•不是数",
    "number too long": "数字过长",
    "amount beyond •": "金额超过•",
    # versions in time
    "ends on •, before it begins on •": "终止日期•早于开始日期•",
    "in force from •, but so is the version at •": "自•起有效，但•处的版本同时有效",
    "no version is in force from • to •": "•至•没有有效的版本",
    "it was decided that this version ends on •": "已确定该版本止于•",
    # conditions
    "below must be more than at_least": "below应大于at_least",
    "levels are 1, 2 and 3": "levels应为1、2、3",
    "• is an empty list: no claim would meet it": "•是空列表，没有费用符合",
    # the book
    "region • is no six-digit code": "统筹区•不是六位代码",
    "the book has no version": "规则书没有版本",
    "policy_year • is neither calendar nor MM-DD": "policy_year应为calendar或MM-DD，现为•",
    "• needs one of the version's sources, not •": "•须引用本版本的一项依据，现为•",
    "a • stands twice": "•重复出现",
    "the layer • stands twice": "层次•重复出现",
    "layer • has no terms": "层次•没有待遇标准",
    "layer • names no source": "层次•没有注明依据",
    "layer •: • is not among the version's sources": "层次•：本版本没有依据•",
    "• is not among the version's bases": "本版本没有计算基数•",
    "layer •: a deductible by the • goes with bands by the •": "层次•：按•扣的起付线须与按•的分段一起使用",
    "layer •: beyond goes with base: beyond_cap": "层次•：beyond须与base: beyond_cap一起使用",
    "layer •: a total of deductibles goes with deductibles charged in each settlement": "层次•：年度起付线总额只用于每次结算扣的起付线",
    "layer • charges one deductible by the •: no ladder, no share of a bill": "层次•按•扣一个起付线，不能递减，也不能按费用比例",
    "layer •: an amount for each session is charged in each settlement": "层次•：按次定额须每次结算扣",
    "layer •: no layer • stands before it": "层次•：之前没有层次•",
    "layer •: a cap has an incentive, the version has none": "层次•：限额带激励，而本版本没有激励机制",
    "no layer before this one has a cap to go beyond": "之前没有带封顶线的层次",
    "the code • is used twice in layer •": "代码•在层次•中使用两次",
    "• is never reached: • before it fits every such claim": "•永远不会适用：排在前面的•已覆盖其全部情形",
    "a claim may fit • and •, but the first does not pay at least as much at every amount: order them by benefit, or make their"
    " conditions exclude each other": "同一笔费用可能同时符合•和•，而前者并非在任何金额上都不少于后者：请按待遇高低排列，或使条件互斥",
    "•: a deductible after the rate leaves no excess to measure bands on": "•：起付线在比例之后，不能再按起付线以上分段",
    "the first band of • ends within its deductible": "•的第一段止于起付线以内",
    "a cap on the base counts by the month or the year": "base口径的限额只能按月或按年",
    "only caps on payments can be shared": "只有支付限额可以共用",
    "at_most goes with per_extra_disease": "at_most须与per_extra_disease一起使用",
    "at least one band and one deductible are needed": "至少须有一段和一个起付线",
    "every band but the last needs up_to, and the last must not have it": "除最后一段外，各段须写up_to，最后一段不写",
    "the bands' up_to must rise": "各段的up_to应递增",
    "the deductible is a share of a bill or a wage, or an amount, not both": "起付线按费用或工资的比例，或为金额，不能并用",
    "a deductible that is a share of the bill has no wage, ladder or session": "按费用比例的起付线不能再按工资、递减或按次",
    "a ladder begins at one amount": "递减只能从一个金额开始",
    "step must be 1 or more": "step应不小于1",
    "deductible_factor is not within 0..100": "deductible_factor不在0到100之间",
    "only adjustments by points form a group": "只有加减百分点的调整可以成组",
    "more years repaired than missed, or repair is not offered": "修复年数多于断保年数，或不能修复",
}
_FOUND: Final = {
    "keys and values": "键和值",
    "a list": "列表",
    "text": "文本",
    "a whole number": "整数",
    "true or false": "true或false",
    "a day as YYYY-MM-DD": "日期（YYYY-MM-DD）",
    "a number (with decimals: quoted)": "数（小数加引号）",
    "an amount in yuan (with fen: quoted)": "金额（元，有角分的加引号）",
    'a quoted share from "0" to "1"': '加引号的比例（"0"到"1"）',
    'a quoted change from "-1" to "1"': '加引号的增减（"-1"到"1"）',
    "line class": "费用类别",
    "bill adjustment": "先行自付调整",
    "month": "月",
    "year": "年",
    "claim": "次",
}


def in_chinese(problem: str) -> str:
    """The problem in the words of the office; one that has none is quoted."""
    for pattern, words in _patterns():
        if met := pattern.fullmatch(problem):
            for value in met.groups():
                words = words.replace(SLOT, _FOUND.get(value) or (_worded(value) or value), 1)
            return words
    return f"格式有误（{problem}）"


def worded(error: RuleError) -> str:
    """Place and problem."""
    return f"{error.origin}：{in_chinese(error.problem)}"


def _worded(value: str) -> str | None:
    """A problem within a problem (``expected a rate: ...``)."""
    return next((in_chinese(value) for pattern, _ in _patterns() if pattern.fullmatch(value)), None)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Those that say most first."""
    return tuple(
        (re.compile(re.escape(problem).replace(re.escape(SLOT), "(.+?)"), re.DOTALL), words)
        for problem, words in sorted(WORDS.items(), key=lambda pair: -len(pair[0]))
    )
