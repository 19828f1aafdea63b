"""Give a stay credit (挂账): discharged, its lines uploaded, a work injury suspected, the recognition not yet decided (B1, B2).

The national interface has no field for it (2402 ends the stay, 2304 settles it), so the hospital asks and a clerk records it.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from claims.application.stay_credits.ports import StayCredits
from claims.application.stay_credits.withdraw_credit import credit_changed
from claims.application.visits.ports import Fees, Visits
from claims.domain.refusals import visit_of_other_person, visit_unknown
from claims.domain.stay_credit import StayCredit, StayCreditRules, creditable
from shared.clock import Clock, local
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


class OpenStayCredit:
    """A stay that is on credit already keeps the one it has. What is decided already settles it at once, by the worker."""

    def __init__(
        self, once: Once, visits: Visits, fees: Fees, credits: StayCredits, rules: StayCreditRules, clock: Clock, ids: IdFactory
    ) -> None:
        self._once = once
        self._visits = visits
        self._fees = fees
        self._credits = credits
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def __call__(self, visit_id: str, person_id: str, actor: str, key: OnceKey) -> dict[str, Any]:
        """The credit. Refuses an unknown visit, one of another person, and what ``creditable`` refuses."""

        async def work(tx: Tx) -> dict[str, Any]:
            visit = await self._visits.lock(tx, visit_id)
            if visit is None:
                raise visit_unknown()
            if visit.person_id != person_id:
                raise visit_of_other_person()
            seen = None if visit.credit_id is None else await self._credits.find(tx, visit.credit_id)
            if seen is not None:
                return asdict(seen.credit) | {"until": seen.credit.until.isoformat()}
            now, today = self._clock.now(), self._clock.today()
            until = self._rules.until(today if visit.ended_at is None else local(visit.ended_at).date())
            creditable(visit, await self._fees.batches(tx, visit_id), until, today)
            credit = StayCredit(
                credit_id=self._ids.new(),
                visit_id=visit_id,
                person_id=visit.person_id,
                institution_code=visit.institution_code,
                opened_by=actor,
                until=until,
            )
            await self._credits.add(tx, credit, now)
            await self._visits.change(tx, replace(visit, credit_id=credit.credit_id))
            tx.emit(credit_changed(credit, now))
            return asdict(credit) | {"until": until.isoformat()}

        return (await self._once.run(key, work))[0]
