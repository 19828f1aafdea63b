"""Facts of all services, the gateway's own among them: timeline, matters, institutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.application.on_fact import Told
from gateway.bootstrap import Gateway
from shared.contracts import REGISTRY, Envelope
from shared.contracts.claims import InstitutionStated
from shared.contracts.enrollment import PersonStated
from shared.messaging.runner import BatchHandler, Handler

_NOT_FOR_US = (PersonStated,)
"""Identities stay in enrollment; the gateway asks for them when somebody may see them."""


def handlers(gateway: Gateway) -> dict[str, Handler]:
    """A reaction for every event of the published language that concerns a person or an institution."""

    async def fact(tx: Any, envelope: Envelope) -> None:
        await gateway.on_fact(tx, [_told(envelope)])

    async def institution(tx: Any, envelope: Envelope) -> None:
        await gateway.on_institution_stated(tx, envelope.data)

    special: dict[type[Any], Handler] = {InstitutionStated: institution}
    return {entry.name: special.get(entry.cls, fact) for entry in REGISTRY.all() if entry.cls not in _NOT_FOR_US}


def batch_handlers(gateway: Gateway) -> dict[str, BatchHandler]:
    """Facts come by the hundred: one reaction to all that stand together, whatever they are."""

    async def facts(tx: Any, envelopes: Sequence[Envelope]) -> None:
        await gateway.on_fact(tx, [_told(envelope) for envelope in envelopes])

    return {entry.name: facts for entry in REGISTRY.all() if entry.cls not in (*_NOT_FOR_US, InstitutionStated)}


def _told(envelope: Envelope) -> Told:
    return Told(envelope.id, envelope.data, envelope.time)
