from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from shared.telemetry import configure_tracing, current_traceparent, shutdown_tracing, span

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Kept(InMemorySpanExporter):
    """Keeps its spans when it is shut down, so that a test can read them after the flush."""

    def shutdown(self) -> None:
        return


@pytest.fixture
def spans() -> Iterator[Kept]:
    exporter = Kept()
    configure_tracing("claims", exporter=exporter)
    yield exporter
    shutdown_tracing()


def test_unconfigured_nothing_is_recorded_but_the_trace_is_handed_on() -> None:
    assert current_traceparent() is None
    with span("work"):
        assert current_traceparent() is None
    with span("work", traceparent=PARENT):
        assert current_traceparent() == PARENT
    configure_tracing("claims", "")
    with span("work"):
        assert current_traceparent() is None


def test_a_trace_goes_on_through_text(spans: Kept) -> None:
    with span("request", attributes={"infno": "2207"}):
        carried = current_traceparent()
        with span("inner"):
            pass
    assert carried is not None
    with span("event", traceparent=carried):
        pass
    shutdown_tracing()
    inner, request, event = spans.get_finished_spans()
    assert [s.name for s in (inner, request, event)] == ["inner", "request", "event"]
    assert request.context is not None
    assert f"{request.context.trace_id:032x}" == carried.split("-")[1]
    assert event.parent is not None
    assert inner.parent is not None
    assert event.parent.span_id == inner.parent.span_id == request.context.span_id
    assert request.attributes == {"infno": "2207"}


def test_a_malformed_traceparent_begins_a_new_trace(spans: Kept) -> None:
    with span("event", traceparent="rubbish"):
        assert current_traceparent() is not None
    shutdown_tracing()
    assert spans.get_finished_spans()[0].parent is None


def test_an_error_is_recorded_without_its_text(spans: Kept) -> None:
    with pytest.raises(ValueError, match="张三"), span("work"):
        raise ValueError("psn_name=张三")
    shutdown_tracing()
    (finished,) = spans.get_finished_spans()
    assert finished.status.status_code is StatusCode.ERROR
    assert finished.status.description == "ValueError"
    assert finished.events == ()
