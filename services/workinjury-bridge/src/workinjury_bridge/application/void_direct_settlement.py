"""A reserved direct settlement was never confirmed: its reservation lapses (B4)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.transactions import Tx
from workinjury_bridge.application.ports import Directs
from workinjury_bridge.domain.direct_settlement import DirectState


@dataclass(frozen=True, slots=True)
class VoidDirectSettlement:
    """Runs when the time limit has passed; whatever was confirmed meanwhile is left alone."""

    directs: Directs
    clock: Clock

    async def run(self, tx: Tx, key: str) -> None:
        """Void what is still only reserved."""
        current = await self.directs.locked(tx, key)
        if current is not None and current.state is DirectState.RESERVED:
            await self.directs.save(tx, current.voided(), self.clock.now())
