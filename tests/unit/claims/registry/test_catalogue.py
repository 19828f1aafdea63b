"""The catalogue's CSV: every fault of every row is named, nothing is guessed; versions by date."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from claims.application.registry.import_catalogue import read_items
from claims.domain.catalogue import CSV_COLUMNS, CatalogueItem, valid_on
from shared.errors import Refusal

HEADER = ",".join(CSV_COLUMNS)
FULL = "XA01,阿司匹林,101,9,乙,0.1,1.5,2,,1,1,2024-01-01,2024-12-31,implant,1,1"


def faults(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(Refusal) as caught:
        read_items(text.encode())
    assert caught.value.code == "claims.catalogue.import"
    return [(f["row"], f["column"], f["rule"]) for f in caught.value.facts["faults"]]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_full_row(charset: str) -> None:
    assert read_items(f"{HEADER}\r\n{FULL}\r\n".encode(charset)) == [
        CatalogueItem(
            code="XA01",
            name="阿司匹林",
            kind="101",
            fee_category="09",
            charge_class="B",
            pre_selfpay_rate=100_000,
            price_limits=(Decimal("1.5"), Decimal(2), None),
            limited_use=True,
            in_work_injury_catalogue=True,
            valid_from=date(2024, 1, 1),
            valid_to=date(2024, 12, 31),
            line_class="implant",
            traditional=True,
            per_session=True,
        )
    ]


def test_the_shortest_row_in_another_order() -> None:
    (item,) = read_items("valid_from,charge_class,name,code,reference_price\n2024-01-01,A,检查,S1,9.9\n".encode())
    assert item == CatalogueItem(code="S1", name="检查", charge_class="A", valid_from=date(2024, 1, 1))


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("code", "", "不能为空"),
        ("code", "x" * 51, "不得超过50个字符"),
        ("name", " ", "不能为空"),
        ("charge_class", "", "不能为空"),
        ("charge_class", "D", "应为A、B、C（甲、乙、丙）"),
        ("pre_selfpay_rate", "1.1", "应为0到1之间的比例"),
        ("pre_selfpay_rate", "10%", "应为0到1之间的比例"),
        ("price_limit_2", "x", "应为金额"),
        ("price_limit_2", "-1", "超出范围"),
        ("price_limit_3", "NaN", "超出范围"),
        ("limited_use", "是", "应为0或1"),
        ("in_work_injury_catalogue", "2", "应为0或1"),
        ("valid_from", "2024/1/1", "应为日期yyyy-MM-dd"),
        ("valid_to", "2023-12-31", "早于valid_from"),
    ],
)
def test_a_fault_names_row_column_and_rule(column: str, value: str, rule: str) -> None:
    row = dict(zip(CSV_COLUMNS, FULL.split(","), strict=True)) | {column: value}
    assert faults(f"{HEADER}\n{FULL.replace('XA01', 'XA02')}\n{','.join(row.values())}\n") == [(2, column, rule)]


def test_faults_of_the_whole_file() -> None:
    assert faults("code,name\n1,2\n") == [(0, "charge_class", "缺少该列"), (0, "valid_from", "缺少该列")]
    assert faults(f"{HEADER},price\n{FULL},1\n") == [(0, "price", "没有该列")]
    assert faults(f"{HEADER}\n") == [(0, "", "没有数据行")]
    assert faults(f"{HEADER}\n{FULL}\n{FULL}\n") == [(2, "code", "与前面的行编码和生效日期相同")]
    assert faults(f"{HEADER}\n" + "x\n" * 3)[0] == (1, "name", "不能为空")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(Refusal, match=r"claims\.catalogue\.charset"):
        read_items(b"\xff\xff")


def test_the_version_of_a_day() -> None:
    old = CatalogueItem(code="X", name="x", charge_class="C", valid_from=date(2024, 1, 1))
    new = CatalogueItem(code="X", name="x", charge_class="A", valid_from=date(2026, 3, 10), valid_to=date(2026, 12, 31))
    versions = [new, old]
    assert valid_on(versions, date(2023, 12, 31)) is None
    assert valid_on(versions, date(2024, 1, 1)) is old
    assert valid_on(versions, date(2026, 3, 9)) is old
    assert valid_on(versions, date(2026, 3, 10)) is new
    assert valid_on(versions, date(2027, 1, 1)) is None
    assert valid_on([], date(2026, 1, 1)) is None
