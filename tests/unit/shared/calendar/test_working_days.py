from collections.abc import Callable
from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import CalendarError, Count, Due, WorkCalendar, load_calendar, parse_year

CALENDAR = load_calendar()
PUBLISHED_IS_WORKDAY: Callable[[date], bool] = chinese_calendar.is_workday
KNOWN_DAYS = st.dates(date(2024, 1, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 4, 30), 3, date(2026, 5, 8)),
        (date(2026, 5, 8), 5, date(2026, 5, 14)),  # Saturday 9 May is worked
        (date(2026, 9, 28), 3, date(2026, 10, 8)),
        (date(2026, 2, 12), 3, date(2026, 2, 24)),
        (date(2026, 9, 30), 15, date(2026, 10, 27)),
        (date(2026, 3, 2), 42, date(2026, 4, 30)),
        (date(2026, 3, 2), 3, date(2026, 3, 5)),
        (date(2026, 3, 2), 0, date(2026, 3, 2)),
    ],
)
def test_published_values(start: date, days: int, end: date) -> None:
    assert CALENDAR.add_working_days(start, days) == Due(end, provisional=False)
    assert CALENDAR.working_days_between(start, end) == Count(days, provisional=False)


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_agrees_with_the_published_package(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    assert [d for d in days if CALENDAR.is_working_day(d) != PUBLISHED_IS_WORKDAY(d)] == []


def test_notices() -> None:
    assert {year: CALENDAR.notice(year) for year in (2023, 2024, 2025, 2026, 2027)} == {
        2023: None,
        2024: "国办发明电〔2023〕7号",
        2025: "国办发明电〔2024〕12号",
        2026: "国办发明电〔2025〕7号",
        2027: None,
    }


def test_an_unannounced_year_is_provisional_and_never_an_error() -> None:
    assert CALENDAR.is_provisional(2027)
    assert not CALENDAR.is_provisional(2026)
    # Thu 31 Dec 2026; 1 Jan 2027 (Fri) is off by law, 2 and 3 Jan are a weekend.
    assert CALENDAR.add_working_days(date(2026, 12, 31), 1) == Due(date(2027, 1, 4), provisional=True)
    assert CALENDAR.add_working_days(date(2026, 12, 30), 1) == Due(date(2026, 12, 31), provisional=False)
    assert not CALENDAR.is_working_day(date(2027, 10, 1))
    assert CALENDAR.is_working_day(date(2027, 10, 4))
    # A start in an unknown year that is not counted does not matter.
    assert CALENDAR.add_working_days(date(2023, 12, 31), 1) == Due(date(2024, 1, 2), provisional=False)
    assert CALENDAR.working_days_between(date(2026, 12, 31), date(2027, 1, 4)) == Count(1, provisional=True)


@pytest.mark.parametrize(
    ("start", "days", "end", "provisional"),
    [
        (date(2026, 4, 1), 30, date(2026, 5, 6), False),  # 1 May and the holiday
        (date(2026, 3, 2), 15, date(2026, 3, 17), False),
        (date(2026, 4, 24), 15, date(2026, 5, 9), False),  # a Saturday that is worked
        (date(2026, 12, 2), 30, date(2027, 1, 4), True),
        (date(2026, 3, 7), 0, date(2026, 3, 9), False),
    ],
)
def test_calendar_days_move_to_the_next_working_day(start: date, days: int, end: date, provisional: bool) -> None:
    assert CALENDAR.add_calendar_days(start, days) == Due(end, provisional)


def test_counting_backwards_is_negative() -> None:
    assert CALENDAR.working_days_between(date(2026, 5, 8), date(2026, 4, 30)) == Count(-3, provisional=False)


@given(KNOWN_DAYS, st.integers(1, 120))
def test_adding_and_counting_are_inverse_and_end_on_a_working_day(start: date, days: int) -> None:
    due = CALENDAR.add_working_days(start, days)
    assert CALENDAR.is_working_day(due.on)
    assert CALENDAR.working_days_between(start, due.on).days == days


def test_negative_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        CALENDAR.add_working_days(date(2026, 3, 2), -1)
    with pytest.raises(ValueError, match="not negative"):
        CALENDAR.add_calendar_days(date(2026, 3, 2), -1)


GOOD = """
notice: 第1号
dated: 2029-11-01
days_off: [{name: 元旦, from: 2030-01-01, to: 2030-01-03}]
working_weekend_days: [2030-01-05]
"""


def test_a_new_year_is_a_new_file() -> None:
    calendar = WorkCalendar([parse_year(2030, GOOD)])
    assert calendar.add_working_days(date(2029, 12, 31), 2) == Due(date(2030, 1, 5), provisional=False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("notice: 第1号", "", "2030: needs exactly"),
        ("dated: 2029-11-01", "dated: 2029-11-01\nextra: 1", "2030: needs exactly"),
        ("to: 2030-01-03", "to: 2029-12-31", "元旦 ends before it begins"),
        ("to: 2030-01-03}", "to: 2030-01-03}, {name: 又, from: 2030-01-03, to: 2030-01-04}", "又 overlaps another holiday"),
        ("from: 2030-01-01", "from: 2029-12-31", "2030: 2029-12-31 is another year"),
        ("[2030-01-05]", "[2030-01-07]", "2030-01-07 is no weekend day"),
        ("to: 2030-01-03", "to: 2030-01-05", "2030-01-05 is no weekend day"),
    ],
)
def test_contradicting_data_are_refused(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(CalendarError, match=message):
        parse_year(2030, GOOD.replace(old, new))
