"""Foreign facts that the bridge reacts to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.contracts import REGISTRY, Envelope
from shared.contracts.claims import ClaimReversed, ClaimSettled, SettlementCorrected
from shared.messaging.runner import BatchHandler, Handler
from workinjury_bridge.bootstrap import Bridge


def handlers(bridge: Bridge) -> Mapping[str, Handler]:
    """Event wire name to reaction.

    ClaimTakenBack and ClaimRestored are answers to our own commands: what they say is stored when the command returns, so
    they are not consumed.
    """

    async def claim_settled(tx: Any, envelope: Envelope) -> None:
        await bridge.on_settled.run(tx, [envelope.data])

    async def claim_reversed(tx: Any, envelope: Envelope) -> None:
        await bridge.on_reversed.run(tx, envelope.data)

    async def settlement_corrected(tx: Any, envelope: Envelope) -> None:
        await bridge.on_corrected.run(tx, envelope.data)

    return {
        REGISTRY.of(ClaimSettled).name: claim_settled,
        REGISTRY.of(ClaimReversed).name: claim_reversed,
        REGISTRY.of(SettlementCorrected).name: settlement_corrected,
    }


def batch_handlers(bridge: Bridge) -> Mapping[str, BatchHandler]:
    """Settlements come by the hundred: one reaction to all that stand together."""

    async def claims_settled(tx: Any, envelopes: Sequence[Envelope]) -> None:
        await bridge.on_settled.run(tx, [envelope.data for envelope in envelopes])

    return {REGISTRY.of(ClaimSettled).name: claims_settled}
