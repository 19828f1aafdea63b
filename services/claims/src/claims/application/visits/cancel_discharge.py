"""2405: the patient stays on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from claims.application.his_messages import AnswerOnce, Effect, HisMessages
from claims.application.stay_credits.withdraw_credit import WithdrawCredit
from claims.application.visits.answers import Done
from claims.application.visits.commands import CancelDischarge
from claims.application.visits.ports import Fees, Visits
from claims.domain.institution import Institution
from claims.domain.visit import Visit
from shared.transactions import Tx


class CancelDischarges:
    """A discharged stay becomes open again."""

    def __init__(
        self, answers: AnswerOnce, messages: HisMessages, visits: Visits, fees: Fees, withdraw: WithdrawCredit
    ) -> None:
        self._answers = answers
        self._messages = messages
        self._visits = visits
        self._fees = fees
        self._withdraw = withdraw

    async def __call__(self, command: CancelDischarge, institution: Institution, render: Callable[[Done], bytes]) -> bytes:
        """Take the discharge back, and with it a credit; what ``Visit.stay_on`` refuses is refused."""

        async def work(tx: Tx, visit: Visit) -> Effect:
            visit.must_be(inpatient=True)
            visit.stay_on(await self._fees.batches(tx, visit.visit_id))
            await self._withdraw.off_visit(tx, visit, "stayed-on")
            await self._visits.change(tx, replace(visit, state="open", ended_at=None, credit_id=None))
            await self._messages.void(tx, visit.visit_id, infnos=("2402",))
            return Effect(answer=render(Done()), person_id=visit.person_id, visit_id=visit.visit_id)

        return await self._answers.run_on_visit(command.header, institution, command.visit_id, command.person_id, work)
