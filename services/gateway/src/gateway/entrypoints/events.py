"""Facts of all services, the gateway's own among them: timeline, matters, institutions, partners."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gateway.application.on_fact import Told
from gateway.application.queue_deliveries import Fact
from gateway.bootstrap import Gateway
from shared.contracts import REGISTRY, Envelope
from shared.contracts.claims import InstitutionStated
from shared.contracts.enrollment import PersonStated
from shared.messaging.codec import adapter
from shared.messaging.runner import BatchHandler, Handler

_NOT_FOR_US = (PersonStated,)
"""Identities stay in enrollment; the gateway asks for them when somebody may see them."""


def handlers(gateway: Gateway) -> dict[str, Handler]:
    """A reaction for every event of the published language that concerns a person or an institution."""

    async def fact(tx: Any, envelope: Envelope) -> None:
        await gateway.on_fact(tx, [_told(envelope)])
        if gateway.queue_deliveries.concerns(envelope.type):
            await gateway.queue_deliveries(tx, [_fact(envelope)])

    async def institution(tx: Any, envelope: Envelope) -> None:
        await gateway.on_institution_stated(tx, envelope.data)

    special: dict[type[Any], Handler] = {InstitutionStated: institution}
    return {entry.name: special.get(entry.cls, fact) for entry in REGISTRY.all() if entry.cls not in _NOT_FOR_US}


def batch_handlers(gateway: Gateway) -> dict[str, BatchHandler]:
    """Facts come by the hundred: one reaction to all that stand together, whatever they are."""

    async def facts(tx: Any, envelopes: Sequence[Envelope]) -> None:
        await gateway.on_fact(tx, [_told(envelope) for envelope in envelopes])
        if gateway.queue_deliveries.concerns(envelopes[0].type):
            await gateway.queue_deliveries(tx, [_fact(envelope) for envelope in envelopes])

    return {entry.name: facts for entry in REGISTRY.all() if entry.cls not in (*_NOT_FOR_US, InstitutionStated)}


def _told(envelope: Envelope) -> Told:
    return Told(envelope.id, envelope.data, envelope.time)


def _fact(envelope: Envelope) -> Fact:
    data = adapter(type(envelope.data)).dump_python(envelope.data, mode="json")
    told = {
        "specversion": "1.0",
        "id": envelope.id,
        "type": envelope.type,
        "source": envelope.source,
        "subject": envelope.subject,
        "time": envelope.time.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Fact(
        event_id=envelope.id,
        name=envelope.type,
        occurred_at=envelope.time,
        case_id=data.get("case_id"),
        partner=data.get("partner"),
        body=json.dumps(told, ensure_ascii=False, separators=(",", ":")),
    )
