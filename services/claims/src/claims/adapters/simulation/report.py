"""A simulation's result on disk: the document, its tables as Parquet, and a spreadsheet for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from claims.adapters.simulation.blocks import NO_CLASS
from claims.adapters.simulation.solvency import DRAWS
from shared.ledger import BOOK_NAMES, Book

TABLES: Final = (
    "levels",
    "care",
    "classes",
    "towns",
    "schemes",
    "months",
    "fund_months",
    "deciles",
    "lines",
    "solvency",
    "refused",
)

_NAMES: Final = {
    "level": "医疗机构等级", "care": "就医方式", "class": "身份类别", "town": "乡镇街道", "scheme": "险种", "month": "月份", "fund": "基金",
    "layer": "层次代码", "name": "名称", "claims": "结算人次", "persons": "人数", "winners": "减负人数", "losers": "增负人数", "total_fen": "医疗费总额",
    "in_scope_fen": "政策范围内费用", "person_a_fen": "个人负担（A）", "person_b_fen": "个人负担（B）", "self_pay_a_fen": "其中范围内自付与先行自付（A）",
    "self_pay_b_fen": "其中范围内自付与先行自付（B）", "account_a_fen": "个人账户支付（A）", "account_b_fen": "个人账户支付（B）", "family_a_fen": "家庭共济支付（A）",
    "family_b_fen": "家庭共济支付（B）", "hospital_a_fen": "医院负担（A）", "hospital_b_fen": "医院负担（B）", "funds_a_fen": "基金支付（A）",
    "funds_b_fen": "基金支付（B）", "a_fen": "支付（A）", "b_fen": "支付（B）", "decile": "负担十分位", "up_to_fen": "负担上限（A）", "share": "占可支配收入（%）",
    "line_fen": "预警线", "above_a": "超线人数（A）", "above_b": "超线人数（B）", "newly_above": "新增超线", "no_longer_above": "不再超线", "book": "规则",
    "income_fen": "当月收入", "payment_fen": "当月支出", "payment_low_fen": "支出下限", "payment_high_fen": "支出上限", "balance_fen": "月末结余",
    "balance_low_fen": "结余下限", "balance_high_fen": "结余上限", "draws_empty": f"{DRAWS}次抽样中出现赤字次数", "draws": "抽样次数", "code": "原因代码",
    "text": "原因", "person": "人员代号", "year": "年度", "change_fen": "个人负担变化",
}  # fmt: skip
_VALUES: Final = {
    "inpatient": "住院", "outpatient": "普通门诊", "chronic": "门诊慢特病", "two_diseases": "两病门诊", "maternity": "生育", "day_surgery": "日间手术",
    "310": "职工", "390": "居民", "a": "A", "b": "B", NO_CLASS: "无", "tekun": "特困", "orphan": "孤儿", "hardship_child": "困境儿童",
    "dibao": "低保", "returned_poor": "返贫致贫", "monitored": "监测对象", "marginal": "低保边缘", "illness_poor": "因病致贫", "low_income": "低收入",
    "lifted": "脱贫人口", "youfu": "优抚对象", "retrenched_1960s": "六十年代精减退职", "tekun_worker": "特困职工", "severe_disability": "重度残疾",
    "family_planning_special": "计划生育特殊家庭", "student": "学生儿童", "newborn": "新生儿", **{book.value: BOOK_NAMES[book] for book in Book},
}  # fmt: skip
_SHEETS: Final = (
    ("fund_layers", "基金与层次"),
    ("levels", "医疗机构等级"),
    ("care", "就医方式"),
    ("towns", "乡镇街道"),
    ("classes", "身份类别"),
    ("schemes", "险种"),
    ("deciles", "负担十分位"),
    ("lines", "因病致贫预警线"),
    ("fund_months", "分月支出"),
    ("solvency", "基金可支撑情况"),
    ("winners", "减负最多"),
    ("losers", "增负最多"),
    ("refused", "规则未覆盖"),
)


def write(summary: Mapping[str, Any], sums: Mapping[str, pa.Table], out: Path, at: datetime) -> None:
    """``result.json``, ``simulation.xlsx``, and a Parquet file for each table; ``persons/`` is there already."""
    tables = out / "tables"
    tables.mkdir(exist_ok=True)
    for name in ("cells", "payments"):
        pq.write_table(sums[name], tables / f"{name}.parquet", compression="zstd")
    for name, rows in _tables(summary).items():
        if rows:
            pq.write_table(pa.Table.from_pylist(list(rows)), tables / f"{name}.parquet", compression="zstd")
    spreadsheet(summary, out / "simulation.xlsx", at)
    unfinished = out / "result.unfinished"
    unfinished.write_text(json.dumps(summary, ensure_ascii=False, indent=1), "utf-8")
    unfinished.rename(out / "result.json")


def _tables(summary: Mapping[str, Any]) -> dict[str, Sequence[Mapping[str, Any]]]:
    layers = [{"fund": fund["fund"], **layer} for fund in summary["funds"] for layer in fund["layers"]]
    funds = [{key: value for key, value in fund.items() if key != "layers"} for fund in summary["funds"]]
    return {"funds": funds, "fund_layers": layers, **{name: summary[name] for name in TABLES}, **summary["largest"]}


def spreadsheet(summary: Mapping[str, Any], path: Path, at: datetime) -> None:
    """One sheet a table; yuan with two decimals as numbers, heads that stay, Chinese titles."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "待遇规则模拟测算", "created": at.replace(tzinfo=None)})
    formats = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format({"bold": True, "bg_color": "#DDE7F0", "border": 1, "text_wrap": True, "valign": "vcenter"}),
        "yuan": book.add_format({"num_format": "#,##0.00"}),
        "whole": book.add_format({"num_format": "#,##0"}),
        "share": book.add_format({"num_format": "0.00"}),
    }
    _overview(book, summary, formats)
    tables = _tables(summary)
    for name, title in _SHEETS:
        rows = tables[name]
        sheet = book.add_worksheet(title)
        sheet.write(0, 0, title + ("" if rows else "（无）"), formats["title"])
        sheet.freeze_panes(2, 1)
        if rows:
            for column, key in enumerate(rows[0]):
                sheet.write(1, column, _NAMES[key] + ("（元）" if key.endswith("_fen") else ""), formats["head"])
                sheet.set_column(column, column, 20 if key.endswith("_fen") or key in ("name", "text", "fund") else 14)
        for number, row in enumerate(rows, 2):
            for column, (key, value) in enumerate(row.items()):
                _cell(sheet, number, column, key, value, formats)
    book.close()


