"""The dated choices that the bridge reads from its rule book, as typed values (reference B0.2, B0.3, B1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Circumstance(StrEnum):
    """How a service outside the work-injury catalogue came about; it decides who bears it (B0.3)."""

    EMERGENCY = "emergency"
    CONSENTED = "consented"
    UNCONSENTED = "unconsented"
    UNSTATED = "unstated"
    """The medical bill of a converted stay does not say whether consent was asked."""


class Bearer(StrEnum):
    """Who bears what the work-injury fund does not."""

    PERSON = "person"
    HOSPITAL = "hospital"


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgePolicy:
    """The values in force on one day."""

    meals_per_day_fen: int
    """Inpatient meals allowance a day (住院伙食补助费, 工伤保险条例 art. 30)."""
    bearers: Mapping[Circumstance, Bearer]
    """Bearer of costs outside catalogue or above cap, per circumstance (医疗保障基金使用监督管理条例 art. 15)."""
    stay_within_days: int
    """A stay that begins later than this after the accident is a recurrence to be confirmed (B9), not proposed by itself."""
