"""Filings (备案): what a person has declared or been certified for before care, as the rules look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.errors import invalid

FilingKind = Literal["referral", "chronic", "chosen", "long_term"]
"""转院备案 (2501), 人员慢特病备案 (2503), 人员定点备案 (2505), 异地长期居住备案."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One filing that stands. Raises Refusal when it ends before it begins or names nothing where it must."""

    filing_id: str
    """trt_dcla_detl_sn."""
    kind: FilingKind
    code: str
    """The disease for a chronic filing; the institution for a referral or a chosen one, empty for a referral to any; the
    region for long-term residence elsewhere."""
    begins_on: date
    ends_on: date | None = None

    def __post_init__(self) -> None:
        if self.ends_on is not None and self.ends_on < self.begins_on:
            raise invalid("claims.filing.ends-before-begins", "结束日期(enddate)早于开始日期(begndate)", field="enddate")
        if not self.code and self.kind != "referral":
            raise invalid("claims.filing.code", "备案的病种、机构或地区不能为空", field="code")

    def holds_on(self, day: date) -> bool:
        """Whether it counts on a day."""
        return self.begins_on <= day and (self.ends_on is None or day <= self.ends_on)

    def same_as(self, other: Filing) -> bool:
        """Whether both declare the same and meet in time: one of them is enough."""
        apart = (self.ends_on is not None and self.ends_on < other.begins_on) or (
            other.ends_on is not None and other.ends_on < self.begins_on
        )
        return (self.kind, self.code) == (other.kind, other.code) and not apart
