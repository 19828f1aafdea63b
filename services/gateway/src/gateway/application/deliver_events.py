"""Call partners about events: at least once, signed, again after a failure, for some days."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from gateway.application.ports import PartnerCalls, Store, Webhooks
from gateway.domain.webhook import GONE, Call, Outcome, headers, next_attempt
from shared.clock import Clock
from shared.errors import Refusal
from shared.transactions import Tx

LEASE = timedelta(seconds=60)
"""Longer than a call may take: who dies during one leaves it to be made again."""
OF_EACH = 20
KEEP = timedelta(days=30)


class DeliverEvents:
    """A job. A partner that is away holds up nobody else's calls."""

    def __init__(self, *, store: Store, webhooks: Webhooks, calls: PartnerCalls, key: bytes, clock: Clock) -> None:
        self._store = store
        self._webhooks = webhooks
        self._calls = calls
        self._key = key
        self._clock = clock

    async def __call__(self) -> None:
        """Make all calls that are due."""
        while True:
            now = self._clock.now()
            async with self._store.transaction() as tx:
                calls = await self._webhooks.lease(tx, now, now + LEASE, OF_EACH)
            if not calls:
                return
            await asyncio.gather(*map(self._deliver, calls))

    async def forget(self) -> None:
        """Events can be replayed for thirty days."""
        async with self._store.transaction() as tx:
            await self._webhooks.forget(tx, self._clock.now() - KEEP)

    async def _deliver(self, call: Call) -> None:
        outcome = await self._calls.post(call.webhook.url, call.body, headers(self._key, call, self._clock.now()))
        now = self._clock.now()
        async with self._store.transaction() as tx:
            again = None if outcome.delivered or outcome.status == GONE else next_attempt(call.attempt, now)
            await self._webhooks.record(tx, call, outcome, now, again)
            if outcome.status == GONE:
                await self._disable(tx, call, outcome)

    async def _disable(self, tx: Tx, call: Call, outcome: Outcome) -> None:
        try:
            hook = await self._webhooks.get(tx, call.webhook.webhook_id, call.webhook.partner, for_update=True)
        except Refusal:
            return  # closed during the call
        await self._webhooks.save(
            tx, replace(hook, disabled_at=self._clock.now(), disabled_why=f"接收方答复 {outcome.status}，不再接收")
        )
