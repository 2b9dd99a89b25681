"""Handlers that do what none should: each has an outcome, and the runner lives."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest

from pgsm import effects
from pgsm.runner.handlers import Handler

from . import outbox
from .inside import TWO_QUICK_ATTEMPTS, running, until

Connect = Any
LARGE = 50_000_000


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


async def coroutine() -> None: ...


RAISED = {
    "SystemExit": SystemExit(3),
    "KeyboardInterrupt": KeyboardInterrupt(),
    "GeneratorExit": GeneratorExit(),
    "ExceptionGroup": ValueError("\0 \udcff"),
}
RETURNED = {
    "nan": lambda: float("nan"),
    "infinite": lambda: {"a": [float("-inf")]},
    "object": object,
    "generator": lambda: (n for n in range(3)),
    "coroutine": coroutine,
    "nul": lambda: {"a\0": 1},
    "surrogate": lambda: "\ud800",
    "deep": deep,
}


@pytest.fixture
def connection(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    made: psycopg.Connection = connect(fresh_dsn)
    outbox.define(made, outbox.job(TWO_QUICK_ATTEMPTS))
    return made


@pytest.mark.parametrize("is_async", [True, False])
async def test_whatever_a_handler_raises_is_tried_again_and_then_an_error(
    fresh_dsn: str,
    connection: psycopg.Connection,
    caplog: pytest.LogCaptureFixture,
    is_async: bool,
) -> None:
    caplog.set_level("CRITICAL", "pgsm.runner")
    registry = effects.Registry()

    def work(effect: effects.Effect, task: Any) -> None:
        raise RAISED[effect.instance_id]

    async def work_async(effect: effects.Effect, task: Any) -> None:
        raise RAISED[effect.instance_id]

    registry.handler("test.work")(work_async if is_async else work)
    outbox.start(connection, *RAISED)
    async with running(fresh_dsn, registry):
        found = await _errors(connection)
    assert found == {
        name: (type(raised).__name__, 2, False) for name, raised in RAISED.items()
    }


async def test_what_is_not_json_fails_for_good_and_is_not_done_again(
    fresh_dsn: str, connection: psycopg.Connection
) -> None:
    registry = effects.Registry()

    @registry.handler("test.work")
    def work(effect: effects.Effect, task: Any) -> Any:
        return RETURNED[effect.instance_id]()

    outbox.start(connection, *RETURNED)
    async with running(fresh_dsn, registry):
        found = await _errors(connection)
    assert found == dict.fromkeys(RETURNED, ("invalid_output", 1, True))


async def test_a_handler_that_cancels_itself_has_failed(
    fresh_dsn: str, connection: psycopg.Connection
) -> None:
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None:
        raise asyncio.CancelledError

    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        assert await _errors(connection) == {"job-1": ("cancelled", 2, False)}


async def test_a_thread_that_ignores_its_timeout_has_failed_and_keeps_its_place(
    fresh_dsn: str, connection: psycopg.Connection
) -> None:
    registry, go_on = effects.Registry(), threading.Event()

    @registry.handler("test.work", concurrency=1)
    def work(effect: effects.Effect, task: Any) -> str:
        if effect.instance_id == "job-1":
            go_on.wait()
        return "too late"

    policy = {"timeout": "100 ms", "retry": {"attempts": 1}}
    outbox.define(connection, outbox.job(policy))
    outbox.start(connection, "job-1")
    try:
        async with running(fresh_dsn, registry, grace=0):
            assert await _errors(connection) == {"job-1": ("timeout", 1, False)}
            outbox.start(connection, "job-2")
            await asyncio.sleep(0.3)
            assert outbox.effect(connection, "job-2")["attempt"] == 0
            go_on.set()
            await until(
                lambda: outbox.effect(connection, "job-2")["status"] == "succeeded"
            )
    finally:
        go_on.set()
    assert outbox.effect(connection, "job-1")["output"] is None


async def test_a_large_output_is_kept_whole(
    fresh_dsn: str, connection: psycopg.Connection
) -> None:
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> str:
        return "x" * (LARGE if effect.instance_id == "large" else 1)

    action = {"type": "effect", "name": "test.work", "input": {}}
    outbox.define(
        connection,
        {
            "initial": "on",
            "states": {"on": {"entry": [action]}},
            "implementations": {"effects": {"test.work": {}}},
        },
        "large",
    )
    outbox.start(connection, "large", "small", machine="large")
    query = "select length(output #>> '{}') from pgsm.effects order by instance_id"
    async with running(fresh_dsn, registry):
        await until(
            lambda: connection.execute(query).fetchall() == [(LARGE,), (1,)], 120
        )


def test_a_function_that_yields_is_no_handler() -> None:
    registry = effects.Registry()

    def work(effect: effects.Effect, task: Any) -> Iterator[int]:
        yield 1

    async def work_async(effect: effects.Effect, task: Any) -> AsyncIterator[int]:
        yield 1

    for function in (work, work_async):
        with pytest.raises(TypeError, match=r"test_runner_odd_handlers.*work.*yields"):
            registry.handler("test.work")(function)


def test_an_object_with_an_async_call_is_awaited() -> None:
    class Work:
        async def __call__(self, effect: effects.Effect, task: Any) -> None: ...

    async def work(more: int, effect: effects.Effect, task: Any) -> None: ...

    assert Handler("test.work", Work()).is_async
    assert Handler("test.work", functools.partial(work, 1)).is_async
    assert not Handler("test.work", print).is_async


async def _errors(
    connection: psycopg.Connection,
) -> dict[str, tuple[str, int, bool]]:
    """Type, attempts and permanence of each error, when all jobs have failed."""
    open_query = "select count(*) from pgsm.effects where status <> 'failed'"
    await until(lambda: outbox.scalar(connection, open_query) == 0, 60)
    rows = connection.execute("select instance_id, error from pgsm.effects").fetchall()
    return {
        name: (error["type"], error["attempts"], error["permanent"])
        for name, error in rows
    }
