"""The stays on credit as a worklist: who waits, and how many days are left."""

from __future__ import annotations

from typing import Any

from claims.application.stay_credits.ports import CreditFilter, ListedCredit, StayCredits
from claims.domain.stay_credit import ENDINGS, unknown
from shared.clock import Clock
from shared.transactions import UnitOfWork


class ListStayCredits:
    """Queries."""

    def __init__(self, uow: UnitOfWork, credits: StayCredits, clock: Clock) -> None:
        self._uow = uow
        self._credits = credits
        self._clock = clock

    async def __call__(self, wanted: CreditFilter, after: tuple[str, str] | None, limit: int) -> list[dict[str, Any]]:
        """A page; what ends first comes first."""
        async with self._uow.transaction() as tx:
            return [self._shown(listed) for listed in await self._credits.listed(tx, wanted, after, limit)]

    async def one(self, credit_id: str) -> dict[str, Any]:
        """Refuses an unknown one."""
        async with self._uow.transaction() as tx:
            found = await self._credits.one(tx, credit_id)
        if found is None:
            raise unknown()
        return self._shown(found)

    def _shown(self, listed: ListedCredit) -> dict[str, Any]:
        credit = listed.credit
        open_now = credit.state == "open"
        return {
            "credit_id": credit.credit_id,
            "visit_id": credit.visit_id,
            "person_id": credit.person_id,
            "institution_code": credit.institution_code,
            "institution_name": listed.institution_name,
            "hospital_no": listed.hospital_no,
            "region": listed.region,
            "begun_on": listed.begun_on.isoformat(),
            "ended_on": listed.ended_on.isoformat() if listed.ended_on else None,
            "total_fen": listed.total_fen,
            "opened_by": credit.opened_by,
            "opened_at": listed.opened_at.isoformat(),
            "until": credit.until.isoformat(),
            "days_left": (credit.until - self._clock.today()).days if open_now else None,
            "state": credit.state,
            "ended_by": credit.ended_by,
            "ended_text": None if credit.ended_by is None else ENDINGS[credit.ended_by],
            "withdrawn_by": credit.withdrawn_by,
            "ended_at": listed.ended_at.isoformat() if listed.ended_at else None,
            "settlement_id": credit.settlement_id,
            "hindrance": listed.hindrance,
        }
