"""Spans of handlers, where OpenTelemetry is installed.

An effect carries the traceparent (W3C Trace Context) of the transaction that wrote it;
what follows from the effect carries its span's.  Where OpenTelemetry is not installed
the traceparent is handed on as it came.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Iterator
from typing import Any, Protocol

from .claims import Claim


def _optional(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


trace = _optional("opentelemetry.trace")
tracecontext = _optional("opentelemetry.trace.propagation.tracecontext")


class Span(Protocol):
    """`traceparent` is for what follows from the handler's work."""

    traceparent: str | None

    def end(self, work: asyncio.Future[Any]) -> None: ...


class NoSpan:
    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent

    def end(self, work: asyncio.Future[Any]) -> None:
        pass


@contextlib.contextmanager
def span(claim: Claim) -> Iterator[Span]:
    """A span that is current inside of the block and is ended by its `end`."""
    if trace is None:
        yield NoSpan(claim.trace)
        return
    propagator = tracecontext.TraceContextTextMapPropagator()
    carrier = {"traceparent": claim.trace} if claim.trace else {}
    started = trace.get_tracer("pgsm.runner").start_span(
        f"effect {claim.name}",
        context=propagator.extract(carrier),
        kind=trace.SpanKind.CONSUMER,
        attributes=_attributes(claim),
    )
    with trace.use_span(started, end_on_exit=False):
        onward: dict[str, str] = {}
        propagator.inject(onward)
        yield RealSpan(started, onward.get("traceparent", claim.trace))


class RealSpan:
    def __init__(self, started: Any, traceparent: str | None) -> None:
        self._span = started
        self.traceparent = traceparent

    def end(self, work: asyncio.Future[Any]) -> None:
        problem = None if work.cancelled() else work.exception()
        if work.cancelled():
            self._span.set_status(trace.StatusCode.ERROR, "cancelled")
        elif problem is not None:
            self._span.record_exception(problem)
            self._span.set_status(trace.StatusCode.ERROR, str(problem))
        self._span.end()


def _attributes(claim: Claim) -> dict[str, Any]:
    return {
        "pgsm.instance": claim.instance_id,
        "pgsm.effect": claim.effect_id,
        "pgsm.effect_name": claim.name,
        "pgsm.machine": claim.machine,
        "pgsm.version": claim.version,
        "pgsm.attempt": claim.attempt,
    }
