"""Filings (备案): what a person has declared or been certified for before care, as the rules look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

FilingKind = Literal["referral", "chronic", "chosen", "long_term"]
"""转院备案 (2501), 慢特病备案 (2503), 定点备案 (2505), 长期异地居住备案."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One filing that stands."""

    filing_id: str
    """trt_dcla_detl_sn."""
    kind: FilingKind
    code: str
    """The disease for a chronic filing; the institution for a referral or a chosen one, empty: any; the region for long-term
    residence elsewhere."""
    begins_on: date
    ends_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it counts on a day."""
        return self.begins_on <= day and (self.ends_on is None or day <= self.ends_on)
