"""The catalogue (医保目录): class, first share and price limits of every item, dated; and its exchange format, CSV rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, cast

from claims.domain.adjudication.split import CatalogueEntry, ChargeClass
from shared.money import MoneyError, rate

CSV_COLUMNS: Final = (
    "code",
    "name",
    "kind",
    "fee_category",
    "charge_class",
    "pre_selfpay_rate",
    "price_limit_1",
    "price_limit_2",
    "price_limit_3",
    "limited_use",
    "in_work_injury_catalogue",
    "valid_from",
    "valid_to",
    "line_class",
    "traditional",
    "per_session",
)
"""Columns of an import. ``charge_class`` A, B, C or 甲, 乙, 丙; ``pre_selfpay_rate`` 0..1, empty: as the class says; price limits
in yuan at facilities of level 1, 2, 3, empty: none; flags 1/0; dates yyyy-MM-dd, ``valid_to`` empty: until the next version."""
IGNORED_COLUMNS: Final = ("reference_price",)
"""Columns that an export may carry for other readers."""
REQUIRED_COLUMNS: Final = ("code", "name", "charge_class", "valid_from")
_CLASSES: Final = {"A": "A", "B": "B", "C": "C", "甲": "A", "乙": "B", "丙": "C", "01": "A", "02": "B", "03": "C"}
_HIGHEST_LIMIT: Final = Decimal(10) ** 9


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItem:
    """One item as valid from a day; the latest version that has begun rules, unless it has ended."""

    code: str
    """med_list_codg."""
    name: str
    charge_class: ChargeClass
    valid_from: date
    valid_to: date | None = None
    """Last valid day; None: until the next version begins."""
    kind: str = ""
    """list_type: 101 drugs, 201 services, 301 materials, ..."""
    fee_category: str = "14"
    """med_chrgitm_type: 03 examination, 09 western drug, ..., 14 other."""
    pre_selfpay_rate: int | None = None
    """Millionths; None: as the class says."""
    price_limits: tuple[Decimal | None, Decimal | None, Decimal | None] = (None, None, None)
    limited_use: bool = False
    in_work_injury_catalogue: bool = False
    line_class: str = ""
    """Class of lines that the rule book treats in its own way; empty: none."""
    traditional: bool = False
    per_session: bool = False
    """A treatment of which each unit is one session (治疗次数, 如血液透析)."""

    def entry(self) -> CatalogueEntry:
        """What the kernel's split needs to know."""
        return CatalogueEntry(
            charge_class=self.charge_class,
            pre_selfpay_rate=self.pre_selfpay_rate,
            price_limits=self.price_limits,
            limited_use=self.limited_use,
            line_class=self.line_class,
            traditional=self.traditional,
        )


def valid_on(versions: list[CatalogueItem], on: date) -> CatalogueItem | None:
    """The version of one item that rules on a day."""
    begun = [version for version in versions if version.valid_from <= on]
    latest = max(begun, key=lambda version: version.valid_from, default=None)
    return None if latest is None or (latest.valid_to is not None and latest.valid_to < on) else latest


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one row of an import; rows count from 1 below the header."""

    row: int
    column: str
    rule: str


def read_row(number: int, row: Mapping[str, str]) -> CatalogueItem | list[RowFault]:
    """One CSV row as an item, or everything that is wrong with it."""
    faults: list[RowFault] = []
    cells = {column: (row.get(column) or "").strip() for column in CSV_COLUMNS}

    def fault(column: str, rule: str) -> None:
        faults.append(RowFault(number, column, rule))

    for column in REQUIRED_COLUMNS:
        if not cells[column]:
            fault(column, "不能为空")
    if len(cells["code"]) > 50:
        fault("code", "不得超过50个字符")
    charge_class = _CLASSES.get(cells["charge_class"].upper())
    if cells["charge_class"] and charge_class is None:
        fault("charge_class", "应为A、B、C（甲、乙、丙）")
    share = _rate(cells["pre_selfpay_rate"])
    if isinstance(share, str):
        fault("pre_selfpay_rate", share)
    limits = [_limit(cells[f"price_limit_{level}"]) for level in (1, 2, 3)]
    for level, limit in enumerate(limits, 1):
        if isinstance(limit, str):
            fault(f"price_limit_{level}", limit)
    flags = {name: cells[name] for name in ("limited_use", "in_work_injury_catalogue", "traditional", "per_session")}
    for name, value in flags.items():
        if value not in ("", "0", "1"):
            fault(name, "应为0或1")
    begins, ends = _day(cells["valid_from"]), _day(cells["valid_to"])
    for name, day in (("valid_from", begins), ("valid_to", ends)):
        if cells[name] and day is None:
            fault(name, "应为日期yyyy-MM-dd")
    if begins and ends and ends < begins:
        fault("valid_to", "早于valid_from")
    if faults or begins is None:
        return faults
    return CatalogueItem(
        code=cells["code"],
        name=cells["name"],
        charge_class=cast(ChargeClass, charge_class),
        valid_from=begins,
        valid_to=ends,
        kind=cells["kind"],
        fee_category=cells["fee_category"].zfill(2) if cells["fee_category"] else "14",
        pre_selfpay_rate=cast(int | None, share),
        price_limits=cast(tuple[Decimal | None, Decimal | None, Decimal | None], tuple(limits)),
        limited_use=flags["limited_use"] == "1",
        in_work_injury_catalogue=flags["in_work_injury_catalogue"] == "1",
        line_class=cells["line_class"],
        traditional=flags["traditional"] == "1",
        per_session=flags["per_session"] == "1",
    )


def _rate(text: str) -> int | str | None:
    if not text:
        return None
    try:
        return rate(text)
    except MoneyError:
        return "应为0到1之间的比例"


def _limit(text: str) -> Decimal | str | None:
    if not text:
        return None
    try:
        limit = Decimal(text)
    except InvalidOperation:
        return "应为金额"
    return limit if limit.is_finite() and 0 <= limit < _HIGHEST_LIMIT else "超出范围"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
