"""How often something may be asked, counted in each process by itself: it protects, it is no contract.

Of our own, because the in-memory storage of the ``limits`` package starts a thread for nearly every window that ends and
lets the caller wait for it: on the way of a HIS message that was a third of the processor time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable


class KeyedRateLimit:
    """Implements ``ports.RateLimit``: so many times per key in each window of ``window_s`` seconds."""

    def __init__(self, times: int, window_s: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._times = times
        self._window_s = window_s
        self._window = 0
        self._asked: Counter[str] = Counter()

    def allows(self, key: str) -> bool:
        """See the port."""
        window = int(self._seconds()) // self._window_s
        if window != self._window:
            self._window = window
            self._asked.clear()
        self._asked[key] += 1
        return self._asked[key] <= self._times
