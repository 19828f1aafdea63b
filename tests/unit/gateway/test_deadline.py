"""Lights on the exact days of the 2026 calendar (国办发明电〔2025〕7号)."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.deadline import Light, due_if_resumed, light, worst
from shared.calendar import Limit, Term, Unit, load_calendar

CALENDAR = load_calendar()
WORKING, CALENDAR_DAYS = Unit.WORKING_DAYS, Unit.CALENDAR_DAYS


@pytest.mark.parametrize(
    ("begun", "days", "expected"),
    [
        (date(2026, 4, 30), 3, date(2026, 5, 8)),
        (date(2026, 5, 8), 5, date(2026, 5, 14)),
        (date(2026, 9, 28), 3, date(2026, 10, 8)),
        (date(2026, 2, 12), 3, date(2026, 2, 24)),
        (date(2026, 9, 30), 15, date(2026, 10, 27)),
        (date(2026, 3, 2), 42, date(2026, 4, 30)),
        (date(2026, 3, 2), 3, date(2026, 3, 5)),
    ],
)
def test_the_published_examples_of_working_days(begun: date, days: int, expected: date) -> None:
    assert due_if_resumed(Term(begun, Limit(days, WORKING)), begun, CALENDAR) == (expected, False)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 9, 30), Light.GREEN),
        (date(2026, 10, 20), Light.GREEN),  # 5 of 15 left
        (date(2026, 10, 21), Light.YELLOW),  # 4 left, under 30 %
        (date(2026, 10, 27), Light.YELLOW),  # the last day
        (date(2026, 10, 28), Light.RED),
    ],
)
def test_fifteen_working_days_over_the_golden_week(today: date, expected: Light) -> None:
    assert light(today, date(2026, 9, 30), date(2026, 10, 27), WORKING, CALENDAR) is expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 4, 30), Light.GREEN),
        (date(2026, 5, 5), Light.GREEN),  # holidays: all three days are left
        (date(2026, 5, 6), Light.GREEN),  # two left
        (date(2026, 5, 7), Light.YELLOW),  # one working day left
        (date(2026, 5, 8), Light.YELLOW),
        (date(2026, 5, 9), Light.RED),  # a Saturday that is worked
    ],
)
def test_three_working_days_turn_yellow_one_day_before_the_end(today: date, expected: Light) -> None:
    assert light(today, date(2026, 4, 30), date(2026, 5, 8), WORKING, CALENDAR) is expected


def test_calendar_days_are_yellow_when_only_one_working_day_is_left() -> None:
    begun, due = date(2026, 2, 6), date(2026, 2, 24)  # 15 days end in the spring festival and move on
    assert due_if_resumed(Term(begun, Limit(15, CALENDAR_DAYS)), begun, CALENDAR) == (due, False)
    assert light(date(2026, 2, 13), begun, due, CALENDAR_DAYS, CALENDAR) is Light.GREEN  # 11 days, two of them worked
    assert light(date(2026, 2, 14), begun, due, CALENDAR_DAYS, CALENDAR) is Light.YELLOW  # a worked Saturday; then one is left


def test_an_unannounced_year_is_provisional() -> None:
    term = Term(date(2026, 12, 30), Limit(3, WORKING))
    due_on, provisional = due_if_resumed(term, date(2026, 12, 30), CALENDAR)
    assert (due_on, provisional) == (date(2027, 1, 5), True)


def test_a_paused_clock_is_taken_to_run_on_after_today() -> None:
    term = Term(date(2026, 3, 2), Limit(3, WORKING)).pause(date(2026, 3, 3), "中止")
    assert due_if_resumed(term, date(2026, 3, 10), CALENDAR) == (date(2026, 3, 12), False)


def test_the_worst_light_rules() -> None:
    assert worst([Light.GREEN, Light.RED, Light.YELLOW]) is Light.RED
    assert worst([Light.GREEN, Light.YELLOW]) is Light.YELLOW
    assert worst([]) is None
