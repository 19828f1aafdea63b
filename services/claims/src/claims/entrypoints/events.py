"""Foreign facts that claims reacts to."""

from __future__ import annotations

from collections.abc import Mapping

from claims.application.registry.on_person_stated import OnPersonStated
from shared.contracts import Envelope
from shared.db.database import SqlTx
from shared.messaging.runner import Handler


def handlers(on_person_stated: OnPersonStated) -> Mapping[str, Handler]:
    """Event wire name to reaction."""

    async def person_stated(tx: SqlTx, envelope: Envelope) -> None:
        await on_person_stated(tx, envelope.data)

    return {"enrollment.person-stated.v1": person_stated}
