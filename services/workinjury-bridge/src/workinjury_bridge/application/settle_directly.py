"""Settle a stay with the work-injury fund directly: a trial, or a final answer that is reserved (B4, C3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shared.clock import Clock
from shared.codes import Code
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.judge_eligibility import JudgeEligibility
from workinjury_bridge.application.ports import Cases, Directs, Policies
from workinjury_bridge.domain.bill import BillLine, WorkInjuryVersion, assess
from workinjury_bridge.domain.code_map import CodeMap
from workinjury_bridge.domain.direct_settlement import DirectSettlement, DirectState
from workinjury_bridge.domain.refusals import key_reused, mixed_stay

VOID_DEADLINE = "void-direct-settlement"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectBill:
    """A stay as claims sends it for work-injury settlement."""

    key: str
    visit_id: str
    person_id: str
    institution_code: str
    insurance: Code
    """Under which insurance it is to be settled."""
    care: Code
    """Category of treatment, in the words of its own list."""
    begun_on: date
    ended_on: date
    lines: tuple[BillLine, ...]
    case_id: str | None = None
    """The injury that the hospital was told; None: the newest that is paid for."""


@dataclass(frozen=True, slots=True)
class SettleDirectly:
    """Refuses another insurance or category, a person without an effective recognition on the first day, and a final mixed stay."""

    work: UnitOfWork
    cases: Cases
    directs: Directs
    policies: Policies
    judge: JudgeEligibility
    codes: CodeMap
    clock: Clock
    confirm_within: timedelta

    async def trial(self, bill: DirectBill) -> dict[str, Any]:
        """The figures; nothing is kept."""
        async with self.work.transaction() as tx:
            return _answer(await self._adjudicate(tx, bill, self._assess(bill)))

    async def final(self, bill: DirectBill) -> dict[str, Any]:
        """The figures, reserved under the bill's key until claims confirms or the time limit passes.

        The key makes it happen once: the same bill gets the same answer while it is reserved or posted, another one is
        refused. A key that lapsed or was reversed is judged anew.
        """
        version = self._assess(bill)
        if version.unrelated_fen:
            raise mixed_stay()
        async with self.work.transaction() as tx:
            await self.cases.lock_persons(tx, [bill.person_id])
            known = await self.directs.get(tx, bill.key)
            if known is not None and known.stands:
                if (known.person_id, known.visit_id, known.version) != (bill.person_id, bill.visit_id, version):
                    raise key_reused(bill.key)
                return _answer(known)
            if known is not None and known.state is DirectState.REVOKED:
                raise key_reused(bill.key)
            settlement = await self._adjudicate(tx, bill, version)
            now = self.clock.now()
            await self.directs.save(tx, settlement, now)
            tx.schedule(VOID_DEADLINE, bill.key, now + self.confirm_within)
            return _answer(settlement)

    def _assess(self, bill: DirectBill) -> WorkInjuryVersion:
        self.codes.expect_work_injury(bill.insurance, bill.begun_on)
        self.codes.expect_care(bill.care, bill.begun_on)
        return assess(bill.lines, self.policies.on(bill.ended_on))

    async def _adjudicate(self, tx: Tx, bill: DirectBill, version: WorkInjuryVersion) -> DirectSettlement:
        case, decision = await self.judge.entitling(tx, bill.person_id, bill.begun_on, bill.case_id)
        return DirectSettlement(
            key=bill.key,
            case_id=case.case_id,
            decision_id=decision.decision_id,
            decision_no=decision.decision_no,
            decision_version=decision.version,
            person_id=bill.person_id,
            visit_id=bill.visit_id,
            institution_code=bill.institution_code,
            begun_on=bill.begun_on,
            ended_on=bill.ended_on,
            version=version,
            care=bill.care,
        )


def _answer(settlement: DirectSettlement) -> dict[str, Any]:
    version = settlement.version
    return {
        "key": settlement.key,
        "case_id": settlement.case_id,
        "decision_no": settlement.decision_no,
        "e_fen": version.work_injury_fen,
        "person_fen": version.person_fen,
        "hospital_fen": version.hospital_fen,
        "unrelated_fen": version.unrelated_fen,
        "total_fen": version.total_fen,
    }
