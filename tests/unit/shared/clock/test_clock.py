from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from shared.clock import CHINA, FixedClock, ShiftedClock, SystemClock, local, parse_clock

NEW_YEARS_EVE = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
"""Midnight in China."""


def test_the_day_is_the_day_in_china() -> None:
    assert FixedClock(NEW_YEARS_EVE).today() == date(2026, 1, 1)
    assert FixedClock(NEW_YEARS_EVE - timedelta(microseconds=1)).today() == date(2025, 12, 31)


def test_a_fixed_clock_stands_until_it_is_moved() -> None:
    clock = FixedClock(datetime(2026, 3, 2, 9, tzinfo=CHINA))
    assert clock.now() == datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(hours=15))
    assert (clock.now(), clock.today()) == (datetime(2026, 3, 2, 16, tzinfo=UTC), date(2026, 3, 3))
    clock.set(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-5))))
    assert clock.now() == datetime(2026, 1, 1, 5, tzinfo=UTC)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 1, 1))  # noqa: DTZ001 - what the clock must refuse


def test_the_systems_clock_is_aware_and_runs() -> None:
    clock = SystemClock()
    before = datetime.now(UTC)
    first, second = clock.now(), clock.now()
    assert before <= first <= second
    assert first.tzinfo is UTC


def test_a_shifted_clock_runs_on_another_day() -> None:
    clock = ShiftedClock(timedelta(days=-400))
    real = datetime.now(UTC)
    assert timedelta(days=-400) <= clock.now() - real < timedelta(days=-399)
    assert clock.today() == clock.now().astimezone(CHINA).date()


def test_settings_name_a_clock() -> None:
    assert isinstance(parse_clock(""), SystemClock)
    assert isinstance(parse_clock("system"), SystemClock)
    assert parse_clock("fixed:2026-03-02T09:00:00").now() == datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert parse_clock("fixed:2026-03-02T09:00:00+00:00").now() == datetime(2026, 3, 2, 9, tzinfo=UTC)
    shifted = parse_clock("from:2026-03-02T09:00:00")
    assert isinstance(shifted, ShiftedClock)
    assert shifted.now() >= datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert shifted.today() == date(2026, 3, 2)


@pytest.mark.parametrize("setting", ["fixed", "fixed:", "fixed:yesterday", "from:2026-13-01", "tomorrow", "shifted:1"])
def test_other_settings_are_refused(setting: str) -> None:
    with pytest.raises(ValueError, match=r"clock|isoformat|month"):
        parse_clock(setting)


def test_an_instant_in_china_time() -> None:
    assert local(NEW_YEARS_EVE).isoformat() == "2026-01-01T00:00:00+08:00"
