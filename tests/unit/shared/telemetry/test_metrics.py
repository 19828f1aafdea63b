import pytest

from shared.telemetry import Metrics


def test_a_metric_is_made_once_and_rendered() -> None:
    metrics = Metrics()
    metrics.counter("parked_total", "Parked events", ["topic"]).labels("t").inc()
    metrics.counter("parked_total", "Parked events", ["topic"]).labels("t").inc()
    metrics.gauge("lag", "Lag").set(3)
    metrics.histogram("latency_seconds", "Latency", buckets=[0.1, 1]).observe(0.5)
    page, content_type = metrics.render()
    text = page.decode()
    assert 'onewindow_parked_total{topic="t"} 2.0' in text
    assert "onewindow_lag 3.0" in text
    assert 'onewindow_latency_seconds_bucket{le="1.0"} 1.0' in text
    assert content_type.startswith("text/plain")


def test_registries_are_separate() -> None:
    Metrics().counter("x", "x").inc()
    assert b"onewindow_x" not in Metrics().render()[0]


def test_one_name_is_one_kind() -> None:
    metrics = Metrics()
    metrics.counter("x", "x")
    with pytest.raises(ValueError, match="metric x is a counter already"):
        metrics.gauge("x", "x")
