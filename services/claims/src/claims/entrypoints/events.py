"""Foreign facts that claims reacts to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from claims.application.registry.on_person_stated import OnPersonStated
from shared.contracts import Envelope
from shared.db.database import SqlTx
from shared.messaging.runner import BatchHandler, Handler

PERSON_STATED: Final = "enrollment.person-stated.v1"


def handlers(on_person_stated: OnPersonStated) -> Mapping[str, Handler]:
    """Event wire name to reaction."""

    async def person_stated(tx: SqlTx, envelope: Envelope) -> None:
        await on_person_stated(tx, [envelope.data])

    return {PERSON_STATED: person_stated}


def batch_handlers(on_person_stated: OnPersonStated) -> Mapping[str, BatchHandler]:
    """A county that is loaded states its people by the thousand."""

    async def persons_stated(tx: SqlTx, envelopes: Sequence[Envelope]) -> None:
        await on_person_stated(tx, [envelope.data for envelope in envelopes])

    return {PERSON_STATED: persons_stated}
