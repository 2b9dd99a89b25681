"""`effect.transaction()`: what a handler writes there is written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from pgsm import effects

from . import outbox
from .inside import TWO_QUICK_ATTEMPTS, outcome, running

Connect = Callable[..., psycopg.Connection]


@pytest.fixture
def connection(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    connection = connect(fresh_dsn)
    connection.execute("create table done (key text, attempt int)")
    return connection


def _written(connection: psycopg.Connection) -> list[tuple[str, int]]:
    return connection.execute("select key, attempt from done").fetchall()


async def test_writes_commit_with_the_completion(
    fresh_dsn: str, connection: psycopg.Connection
) -> None:
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> str:
        async with effect.transaction() as own:
            await own.execute(
                "insert into done values (%s, %s)", [effect.key, effect.attempt]
            )
        assert _written(connection) == []
        return "written"

    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        assert (await outcome(connection))["result"] == "written"
    key = outbox.effect(connection, "job-1")["key"]
    assert _written(connection) == [(key, 1)]


async def test_writes_of_a_failed_attempt_are_undone(
    fresh_dsn: str, connection: psycopg.Connection
) -> None:
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None:
        async with effect.transaction() as own:
            await own.execute(
                "insert into done values (%s, %s)", [effect.key, effect.attempt]
            )
        if effect.attempt == 1:
            raise ValueError("after the write")

    outbox.define(connection, outbox.job(TWO_QUICK_ATTEMPTS))
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        await outcome(connection)
    assert [attempt for _, attempt in _written(connection)] == [2]


async def test_writes_of_a_lost_lease_are_undone(
    fresh_dsn: str, connection: psycopg.Connection
) -> None:
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None:
        async with effect.transaction() as own:
            await own.execute(
                "insert into done values (%s, %s)", [effect.key, effect.attempt]
            )
        if effect.attempt == 1:
            connection.execute(
                "update pgsm_private.effects set lease_token = gen_random_uuid(),"
                " lease_until = now()"
            )

    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    async with running(fresh_dsn, registry):
        await outcome(connection)
    assert [attempt for _, attempt in _written(connection)] == [2]
