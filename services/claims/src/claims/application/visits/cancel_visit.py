"""2202 and 2404: a registration or admission is cancelled, its unsettled lines with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from claims.application.his_messages import AnswerOnce, Effect, HisMessages
from claims.application.stay_credits.withdraw_credit import WithdrawCredit
from claims.application.visits.answers import Done
from claims.application.visits.commands import CancelVisit
from claims.application.visits.ports import Fees, Visits
from claims.domain.institution import Institution
from claims.domain.visit import Visit
from shared.transactions import Tx


class CancelVisits:
    """Cancelling what is cancelled is success: the message may be a compensation sent twice."""

    def __init__(
        self, answers: AnswerOnce, messages: HisMessages, visits: Visits, fees: Fees, withdraw: WithdrawCredit
    ) -> None:
        self._answers = answers
        self._messages = messages
        self._visits = visits
        self._fees = fees
        self._withdraw = withdraw

    async def __call__(self, command: CancelVisit, institution: Institution, render: Callable[[Done], bytes]) -> bytes:
        """Cancel; refused while a valid settlement exists."""

        async def work(tx: Tx, visit: Visit) -> Effect:
            if visit.state != "cancelled":
                visit.must_be(inpatient=command.inpatient)
                await self.cancel(tx, visit)
            return Effect(answer=render(Done()), person_id=visit.person_id, visit_id=visit.visit_id)

        return await self._answers.run_on_visit(command.header, institution, command.visit_id, command.person_id, work)

    async def cancel_stay(self, tx: Tx, visit_id: str) -> None:
        """Undo an admission for 2601; one that is cancelled already stays so. Refused while a valid settlement exists."""
        visit = await self._visits.lock(tx, visit_id)
        if visit is not None and visit.state != "cancelled":
            await self.cancel(tx, visit)

    async def cancel(self, tx: Tx, visit: Visit) -> None:
        """Cancel a visit whose lock the caller holds. What ``Visit.cancel`` refuses is refused."""
        visit.cancel(await self._fees.batches(tx, visit.visit_id))
        await self._fees.remove(tx, visit.visit_id, batch_nos=None, line_nos=None)
        await self._withdraw.off_visit(tx, visit, "cancelled")
        await self._visits.change(tx, replace(visit, state="cancelled", credit_id=None))
        await self._messages.void(tx, visit.visit_id)
