"""Settle a stay with the work-injury fund directly: a trial, or a final answer that is reserved (B4, C3)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from shared.clock import Clock
from shared.codes import Code
from shared.transactions import Tx, UnitOfWork
from workinjury_bridge.application.judge_eligibility import JudgeEligibility
from workinjury_bridge.application.ports import Cases, Directs, Policies, StaySplits
from workinjury_bridge.domain.bill import BillLine, WorkInjuryVersion, assess
from workinjury_bridge.domain.code_map import CodeMap
from workinjury_bridge.domain.direct_settlement import DirectSettlement
from workinjury_bridge.domain.refusals import key_reused, no_injury_in_bill, split_invalid, split_open
from workinjury_bridge.domain.split import KeptLine, StaySplit, flags_at_settlement, kept_of, parts_of

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
    """Refuses another insurance or category, a person without an effective recognition on the first day, a mixed stay whose split
    is not agreed, and a bill without any injury.

    Of a mixed stay this settles what treats the injury; the answer names the rest, which claims settles with the medical funds (B5).
    """

    work: UnitOfWork
    cases: Cases
    directs: Directs
    splits: StaySplits
    policies: Policies
    judge: JudgeEligibility
    codes: CodeMap
    clock: Clock
    confirm_within: timedelta

    async def trial(self, bill: DirectBill) -> dict[str, Any]:
        """The figures; nothing is kept."""
        self._expect_codes(bill)
        async with self.work.transaction() as tx:
            return _answer(await self._adjudicate(tx, bill))

    async def final(self, bill: DirectBill) -> dict[str, Any]:
        """The figures, reserved under the bill's key until claims confirms or the time limit passes.

        The key makes it happen once: the same bill gets the same answer while it is reserved or posted, another one is
        refused. A key that lapsed or was reversed is judged anew.
        """
        self._expect_codes(bill)
        async with self.work.transaction() as tx:
            await self.cases.lock_persons(tx, [bill.person_id])
            known = await self.directs.get(tx, bill.key)
            if known is not None and known.stands:
                asked = self._assess(bill, await self._split_of(tx, bill))
                if (known.person_id, known.visit_id, known.version, known.keep_lines) != (
                    bill.person_id,
                    bill.visit_id,
                    *asked,
                ):
                    raise key_reused(bill.key)
                return _answer(known)
            if known is not None and known.withdrawn:
                raise key_reused(bill.key)
            settlement = await self._adjudicate(tx, bill)
            now = self.clock.now()
            await self.directs.save(tx, settlement, now)
            tx.schedule(VOID_DEADLINE, bill.key, now + self.confirm_within)
            return _answer(settlement)

    def _expect_codes(self, bill: DirectBill) -> None:
        self.codes.expect_work_injury(bill.insurance, bill.begun_on)
        self.codes.expect_care(bill.care, bill.begun_on)

    async def _split_of(self, tx: Tx, bill: DirectBill) -> StaySplit | None:
        split = await self.splits.get(tx, bill.visit_id)
        if split is not None and split.person_id != bill.person_id:
            raise split_invalid("visit_id", "该就诊的费用拆分属于其他人员")
        if split is not None and split.split.open:
            raise split_open()
        return split

    def _assess(self, bill: DirectBill, split: StaySplit | None) -> tuple[WorkInjuryVersion, tuple[KeptLine, ...]]:
        """The work-injury version, and what of each line is none."""
        parts = parts_of(bill.lines, flags_at_settlement(bill.lines, None if split is None else split.split.flags))
        kept = kept_of(parts)
        unrelated = [BillLine(line_id=k.line_id, amount_fen=k.amount_fen, in_catalogue=False, related=False) for k in kept]
        version = assess([*(part for _, part in parts), *unrelated], self.policies.on(bill.ended_on))
        if version.unrelated_fen and not version.related_fen:
            raise no_injury_in_bill()
        return version, kept

    async def _adjudicate(self, tx: Tx, bill: DirectBill) -> DirectSettlement:
        split = await self._split_of(tx, bill)
        version, kept = self._assess(bill, split)
        injury = bill.case_id or (None if split is None else split.case_id)
        case, decision = await self.judge.entitling(tx, bill.person_id, bill.begun_on, injury)
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
            keep_lines=kept,
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
        "keep_lines": [asdict(line) for line in settlement.keep_lines],
        "total_fen": version.total_fen,
    }
