"""A credit ends without a settlement: the discharge or the admission was taken back, or a clerk withdraws it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from claims.application.stay_credits.ports import StayCredits
from claims.application.visits.ports import Visits
from claims.domain.stay_credit import Ending, StayCredit, over, unknown
from claims.domain.visit import Visit
from shared.clock import Clock
from shared.contracts.claims import StayCreditChanged
from shared.transactions import Once, OnceKey, Tx


class WithdrawCredit:
    """The stay is then an ordinary discharged one: the hospital settles it, or asks for credit again."""

    def __init__(self, once: Once, visits: Visits, credits: StayCredits, clock: Clock) -> None:
        self._once = once
        self._visits = visits
        self._credits = credits
        self._clock = clock

    async def __call__(self, credit_id: str, actor: str, key: OnceKey) -> dict[str, Any]:
        """By a clerk. Refuses an unknown credit and one that is over."""

        async def work(tx: Tx) -> dict[str, Any]:
            seen = await self._credits.find(tx, credit_id)
            if seen is None:
                raise unknown()
            visit = await self._visits.lock(tx, seen.credit.visit_id)
            if visit is None or visit.credit_id != credit_id:
                raise over()
            await self.off_visit(tx, visit, "withdrawn", actor)
            await self._visits.change(tx, replace(visit, credit_id=None))
            return {"credit_id": credit_id, "state": "withdrawn"}

        return (await self._once.run(key, work))[0]

    async def off_visit(self, tx: Tx, visit: Visit, ended_by: Ending, actor: str | None = None) -> None:
        """End the credit of a visit whose lock the caller holds, and who takes it off the visit; nothing when it is on none."""
        seen = None if visit.credit_id is None else await self._credits.find(tx, visit.credit_id)
        if seen is None:
            return
        credit, now = seen.credit.withdrawn(ended_by, actor), self._clock.now()
        await self._credits.end(tx, credit, now)
        tx.emit(credit_changed(credit, now))


def credit_changed(credit: StayCredit, at: datetime) -> StayCreditChanged:
    """The fact that a credit was opened, or ended without a settlement."""
    return StayCreditChanged(
        credit_id=credit.credit_id,
        visit_id=credit.visit_id,
        person_id=credit.person_id,
        institution_code=credit.institution_code,
        state=credit.state,
        changed_at=at,
        until=credit.until,
        ended_by=credit.ended_by,
    )
