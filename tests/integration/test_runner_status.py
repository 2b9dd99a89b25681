"""What is seen of a runner from outside: metrics, health, readiness, spans."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from opentelemetry import trace as api
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pgsm import effects
from pgsm.runner import health, tracing
from pgsm.runner.database import Database
from pgsm.runner.observer import Observer

from . import outbox, runners
from .inside import TWO_QUICK_ATTEMPTS, outcome, running

Connect = Callable[..., psycopg.Connection]
SENDER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def read(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def value(observer: Observer, sample: str, /, **labels: str) -> float:
    return observer.registry.get_sample_value(sample, labels) or 0.0


async def test_what_happens_is_counted_by_name(
    fresh_dsn: str, connect: Connect
) -> None:
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None:
        if effect.attempt <= task["failures"]:
            raise effects.RetryAfter(0)

    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job(TWO_QUICK_ATTEMPTS))
    for job, failures in {"job-1": 0, "job-2": 1, "job-3": 2}.items():
        outbox.start(connection, job, task={"failures": failures})
    observer = Observer()
    async with running(fresh_dsn, registry, observer):
        for job in ("job-1", "job-2", "job-3"):
            await outcome(connection, job)
    counted = {
        outcome: value(
            observer, "pgsm_effects_ended_total", name="test.work", outcome=outcome
        )
        for outcome in ("succeeded", "retrying", "failed")
    }
    assert counted == {"succeeded": 2, "retrying": 2, "failed": 1}
    assert value(observer, "pgsm_effects_claimed_total", name="test.work") == 5
    assert value(observer, "pgsm_effects_running", name="test.work") == 0
    for histogram in ("pgsm_effect_duration_seconds", "pgsm_effect_queue_seconds"):
        assert value(observer, f"{histogram}_count", name="test.work") == 5
        assert value(observer, f"{histogram}_sum", name="test.work") < 30


async def test_a_lost_lease_is_counted(fresh_dsn: str, connect: Connect) -> None:
    registry = effects.Registry()
    connection = connect(fresh_dsn)

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None:
        if effect.attempt == 1:
            connection.execute(
                "update pgsm_private.effects set lease_until = now(),"
                " lease_token = gen_random_uuid()"
            )

    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    observer = Observer()
    async with running(fresh_dsn, registry, observer):
        await outcome(connection)
    assert value(observer, "pgsm_leases_lost_total", name="test.work") == 1


async def test_an_answer_that_comes_back_after_a_heartbeat_is_no_lost_lease(
    fresh_dsn: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = Database.complete

    async def slow(self: Database, *arguments: Any) -> Any:
        rows = await complete(self, *arguments)
        await asyncio.sleep(0.5)  # recorded, and some heartbeats follow
        return rows

    monkeypatch.setattr(Database, "complete", slow)
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None: ...

    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    observer = Observer()
    async with running(fresh_dsn, registry, observer, lease=0.3):
        await outcome(connection)
    assert value(observer, "pgsm_leases_lost_total", name="test.work") == 0
    labels = {"name": "test.work", "outcome": "succeeded"}
    assert value(observer, "pgsm_effects_ended_total", **labels) == 1


def test_a_runner_says_that_it_is_alive_and_ready(
    fresh_dsn: str, tmp_path: Path
) -> None:
    with runners.process(fresh_dsn, tmp_path, "--metrics-port", "0") as runner:
        (port,) = [
            line["port"] for line in runner.log() if line["event"] == "status_served"
        ]
        runners.until(lambda: read(port, "/readyz")[0] == 200)
        assert read(port, "/healthz") == (200, '{"ok": true}\n')
        status, text = read(port, "/metrics")
        assert status == 200
        assert "pgsm_runner_places 20.0" in text
        assert "process_resident_memory_bytes" in text
        assert read(port, "/other")[0] == 404


@pytest.fixture
def served() -> Iterator[tuple[Observer, int]]:
    observer = Observer()
    server = health.StatusServer(observer.health, observer, "127.0.0.1", 0)
    try:
        yield observer, server.port
    finally:
        server.close()


def test_it_is_not_ready_before_and_after_and_without_its_database(
    served: tuple[Observer, int],
) -> None:
    observer, port = served

    def problem() -> str | None:
        status, text = read(port, "/readyz")
        answer = json.loads(text)
        assert (status == 200) == answer["ok"]
        found: str | None = answer.get("problem")
        return found

    assert problem() == "starting"
    observer.running(20)
    assert problem() is None
    observer.trouble("claim", OSError("connection refused"))
    assert problem() == "no database: connection refused"
    assert read(port, "/healthz")[0] == 200
    observer.fine()
    assert problem() is None
    observer.stopping()
    assert problem() == "stopping"


def test_it_is_not_alive_when_a_handler_holds_up_the_loop(
    served: tuple[Observer, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    observer, port = served
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 20)
    assert read(port, "/healthz")[0] == 503
    observer.health.beat()
    assert read(port, "/healthz")[0] == 200


# Traces


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(api, "get_tracer", provider.get_tracer)
    return exporter


def _two_effects() -> dict[str, Any]:
    """A second effect follows from the first one's end."""
    chart = outbox.job(name="test.first")
    chart["states"]["finished"] = {"entry": {"type": "effect", "name": "test.second"}}
    chart["implementations"]["effects"]["test.second"] = {}
    return chart


