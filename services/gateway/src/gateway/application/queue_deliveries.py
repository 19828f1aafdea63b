"""Queue events for the partners that subscribed to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.application.ports import PartnerDocuments, Webhooks
from gateway.domain.partners import Partners
from shared.clock import Clock
from shared.transactions import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event as partners get it."""

    event_id: str
    name: str
    occurred_at: datetime
    case_id: str | None
    partner: str | None
    """The only one that it concerns, if it concerns one."""
    body: str
    """CloudEvents 1.0, structured mode, JSON."""


class QueueDeliveries:
    """Runs in the consumer's transaction: an event is queued if and only if it is consumed."""

    def __init__(self, *, webhooks: Webhooks, documents: PartnerDocuments, partners: Partners, clock: Clock) -> None:
        self._webhooks = webhooks
        self._documents = documents
        self._partners = partners
        self._clock = clock
        self._heard = {name for partner in partners.partners.values() for name in partner.events}

    def concerns(self, name: str) -> bool:
        """Whether any partner may hear of such events at all."""
        return name in self._heard

    async def __call__(self, tx: Tx, facts: Sequence[Fact]) -> None:
        """A partner hears of its own cases, or of all when that is agreed."""
        facts = [fact for fact in facts if self.concerns(fact.name)]
        hooks = await self._webhooks.subscribed(tx, {fact.name for fact in facts}) if facts else []
        if not hooks:
            return
        cases = {fact.case_id for fact in facts if fact.case_id is not None}
        own = await self._documents.about(tx, cases) if cases else set()
        queued = []
        for hook in hooks:
            partner = self._partners.partners.get(hook.partner)
            for fact in facts:
                agreed = partner is not None and fact.name in partner.events and fact.name in hook.events
                if not agreed or partner is None or fact.partner not in (None, hook.partner):
                    continue
                if partner.cases == "all" or fact.partner == hook.partner or (hook.partner, fact.case_id) in own:
                    queued.append((hook.webhook_id, fact.event_id, fact.name, fact.occurred_at, fact.body))
        if queued:
            await self._webhooks.queue(tx, queued, self._clock.now())
