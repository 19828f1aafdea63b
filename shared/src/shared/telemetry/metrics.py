"""Prometheus metrics of one process, in a registry of their own so that tests and several services do not collide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_M = TypeVar("_M", Counter, Gauge, Histogram)

LATENCY_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Makes each metric once by name and gives it again when asked again; names are ``onewindow_<name>``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._made: dict[str, Counter | Gauge | Histogram] = {}

    def counter(self, name: str, description: str, labels: Sequence[str] = ()) -> Counter:
        """A count that only grows. Raises ValueError when the name is another kind of metric."""
        return self._once(name, Counter, lambda: Counter(f"onewindow_{name}", description, labels, registry=self.registry))

    def gauge(self, name: str, description: str, labels: Sequence[str] = ()) -> Gauge:
        """A value that goes up and down. Raises ValueError when the name is another kind of metric."""
        return self._once(name, Gauge, lambda: Gauge(f"onewindow_{name}", description, labels, registry=self.registry))

    def histogram(
        self, name: str, description: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = LATENCY_BUCKETS_S
    ) -> Histogram:
        """A distribution, of seconds unless other buckets are given. Raises ValueError when the name is another kind."""
        return self._once(
            name,
            Histogram,
            lambda: Histogram(f"onewindow_{name}", description, labels, buckets=buckets, registry=self.registry),
        )

    def render(self) -> tuple[bytes, str]:
        """The page that Prometheus reads, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def _once(self, name: str, kind: type[_M], make: Callable[[], _M]) -> _M:
        metric = self._made.get(name)
        if metric is None:
            metric = self._made[name] = make()
        if not isinstance(metric, kind):
            raise ValueError(f"metric {name} is a {type(metric).__name__.lower()} already")
        return metric
