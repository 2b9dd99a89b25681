"""A runner claims what becomes due when it becomes due, however seldom it polls."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest

from pgsm import effects
from pgsm.runner import waiting
from pgsm.runner.database import Database

from . import outbox
from .inside import outcome, running, until

Connect = Any
SELDOM = 1000.0  # seconds
JOBS = [f"job-{n}" for n in range(4)]


@pytest.fixture
def registry() -> effects.Registry:
    made = effects.Registry()

    @made.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> int:
        if effect.attempt <= task.get("failures", 0):
            raise ConnectionError("try again")
        return effect.attempt

    return made


@pytest.fixture
def connection(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    made: psycopg.Connection = connect(fresh_dsn)
    outbox.define(made, outbox.job({"retry": {"attempts": 3, "backoff": "300 ms"}}))
    return made


async def test_after_a_backoff(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    async with running(fresh_dsn, registry, poll=SELDOM):
        await until(lambda: _waits(connection))
        outbox.start(connection, "job-1", task={"failures": 2})
        assert (await outcome(connection, "job-1"))["result"] == 3


@pytest.mark.parametrize("limit", ["rate => 1, per => '300 ms'", "concurrency => 1"])
async def test_when_a_limit_has_room_again(
    fresh_dsn: str,
    connection: psycopg.Connection,
    registry: effects.Registry,
    limit: str,
) -> None:
    query = f"select pgsm.limit_effects('test.work', {limit})"
    connection.execute(query)  # type: ignore[call-overload]
    outbox.start(connection, *JOBS)
    async with running(fresh_dsn, registry, poll=SELDOM):
        for job in JOBS:
            await outcome(connection, job)


async def test_as_a_retry_of_many_spreads_them(
    fresh_dsn: str, connection: psycopg.Connection, registry: effects.Registry
) -> None:
    action = {"type": "effect", "name": "test.work", "input": {"failures": 0}}
    document = outbox.job()
    document["states"]["working"] = {"entry": [action]}
    outbox.define(connection, document, "note")
    outbox.start(connection, *JOBS, machine="note")
    for claimed in outbox.claim(connection):
        outbox.fail(connection, claimed, permanent=True)
    async with running(fresh_dsn, registry, poll=SELDOM):
        await until(lambda: _waits(connection))
        connection.execute("select pgsm.retry_effects('test.work', spread => '1 s')")
        query = "select count(*) from pgsm.effects where status = 'succeeded'"
        await until(lambda: outbox.scalar(connection, query) == len(JOBS), 30)


async def test_it_says_in_time_that_it_still_waits(
    fresh_dsn: str,
    connection: psycopg.Connection,
    registry: effects.Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "RENEW_SECONDS", 0.1)
    said = []
    wait = Database.wait

    async def counted(self: Database, since: str | None) -> Any:
        said.append(time.monotonic())
        return await wait(self, since)

    monkeypatch.setattr(Database, "wait", counted)
    async with running(fresh_dsn, registry, poll=SELDOM):
        await until(lambda: len(said) > 10)
        outbox.start(connection, "job-1")
        await outcome(connection, "job-1")


def _waits(connection: psycopg.Connection) -> bool:
    query = "select bool_or(is_waiting) from pgsm.runners"
    return outbox.scalar(connection, query) is True
