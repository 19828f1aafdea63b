"""Limits of the law (期限) and clocks that run against them, with pauses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

from shared.calendar.working_days import Count, Due, WorkCalendar


class Unit(Enum):
    """How a limit counts: 工作日 or 日."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of days in a unit; a last day on a day off moves on only in calendar days."""

    days: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stood still: the days after ``begun_on`` up to and including ``ended_on`` are not counted."""

    begun_on: date
    reason: str
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A clock: begun, perhaps paused (补正, 中止), measured against a limit. Every interval is kept.

    Like the first day of the term, the day on which a pause ends is not counted: the clock runs again from the next.
    """

    begun_on: date
    limit: Limit
    pauses: tuple[Pause, ...] = ()

    @property
    def is_paused(self) -> bool:
        """Whether a pause is open."""
        return bool(self.pauses) and self.pauses[-1].ended_on is None

    def pause(self, on: date, reason: str) -> Term:
        """Stop the clock. Raises ValueError when it stands, or for a day before the last change."""
        if self.is_paused:
            raise ValueError("the clock is paused already")
        if on < self._last_change():
            raise ValueError(f"{on} is before the last change of the clock")
        return replace(self, pauses=(*self.pauses, Pause(on, reason)))

    def resume(self, on: date) -> Term:
        """Let the clock run again. Raises ValueError when it runs, or for a day before the pause."""
        if not self.is_paused:
            raise ValueError("the clock is not paused")
        if on < self._last_change():
            raise ValueError(f"{on} is before the last change of the clock")
        return replace(self, pauses=(*self.pauses[:-1], replace(self.pauses[-1], ended_on=on)))

    def used(self, calendar: WorkCalendar, on: date) -> Count:
        """Days of the limit's unit used up by the end of ``on``."""
        total = self._count(calendar, self.begun_on, on)
        paused = [self._count(calendar, p.begun_on, min(p.ended_on or on, on)) for p in self.pauses if p.begun_on < on]
        return Count(total.days - sum(p.days for p in paused), total.provisional)

    def due(self, calendar: WorkCalendar) -> Due | None:
        """The last day of the term; None while it is paused, because nobody knows yet."""
        if self.is_paused:
            return None
        start, left = self.begun_on, self.limit.days
        for p in self.pauses:
            ran = self._count(calendar, start, p.begun_on).days
            if ran >= left:
                break  # paused when it was over already
            start, left = p.ended_on or p.begun_on, left - ran
        add = calendar.add_working_days if self.limit.unit is Unit.WORKING_DAYS else calendar.add_calendar_days
        end = add(start, left)
        # What was counted before the last pause may have touched a provisional year too.
        return Due(end.on, end.provisional or calendar.working_days_between(self.begun_on, end.on).provisional)

    def _count(self, calendar: WorkCalendar, start: date, end: date) -> Count:
        working = calendar.working_days_between(start, end)
        if self.limit.unit is Unit.WORKING_DAYS:
            return working
        return Count((end - start) // timedelta(days=1), working.provisional)

    def _last_change(self) -> date:
        return max([self.begun_on, *(p.ended_on or p.begun_on for p in self.pauses)])
