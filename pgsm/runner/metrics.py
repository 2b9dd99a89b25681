"""What a runner counts, for Prometheus."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

if TYPE_CHECKING:
    from .claims import Claim

NAME = ["name"]
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The metrics of one runner, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        # resident memory, processor time, open files
        ProcessCollector(registry=registry)
        self._places = Gauge(
            "pgsm_runner_places", "Effects that may run at once.", registry=registry
        )
        self._claimed = Counter(
            "pgsm_effects_claimed", "Attempts begun.", NAME, registry=registry
        )
        self._running = Gauge(
            "pgsm_effects_running", "Handlers that run now.", NAME, registry=registry
        )
        self._ended = Counter(
            "pgsm_effects_ended",
            "Attempts recorded: succeeded, retrying, failed, cancelled, late, refused.",
            ["name", "outcome"],
            registry=registry,
        )
        self._lost = Counter(
            "pgsm_leases_lost", "Attempts that took too long.", NAME, registry=registry
        )
        self._released = Counter(
            "pgsm_effects_released",
            "Attempts given back at the end.",
            registry=registry,
        )
        self._duration = Histogram(
            "pgsm_effect_duration_seconds",
            "From the start of a handler to its end.",
            NAME,
            buckets=SECONDS,
            registry=registry,
        )
        self._latency = Histogram(
            "pgsm_effect_queue_seconds",
            "From when an attempt was due to its claim.",
            NAME,
            buckets=SECONDS,
            registry=registry,
        )
        self._troubles = Counter(
            "pgsm_runner_database_errors",
            "Calls of the database that failed, by what they were for.",
            ["call"],
            registry=registry,
        )

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def places(self, number: int) -> None:
        self._places.set(number)

    def started(self, claim: Claim) -> None:
        self._claimed.labels(claim.name).inc()
        self._running.labels(claim.name).inc()
        waited = (claim.claimed_at - claim.due_at) / timedelta(seconds=1)
        self._latency.labels(claim.name).observe(max(0.0, waited))

    def handled(self, claim: Claim, seconds: float) -> None:
        self._running.labels(claim.name).dec()
        self._duration.labels(claim.name).observe(seconds)

    def recorded(self, claim: Claim, outcome: str) -> None:
        if outcome == "lease_lost":
            self.lost(claim)
        else:
            self._ended.labels(claim.name, outcome).inc()

    def lost(self, claim: Claim) -> None:
        self._lost.labels(claim.name).inc()

    def released(self, number: int) -> None:
        self._released.inc(number)

    def trouble(self, call: str) -> None:
        self._troubles.labels(call).inc()
