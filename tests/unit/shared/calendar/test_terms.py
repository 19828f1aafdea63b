from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import Count, Due, Limit, Pause, Term, Unit, load_calendar

CALENDAR = load_calendar()
THREE = Limit(3, Unit.WORKING_DAYS)
FIFTEEN_DAYS = Limit(15, Unit.CALENDAR_DAYS)


def test_without_pause_it_is_the_plain_limit() -> None:
    assert Term(date(2026, 4, 30), THREE).due(CALENDAR) == Due(date(2026, 5, 8), provisional=False)
    assert Term(date(2026, 3, 2), FIFTEEN_DAYS).due(CALENDAR) == Due(date(2026, 3, 17), provisional=False)


def test_paused_days_are_not_counted() -> None:
    # Mon 2 March + 3: Tue counts, paused on Tue, goes on Fri; Mon and Tue of the next week count.
    term = Term(date(2026, 3, 2), THREE).pause(date(2026, 3, 3), "补正")
    assert term.is_paused
    assert term.due(CALENDAR) is None
    assert term.used(CALENDAR, date(2026, 3, 20)) == Count(1, provisional=False)
    term = term.resume(date(2026, 3, 6))
    assert not term.is_paused
    assert term.pauses == (Pause(date(2026, 3, 3), "补正", date(2026, 3, 6)),)
    assert term.due(CALENDAR) == Due(date(2026, 3, 10), provisional=False)
    assert term.used(CALENDAR, date(2026, 3, 10)) == Count(3, provisional=False)


def test_calendar_days_pause_too_and_the_end_still_moves() -> None:
    term = Term(date(2026, 3, 2), FIFTEEN_DAYS).pause(date(2026, 3, 7), "中止").resume(date(2026, 3, 11))
    assert term.due(CALENDAR) == Due(date(2026, 3, 23), provisional=False)  # 21 March is a Saturday
    assert term.used(CALENDAR, date(2026, 3, 21)) == Count(15, provisional=False)


def test_two_pauses() -> None:
    term = Term(date(2026, 3, 2), THREE)
    term = term.pause(date(2026, 3, 3), "a").resume(date(2026, 3, 4)).pause(date(2026, 3, 5), "b").resume(date(2026, 3, 9))
    assert term.due(CALENDAR) == Due(date(2026, 3, 10), provisional=False)


def test_a_pause_after_the_end_changes_nothing() -> None:
    term = Term(date(2026, 3, 2), THREE).pause(date(2026, 3, 10), "late").resume(date(2026, 3, 20))
    assert term.due(CALENDAR) == Due(date(2026, 3, 5), provisional=False)


def test_a_pause_that_begins_on_the_first_day() -> None:
    term = Term(date(2026, 3, 2), THREE).pause(date(2026, 3, 2), "补正").resume(date(2026, 3, 4))
    assert term.due(CALENDAR) == Due(date(2026, 3, 9), provisional=False)


def test_a_provisional_year_shows_even_when_only_the_pause_lay_in_it() -> None:
    term = Term(date(2023, 12, 28), THREE).pause(date(2023, 12, 29), "补正").resume(date(2024, 1, 3))
    assert term.due(CALENDAR) == Due(date(2024, 1, 5), provisional=True)


@pytest.mark.parametrize("on", [date(2026, 3, 1), date(2026, 2, 1)])
def test_the_clock_does_not_go_back(on: date) -> None:
    term = Term(date(2026, 3, 2), THREE)
    with pytest.raises(ValueError, match="before the last change"):
        term.pause(on, "x")
    with pytest.raises(ValueError, match="before the last change"):
        term.pause(date(2026, 3, 3), "x").resume(on)


def test_pausing_twice_or_resuming_a_running_clock_is_refused() -> None:
    term = Term(date(2026, 3, 2), THREE)
    with pytest.raises(ValueError, match="not paused"):
        term.resume(date(2026, 3, 3))
    with pytest.raises(ValueError, match="paused already"):
        term.pause(date(2026, 3, 3), "x").pause(date(2026, 3, 4), "y")


@given(st.dates(date(2024, 1, 1), date(2025, 6, 1)), st.integers(1, 40), st.lists(st.integers(0, 20), max_size=6))
def test_used_days_reach_the_limit_exactly_on_the_due_day(start: date, days: int, gaps: list[int]) -> None:
    term, on = Term(start, Limit(days, Unit.WORKING_DAYS)), start
    for gap in gaps:
        on += timedelta(days=gap)
        term = term.resume(on) if term.is_paused else term.pause(on, "x")
    if term.is_paused:
        term = term.resume(on)
    due = term.due(CALENDAR)
    assert due is not None
    assert term.used(CALENDAR, due.on).days == days
    assert term.used(CALENDAR, due.on - timedelta(days=1)).days < days
