"""Record what the desk did about a crossing: contacted the household, took its application, or dismissed it with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from claims.application.burden.ports import Worklist
from claims.domain.refusals import burden_unknown
from shared.clock import Clock
from shared.errors import conflict, invalid
from shared.transactions import Once, OnceKey, Tx

Handling = Literal["contacted", "applied", "dismissed"]
_AFTER: Final[Mapping[str, frozenset[str]]] = {
    "open": frozenset({"contacted", "applied", "dismissed"}),
    "contacted": frozenset({"contacted", "applied", "dismissed"}),
    "applied": frozenset({"dismissed"}),
    "dismissed": frozenset(),
}
"""What may follow a state."""


class RecordHandling:
    """The use case."""

    def __init__(self, once: Once, worklist: Worklist, clock: Clock) -> None:
        self._once = once
        self._worklist = worklist
        self._clock = clock

    async def __call__(self, crossing_id: str, handling: Handling, by: str, note: str | None, key: OnceKey) -> dict[str, Any]:
        """The new state. Refuses an unknown crossing, one that was taken back under, a step back, a dismissal without reason."""

        async def work(tx: Tx) -> dict[str, Any]:
            found = await self._worklist.lock(tx, crossing_id)
            if found is None:
                raise burden_unknown()
            state, is_over = found
            if not is_over:
                raise conflict("claims.burden.back-under", "该预警已因结算变动解除", field="crossing_id")
            if handling not in _AFTER[state]:
                raise conflict("claims.burden.handled", "该预警已办理，不能回到之前的状态", field="handling")
            if handling == "dismissed" and not note:
                raise invalid("claims.burden.reason", "排除预警应填写原因(note)", field="note")
            await self._worklist.handle(tx, crossing_id, handling, by, note, self._clock.now())
            return {"crossing_id": crossing_id, "state": handling}

        return (await self._once.run(key, work))[0]
