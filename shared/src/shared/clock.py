"""Time comes from a clock that is handed in, never from the library, so that a county can be replayed on a given day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, Protocol

CHINA: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China Standard Time; no daylight saving since 1991, so a fixed offset is exact for all our dates."""


class Clock(Protocol):
    """What code may know about time."""

    def now(self) -> datetime:
        """The present instant, time-zone aware, UTC."""
        ...

    def today(self) -> date:
        """The present calendar day in China."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The present day in China."""
        return self.now().astimezone(CHINA).date()


class FixedClock:
    """A clock that stands still until it is moved; for tests and replays."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._at

    def today(self) -> date:
        """That instant's day in China."""
        return self._at.astimezone(CHINA).date()

    def advance(self, by: timedelta) -> None:
        """Move on by a span."""
        self._at += by

    def set(self, at: datetime) -> None:
        """Move to an instant."""
        self._at = at.astimezone(UTC)


class ShiftedClock:
    """The machine's clock moved by a span: runs, but on another day."""

    def __init__(self, shift: timedelta) -> None:
        self._shift = shift

    def now(self) -> datetime:
        """The shifted instant, UTC."""
        return datetime.now(UTC) + self._shift

    def today(self) -> date:
        """The shifted day in China."""
        return self.now().astimezone(CHINA).date()


def parse_clock(setting: str) -> Clock:
    """``""`` or ``"system"``, ``"fixed:<ISO instant>"``, ``"from:<ISO instant>"`` (runs on from there) to a clock.

    Raises ValueError with the accepted forms. Production settings refuse all but the first (see ``shared.settings``).
    """
    kind, _, rest = setting.partition(":")
    if kind in ("", "system"):
        return SystemClock()
    if kind in ("fixed", "from"):
        at = datetime.fromisoformat(rest)
        if at.tzinfo is None:
            at = at.replace(tzinfo=CHINA)
        return FixedClock(at) if kind == "fixed" else ShiftedClock(at - datetime.now(UTC))
    raise ValueError(f"clock {setting!r}: use '', 'system', 'fixed:<ISO instant>' or 'from:<ISO instant>'")


def local(at: datetime) -> datetime:
    """An instant in China time."""
    return at.astimezone(CHINA)
