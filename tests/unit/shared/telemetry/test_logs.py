import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry import configure_logging, configure_tracing, logger, shutdown_tracing, span

ID = "420502199001011232"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("claims", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_json_object_a_line_with_service_level_and_time(lines: io.StringIO) -> None:
    logger("claims.x").info("claim settled", settlement_id="S1", amount_fen=13812345678)
    (line,) = read(lines)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "claim settled",
        "level": "info",
        "logger": "claims.x",
        "service": "claims",
        "settlement_id": "S1",
        "amount_fen": 13812345678,
    }


def test_no_identity_gets_out_by_value_context_exception_or_library(lines: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(who=ID)
    log = logger("claims.x")
    log.warning("refused %s", ID, psn_name="张三")
    try:
        raise ValueError(f"psn_name='张三' has id {ID}")
    except ValueError:
        log.exception("failed")
    logging.getLogger("library").error("row %s of %s", ID, {"psn_name": "张三"})
    text = lines.getvalue()
    assert ID not in text
    assert "张三" not in text
    first, second, third = read(lines)
    assert first["who"] == "[number]"
    assert "ValueError: psn_name=[name] has id [number]" in second["exception"]
    assert third["event"] == "row [number] of {'psn_name': [name]}"
    assert third["logger"] == "library"
    assert {x["service"] for x in (first, second, third)} == {"claims"}


def test_level_is_respected(lines: io.StringIO) -> None:
    logger("claims.x").debug("not shown")
    logging.getLogger("library").debug("not shown")
    assert lines.getvalue() == ""


def test_lines_name_their_trace(lines: io.StringIO) -> None:
    configure_tracing("claims", exporter=InMemorySpanExporter())
    try:
        with span("work", traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"):
            logger("claims.x").info("inside")
    finally:
        shutdown_tracing()
    assert read(lines)[0]["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
