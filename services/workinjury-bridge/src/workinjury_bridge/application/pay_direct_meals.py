"""Pay the meals allowance of a directly settled stay once the counter can no longer reverse it lightly (B4)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.transactions import Tx
from workinjury_bridge.application.pay_person import PayPerson
from workinjury_bridge.application.ports import Directs
from workinjury_bridge.domain.direct_settlement import DirectState
from workinjury_bridge.domain.journals import about_direct


@dataclass(frozen=True, slots=True)
class PayDirectMeals:
    """Pays once."""

    directs: Directs
    pay: PayPerson
    clock: Clock

    async def run(self, tx: Tx, key: str) -> None:
        """Pay what is due; nothing when the stay was reversed or the allowance is paid."""
        current = await self.directs.locked(tx, key)
        if current is None or current.state is not DirectState.POSTED or current.meals_paid:
            return
        await self.pay.run(tx, about_direct(current), (("meals", current.meals_fen),))
        await self.directs.save(tx, current.with_meals_paid(), self.clock.now())
