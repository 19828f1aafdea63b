"""What the worker does again and again: start tasks, look at clocks, call partners, forget what is over."""

from __future__ import annotations

from gateway.bootstrap import Gateway
from shared.runtime import Job

START_EVERY_S = 2.0
LIGHTS_EVERY_S = 60.0
FORGET_EVERY_S = 300.0
CALL_EVERY_S = 1.0
DOCUMENTS_EVERY_S = 2.0


def jobs(gateway: Gateway) -> list[Job]:
    """The jobs of the gateway's worker."""

    async def forget() -> None:
        await gateway.replays.forget(2 * gateway.own.his_window_x_tif_s)

    return [
        Job(name="start-tasks", every_s=START_EVERY_S, run=gateway.start_tasks.sweep),
        Job(name="check-lights", every_s=LIGHTS_EVERY_S, run=gateway.check_lights),
        Job(name="forget-nonces", every_s=FORGET_EVERY_S, run=forget),
        Job(name="partner-documents", every_s=DOCUMENTS_EVERY_S, run=gateway.decide_document.sweep),
        Job(name="deliver-events", every_s=CALL_EVERY_S, run=gateway.deliver_events),
        Job(name="forget-deliveries", every_s=FORGET_EVERY_S, run=gateway.deliver_events.forget),
    ]
