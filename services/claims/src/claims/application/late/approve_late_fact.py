"""Approve or reject a proposal: the checker's step. Approving settles the paper claim or corrects the lines, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from claims.application.late.correct_lines import CorrectLines
from claims.application.late.late_cases import LateCase, LateCases, PaidElsewhere, claim_of, shown
from claims.application.late.settle_manual_claim import SettleManualClaim
from claims.domain.refusals import late_fact_decided, late_fact_unknown, paid_by_work_injury, same_person
from shared.transactions import Once, OnceKey, Tx, UnitOfWork


class ApproveLateFact:
    """Refuses the maker himself, and what is decided already."""

    def __init__(
        self,
        uow: UnitOfWork,
        once: Once,
        cases: LateCases,
        settle: SettleManualClaim,
        correct: CorrectLines,
        elsewhere: PaidElsewhere,
    ) -> None:
        self._uow = uow
        self._once = once
        self._elsewhere = elsewhere
        self._cases = cases
        self._settle = settle
        self._correct = correct

    async def approve(self, late_fact_id: str, checker: str, key: OnceKey) -> dict[str, Any]:
        """The case with what it gave: amounts, and the later settlements that were corrected.

        Refuses a paper claim whose bill the work-injury fund has meanwhile; asked for before anything is locked.
        """
        async with self._uow.transaction() as tx:
            asked = await self._cases.find(tx, late_fact_id)
        waiting = asked is not None and asked.kind == "manual-claim" and asked.state == "proposed"
        if asked is not None and waiting and await self._elsewhere.same_bill(claim_of(asked.body)):
            raise paid_by_work_injury()

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self._open(tx, late_fact_id, checker)
            if case.kind == "manual-claim":
                settlement_id, result = await self._settle.settle(tx, case, checker)
                case = replace(case, settlement_id=settlement_id)
            else:
                ripples = await self._correct.correct(tx, case, checker)
                result = {"corrected": list(ripples.corrected)}
            case = replace(case, state="approved", checker=checker)
            await self._cases.decide(tx, case)
            return shown(case) | result

        return (await self._once.run(key, work))[0]

    async def reject(self, late_fact_id: str, checker: str, key: OnceKey) -> dict[str, Any]:
        """The case; its invoice number is free again."""

        async def work(tx: Tx) -> dict[str, Any]:
            case = replace(await self._open(tx, late_fact_id, checker), state="rejected", checker=checker)
            await self._cases.decide(tx, case)
            return shown(case)

        return (await self._once.run(key, work))[0]

    async def _open(self, tx: Tx, late_fact_id: str, checker: str) -> LateCase:
        case = await self._cases.lock(tx, late_fact_id)
        if case is None:
            raise late_fact_unknown()
        if case.state != "proposed":
            raise late_fact_decided(case.state)
        if case.maker == checker:
            raise same_person()
        return case
