"""Handlers: async and sync, what they return and raise, their time and their number."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from pgsm import effects
from pgsm.runner.database import Database

from . import outbox
from .inside import TWO_QUICK_ATTEMPTS, outcome, running, until

Connect = Callable[..., psycopg.Connection]


@pytest.fixture
def registry() -> effects.Registry:
    return effects.Registry()


@pytest.fixture
def connection(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    return connect(fresh_dsn)


async def test_async_and_sync_handlers_do_effects(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    @registry.handler("test.async")
    async def work(effect: effects.Effect, task: Any) -> Any:
        return [task["n"], effect.attempt]

    @registry.handler("test.sync")
    def work_in_thread(effect: effects.Effect, task: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        return {"n": task["n"], "key": effect.key}

    for name in ("test.async", "test.sync"):
        outbox.define(connection, outbox.job(name=name), name)
        outbox.start(connection, name, machine=name, task={"n": 3})
    async with running(fresh_dsn, registry):
        assert (await outcome(connection, "test.async"))["result"] == [3, 1]
        answer = (await outcome(connection, "test.sync"))["result"]
    key = outbox.effect(connection, "test.sync")["key"]
    assert answer == {"n": 3, "key": key}


async def test_a_handler_that_raises_is_tried_again_and_then_an_error(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    attempts = []

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None:
        attempts.append(effect.attempt)
        raise KeyError("missing")

    outbox.define(connection, outbox.job(TWO_QUICK_ATTEMPTS))
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        error = (await outcome(connection))["error"]
    assert attempts == [1, 2]
    assert (error["type"], error["message"]) == ("KeyError", "'missing'")
    assert (error["permanent"], error["attempts"]) == (False, 2)


async def test_a_permanent_failure_carries_code_and_data(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    @registry.handler("test.work")
    def work(effect: effects.Effect, task: Any) -> None:
        raise effects.PermanentFailure("no such card", code="card", data={"n": 1})

    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        error = (await outcome(connection))["error"]
    assert error == {
        "type": "PermanentFailure",
        "message": "no such card",
        "code": "card",
        "data": {"n": 1},
        "permanent": True,
        "attempts": 1,
    }


async def test_retry_after_says_when(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> Any:
        if effect.attempt == 1:
            raise effects.RetryAfter(0.1)
        return effect.attempt

    outbox.define(connection, outbox.job({"retry": {"backoff": "1 hour"}}))
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        assert (await outcome(connection))["result"] == 2


@pytest.mark.parametrize("is_async", [True, False])
async def test_an_attempt_that_takes_too_long_has_failed(
    fresh_dsn: str,
    connection: psycopg.Connection,
    registry: effects.Registry,
    is_async: bool,
) -> None:
    seen = []

    async def work(effect: effects.Effect, task: Any) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append(effect.cancelled)

    def work_in_thread(effect: effects.Effect, task: Any) -> None:
        while not effect.cancelled:
            time.sleep(0.01)
        seen.append(effect.cancelled)

    registry.handler("test.work", timeout=60)(work if is_async else work_in_thread)
    policy = {"timeout": "100 ms", "retry": {"attempts": 1}}
    outbox.define(connection, outbox.job(policy))
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        error = (await outcome(connection))["error"]
    assert (error["type"], error["message"]) == ("timeout", "not done within 0.1 s")
    assert seen == [True]


async def test_a_result_that_is_not_json_is_not_tried_again(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    results: dict[str, object] = {"job-1": object(), "job-2": "\0", "job-3": 1}

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> Any:
        return results[effect.instance_id]

    outbox.define(connection, outbox.job())
    outbox.start(connection, *results)
    async with running(fresh_dsn, registry):
        errors = [(await outcome(connection, job))["error"] for job in results]
    assert [e and (e["type"], e["attempts"]) for e in errors] == [
        ("invalid_output", 1),
        ("invalid_output", 1),
        None,
    ]


async def test_numbers_keep_all_their_digits(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> Any:
        return [Decimal("0.10000000000000000000001"), 0.1, 2**70]

    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        await outcome(connection)
    row = connection.execute("select output::text from pgsm.effects").fetchone()
    assert row == ("[0.10000000000000000000001, 0.1, 1180591620717411303424]",)


async def test_no_more_run_at_once_than_a_handler_allows(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    now, most = 0, 0

    @registry.handler("test.work", concurrency=2)
    async def work(effect: effects.Effect, task: Any) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1

    jobs = [f"job-{n}" for n in range(12)]
    outbox.define(connection, outbox.job())
    outbox.start(connection, *jobs)
    async with running(fresh_dsn, registry):
        for job in jobs:
            await outcome(connection, job)
    assert most == 2


async def test_a_full_name_does_not_hold_up_another(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    @registry.handler("test.slow", concurrency=1)
    async def slow(effect: effects.Effect, task: Any) -> None:
        await asyncio.sleep(30)

    @registry.handler("test.quick")
    async def quick(effect: effects.Effect, task: Any) -> None:
        pass

    for name in ("test.slow", "test.quick"):
        outbox.define(connection, outbox.job(name=name), name)
    outbox.start(connection, "slow-1", "slow-2", machine="test.slow")
    outbox.start(connection, "quick-1", machine="test.quick")
    async with running(fresh_dsn, registry, grace=0):
        await outcome(connection, "quick-1")
    assert outbox.effect(connection, "slow-2")["attempt"] == 0


async def test_a_handler_is_asked_to_stop_when_its_state_was_left(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    begun = asyncio.Event()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> Any:
        begun.set()
        while not effect.cancelled:
            await asyncio.sleep(0.01)
        return "stopped"

    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry, lease=0.3):
        await asyncio.wait_for(begun.wait(), 60)
        outbox.send(connection, "job-1", "leave")
        await until(lambda: outbox.effect(connection, "job-1")["status"] == "late")
    assert outbox.effect(connection, "job-1")["output"] == "stopped"


async def test_progress_is_seen_from_outside(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None:
        effect.heartbeat({"page": 7})
        while not effect.cancelled:
            await asyncio.sleep(0.01)

    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry, lease=0.3):
        await until(lambda: outbox.effect(connection, "job-1")["progress"])
        outbox.send(connection, "job-1", "leave")
    assert outbox.effect(connection, "job-1")["progress"] == {"page": 7}


async def test_an_idle_runner_asks_little(
    fresh_dsn: str, registry: effects.Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    claim, wait = Database.claim, Database.wait

    async def counted_claim(self: Database, *arguments: Any) -> Any:
        calls.append("claim")
        return await claim(self, *arguments)

    async def counted_wait(self: Database, *arguments: Any) -> Any:
        calls.append("wait")
        return await wait(self, *arguments)

    monkeypatch.setattr(Database, "claim", counted_claim)
    monkeypatch.setattr(Database, "wait", counted_wait)
    registry.handler("test.work")(print)
    async with running(fresh_dsn, registry, poll=0.5):
        await asyncio.sleep(0.4)
        calls.clear()
        await asyncio.sleep(2)
    assert calls.count("claim") <= 5
    assert calls.count("wait") <= 1
