"""Check, approve or send back a proposed conversion: four eyes before any money moves (B0.6, B15.16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.ports import Conversions
from workinjury_bridge.domain.conversion import Conversion
from workinjury_bridge.domain.facts import conversion_changed
from workinjury_bridge.domain.refusals import unknown


@dataclass(frozen=True, slots=True)
class ReviewConversion:
    """Each act refuses an unknown conversion and one in another state; approving refuses the person who checked."""

    once: Once
    conversions: Conversions
    clock: Clock

    async def check(self, key: OnceKey, conversion_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """First pair of eyes."""
        return await self._act(key, conversion_id, lambda c: c.checked(actor, note))

    async def approve(self, key: OnceKey, conversion_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """Second pair of eyes; from here the conversion advances by itself."""
        return await self._act(key, conversion_id, lambda c: c.approved(actor, note))

    async def send_back(self, key: OnceKey, conversion_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """Checked goes back to be looked at again, proposed is dismissed."""
        return await self._act(key, conversion_id, lambda c: c.sent_back(actor, note))

    async def _act(self, key: OnceKey, conversion_id: str, act: Callable[[Conversion], Conversion]) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            current = await self.conversions.locked(tx, conversion_id)
            if current is None:
                raise unknown("conversion", "转换业务")
            now = self.clock.now()
            after = act(current)
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