async def _run_both(dsn: str, connection: psycopg.Connection) -> dict[str, str | None]:
    seen: dict[str, str | None] = {}
    registry = effects.Registry()

    @registry.handler("test.first")
    async def first(effect: effects.Effect, task: Any) -> None:
        seen["first"] = effect.trace

    @registry.handler("test.second")
    def second(effect: effects.Effect, task: Any) -> None:
        seen["second"] = effect.trace
        if tracing.trace is not None:
            tracing.trace.get_current_span().set_attribute("in_thread", True)

    outbox.define(connection, _two_effects())
    with connection.transaction():
        connection.execute("select set_config('pgsm.traceparent', %s, true)", [SENDER])
        outbox.start(connection, "job-1")
    outbox.start(connection, "job-2")
    async with running(dsn, registry):
        while outbox.scalar(
            connection,
            "select count(*) from pgsm.effects where status <> 'succeeded'"
            " or (select count(*) from pgsm.effects) < 4",
        ):
            await asyncio.sleep(0.02)
    return seen


async def test_a_trace_goes_to_the_handler_and_on_to_what_follows(
    fresh_dsn: str, connect: Connect, spans: InMemorySpanExporter
) -> None:
    await _run_both(fresh_dsn, connect(fresh_dsn))
    by_job: dict[Any, dict[str, Any]] = {}
    for span in spans.get_finished_spans():
        assert span.attributes is not None
        by_job.setdefault(span.attributes["pgsm.instance"], {})[span.name] = span
    first, second = by_job["job-1"].values()
    assert format(first.context.trace_id, "032x") == SENDER.split("-")[1]
    assert format(first.parent.span_id, "016x") == SENDER.split("-")[2]
    assert second.context.trace_id == first.context.trace_id
    assert second.parent.span_id == first.context.span_id
    assert second.attributes["in_thread"] is True
    first, second = by_job["job-2"].values()
    assert first.parent is None
    assert second.context.trace_id == first.context.trace_id
    assert format(first.context.trace_id, "032x") != SENDER.split("-")[1]


async def test_without_opentelemetry_the_trace_goes_on_as_it_came(
    fresh_dsn: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "trace", None)
    connection = connect(fresh_dsn)
    await _run_both(fresh_dsn, connection)
    traces = connection.execute(
        "select instance_id, array_agg(distinct trace) from pgsm_private.effects"
        " group by instance_id order by instance_id"
    ).fetchall()
    assert traces == [("job-1", [SENDER]), ("job-2", [None])]


async def test_a_failed_attempt_is_a_failed_span(
    fresh_dsn: str, connect: Connect, spans: InMemorySpanExporter
) -> None:
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None:
        raise effects.PermanentFailure("no such card")

    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        await outcome(connection)
    (span,) = spans.get_finished_spans()
    assert span.status.description == "no such card"


def test_what_is_no_traceparent_is_not_kept(fresh_dsn: str, connect: Connect) -> None:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    for text in ("x" * 5000, SENDER + "\n", ""):
        connection.execute("select set_config('pgsm.traceparent', %s, false)", [text])
        outbox.start(connection, f"job-{len(text)}")
    assert (
        outbox.scalar(connection, "select count(trace) from pgsm_private.effects") == 0
    )
