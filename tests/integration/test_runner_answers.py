"""Whatever a handler does, its effect comes to an end and the runner lives on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgsm import effects
from pgsm.runner import wire
from pgsm.runner.claims import Failed
from pgsm.runner.database import Database
from pgsm.runner.observer import Observer

from . import outbox
from .inside import TWO_QUICK_ATTEMPTS, outcome, running, until

Connect = Callable[..., psycopg.Connection]
JOBS = [f"job-{n}" for n in range(8)]


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise KeyError("no text")


class Model:
    def model_dump(self, mode: str) -> Any:
        raise KeyError("nothing to dump")


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (ValueError("a file named \udcff and \0"), "ValueError"),
        (effects.PermanentFailure("no", code="\0", data=object()), "PermanentFailure"),
        (effects.PermanentFailure("no", code=5), "PermanentFailure"),
        (effects.RetryAfter(0, "x" * 1_000_000), "RetryAfter"),
        (Unspeakable(), "Unspeakable"),
    ],
)
async def test_an_exception_of_any_kind_is_a_failure(
    fresh_dsn: str,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
    raised: Exception,
    kind: str,
) -> None:
    # pytest-xdist cannot send what would be captured: half a surrogate pair
    caplog.set_level("CRITICAL", "pgsm.runner")
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> Any:
        if effect.instance_id == "job-1":
            raise raised
        return "well"

    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job(TWO_QUICK_ATTEMPTS))
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        assert (await outcome(connection))["error"]["type"] == kind
        outbox.start(connection, "job-2")
        assert (await outcome(connection, "job-2"))["result"] == "well"


async def test_a_result_whose_own_code_fails_is_no_output(
    fresh_dsn: str, connect: Connect
) -> None:
    registry = effects.Registry()

    @registry.handler("test.work")
    def work(effect: effects.Effect, task: Any) -> Any:
        return Model()

    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        error = (await outcome(connection))["error"]
    assert (error["type"], error["attempts"]) == ("invalid_output", 1)


async def test_one_answer_that_the_database_refuses_does_not_hold_up_the_others(
    fresh_dsn: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    # as if we took for storable what is not
    dumps = wire.dumps

    def unchecked(value: Any) -> str:
        return '"\\ud800"' if value == "poison" else dumps(value)

    monkeypatch.setattr(wire, "dumps", unchecked)
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> Any:
        await asyncio.sleep(0.05)  # so that all end together, in one batch
        return "poison" if effect.instance_id == "job-3" else Decimal("1.10")

    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    outbox.start(connection, *JOBS)
    async with running(fresh_dsn, registry):
        results = {job: await outcome(connection, job) for job in JOBS}
    errors = {job: r["error"]["type"] for job, r in results.items() if r["error"]}
    assert errors == {"job-3": "not_recorded"}


async def test_an_answer_waits_until_the_database_takes_answers_again(
    fresh_dsn: str, connect: Connect
) -> None:
    registry = effects.Registry()
    connection = connect(fresh_dsn)
    functions = "pgsm.complete_effects, pgsm.fail_effect"

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> str:
        connection.execute(f"revoke execute on function {functions} from pgsm_runner")
        if effect.instance_id == "job-2":
            raise effects.PermanentFailure("no")
        return "well"

    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1", "job-2")
    observer = Observer()
    limited = make_conninfo(fresh_dsn, options="-c role=pgsm_runner")
    async with running(limited, registry, observer):
        troubles = ("pgsm_runner_database_errors_total", {"call": "answer"})
        await until(lambda: (observer.registry.get_sample_value(*troubles) or 0) >= 3)
        connection.execute(f"grant execute on function {functions} to pgsm_runner")
        assert (await outcome(connection, "job-1"))["result"] == "well"
        assert (await outcome(connection, "job-2"))["error"]["message"] == "no"
    attempts = [outbox.effect(connection, job)["attempt"] for job in ("job-1", "job-2")]
    assert attempts == [1, 1]


async def test_all_leases_are_kept_by_one_call(
    fresh_dsn: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = []
    heartbeat = Database.heartbeat

    async def counted(self: Database, held: Any, lease: Any) -> Any:
        beats.append(len(held))
        return await heartbeat(self, held, lease)

    monkeypatch.setattr(Database, "heartbeat", counted)
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None:
        await until(lambda: beats.count(len(JOBS)) >= 3)

    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    outbox.start(connection, *JOBS)
    async with running(fresh_dsn, registry, lease=0.6):
        for job in JOBS:
            await outcome(connection, job)
    assert {outbox.effect(connection, job)["attempt"] for job in JOBS} == {1}


def test_an_error_that_is_too_long_is_cut() -> None:
    assert len(Failed("Error", "x" * 1_000_000).error()) < 11_000
