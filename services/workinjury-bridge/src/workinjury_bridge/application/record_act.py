"""Keep who recorded what of a case (社会保险经办条例 art. 37: every act has a hand)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Tx
from workinjury_bridge.application.ports import Cases
from workinjury_bridge.domain.recognition import Act, CaseAct


@dataclass(frozen=True, slots=True)
class RecordAct:
    """For what leaves no name of its own behind; the caller's transaction holds the act and its record together."""

    cases: Cases
    clock: Clock
    ids: IdFactory

    async def run(self, tx: Tx, case_id: str, act: Act, actor: str, subject_id: str | None = None) -> None:
        """``subject_id``: what of the case it is about, when it is not the case itself."""
        record = CaseAct(act_id=self.ids.new(), case_id=case_id, act=act, actor=actor, subject_id=subject_id)
        await self.cases.record(tx, record, self.clock.now())
