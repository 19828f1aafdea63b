"""Nonces in memory: known for as long as asked, forgotten some time later."""

from __future__ import annotations

from gateway.adapters.replays import MemoryReplayGuard


async def test_a_key_is_known_for_the_time_and_forgotten_after_twice_the_time() -> None:
    now = [1000.0]
    guard = MemoryReplayGuard(lambda: now[0])
    assert await guard.first_time("a", 100)
    now[0] = 1050.0
    assert await guard.first_time("b", 100)
    seen = []
    for at in (1099.0, 1100.0, 1149.0):
        now[0] = at
        seen.append((at, await guard.first_time("a", 100), await guard.first_time("b", 100)))
    assert seen == [(1099.0, False, False), (1100.0, False, False), (1149.0, False, False)]
    now[0] = 1200.0
    assert await guard.first_time("a", 100)
    now[0] = 5000.0
    assert await guard.first_time("a", 100)
