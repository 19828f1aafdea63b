"""Facts that claims reacts to: persons of enrollment, its own settlements, for what is watched besides them, and recognitions, for
which stays on credit wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from claims.application.burden.update_burdens import UpdateBurdens
from claims.application.registry.on_person_stated import OnPersonStated
from claims.application.stay_credits.settle_stay_credit import SettleStayCredit
from claims.domain.burden.watch import Moved
from shared.contracts import REGISTRY, Envelope
from shared.contracts.claims import (
    ClaimChargedBack,
    ClaimReinstated,
    ClaimRestored,
    ClaimReversed,
    ClaimSettled,
    ClaimTakenBack,
    SettlementCorrected,
)
from shared.contracts.workinjury_bridge import RecognitionDecided, RecognitionRevoked
from shared.db.database import SqlTx
from shared.messaging.runner import BatchHandler, Handler

PERSON_STATED: Final = "enrollment.person-stated.v1"
SETTLEMENTS_CHANGED: Final[tuple[type[Any], ...]] = (
    ClaimSettled,
    ClaimReversed,
    ClaimTakenBack,
    ClaimChargedBack,
    ClaimReinstated,
    ClaimRestored,
    SettlementCorrected,
)


RECOGNITIONS: Final[tuple[type[Any], ...]] = (RecognitionDecided, RecognitionRevoked)


def handlers(on_person_stated: OnPersonStated, burdens: UpdateBurdens, credits: SettleStayCredit) -> Mapping[str, Handler]:
    """Event wire name to reaction."""

    def alone(together: BatchHandler) -> Handler:
        async def one(tx: SqlTx, envelope: Envelope) -> None:
            await together(tx, [envelope])

        return one

    return {name: alone(batch) for name, batch in batch_handlers(on_person_stated, burdens, credits).items()}


def batch_handlers(
    on_person_stated: OnPersonStated, burdens: UpdateBurdens, credits: SettleStayCredit
) -> Mapping[str, BatchHandler]:
    """A county that is loaded states its people by the thousand, and settlements come by the hundred."""

    async def persons_stated(tx: SqlTx, envelopes: Sequence[Envelope]) -> None:
        changed = await on_person_stated(tx, [envelope.data for envelope in envelopes])
        moved = [Moved.between(before, after) for before, after in changed]
        await burdens.after_moves(tx, [each for each in moved if each is not None])

    async def settlements_changed(tx: SqlTx, envelopes: Sequence[Envelope]) -> None:
        await burdens.after_settlements(tx, {_settlement(envelope.data) for envelope in envelopes})

    async def recognitions_decided(tx: SqlTx, envelopes: Sequence[Envelope]) -> None:
        await credits.wake(tx, {envelope.data.person_id for envelope in envelopes})

    decided = {REGISTRY.of(kind).name: recognitions_decided for kind in RECOGNITIONS}
    settled = {REGISTRY.of(kind).name: settlements_changed for kind in SETTLEMENTS_CHANGED}
    return {PERSON_STATED: persons_stated, **settled, **decided}


def _settlement(fact: Any) -> str:
    return str(fact.original_settlement_id if isinstance(fact, ClaimReversed) else fact.settlement_id)
