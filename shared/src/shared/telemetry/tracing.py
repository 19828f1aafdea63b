"""Traces (OpenTelemetry, W3C trace context). ``traceparent`` goes as plain text through HTTP headers and outbox rows.

Until ``configure_tracing`` is called with an address nothing is recorded, but a ``traceparent`` that came in is still handed on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()


class _State:
    provider: trace.TracerProvider = trace.NoOpTracerProvider()


def configure_tracing(service: str, endpoint: str = "", *, exporter: SpanExporter | None = None) -> None:
    """Send spans to an OTLP/HTTP collector at ``endpoint`` (or to ``exporter``); with neither, record nothing."""
    shutdown_tracing()
    if not endpoint and exporter is None:
        return
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter(endpoint=endpoint)))
    _State.provider = provider


def shutdown_tracing() -> None:
    """Send what is waiting and record nothing from now on."""
    if isinstance(_State.provider, TracerProvider):
        _State.provider.shutdown()
    _State.provider = trace.NoOpTracerProvider()


@contextmanager
def span(name: str, *, traceparent: str | None = None, attributes: Mapping[str, str | int] | None = None) -> Iterator[None]:
    """Work that is timed as one span; a child of ``traceparent`` if given and well formed, otherwise of the present span.

    An exception is recorded by its type alone, since its text may name a person.
    """
    context = _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None
    tracer = _State.provider.get_tracer("onewindow")
    with tracer.start_as_current_span(
        name, context=context, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except BaseException as error:
            current.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise


def current_traceparent() -> str | None:
    """The present span as ``traceparent`` text; None outside of any."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")
