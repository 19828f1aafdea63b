"""Divide a stay before it is settled, because the injury was recognised before the discharge (B5).

The same parties and limits as for a conversion: the hospital proposes, a reviewer agrees or disputes, an expert decides. The bill is
not complete yet: whether the flags fit it is seen when the stay is settled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx, UnitOfWork
from workinjury_bridge.application.conversion.watch_split import WatchSplit
from workinjury_bridge.application.ports import Cases, Directs, StaySplits
from workinjury_bridge.domain.refusals import out_of_turn, split_invalid, unknown
from workinjury_bridge.domain.split import Flags, Split, StaySplit

STAY_SPLIT_DEADLINE = "stay-split-overdue"


@dataclass(frozen=True, slots=True)
class SplitBeforeSettlement:
    """While a split is open its stay is not settled; what was agreed leads when it is."""

    work: UnitOfWork
    once: Once
    cases: Cases
    splits: StaySplits
    directs: Directs
    watch: WatchSplit
    clock: Clock

    async def propose(self, key: OnceKey, visit_id: str, case_id: str, flags: Flags, actor: str) -> dict[str, Any]:
        """The hospital's flags. Refuses an unknown case, another person's stay, a split that is open, and a stay that is settled."""

        async def work(tx: Tx) -> dict[str, Any]:
            case = await self.cases.get(tx, case_id)
            if case is None:
                raise unknown("case", "工伤案件")
            await self.cases.lock_persons(tx, [case.person_id])
            known = await self.splits.get(tx, visit_id)
            if known is not None and known.person_id != case.person_id:
                raise split_invalid("visit_id", "该就诊的费用拆分属于其他人员")
            if known is not None and known.split.open:
                raise out_of_turn("split", "propose", known.split.state, "费用拆分正在审核，请先办结")
            if any(d.visit_id == visit_id and d.stands for d in await self.directs.of_person(tx, case.person_id)):
                raise out_of_turn("split", "propose", "settled", "该就诊已按工伤结算或正在结算，须先撤销结算再拆分")
            named = [line_id for line_id, _ in flags.lines]
            if len(set(named)) != len(named):
                raise split_invalid("lines", "拆分明细重复")
            split = Split(flags=flags, proposed_by=actor)
            return await self._store(tx, StaySplit(visit_id=visit_id, case_id=case_id, person_id=case.person_id, split=split))

        return (await self.once.run(key, work))[0]

    async def agree(self, key: OnceKey, visit_id: str, actor: str) -> dict[str, Any]:
        """The reviewer agrees. Refuses the hand that proposed."""
        return await self._act(key, visit_id, lambda split: split.agreed(actor))

    async def dispute(self, key: OnceKey, visit_id: str, actor: str, note: str | None) -> dict[str, Any]:
        """The reviewer does not agree: an expert is asked."""
        return await self._act(key, visit_id, lambda split: split.disputed(actor, note))

    async def decide(self, key: OnceKey, visit_id: str, flags: Flags, actor: str, note: str | None) -> dict[str, Any]:
        """The expert's opinion on a disputed split. Refuses who proposed or disputed it."""
        return await self._act(key, visit_id, lambda split: split.decided(actor, flags, note))

    async def overdue(self, tx: Tx, visit_id: str) -> None:
        """The reviewer's days have passed: an expert is asked. The expert's have: what is shared stays with the medical fund."""
        known = await self._locked(tx, visit_id)
        if known is not None and known.split.open:
            await self._store(tx, replace(known, split=known.split.unanswered()))

    async def read(self, visit_id: str) -> dict[str, Any]:
        """The split of a stay, with its flags. Refuses one that has none."""
        async with self.work.transaction() as tx:
            known = await self.splits.get(tx, visit_id)
        if known is None:
            raise unknown("split", "费用拆分")
        flags = known.split.flags
        return _shown(known) | {
            "lines": [{"line_id": line_id, "belongs": belongs.value} for line_id, belongs in flags.lines],
            "numerator": flags.ratio and flags.ratio.numerator,
            "denominator": flags.ratio and flags.ratio.denominator,
            "note": known.split.note,
        }

    async def _act(self, key: OnceKey, visit_id: str, act: Callable[[Split], Split]) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            known = await self._locked(tx, visit_id)
            if known is None:
                raise unknown("split", "费用拆分")
            return await self._store(tx, replace(known, split=act(known.split)))

        return (await self.once.run(key, work))[0]

    async def _locked(self, tx: Tx, visit_id: str) -> StaySplit | None:
        known = await self.splits.get(tx, visit_id)
        if known is not None:
            await self.cases.lock_persons(tx, [known.person_id])
        return await self.splits.get(tx, visit_id)

    async def _store(self, tx: Tx, known: StaySplit) -> dict[str, Any]:
        await self.splits.save(tx, known, self.clock.now())
        self.watch.run(tx, STAY_SPLIT_DEADLINE, known.visit_id, known.split)
        return _shown(known)


def _shown(known: StaySplit) -> dict[str, Any]:
    return {"visit_id": known.visit_id, "case_id": known.case_id, "person_id": known.person_id} | known.split.plain()
