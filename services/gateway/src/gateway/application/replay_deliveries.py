"""What a webhook was told, and telling it again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.application.ports import Store, Webhooks
from shared.auth import Principal
from shared.clock import Clock
from shared.errors import not_found


class ReplayDeliveries:
    """Scope ``webhooks:write``; a partner has to do with its own alone."""

    def __init__(self, *, store: Store, webhooks: Webhooks, clock: Clock) -> None:
        self._store = store
        self._webhooks = webhooks
        self._clock = clock

    async def list(
        self, caller: Principal, webhook_id: str, state: str | None, limit: int, after: str | None
    ) -> list[dict[str, Any]]:
        """Newest event first."""
        caller.require("webhooks:write")
        async with self._store.reading() as tx:
            await self._webhooks.get(tx, webhook_id, caller.subject)
            return await self._webhooks.deliveries(tx, webhook_id, state, limit, after)

    async def one(self, caller: Principal, webhook_id: str, event_id: str) -> None:
        """Tell one event again. Refusal ``gateway.webhook.delivery-unknown``."""
        if not await self._again(caller, webhook_id, None, event_id):
            raise not_found("gateway.webhook.delivery-unknown", "没有该推送记录", "no such delivery")

    async def since(self, caller: Principal, webhook_id: str, since: datetime) -> int:
        """Tell everything again that happened since; returns how many."""
        return await self._again(caller, webhook_id, since, None)

    async def _again(self, caller: Principal, webhook_id: str, since: datetime | None, event_id: str | None) -> int:
        caller.require("webhooks:write")
        async with self._store.transaction() as tx:
            await self._webhooks.get(tx, webhook_id, caller.subject, for_update=True)
            return await self._webhooks.replay(tx, webhook_id, self._clock.now(), since=since, event_id=event_id)
