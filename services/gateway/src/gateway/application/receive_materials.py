"""Take in papers that were to follow (容缺补正)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.application.ports import Matters
from gateway.application.record_matter import RecordMatter
from gateway.domain.matter import supplement
from shared.auth import Principal
from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx


class ReceiveMaterials:
    """Refusal ``gateway.matter.material-not-awaited``: then none is taken."""

    def __init__(self, *, once: Once, matters: Matters, record: RecordMatter, clock: Clock) -> None:
        self._once = once
        self._matters = matters
        self._record = record
        self._clock = clock

    async def __call__(self, caller: Principal, matter_id: str, brought: Mapping[str, str], key: OnceKey) -> None:
        """Code to reference of each paper."""

        async def receive(tx: Tx) -> dict[str, Any]:
            before = await self._matters.get(tx, matter_id, for_update=True)
            caller.require("matters:accept", before.region)
            after = supplement(before, brought, self._clock.today())
            names = "、".join(paper.name for paper in after.materials if paper.code in brought)
            await self._record.changed(tx, before, after, caller.name, f"补齐材料：{names}")
            return {}

        await self._once.run(key, receive)
