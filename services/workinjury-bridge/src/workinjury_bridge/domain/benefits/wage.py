"""Own wage (本人工资): the base of almost every cash benefit (工伤保险条例 64)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workinjury_bridge.domain.benefits.calculation import NOTHING, Calculation, percent_of
from workinjury_bridge.domain.benefits.refusals import wage_invalid
from workinjury_bridge.domain.benefits.rules import WageBounds
from workinjury_bridge.domain.policy import Sourced

_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWage:
    """Own wage of one injury, with its calculation."""

    case_id: str
    monthly_wages_fen: tuple[int, ...]
    """Contribution wages of the twelve months before the accident; fewer when the person worked for less."""
    average_fen: int
    """Before the bounds."""
    calculation: Calculation

    @property
    def own_wage_fen(self) -> int:
        """Within the bounds."""
        return self.calculation.amount_fen


def own_wage(case_id: str, monthly_wages_fen: Sequence[int], bounds: WageBounds, area_wage: int, figures: Sourced) -> OwnWage:
    """The average of the months, not below and not above the bounds on the area's average wage. Refuses 0 or more than 12 months."""
    wages = tuple(monthly_wages_fen)
    if not 1 <= len(wages) <= _MONTHS or min(wages) < 0 or not sum(wages):
        raise wage_invalid()
    average = (2 * sum(wages) + len(wages)) // (2 * len(wages))
    lowest, highest = percent_of(area_wage, bounds.lowest_percent), percent_of(area_wage, bounds.highest_percent)
    calculation = (
        NOTHING.then("统筹地区月平均工资", area_wage, figures)
        .then(f"前{len(wages)}个月平均缴费工资", average, bounds)
        .then(f"本人工资（{bounds.lowest_percent}%至{bounds.highest_percent}%）", min(max(average, lowest), highest), bounds)
    )
    return OwnWage(case_id=case_id, monthly_wages_fen=wages, average_fen=average, calculation=calculation)
