"""Logs that name nobody, and traces that follow an event through the outbox."""

from shared.telemetry.logs import configure_logging, logger
from shared.telemetry.masking import mask, mask_text
from shared.telemetry.tracing import configure_tracing, current_traceparent, shutdown_tracing, span

__all__ = [
    "configure_logging",
    "configure_tracing",
    "current_traceparent",
    "logger",
    "mask",
    "mask_text",
    "shutdown_tracing",
    "span",
]
