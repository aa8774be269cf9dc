"""The numbers that `/metrics` shows: counters of this process, and the state at the moment it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_REQUEST_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 1, 2.5, 5, 10, 30, 120)
_WORK_S: Final = (0.01, 0.05, 0.1, 0.3, 1, 3, 10, 30, 100, 300)
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"))
_SAVES: Final = frozenset(
    (
        ("PUT", "/api/items/{item_id}/mask"),
        ("POST", "/api/items/{item_id}/decision"),
        ("POST", "/api/items/{item_id}/tags"),
        ("POST", "/api/datasets/{dataset_id}/gallery/actions"),
    )
)


Values = dict[tuple[str, ...], float]
"""A number for the values of the labels."""


@dataclass(frozen=True)
class Reading:
    """Values of one gauge at this moment.

    Attributes:
        labels: names of the labels.
        values: a number for the values of the labels.
    """

    name: str
    help: str
    values: Values
    labels: tuple[str, ...] = field(default=())


class Metrics:
    """All metrics of one studio, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._requests = Counter(
            "puzzlecam_requests",
            "Answered requests, by the template of their route.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "puzzlecam_request_seconds",
            "Seconds from a request's head to the last byte of its answer.",
            ("method", "route"),
            buckets=_REQUEST_S,
            registry=self._registry,
        )
        self._in_progress = Gauge(
            "puzzlecam_requests_in_progress", "Requests being answered.", registry=self._registry
        )
        self._saves = Counter(
            "puzzlecam_saves",
            "Changes of masks, decisions and tags; a conflict is a save on an older revision.",
            ("outcome",),
            registry=self._registry,
        )
        for outcome in ("stored", "conflict", "refused", "failed"):
            self._saves.labels(outcome)
        self._waited = Histogram(
            "puzzlecam_work_wait_seconds",
            "Seconds that heavy work waited for its turn.",
            ("priority",),
            buckets=_WORK_S,
            registry=self._registry,
        )
        self._worked = Histogram(
            "puzzlecam_work_seconds",
            "Seconds that heavy work took.",
            ("priority",),
            buckets=_WORK_S,
            registry=self._registry,
        )

    def begun(self) -> None:
        """Count a request that has arrived."""
        self._in_progress.inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request.

        Args:
            route: the template, never the path, because every value is kept for ever.
        """
        named = method if method in _METHODS else "other"
        self._in_progress.dec()
        self._requests.labels(named, route, str(status)).inc()
        self._seconds.labels(named, route).observe(seconds)
        if (method, route) in _SAVES:
            self._saves.labels(_outcome(status)).inc()

    def worked(self, priority: str, waited_s: float, took_s: float) -> None:
        """Note a piece of heavy work that has ended."""
        self._waited.labels(priority).observe(waited_s)
        self._worked.labels(priority).observe(took_s)

    def text(self, readings: Callable[[], Iterable[Reading]]) -> bytes:
        """Everything in Prometheus' text format, version 0.0.4; `readings` are the state at this moment."""
        state = CollectorRegistry()
        state.register(_State(readings))
        return generate_latest(self._registry) + generate_latest(state)


class _State(Collector):
    def __init__(self, readings: Callable[[], Iterable[Reading]]) -> None:
        self._readings = readings

    def describe(self) -> list[Metric]:
        return []  # else registering would already collect

    def collect(self) -> Iterator[Metric]:
        for reading in self._readings():
            family = GaugeMetricFamily(reading.name, reading.help, labels=reading.labels)
            for values, number in reading.values.items():
                family.add_metric(values, number)
            yield family


def _outcome(status: int) -> str:
    if status < 400:
        return "stored"
    if status == 412:
        return "conflict"
    return "refused" if status < 500 else "failed"
