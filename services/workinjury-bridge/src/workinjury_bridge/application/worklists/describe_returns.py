"""Describe what came back to each fund, and how fast people got their money: the director's figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.calendar import WorkCalendar
from shared.clock import Clock
from workinjury_bridge.application.ports import Policies
from workinjury_bridge.application.worklists.ports import Regions, Worklists


@dataclass(frozen=True, slots=True)
class DescribeReturns:
    """Days run from the day of the decision to the day of the refund, in working days."""

    worklists: Worklists
    policies: Policies
    calendar: WorkCalendar
    clock: Clock

    async def run(self, regions: Regions, since: date, until: date) -> dict[str, Any]:
        """``{months, days, within, refunds, in_time, open}``."""
        refunds = await self.worklists.refunded(regions, since, until)
        days: Counter[int] = Counter()
        for group in refunds:
            days[self.calendar.working_days_between(group.decided_on, group.paid_on).days] += group.refunds
        within = self.policies.on(self.clock.today()).promises.refund_within
        return {
            "since": since,
            "until": until,
            "months": await self.worklists.returned(regions, since, until),
            "within": within,
            "days": [{"working_days": n, "refunds": days[n]} for n in sorted(days)],
            "refunds": days.total(),
            "in_time": sum(count for n, count in days.items() if n <= within),
            "open": await self.worklists.open_sums(regions),
        }
