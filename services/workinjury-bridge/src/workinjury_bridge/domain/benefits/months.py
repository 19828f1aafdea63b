"""Months, as their first day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta


def month_of(day: date) -> date:
    """The month of a day."""
    return day.replace(day=1)


def months_later(month: date, number: int) -> date:
    """The month ``number`` months after (before, when negative) the month of ``month``."""
    year, index = divmod(month.year * 12 + month.month - 1 + number, 12)
    return date(year, index + 1, 1)


def same_day_later(day: date, months: int) -> date:
    """The same day ``months`` months later, or the last of that month when it is shorter."""
    month = months_later(day, months)
    return min(month + timedelta(days=day.day - 1), months_later(month, 1) - timedelta(days=1))


def months_through(first: date, last: date) -> Iterator[date]:
    """Every month from ``first`` to ``last``, both included; none when ``last`` is earlier."""
    month = month_of(first)
    while month <= last:
        yield month
        month = months_later(month, 1)
