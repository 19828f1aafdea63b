"""Check, approve or send back a proposed conversion: four eyes before any money moves (B0.6, B15.16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.ports import Advances, Conversions
from workinjury_bridge.domain.advance import AdvanceState
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.facts import conversion_changed
from workinjury_bridge.domain.refusals import unknown


@dataclass(frozen=True, slots=True)
class ReviewConversion:
    """Each act refuses an unknown conversion and one in another state; approving refuses the person who checked."""

    once: Once
    conversions: Conversions
    advances: Advances
    clock: Clock

    async def check(self, key: OnceKey, conversion_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """First pair of eyes."""
        return await self._act(key, conversion_id, lambda c, approved: c.checked(actor, note, advance_approved=approved))

    async def approve(self, key: OnceKey, conversion_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """Second pair of eyes; from here the conversion advances by itself."""
        return await self._act(key, conversion_id, lambda c, _: c.approved(actor, note))

    async def send_back(self, key: OnceKey, conversion_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """Checked goes back to be looked at again, proposed is dismissed."""
        return await self._act(key, conversion_id, lambda c, _: c.sent_back(actor, note))

    async def _act(self, key: OnceKey, conversion_id: str, act: Callable[[Conversion, bool], Conversion]) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            current = await self.conversions.locked(tx, conversion_id)
            if current is None:
                raise unknown("conversion", "转换业务")
            now = self.clock.now()
            advances = await self.advances.of_case(tx, current.case_id)
            after = act(current, any(a.state is AdvanceState.APPROVED for a in advances))
            await self.conversions.save(tx, after, now)
            tx.emit(conversion_changed(after, now))
            return {
                "conversion_id": conversion_id,
                "state": after.state.value,
                "maker": after.maker,
                "checker": after.checker,
                "note": after.note,
            }

        return (await self.once.run(key, work))[0]
