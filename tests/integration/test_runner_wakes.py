"""A runner that sleeps is woken at once, and drives timers when it is told to."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from . import outbox, runners

Connect = Callable[..., psycopg.Connection]


@pytest.fixture
def connection(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    return connection


def test_a_sleeping_runner_is_woken_by_notify(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    with runners.process(fresh_dsn, tmp_path, "--poll", "60"):
        for number in range(3):
            runners.until(lambda: _waits(connection))
            time.sleep(0.3)  # let it fall asleep: a claim now would find nothing
            outbox.start(connection, f"job-{number}")
            runners.until(lambda n=number: _value(connection, f"job-{n}"), 5)


def test_polling_alone_is_correct(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    connection.execute("set pgsm.notify = off")
    with runners.process(fresh_dsn, tmp_path, "--poll", "0.2"):
        runners.until(lambda: _waits(connection))
        outbox.start(connection, "job-1")
        runners.until(lambda: _value(connection, "job-1"), 5)


def test_the_runner_fires_timers_when_told_to(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    states = {"waiting": {"after": {"100": "over"}}, "over": {}}
    outbox.define(connection, {"initial": "waiting", "states": states}, "clock")
    with runners.process(fresh_dsn, tmp_path, "--timers"):
        outbox.start(connection, "clock-1", machine="clock")
        runners.until(
            lambda: outbox.instance(connection, "clock-1")["value"] == "over", 10
        )


def test_the_role_for_runners_is_enough(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    limited = make_conninfo(fresh_dsn, options="-c role=pgsm_runner")
    with runners.process(limited, tmp_path, "--timers", "--lease", "1") as runner:
        outbox.start(connection, "job-1", task={"seconds": 1})
        runners.until(lambda: _value(connection, "job-1"))
        runner.signal(signal.SIGTERM)
        assert runner.wait() == 0
        assert {line["level"] for line in runner.log()} == {"info"}


def test_effects_that_nobody_handles_are_named_with_their_machines(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    outbox.define(connection, outbox.job(name="unknown"), "other")
    with runners.process(fresh_dsn, tmp_path) as runner:
        warnings = [
            (line["name"], line["machines"])
            for line in runner.log()
            if line["event"] == "effect_without_handler"
        ]
    assert warnings == [("unknown", "other")]


def _waits(connection: psycopg.Connection) -> bool:
    row = connection.execute("select bool_or(is_waiting) from pgsm.runners").fetchone()
    return row == (True,)


def _value(connection: psycopg.Connection, instance_id: str) -> bool:
    return bool(outbox.instance(connection, instance_id)["value"] == "finished")
