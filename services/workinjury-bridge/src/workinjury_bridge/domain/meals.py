"""The inpatient meals allowance (住院伙食补助费, 工伤保险条例 art. 30; reference B0.2)."""

from __future__ import annotations

from datetime import date


def inpatient_days(admitted_on: date, discharged_on: date) -> int:
    """Discharge minus admission, at least one day."""
    return max(1, (discharged_on - admitted_on).days)


def meals_fen(admitted_on: date, discharged_on: date, per_day_fen: int) -> int:
    """The allowance for one stay."""
    return inpatient_days(admitted_on, discharged_on) * per_day_fen