def _overview(book: Any, summary: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet("总览")
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 3, 22)
    sheet.write(0, 0, "待遇规则模拟测算", formats["title"])
    sheet.freeze_panes(2, 1)
    for column, head in enumerate(("项目", "规则A", "规则B", "变化（B−A）")):
        sheet.write(1, column, head, formats["head"])
    totals = summary["totals"]
    number = 2
    rows = [("医疗费总额（元）", "total_fen", "total_fen")]
    rows += [
        (f"{_NAMES[f'{name}_a_fen'].removesuffix('（A）')}（元）", f"{name}_a_fen", f"{name}_b_fen")
        for name in ("funds", "person", "self_pay", "account", "family", "hospital")
    ]
    for label, a, b in rows:
        sheet.write(number, 0, label)
        for column, amount in enumerate((totals[a], totals[b], totals[b] - totals[a]), 1):
            sheet.write_number(number, column, amount / 100, formats["yuan"])
        number += 1
    for name in ("claims", "persons", "winners", "losers"):
        sheet.write(number, 0, _NAMES[name])
        sheet.write_number(number, 1, totals[name], formats["whole"])
        number += 1
    for side in "ab":
        for version in summary["books"][side]["versions"]:
            sheet.write(number, 0, f"规则{side.upper()}：{version['place']}{_VALUES[version['scheme']]} {version['version']}")
            sheet.write(number, 1, version["digest"])
            number += 1


def _cell(sheet: Any, number: int, column: int, key: str, value: Any, formats: Mapping[str, Any]) -> None:
    if value is None:
        sheet.write_blank(number, column, None)
    elif key.endswith("_fen"):
        sheet.write_number(number, column, value / 100, formats["yuan"])
    elif key == "share":
        sheet.write_number(number, column, value / 10_000, formats["share"])
    elif key == "person":
        sheet.write_string(number, column, str(value))
    elif isinstance(value, int):
        sheet.write_number(number, column, value, formats["whole"])
    else:
        sheet.write_string(number, column, _VALUES.get(value, value))
