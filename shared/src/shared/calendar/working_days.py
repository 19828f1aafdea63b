"""Which days the state works, and how working days are counted.

Holidays are data, one YAML file per year with the number of the State Council's notice. The arrangement of a year is
announced in the November before; until its file exists a year is *provisional*: weekends and the holidays that the law
itself fixes by date count as days off, and every result that touched the year says so, to be computed again later.
The first day of a span is never counted (民法典 art. 201).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from typing import Any, Final

import yaml

_DAY: Final = timedelta(days=1)
_FIXED_HOLIDAYS: Final = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
"""Days off by their date (全国年节及纪念日放假办法 art. 2, as of 2025); the others follow the moon and the notice."""


class CalendarError(ValueError):
    """A year's data contradict themselves; the message names the year and the day."""


@dataclass(frozen=True, slots=True)
class YearPlan:
    """The announced arrangement of one year (节假日安排)."""

    year: int
    notice: str
    """Number of the notice, for example 国办发明电〔2025〕7号."""
    dated: date
    off: frozenset[date]
    working_weekend_days: frozenset[date]


@dataclass(frozen=True, slots=True)
class Due:
    """A last day, and whether a year without announced holidays was counted through."""

    on: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class Count:
    """A number of days, and whether a year without announced holidays was counted through."""

    days: int
    provisional: bool


class WorkCalendar:
    """Counts days on the arrangements it is given."""

    def __init__(self, plans: Iterable[YearPlan]) -> None:
        self._plans = {plan.year: plan for plan in plans}

    def is_working_day(self, day: date) -> bool:
        """Whether offices work that day; for a provisional year as far as the law alone says."""
        plan = self._plans.get(day.year)
        if plan is None:
            return day.weekday() < 5 and (day.month, day.day) not in _FIXED_HOLIDAYS
        if day in plan.off:
            return False
        return day.weekday() < 5 or day in plan.working_weekend_days

    def is_provisional(self, year: int) -> bool:
        """Whether the year's arrangement is not announced (or not known here)."""
        return year not in self._plans

    def notice(self, year: int) -> str | None:
        """The number of the notice that arranged the year; None while provisional."""
        plan = self._plans.get(year)
        return plan.notice if plan else None

    def add_working_days(self, start: date, days: int) -> Due:
        """The last day of a limit of ``days`` working days that began on ``start``; 0 is ``start`` itself.

        Raises ValueError for a negative number.
        """
        if days < 0:
            raise ValueError("a limit is not negative")
        day, left = start, days
        while left:
            day += _DAY
            left -= self.is_working_day(day)
        return Due(day, self._touches_provisional(start, day))

    def add_calendar_days(self, start: date, days: int) -> Due:
        """The last day of a limit of ``days`` calendar days; on a day off it moves to the next working day (民法典 203)."""
        if days < 0:
            raise ValueError("a limit is not negative")
        return self.on_or_after(start + timedelta(days=days), since=start)

    def on_or_after(self, day: date, *, since: date | None = None) -> Due:
        """``day`` if it is a working day, otherwise the next one; ``since``: where the counting began."""
        first = since or day
        while not self.is_working_day(day):
            day += _DAY
        return Due(day, self._touches_provisional(first, day))

    def working_days_between(self, start: date, end: date) -> Count:
        """Working days after ``start`` up to and including ``end``; negative when ``end`` is earlier."""
        if end < start:
            back = self.working_days_between(end, start)
            return Count(-back.days, back.provisional)
        span = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
        return Count(sum(map(self.is_working_day, span)), self._touches_provisional(start, end))

    def _touches_provisional(self, start: date, end: date) -> bool:
        # The first day is not counted, so its year does not matter unless it is the whole span.
        first = min(start + _DAY, end)
        return any(self.is_provisional(year) for year in range(first.year, end.year + 1))


def parse_year(year: int, text: str) -> YearPlan:
    """One year's YAML to a plan. Raises CalendarError naming what is wrong."""
    data: Any = yaml.safe_load(text)
    if not isinstance(data, dict) or data.keys() != {"notice", "dated", "days_off", "working_weekend_days"}:
        raise CalendarError(f"{year}: needs exactly notice, dated, days_off, working_weekend_days")
    off: set[date] = set()
    for entry in data["days_off"]:
        if entry["to"] < entry["from"]:
            raise CalendarError(f"{year}: {entry['name']} ends before it begins")
        span = {entry["from"] + timedelta(days=n) for n in range((entry["to"] - entry["from"]).days + 1)}
        if off & span:
            raise CalendarError(f"{year}: {entry['name']} overlaps another holiday")
        off |= span
    shifted = set(data["working_weekend_days"])
    for day in sorted(off | shifted):
        if day.year != year:
            raise CalendarError(f"{year}: {day} is another year")
    for day in sorted(shifted):
        if day.weekday() < 5 or day in off:
            raise CalendarError(f"{year}: {day} is no weekend day that is worked")
    return YearPlan(year, data["notice"], data["dated"], frozenset(off), frozenset(shifted))


def load_calendar() -> WorkCalendar:
    """The calendar of every year whose notice ships with this package."""
    files = (f for f in resources.files(__package__).iterdir() if f.name.endswith(".yaml"))
    return WorkCalendar(parse_year(int(f.name.removesuffix(".yaml")), f.read_text(encoding="utf-8")) for f in files)
