"""An answer that cannot be recorded just then holds up no other."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from pgsm import effects
from pgsm.runner import database
from pgsm.runner.database import Database

from . import outbox
from .inside import outcome, running, until

Connect = Any
JOBS = [f"job-{n}" for n in range(6)]
BAD = "job-3"
UNLUCKY = """
    create function shop.unlucky () returns boolean language plpgsql stable
    as $$ begin raise 'not now' using errcode = 'deadlock_detected'; end $$;
    grant execute on function shop.unlucky () to pgsm_caller
"""


@pytest.fixture
def connection(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    made: psycopg.Connection = connect(fresh_dsn)
    outbox.make_slow(made)
    made.execute(UNLUCKY)
    return made


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> effects.Registry:
    """Whose effects all end at once, so that they are told in one batch."""
    made, begun = effects.Registry(), []

    @made.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> str:
        begun.append(effect)
        while len(begun) < len(JOBS):
            await asyncio.sleep(0.01)
        return "well"

    return made


def start(connection: psycopg.Connection, guard: str) -> None:
    document = outbox.job()
    outbox.define(connection, document)
    document["states"]["working"]["invoke"]["onDone"]["guard"] = {"sql": guard}
    outbox.define(connection, document, "bad")
    for job in JOBS:
        outbox.start(connection, job, machine="bad" if job == BAD else "job")


async def test_a_step_that_hangs(
    fresh_dsn: str,
    connection: psycopg.Connection,
    registry: effects.Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "CALL_SECONDS", 3.0)
    start(connection, "shop.slow()")
    async with running(fresh_dsn, registry):
        for job in JOBS:
            if job != BAD:
                assert (await outcome(connection, job))["result"] == "well"
        await until(lambda: outbox.effect(connection, BAD)["status"] == "succeeded", 60)
    assert {outbox.effect(connection, job)["attempt"] for job in JOBS} == {1}
    outbox.make_quick(connection)
    connection.execute("select pgsm.fire_timers()")
    assert outbox.instance(connection, BAD)["context"]["result"] == "well"


async def test_a_step_that_meets_a_deadlock(
    fresh_dsn: str,
    connection: psycopg.Connection,
    registry: effects.Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = []
    complete = Database.complete

    async def counted(self: Database, completions: Any, *rest: Any) -> Any:
        alone.append([c.claim.instance_id for c in completions])
        return await complete(self, completions, *rest)

    monkeypatch.setattr(Database, "complete", counted)
    start(connection, "shop.unlucky()")
    async with running(fresh_dsn, registry):
        for job in JOBS:
            if job != BAD:
                assert (await outcome(connection, job))["result"] == "well"
        await until(lambda: alone.count([BAD]) >= 3)
        connection.execute(
            "create or replace function shop.unlucky () returns boolean language sql"
            " stable return true"
        )
        assert (await outcome(connection, BAD))["result"] == "well"
    assert {outbox.effect(connection, job)["attempt"] for job in JOBS} == {1}
