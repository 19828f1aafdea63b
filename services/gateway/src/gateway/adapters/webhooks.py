"""Webhooks and their deliveries in PostgreSQL, and the calls themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import httpx
from sqlalchemy import Row, delete, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.adapters.tables import webhook, webhook_delivery
from gateway.domain.webhook import Call, Outcome, Webhook
from shared.errors import not_found

TIMEOUT_S: Final = 10.0
"""A receiver takes note and answers; what it does with the event is its own time."""
_ERROR_LENGTH: Final = 300
_LEASE: Final = text(
    "UPDATE webhook_delivery d SET attempts = d.attempts + 1, next_at = :until FROM (SELECT due.webhook_id, due.event_id FROM webhook w"
    " CROSS JOIN LATERAL (SELECT q.webhook_id, q.event_id FROM webhook_delivery q WHERE q.webhook_id = w.webhook_id"
    " AND q.state = 'pending' AND q.next_at <= :now ORDER BY q.next_at, q.event_id LIMIT :of_each FOR UPDATE SKIP LOCKED) due"
    " WHERE w.disabled_at IS NULL) due WHERE (d.webhook_id, d.event_id) = (due.webhook_id, due.event_id)"
    " RETURNING d.webhook_id, d.event_id, d.body, d.attempts"
)


class SqlWebhooks:
    """Implements ``ports.Webhooks``."""

    async def add(self, tx: Any, new: Webhook) -> None:
        """See the port."""
        await tx.execute(insert(webhook).values({**asdict(new), "events": list(new.events)}))

    async def get(self, tx: Any, webhook_id: str, partner: str, *, for_update: bool = False) -> Webhook:
        """See the port."""
        query = select(webhook).where(webhook.c.webhook_id == webhook_id, webhook.c.partner == partner)
        row = await tx.first(query.with_for_update() if for_update else query)
        if row is None:
            raise not_found("gateway.webhook.id-unknown", "没有该推送订阅", "no such webhook")
        return _webhook(row)

    async def save(self, tx: Any, changed: Webhook) -> None:
        """See the port."""
        await tx.execute(
            update(webhook)
            .where(webhook.c.webhook_id == changed.webhook_id)
            .values({**asdict(changed), "events": list(changed.events)})
        )

    async def remove(self, tx: Any, webhook_id: str) -> None:
        """See the port."""
        await tx.execute(delete(webhook).where(webhook.c.webhook_id == webhook_id))

    async def of(self, tx: Any, partner: str) -> list[Webhook]:
        """See the port."""
        query = select(webhook).where(webhook.c.partner == partner).order_by(webhook.c.webhook_id)
        return [_webhook(row) for row in await tx.all(query)]

    async def subscribed(self, tx: Any, events: Collection[str]) -> list[Webhook]:
        """See the port."""
        query = select(webhook).where(webhook.c.events.op("&&")(literal(sorted(events), ARRAY(TEXT))))
        return [_webhook(row) for row in await tx.all(query)]

    async def queue(self, tx: Any, deliveries: Sequence[tuple[str, str, str, datetime, str]], due_at: datetime) -> None:
        """See the port."""
        rows = [
            {
                "webhook_id": webhook_id,
                "event_id": event_id,
                "event": event,
                "occurred_at": occurred_at,
                "body": body,
                "state": "pending",
                "attempts": 0,
                "next_at": due_at,
                "last_error": "",
            }
            for webhook_id, event_id, event, occurred_at, body in deliveries
        ]
        await tx.execute(upsert(webhook_delivery).on_conflict_do_nothing(), rows)

    async def lease(self, tx: Any, now: datetime, until: datetime, of_each: int) -> list[Call]:
        """See the port."""
        rows = (await tx.execute(_LEASE, {"now": now, "until": until, "of_each": of_each})).all()
        if not rows:
            return []
        hooks = {row.webhook_id: _webhook(row) for row in await tx.all(select(webhook).where(webhook.c.disabled_at.is_(None)))}
        return [
            Call(webhook=hooks[row.webhook_id], event_id=row.event_id, body=row.body, attempt=row.attempts)
            for row in rows
            if row.webhook_id in hooks
        ]

    async def record(self, tx: Any, call: Call, outcome: Outcome, at: datetime, next_at: datetime | None) -> None:
        """See the port. A replay that was asked for during the call stands."""
        d = webhook_delivery.c
        await tx.execute(
            update(webhook_delivery)
            .where(d.webhook_id == call.webhook.webhook_id, d.event_id == call.event_id, d.attempts == call.attempt)
            .values(
                state="delivered" if outcome.delivered else "pending" if next_at is not None else "abandoned",
                next_at=next_at,
                last_status=outcome.status,
                last_error=outcome.error[:_ERROR_LENGTH],
                last_at=at,
            )
        )

    async def deliveries(
        self, tx: Any, webhook_id: str, state: str | None, limit: int, after: str | None
    ) -> list[dict[str, Any]]:
        """See the port."""
        d = webhook_delivery.c
        query = select(
            d.event_id, d.event, d.occurred_at, d.state, d.attempts, d.next_at, d.last_status, d.last_error, d.last_at
        )
        query = query.where(d.webhook_id == webhook_id)
        if state is not None:
            query = query.where(d.state == state)
        if after is not None:
            query = query.where(d.event_id < after)
        return [dict(row._mapping) for row in await tx.all(query.order_by(d.event_id.desc()).limit(limit))]

    async def replay(self, tx: Any, webhook_id: str, due_at: datetime, *, since: datetime | None, event_id: str | None) -> int:
        """See the port."""
        d = webhook_delivery.c
        query = update(webhook_delivery).where(d.webhook_id == webhook_id).values(state="pending", attempts=0, next_at=due_at)
        if since is not None:
            query = query.where(d.occurred_at >= since)
        if event_id is not None:
            query = query.where(d.event_id == event_id)
        return int((await tx.execute(query)).rowcount)

    async def forget(self, tx: Any, before: datetime) -> int:
        """See the port."""
        return int((await tx.execute(delete(webhook_delivery).where(webhook_delivery.c.occurred_at < before))).rowcount)


class HttpPartnerCalls:
    """Implements ``ports.PartnerCalls``: no proxy of the environment, no redirects, the answer's text is not read."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, transport=transport, trust_env=False, follow_redirects=False)

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Outcome:
        """See the port."""
        try:
            async with self._http.stream("POST", url, content=body.encode(), headers=dict(headers)) as answer:
                return Outcome(status=answer.status_code)
        except httpx.HTTPError as lost:
            return Outcome(status=None, error=f"{type(lost).__name__}: {lost}")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(**{**row._mapping, "events": tuple(row.events)})
