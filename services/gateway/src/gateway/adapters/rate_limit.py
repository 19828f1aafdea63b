"""How often something may be asked, counted in each process by itself: it protects, it is no contract."""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter


class KeyedRateLimit:
    """Implements ``ports.RateLimit``."""

    def __init__(self, item: RateLimitItem) -> None:
        self._item = item
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def allows(self, key: str) -> bool:
        """See the port."""
        return self._limiter.hit(self._item, key)


def per_second(times: int) -> KeyedRateLimit:
    """So many times in each second."""
    return KeyedRateLimit(RateLimitItemPerSecond(times))


def per_minute(times: int) -> KeyedRateLimit:
    """So many times in each minute."""
    return KeyedRateLimit(RateLimitItemPerMinute(times))
