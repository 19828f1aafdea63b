"""Describe open debts by their age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from shared.clock import Clock
from workinjury_bridge.application.worklists.ports import Regions, Worklists

AGES: Final = (30, 90, 180, 365)
"""Days at which an age ends and the next begins."""


@dataclass(frozen=True, slots=True)
class DescribeAges:
    """An age is the days since the debt was opened, in China."""

    worklists: Worklists
    clock: Clock

    async def run(self, regions: Regions) -> dict[str, Any]:
        """Every age, also the empty ones, youngest first; ``to_days`` of the oldest is None."""
        today = self.clock.today()
        found = await self.worklists.recovery_ages(regions, [today - timedelta(days=days) for days in AGES])
        sums = {row["age"]: row for row in found}
        starts, ends = (0, *(days + 1 for days in AGES)), (*AGES, None)
        rows = [
            {
                "from_days": start,
                "to_days": end,
                "debts": sums[age]["debts"] if age in sums else 0,
                "open_fen": sums[age]["open_fen"] if age in sums else 0,
            }
            for age, (start, end) in enumerate(zip(starts, ends, strict=True))
        ]
        return {
            "on": today,
            "ages": rows,
            "debts": sum(row["debts"] for row in rows),
            "open_fen": sum(row["open_fen"] for row in rows),
        }
