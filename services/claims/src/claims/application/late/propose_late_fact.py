"""Propose a paper claim or a correction of lines: checked and priced, but nothing is booked before somebody else approves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claims.application.late.correct_lines import CorrectLines
from claims.application.late.late_cases import LateCase, LateCases, PaidElsewhere, claim_of, correction_of, shown
from claims.application.late.settle_manual_claim import SettleManualClaim
from claims.domain.refusals import paid_by_work_injury
from shared.errors import conflict
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


class ProposeLateFact:
    """The maker's step."""

    def __init__(
        self,
        once: Once,
        cases: LateCases,
        settle: SettleManualClaim,
        correct: CorrectLines,
        elsewhere: PaidElsewhere,
        ids: IdFactory,
    ) -> None:
        self._elsewhere = elsewhere
        self._once = once
        self._cases = cases
        self._settle = settle
        self._correct = correct
        self._ids = ids

    async def manual_claim(self, body: Mapping[str, Any], maker: str, key: OnceKey) -> dict[str, Any]:
        """The proposal and what it would give. Refuses what a settlement would refuse, a claim after its time limit, an invoice that
        was used, and a bill that the work-injury fund has."""
        claim = claim_of(body)
        await self._settle.identify(claim)
        if await self._elsewhere.same_bill(claim):
            raise paid_by_work_injury()

        async def work(tx: Tx) -> dict[str, Any]:
            preview = await self._settle.preview(tx, claim)
            case = LateCase(
                late_fact_id=self._ids.new(),
                kind="manual-claim",
                person_id=claim.person_id,
                settlement_id=None,
                invoice_no=claim.invoice_no,
                state="proposed",
                body=body,
                maker=maker,
            )
            used = await self._cases.invoice_used(tx, claim.person_id, claim.invoice_no)
            if used or not await self._cases.add(tx, case):
                raise conflict(
                    "claims.manual-claim.invoice-used", f"发票号重复：{claim.invoice_no}已报销或正在办理", field="invoice_no"
                )
            return shown(case) | {"preview": preview}

        return (await self._once.run(key, work))[0]

    async def correction(self, settlement_id: str, body: Mapping[str, Any], maker: str, key: OnceKey) -> dict[str, Any]:
        """The proposal. Refuses a settlement that does not stand, a line it does not have, and a correction that changes nothing."""
        command = correction_of(settlement_id, body)

        async def work(tx: Tx) -> dict[str, Any]:
            settlement = await self._correct.check(tx, settlement_id, command.lines)
            case = LateCase(
                late_fact_id=self._ids.new(),
                kind="line",
                person_id=settlement.person_id,
                settlement_id=settlement_id,
                invoice_no=None,
                state="proposed",
                body=body,
                maker=maker,
            )
            await self._cases.add(tx, case)
            return shown(case)

        return (await self._once.run(key, work))[0]
