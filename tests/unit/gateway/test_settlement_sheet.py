"""The settlement sheet on paper: every row as text, and a PDF in which a reader finds it."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from pypdf import PdfReader

from gateway.adapters.papers import TypstPapers
from gateway.domain.settlement_sheet import settlement_sheet

PERSON = {"person_id": "p1", "name": "李*", "certno": "4201**********1234"}


def settlement() -> dict[str, Any]:
    line = {
        "item_name": "阿莫西林胶囊",
        "class": "B",
        "occurred_at": "2026-03-03T09:00:00+08:00",
        "quantity": "2.0000",
        "price": "12.500000",
        "amount_fen": 2_500,
        "self_funded_fen": 0,
        "over_limit_fen": 0,
        "pre_selfpay_fen": 250,
        "in_scope_fen": 2_250,
    }
    return {
        "settlement_id": "s1",
        "state": "valid",
        "inpatient": True,
        "scheme": "390",
        "benefit_year": 2026,
        "institution_name": "演示县人民医院",
        "begun_on": "2026-03-02",
        "ended_on": "2026-03-14",
        "settled_at": "2026-03-14T09:30:15+08:00",
        "total_fen": 2_500,
        "cash_fen": 850,
        "hospital_fen": 0,
        "check_code": "A12A 1BE9 81F0 2E24",
        "payments": [{"name": "统筹基金", "book": "RES", "amount_fen": 1_650}],
        "explanation": [
            {
                "zh": "统筹基金（二级医疗机构）：计入22.50，扣除起付线0.50；22.00×75% = 16.50；支付16.50。",
                "arithmetic": ["计入22.50，扣除起付线0.50", "22.00×75% = 16.50", "支付16.50"],
                "source": "某市文件",
                "article": "第八条",
                "output_fen": 1_650,
            }
        ],
        "lines": [line],
    }


def sheet() -> dict[str, Any]:
    return settlement_sheet(settlement(), PERSON, operator="王芳", printed_on=date(2026, 3, 15))


def test_rows_of_the_sheet() -> None:
    content = sheet()
    assert content["title"] == "住院医疗费用结算单"
    assert content["facts"][:2] == [["参保人", "李*"], ["证件号码", "4201**********1234"]]
    assert content["steps"] == [["医疗费总额", "25.00"], ["减：统筹基金", "16.50"], ["个人现金支付", "8.50"]]
    assert content["reasons"] == [
        {
            "head": "统筹基金（二级医疗机构）",
            "source": "某市文件 第八条",
            "lines": ["计入22.50，扣除起付线0.50", "22.00×75% = 16.50", "支付16.50"],
            "amount": "16.50",
        }
    ]
    assert content["payments"] == [["统筹基金", "城乡居民基本医疗保险基金", "16.50"]]
    assert content["lines"] == [
        ["1", "阿莫西林胶囊", "乙类", "2026-03-03", "2", "12.5", "25.00", "", "", "2.50", "22.50"],
    ]
    assert content["lines_foot"] == ["", "合计", "", "", "", "", "25.00", "0.00", "0.00", "2.50", "22.50"]


def test_a_settlement_that_does_not_stand_any_more_says_so() -> None:
    content = settlement_sheet(settlement() | {"state": "reversed"}, PERSON, operator="王芳", printed_on=date(2026, 3, 15))
    assert content["title"] == "住院医疗费用结算单（已撤销）"


async def test_the_paper_says_all_of_it() -> None:
    pdf = await TypstPapers().pdf("settlement-sheet", sheet())
    reader = PdfReader(io.BytesIO(pdf))
    text = "".join(page.extract_text() for page in reader.pages).replace(" ", "").replace("\n", "")
    assert reader.metadata is not None
    assert reader.metadata.title == "住院医疗费用结算单"
    for words in (
        "住院医疗费用结算单",
        "22.00×75%=16.50",
        "某市文件第八条",
        "阿莫西林胶囊",
        "校验码A12A1BE981F02E24",
        "第1页，共1页",
    ):
        assert words in text
