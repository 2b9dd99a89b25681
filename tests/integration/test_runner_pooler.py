"""pgbouncer in transaction mode between the runner and its database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgsm import effects

from . import outbox, runners
from .inside import running, until
from .pooler import pooler

Connect = Callable[..., psycopg.Connection]
JOBS = 60


@pytest.fixture
def pooled_dsn(fresh_dsn: str) -> Iterator[str]:
    with pooler(fresh_dsn) as dsn:
        yield dsn


def test_a_runner_works_and_is_woken_through_a_pooler(
    fresh_dsn: str, pooled_dsn: str, connect: Connect, tmp_path: Path
) -> None:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    options = ("--listen-dsn", fresh_dsn, "--poll", "60", "--lease", "1", "--timers")
    with runners.process(pooled_dsn, tmp_path, *options) as runner:
        for number in range(JOBS):
            outbox.start(connection, f"job-{number}")
        # longer than its lease
        outbox.start(connection, "long", task={"seconds": 2})
        runners.until(lambda: _finished(connection) == JOBS + 1)
        runners.until(lambda: _waits(connection))
        outbox.start(connection, "last")
        runners.until(lambda: _finished(connection) == JOBS + 2, 10)
        assert {attempt for _, attempt, _ in runner.notes()} == {1}
        assert {line["level"] for line in runner.log()} == {"info"}


def test_without_a_listener_of_its_own_it_polls(
    fresh_dsn: str, pooled_dsn: str, connect: Connect, tmp_path: Path
) -> None:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    with runners.process(pooled_dsn, tmp_path, "--poll", "0.3"):
        runners.until(lambda: _waits(connection))
        outbox.start(connection, "job-1")
        runners.until(lambda: _finished(connection) == 1, 10)


async def test_transactions_of_handlers_share_the_poolers_sessions(
    fresh_dsn: str, pooled_dsn: str, connect: Connect
) -> None:
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None:
        async with effect.transaction() as own:
            await own.execute("insert into done values (%s)", [effect.key])

    connection = connect(fresh_dsn)
    connection.execute("create table done (key text)")
    outbox.define(connection, outbox.job())
    outbox.start(connection, *(f"job-{n}" for n in range(JOBS)))
    async with running(pooled_dsn, registry, listen_dsn=fresh_dsn):
        await until(lambda: _finished(connection) == JOBS, 30)
    counts = connection.execute("select count(*), count(distinct key) from done")
    assert counts.fetchone() == (JOBS, JOBS)


def _finished(connection: psycopg.Connection) -> int:
    query = "select count(*) from pgsm.instances where value = '\"finished\"'"
    return int(outbox.scalar(connection, query))


def _waits(connection: psycopg.Connection) -> bool:
    row = connection.execute("select bool_or(is_waiting) from pgsm.runners").fetchone()
    return row == (True,)
