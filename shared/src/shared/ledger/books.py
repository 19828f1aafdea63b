"""The fund books and the chart of accounts (reference B0.1, B0.4; 社会保险基金会计制度, 财会〔2017〕28号)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Book(StrEnum):
    """A fund with its own balanced book. Nothing ever nets across two of them (社会保险法 arts 64, 66, 68)."""

    EMP = "EMP"
    RES = "RES"
    LARGE = "LARGE"
    CVL = "CVL"
    CII = "CII"
    SUP = "SUP"
    MAF = "MAF"
    WI = "WI"


BOOK_NAMES: Final[dict[Book, str]] = {
    Book.EMP: "职工基本医疗保险基金",
    Book.RES: "城乡居民基本医疗保险基金",
    Book.LARGE: "职工大额医疗费用补助资金",
    Book.CVL: "公务员医疗补助资金",
    Book.CII: "居民大病保险资金",
    Book.SUP: "补充医疗保险资金",
    Book.MAF: "医疗救助基金",
    Book.WI: "工伤保险基金",
}

BANK: Final = "1003"
FISCAL_ACCOUNT: Final = "1004"
DUE_FROM_FUND: Final = "1121"
DUE_FROM_INSTITUTION: Final = "1122"
DUE_FROM_EMPLOYER: Final = "1123"
DUE_FROM_THIRD_PARTY: Final = "1124"
DUE_FROM_PERSON: Final = "1125"
PREFUNDED: Final = "1131"
DUE_TO_INSTITUTION: Final = "2201"
DUE_TO_FUND: Final = "2202"
DUE_TO_PERSON: Final = "2203"
DUE_TO_EMPLOYER: Final = "2204"
DUE_OUT_OF_AREA: Final = "2205"
OTHER_INCOME: Final = "4007"
POOL_INTEREST: Final = "4007.01"
ACCOUNT_INTEREST: Final = "4007.02"
"""Of the interest in 4007 what belongs to personal accounts: principal and interest are the holder's (国发〔1998〕44号 六)."""
POOL_BENEFIT: Final = "5001.01"
ACCOUNT_BENEFIT: Final = "5001.02"
WI_MEDICAL: Final = "5001.11"
WI_REHABILITATION: Final = "5001.12"
WI_MEALS: Final = "5001.13"
WI_DEVICES: Final = "5001.15"
WRITTEN_OFF: Final = "5001.30"
PRIOR_YEAR_BENEFIT: Final = "5001.91"

ACCOUNT_NAMES: Final[dict[str, str]] = {
    "1003": "支出户存款",
    "1004": "财政专户存款",
    "1121": "应收基金间往来",
    "1122": "应收机构",
    "1123": "应收用人单位追偿",
    "1124": "应收第三人追偿",
    "1125": "应收个人",
    "1131": "异地预付金",
    "2201": "应付定点/协议机构",
    "2202": "应付基金间往来",
    "2203": "应付个人",
    "2204": "应付用人单位",
    "2205": "应付异地清算",
    "4007": "其他收入",
    "4007.01": "其他收入—利息（统筹）",
    "4007.02": "其他收入—利息（个人账户）",
    "5001.01": "待遇支出—统筹",
    "5001.02": "待遇支出—个人账户",
    "5001.11": "待遇支出—工伤医疗",
    "5001.12": "待遇支出—工伤康复",
    "5001.13": "待遇支出—住院伙食补助",
    "5001.14": "待遇支出—交通食宿",
    "5001.15": "待遇支出—辅助器具",
    "5001.16": "待遇支出—一次性伤残补助金",
    "5001.17": "待遇支出—伤残津贴",
    "5001.18": "待遇支出—生活护理费",
    "5001.19": "待遇支出—一次性工伤医疗补助金",
    "5001.20": "待遇支出—丧葬补助金",
    "5001.21": "待遇支出—供养亲属抚恤金",
    "5001.22": "待遇支出—一次性工亡补助金",
    "5001.23": "待遇支出—劳动能力鉴定费",
    "5001.30": "先行支付核销",
    "5001.91": "以前年度待遇支出调整",
}
