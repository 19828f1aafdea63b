"""A review or lawsuit against a decision opens or ends without changing it; payments go on meanwhile (条例 art. 31, B3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.transactions import Once, OnceKey, Tx
from workinjury_bridge.application.ports import Cases
from workinjury_bridge.application.record_act import RecordAct
from workinjury_bridge.domain.recognition import Act, InjuryCase
from workinjury_bridge.domain.refusals import unknown


@dataclass(frozen=True, slots=True)
class ContestRecognition:
    """Contested is not revoked: only the state of the case shows it."""

    once: Once
    cases: Cases
    record: RecordAct

    async def open(self, key: OnceKey, case_id: str, opened_on: date, actor: str) -> dict[str, Any]:
        """The decision is under review or before a court. Refuses when there is none to contest."""
        return await self._mark(key, case_id, Act.CONTESTED, actor, lambda case: case.contest(opened_on))

    async def uphold(self, key: OnceKey, case_id: str, actor: str) -> dict[str, Any]:
        """The review or lawsuit ended and the decision stands."""
        return await self._mark(key, case_id, Act.UPHELD, actor, InjuryCase.uphold)

    async def _mark(
        self, key: OnceKey, case_id: str, act: Act, actor: str, change: Callable[[InjuryCase], InjuryCase]
    ) -> dict[str, Any]:
        async def work(tx: Tx) -> dict[str, Any]:
            before = await self.cases.locked(tx, case_id)
            if before is None:
                raise unknown("case", "工伤案件")
            case = change(before)
            if case != before:
                await self.cases.mark_contested(tx, case_id, case.contested_on)
                await self.record.run(tx, case_id, act, actor)
            since = case.contested_on.isoformat() if case.contested_on else None
            return {"case_id": case_id, "state": case.state.value, "contested_on": since}

        return (await self.once.run(key, work))[0]
