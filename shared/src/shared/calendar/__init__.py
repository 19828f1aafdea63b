"""The working-day calendar of the state, and limits of the law counted on it."""

from shared.calendar.terms import Limit, Pause, Term, Unit
from shared.calendar.working_days import CalendarError, Count, Due, WorkCalendar, YearPlan, load_calendar, parse_year

__all__ = [
    "CalendarError",
    "Count",
    "Due",
    "Limit",
    "Pause",
    "Term",
    "Unit",
    "WorkCalendar",
    "YearPlan",
    "load_calendar",
    "parse_year",
]
