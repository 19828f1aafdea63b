"""Structured logs, one JSON object a line, with every identity masked (``shared.telemetry.masking``).

The same chain takes the lines of libraries that use the standard ``logging``, so nothing goes past the mask.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from shared.telemetry.masking import mask
from shared.telemetry.tracing import current_traceparent


def configure_logging(service: str, *, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Set up the process: every line carries ``service``, time, level and the trace it belongs to. May be called again."""
    ours: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace,
    ]
    last: list[Processor] = [
        # Text first, then the mask: so that a person in an exception's message is masked like any other text.
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _mask_event,
        _name_service(service),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    output = logging.StreamHandler(stream or sys.stderr)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=ours,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level)
    # It would write every address it asks, and a search has the person's number or name in it.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*ours, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def logger(name: str) -> FilteringBoundLogger:
    """A logger; ``name`` is the module's."""
    return cast(FilteringBoundLogger, structlog.get_logger(name))


def _mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return cast(EventDict, mask(event))


def _trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    traceparent = current_traceparent()
    if traceparent:
        event["trace_id"] = traceparent.split("-")[1]
    return event


def _name_service(service: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> Any:
        event["service"] = service
        return event

    return add
