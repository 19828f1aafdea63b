"""A rule book in the words of the office, and the charts of a simulation."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.entrypoints.console.charts import Line, band, count, pairs, round_wan, sides, wan
from gateway.entrypoints.console.rules import (
    adjustment,
    bands,
    caps,
    cited,
    claim,
    condition,
    deductible,
    layer_facts,
    next_step,
    path_in_words,
    percent,
    points,
    value_in_words,
)


@pytest.mark.parametrize(
    ("millionths", "text"),
    [
        (0, "0%"),
        (600_000, "60%"),
        (1_000_000, "100%"),
        (625_000, "62.5%"),
        (-200_000, "−20%"),
        (100, "0.01%"),
        (333_333, "33.3333%"),
    ],
)
def test_rates(millionths: int, text: str) -> None:
    assert percent(millionths) == text


def test_points() -> None:
    assert points(-200_000) == "降低 20 个百分点"
    assert points(2_000) == "提高 0.2 个百分点"


def test_a_condition_names_every_part_in_the_order_of_the_office() -> None:
    assert condition(None) == ""
    assert condition({"care": ["inpatient"], "levels": [3, 2], "classes": ["orphan", "tekun"]}) == (
        "住院，二级医疗机构、三级医疗机构，特困人员、孤儿"
    )
    assert (
        condition({"places": ["out_of_province"], "referred": False, "age": {"at_least": 60}})
        == "跨省异地，未规范转诊，年龄满 60 岁"
    )
    assert condition({"age": {"at_least": 6, "below": 14}}) == "年龄满 6 不满 14 岁"
    assert condition({"tenure_months": {"below": 6}, "diseases": ["dialysis"]}) == "连续参保不满 6 个月，病种：透析"


def test_deductibles() -> None:
    assert deductible({}) == ["无"]
    assert deductible({"deductible": [60_000]}) == ["600.00"]
    assert deductible({"deductible": [100_000, 50_000, 0]}) == ["第 1 次 1,000.00", "第 2 次 500.00", "第 3 次起 无"]
    bill = {"share": 200_000, "at_least": 200_000, "at_most": 1_000_000}
    assert deductible({"deductible_rule": {"bill": bill}}) == ["总费用的 20%，最低 2,000.00，最高 10,000.00"]
    rule = {"deductible": [80_000], "deductible_rule": {"ladder": [1_000_000, 500_000], "floor": 20_000}}
    assert deductible(rule) == ["800.00", "各次住院依次为 100%、50%", "不低于 200.00"]


def test_bands_begin_at_the_deductible_unless_bounds_are_measured_above_it() -> None:
    steps = [{"rate": 650_000, "up_to": 3_000_000}, {"rate": 800_000}]
    assert bands({"bands": steps, "deductible": [600_000]}) == [("起付线 至 30,000.00", "65%"), ("30,000.00 以上", "80%")]
    assert bands({"bands": steps}) == [("0 至 30,000.00", "65%"), ("30,000.00 以上", "80%")]
    assert bands({"bands": steps, "deductible": [600_000]}, excess=True) == [
        ("起付线以上部分 0 至 30,000.00", "65%"),
        ("起付线以上部分 30,000.00 以上", "80%"),
    ]
    assert bands({"bands": [{"rate": 1_000_000}]}) == [("全部", "100%")]


def test_caps_and_adjustments() -> None:
    shared = {"amount": 500_000, "per": "month", "on": "cost", "shared": "chronic", "when": {"care": ["chronic"]}}
    assert caps({"cap": 15_000_000, "caps": [shared]}) == [
        "年度支付 150,000.00",
        "每月起付线以上费用 5,000.00，与其他层次合并计算（门诊慢特病）",
    ]
    assert adjustment({"points": -200_000}) == "支付比例降低 20 个百分点"
    each = {"of": "age", "above": 60, "step": 1, "points": 2_000, "at_most": 50_000}
    assert adjustment({"each": each, "deductible_factor": "0.5"}) == (
        "年龄超过 60 岁后每 1 岁提高 0.2 个百分点，最多 5 个百分点；起付线乘以 0.5"
    )


def test_a_layer_says_from_where_on_what_and_how_counted() -> None:
    layer = {"book": "CII", "per": "year", "when": {"care": ["inpatient"]}, "without_deductible": True, "cap": 50_000_000}
    assert layer_facts(layer) == ["居民大病保险资金", "住院", "基数不含起付线", "按年累计分段", "封顶：年度支付 500,000.00"]


def test_terms_inherit_the_source_of_their_layer() -> None:
    version = {"sources": {"stay": {"title": "住院待遇办法"}, "other": {"title": "补充通知"}}}
    layer = {"source": "stay", "article": "第三条"}
    assert cited({}, version, inherited=layer) == "住院待遇办法，第三条"
    assert cited({"source": "other", "article": "第一条"}, version, inherited=layer) == "补充通知，第一条"
    assert cited({}, version) == "—"


def test_a_smallest_claim() -> None:
    example: dict[str, Any] = {
        "care": "inpatient",
        "level": 3,
        "status": "resident",
        "classes": ["orphan"],
        "referred": False,
        "bill": {"total": "420265.60"},
        "shows": {"orphan": "413999.20", "level_3": "1.00", "funds": "0.07"},
    }
    assert claim(example, {"level_3": "三级医疗机构"}) == [
        ("就医", "住院"),
        ("医疗机构", "三级医疗机构"),
        ("人员", "居民"),
        ("身份", "孤儿"),
        ("转诊", "未规范转诊"),
        ("费用（全部在政策范围内）", "420,265.60 元"),
        ("孤儿得", "413,999.20 元"),
        ("按“三级医疗机构”得", "1.00 元"),
        ("基金支付", "0.07 元"),
    ]


def test_differences_in_words() -> None:
    terms = {"code": "level_2", "name": "二级医疗机构", "bands": [{"rate": 750_000}]}
    version = {"layers": [{"code": "pool", "name": "统筹基金", "terms": [terms]}]}
    path = "layers[pool].terms[level_2]"
    assert path_in_words(f"{path}.bands[0].rate", version) == "统筹基金 › 二级医疗机构 › 第 1 段 › 比例"
    assert path_in_words(f"{path}.deductible[1]", version) == "统筹基金 › 二级医疗机构 › 起付线 › 第 2 次"
    assert path_in_words("layers[order]", version) == "次序"
    assert value_in_words(f"{path}.bands[0].rate", 750_000) == "75%"
    assert value_in_words(f"{path}.deductible[1]", 25_000) == "250.00"
    assert value_in_words("layers[pool].cap", None) == "—"
    assert value_in_words("layers[pool].when", {"care": ["inpatient"]}) == "住院"
    assert value_in_words(path, {"code": "x", "name": "新标准", "bands": [{"rate": 900_000}]}) == "名称 新标准，分段 比例 90%"
    assert value_in_words("accepted_findings", {"cliff/pool": "已知"}) == "断崖：已知"
    assert value_in_words("version", "2027") == "2027"


BOOK = {"maker": None, "checker": None, "submitted_by": "lijing", "ending": None}


@pytest.mark.parametrize(
    ("change", "waits", "who"),
    [
        ({"state": "draft"}, "待审核岗检查", []),
        ({"state": "linted"}, "待审核岗试算", []),
        ({"state": "shadow-run"}, "待复核岗经办批准", ["a", "b"]),
        ({"state": "shadow-run", "maker": "a"}, "待另一位复核岗复核批准", ["b"]),
        ({"state": "shadow-run", "maker": "a", "submitted_by": "b"}, "待另一位复核岗复核批准", []),
        ({"state": "approved"}, "待复核岗确认生效", ["a", "b"]),
        ({"state": "effective"}, "—", []),
        (
            {"state": "effective", "ending": {"by": "b", "ends_on": "2026-12-31"}},
            "待另一位复核岗确认退役（有效至 2026-12-31）",
            ["a"],
        ),
        ({"state": "retired"}, "—", []),
    ],
)
def test_who_acts_next(change: dict[str, Any], waits: str, who: list[str]) -> None:
    step = next_step({**BOOK, **change})
    assert step.in_words(mine=False) == waits
    assert [user for user in ("a", "b") if step.waits_for(user, lambda scope: scope == "rules:approve")] == who


def test_amounts_in_wan_are_half_up_to_two_places() -> None:
    assert [wan(n) for n in (0, 4_999, 5_000, 1_234_567_890, -360_000_000, -4_999)] == [
        "0.00",
        "0.00",
        "0.01",
        "1,234.57",
        "−360.00",
        "0.00",
    ]
    assert [round_wan(n) for n in (499_999, 500_000, 1_499_999, -500_000)] == [0, 1, 1, -1]


def test_pairs_of_bars_carry_written_figures_and_a_description() -> None:
    chart = pairs("各基金支付，万元", [("居民基金", 1_000_000, 2_500_000)], ("规则A", "规则B"), wan)
    assert [s["data"] for s in chart.options["series"]] == [
        [{"value": 1_000_000, "label": {"formatter": "1.00"}}],
        [{"value": 2_500_000, "label": {"formatter": "2.50"}}],
    ]
    assert chart.options["aria"]["label"]["description"] == "各基金支付，万元。居民基金：规则A 1.00，规则B 2.50"


def test_bars_to_both_sides_show_counts_without_a_sign() -> None:
    chart = sides("十档", [("第 1 档", 1_100, 150)], ("减负", "增负"), count)
    assert [s["data"] for s in chart.options["series"]] == [
        [{"value": -1_100, "label": {"formatter": "1,100"}}],
        [{"value": 150, "label": {"formatter": "150"}}],
    ]
    assert (chart.options["xAxis"]["min"], chart.options["xAxis"]["max"]) == (-1376, 1376)


def test_a_band_lies_between_its_bounds_also_below_zero() -> None:
    line = Line("规则B", [2_000_000, -3_000_000], [1_000_000, -5_000_000], [3_000_000, -1_000_000])
    chart = band("月末结余", ["2026-01", "2026-02"], line, line)
    low, width, middle = chart.options["series"][:3]
    assert (low["data"], width["data"], width["stackStrategy"]) == ([1, -5], [2, 4], "all")
    assert [middle["data"][0], middle["data"][1]["value"], middle["data"][1]["label"]["formatter"]] == [2, -3, "−3.00"]
    assert "规则B：2026-02 末 −3.00 万元，九成情形在 −5.00 至 −1.00 之间" in chart.options["aria"]["label"]["description"]
