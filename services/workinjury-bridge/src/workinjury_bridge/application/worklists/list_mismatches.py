"""List the pairs of postings that do not match within their limit, each with its cause and what to do (B13, B15.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shared.calendar import WorkCalendar
from shared.clock import Clock
from workinjury_bridge.application.ports import Policies
from workinjury_bridge.application.worklists.ports import Regions, Worklists
from workinjury_bridge.domain.mismatch import PairKind, remedy


@dataclass(frozen=True, slots=True)
class ListMismatches:
    """The limit is the rule book's ``promises.match_within``, in working days."""

    worklists: Worklists
    policies: Policies
    calendar: WorkCalendar
    clock: Clock

    async def run(self, regions: Regions, after: tuple[date, str] | None, limit: int) -> list[dict[str, Any]]:
        """The oldest first, with how many working days each has been open."""
        today = self.clock.today()
        within = self.policies.on(today).promises.match_within
        rows = await self.worklists.open_pairs(regions, self._before(today, within), after, limit)
        return [
            row
            | {
                "working_days": self.calendar.working_days_between(row["since"], today).days,
                "limit_days": within,
                "remedy": remedy(PairKind(row["kind"]), row["state"]),
            }
            for row in rows
        ]

    def _before(self, today: date, within: int) -> date:
        """The first day of which a pair is still in time."""
        day = today
        while self.calendar.working_days_between(day - timedelta(days=1), today).days <= within:
            day -= timedelta(days=1)
        return day
