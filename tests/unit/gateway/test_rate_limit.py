"""So many times per key and window."""

from __future__ import annotations

from gateway.adapters.rate_limit import KeyedRateLimit


def test_each_key_has_its_own_count_and_a_new_window_begins_anew() -> None:
    now = [100.0]
    limit = KeyedRateLimit(2, 10, lambda: now[0])
    assert [limit.allows("a"), limit.allows("a"), limit.allows("a"), limit.allows("b")] == [True, True, False, True]
    now[0] = 109.9
    assert limit.allows("a") is False
    now[0] = 110.0
    assert [limit.allows("a"), limit.allows("a"), limit.allows("a")] == [True, True, False]
