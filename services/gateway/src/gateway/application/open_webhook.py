"""A partner's subscriptions to events (事件推送): open, show, change the secret, open again, close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gateway.application.ports import Store, Webhooks
from gateway.domain.partners import Partners
from gateway.domain.webhook import Webhook, secret, shown
from shared.auth import Principal
from shared.clock import Clock
from shared.ids import IdFactory
from shared.transactions import Once, OnceKey, Tx


class OpenWebhook:
    """Scope ``webhooks:write``; a partner has to do with its own alone."""

    def __init__(
        self, *, store: Store, once: Once, webhooks: Webhooks, partners: Partners, key: bytes, clock: Clock, ids: IdFactory
    ) -> None:
        self._store = store
        self._once = once
        self._webhooks = webhooks
        self._partners = partners
        self._key = key
        self._clock = clock
        self._ids = ids

    async def __call__(self, caller: Principal, url: str, events: Sequence[str], key: OnceKey) -> tuple[Webhook, str]:
        """The subscription and its secret. Events from now on are told. Refusals of ``Partner``."""
        partner = self._partner(caller)
        wanted = tuple(dict.fromkeys(events))
        partner.check_url(url)
        partner.check_events(wanted)

        async def add(tx: Tx) -> dict[str, Any]:
            now = self._clock.now()
            webhook = Webhook(
                webhook_id=self._ids.new(),
                partner=caller.subject,
                url=url,
                events=wanted,
                secret_version=1,
                secret_changed_at=now,
                created_at=now,
            )
            await self._webhooks.add(tx, webhook)
            return {"webhook_id": webhook.webhook_id}

        answer, _ = await self._once.run(key, add)
        return await self._shown(caller, answer["webhook_id"])

    async def list(self, caller: Principal) -> list[Webhook]:
        """All of the caller's."""
        self._partner(caller)
        async with self._store.reading() as tx:
            return await self._webhooks.of(tx, caller.subject)

    async def change_secret(self, caller: Principal, webhook_id: str, key: OnceKey) -> tuple[Webhook, str]:
        """The next secret; for a day calls bear both signatures."""
        self._partner(caller)

        async def change(tx: Tx) -> dict[str, Any]:
            hook = await self._webhooks.get(tx, webhook_id, caller.subject, for_update=True)
            changed = replace(hook, secret_version=hook.secret_version + 1, secret_changed_at=self._clock.now())
            await self._webhooks.save(tx, changed)
            return {}

        await self._once.run(key, change)
        return await self._shown(caller, webhook_id)

    async def enable(self, caller: Principal, webhook_id: str) -> Webhook:
        """Call it again after it answered 410."""
        self._partner(caller)
        async with self._store.transaction() as tx:
            hook = await self._webhooks.get(tx, webhook_id, caller.subject, for_update=True)
            opened = replace(hook, disabled_at=None, disabled_why="")
            await self._webhooks.save(tx, opened)
        return opened

    async def close(self, caller: Principal, webhook_id: str) -> None:
        """No more calls; what is not delivered is dropped."""
        self._partner(caller)
        async with self._store.transaction() as tx:
            await self._webhooks.get(tx, webhook_id, caller.subject, for_update=True)
            await self._webhooks.remove(tx, webhook_id)

    async def _shown(self, caller: Principal, webhook_id: str) -> tuple[Webhook, str]:
        async with self._store.reading() as tx:
            hook = await self._webhooks.get(tx, webhook_id, caller.subject)
        return hook, shown(secret(self._key, hook.webhook_id, hook.secret_version))

    def _partner(self, caller: Principal) -> Any:
        caller.require("webhooks:write")
        return self._partners.partner(caller.subject)
