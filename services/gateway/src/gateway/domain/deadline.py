"""Lights (reference D1, D2): how a running clock stands on a day."""

from __future__ import annotations

from datetime import date
from enum import Enum

from shared.calendar import Term, Unit, WorkCalendar


class Light(Enum):
    """How a clock stands; the order is that of urgency."""

    GREEN = "green"
    YELLOW = "yellow"
    """At most 30 % of the promised time is left, or one working day."""
    RED = "red"
    """Overdue."""


def due_if_resumed(term: Term, today: date, calendar: WorkCalendar) -> tuple[date, bool]:
    """The last day of a term and whether it is provisional; a clock that stands is taken to run on after ``today``."""
    due = (term.resume(max(today, term.pauses[-1].begun_on)) if term.is_paused else term).due(calendar)
    assert due is not None, "a term that is not paused has a last day"
    return due.on, due.provisional


def light(today: date, begun_on: date, due_on: date, unit: Unit, calendar: WorkCalendar) -> Light:
    """The light on ``today`` of a clock that has run since ``begun_on`` and ends with ``due_on``."""
    if today > due_on:
        return Light.RED
    left = days_left(today, due_on, unit, calendar)
    promised = days_left(begun_on, due_on, unit, calendar)
    last_day = calendar.working_days_between(today, due_on).days <= 1
    return Light.YELLOW if last_day or left * 10 <= promised * 3 else Light.GREEN


def days_left(today: date, due_on: date, unit: Unit, calendar: WorkCalendar) -> int:
    """Days of ``unit`` after ``today`` up to and with ``due_on``; negative when overdue."""
    if unit is Unit.CALENDAR_DAYS:
        return (due_on - today).days
    return calendar.working_days_between(today, due_on).days


def worst(lights: list[Light]) -> Light | None:
    """The most urgent of some lights, None of none."""
    return max(lights, key=list(Light).index, default=None)
