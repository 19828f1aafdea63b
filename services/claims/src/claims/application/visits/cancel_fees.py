"""2205 and 2302: unsettled fee lines are removed, by batch or by line; nothing to remove is success."""

from __future__ import annotations

from collections.abc import Callable

from claims.application.his_messages import AnswerOnce, Effect, HisMessages
from claims.application.visits.answers import Done
from claims.application.visits.commands import EVERYTHING, CancelFees
from claims.application.visits.ports import Fees
from claims.domain.institution import Institution
from claims.domain.visit import Visit
from shared.errors import conflict
from shared.transactions import Tx

UPLOADS = ("2204", "2301")


class CancelFeeLines:
    """Settled lines cannot be removed; a line cannot go while a line that returns it stays."""

    def __init__(self, answers: AnswerOnce, messages: HisMessages, fees: Fees) -> None:
        self._answers = answers
        self._messages = messages
        self._fees = fees

    async def __call__(self, command: CancelFees, institution: Institution, render: Callable[[Done], bytes]) -> bytes:
        """Remove the lines."""

        async def work(tx: Tx, visit: Visit) -> Effect:
            visit.must_be(inpatient=command.inpatient)
            batch_nos, line_nos = None, None
            if EVERYTHING not in command.numbers:
                if command.inpatient:
                    line_nos = command.numbers
                    await self._check_lines(tx, visit, command.numbers)
                else:
                    batch_nos = command.numbers
                    await self._check_batches(tx, visit, command.numbers)
            uploaded_by = await self._fees.remove(tx, visit.visit_id, batch_nos=batch_nos, line_nos=line_nos)
            if uploaded_by:
                await self._messages.void(tx, visit.visit_id, infnos=UPLOADS, msgids=uploaded_by)
            return Effect(answer=render(Done()), person_id=visit.person_id, visit_id=visit.visit_id)

        return await self._answers.run_on_visit(command.header, institution, command.visit_id, command.person_id, work)

    async def _check_batches(self, tx: Tx, visit: Visit, numbers: tuple[str, ...]) -> None:
        batches = await self._fees.batches(tx, visit.visit_id)
        for number in numbers:
            found = [batch for batch in batches.all if batch.batch_no == number]
            if found and all(batch.settlement_id for batch in found):
                raise conflict("claims.fees.settled", f"收费批次号(chrg_bchno){number}已结算，不能撤销", field="chrg_bchno")

    async def _check_lines(self, tx: Tx, visit: Visit, numbers: tuple[str, ...]) -> None:
        stored = await self._fees.lines(tx, visit.visit_id, numbers)
        for line in stored.values():
            if line.line_no in numbers and line.settled:
                raise conflict(
                    "claims.fees.settled", f"费用明细流水号(feedetl_sn){line.line_no}已结算，不能撤销", field="feedetl_sn"
                )
            if line.line_no not in numbers and line.returns_line_no in numbers:
                raise conflict(
                    "claims.fees.returned",
                    f"费用明细流水号(feedetl_sn){line.returns_line_no}已有退费明细{line.line_no}，请一并撤销",
                    field="feedetl_sn",
                )
