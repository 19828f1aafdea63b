"""Let the applicant take an application back, until the first result."""

from __future__ import annotations

from typing import Any

from gateway.application.ports import Matters
from gateway.application.record_matter import RecordMatter
from gateway.domain.matter import withdraw
from shared.auth import Principal
from shared.clock import Clock
from shared.transactions import Once, OnceKey, Tx


class WithdrawMatter:
    """Refusal ``gateway.matter.too-late-to-withdraw``. What the owners have begun stays with them."""

    def __init__(self, *, once: Once, matters: Matters, record: RecordMatter, clock: Clock) -> None:
        self._once = once
        self._matters = matters
        self._record = record
        self._clock = clock

    async def __call__(self, caller: Principal, matter_id: str, reason: str, key: OnceKey) -> None:
        """Withdraw for a reason that the applicant gives."""

        async def work(tx: Tx) -> dict[str, Any]:
            before = await self._matters.get(tx, matter_id, for_update=True)
            caller.require("matters:accept", before.region)
            after = withdraw(before, self._clock.now())
            await self._record.changed(tx, before, after, caller.name, f"申请人撤回：{reason}")
            return {}

        await self._once.run(key, work)
