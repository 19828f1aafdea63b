"""Tell the medical books what came in on the debts that are theirs, until they have booked it (B7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import Refusal
from shared.transactions import UnitOfWork
from workinjury_bridge.application.ports import ClaimsGateway, Recoveries


@dataclass(frozen=True, slots=True)
class BookMovements:
    """One call to claims and one transaction for each; the movement's id makes it happen once there."""

    work: UnitOfWork
    recoveries: Recoveries
    claims: ClaimsGateway

    async def due(self, limit: int = 50) -> Sequence[str]:
        """Movements that a book does not have yet."""
        async with self.work.transaction() as tx:
            return [movement.movement_id for movement in await self.recoveries.unbooked(tx, limit)]

    async def run(self, movement_id: str) -> str | None:
        """Book one; what hindered it, None when it is booked."""
        async with self.work.transaction() as tx:
            movement = await self.recoveries.movement(tx, movement_id)
            debt = None if movement is None else await self.recoveries.get(tx, movement.recovery_id)
        if movement is None or debt is None or movement.booked:
            return None
        try:
            await self.claims.move_debt(debt, movement)
        except Refusal as refused:
            return f"{refused.code}: {refused.zh}"
        async with self.work.transaction() as tx:
            await self.recoveries.mark_booked(tx, movement_id)
        return None
