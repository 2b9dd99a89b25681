"""Runners that are killed, stalled or cut off: nothing is lost or done by halves."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from . import outbox, runners

Connect = Callable[..., psycopg.Connection]


@pytest.fixture
def connection(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    return connection


def test_a_killed_runners_work_is_taken_over_after_its_lease(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    with runners.process(fresh_dsn, tmp_path, "--lease", "1") as first:
        outbox.start(connection, "job-1", task={"first": 60})
        runners.until(first.notes)
        first.signal(signal.SIGKILL)
        first.wait()
    with runners.process(fresh_dsn, tmp_path, "--lease", "1") as second:
        runners.until(lambda: _value(connection) == "finished")
        calls = second.notes()
    assert [(attempt, pid) for _, attempt, pid in calls] == [
        (1, first.pid),
        (2, second.pid),
    ]
    assert len({key for key, _, _ in calls}) == 1
    assert outbox.effect(connection, "job-1")["attempt"] == 2


def test_a_runner_restarted_under_its_name_does_its_own_lost_work(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    options = ("--lease", "1", "--id", "the-only-one")
    with runners.process(fresh_dsn, tmp_path, *options) as first:
        outbox.start(connection, "job-1", task={"first": 60})
        runners.until(first.notes)
    with runners.process(fresh_dsn, tmp_path, *options):
        runners.until(lambda: _value(connection) == "finished")


def test_a_stalled_runners_late_answer_is_refused(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    with runners.process(fresh_dsn, tmp_path, "--lease", "1") as stalled:
        outbox.start(connection, "job-1", task={"first": 1.5})
        runners.until(stalled.notes)
        stalled.signal(signal.SIGSTOP)
        with runners.process(fresh_dsn, tmp_path, "--lease", "1") as other:
            runners.until(lambda: _value(connection) == "finished")
            stalled.signal(signal.SIGCONT)
            lost = {"lease_lost", "effect_lease_lost"}
            runners.until(lambda: lost & set(stalled.events()))
    result = outbox.instance(connection, "job-1")["context"]["result"]
    assert result == {"attempt": 2, "pid": other.pid}
    steps = connection.execute(
        "select count(*) from pgsm_private.event_log where event = 'done.invoke.work'"
    ).fetchone()
    assert steps == (1,)


def test_a_runner_survives_the_loss_of_all_its_connections(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    with runners.process(fresh_dsn, tmp_path, "--lease", "10") as runner:
        outbox.start(connection, "job-1", task={"seconds": 1})
        runners.until(runner.notes)
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'pgsm runner' and datname = current_database()"
        )
        runners.until(lambda: _value(connection) == "finished")
        outbox.start(connection, "job-2")
        runners.until(lambda: _value(connection, "job-2") == "finished")
        assert [attempt for _, attempt, _ in runner.notes()] == [1, 1]


def test_a_long_effect_keeps_its_lease_by_heartbeats(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    with (
        runners.process(fresh_dsn, tmp_path, "--lease", "0.6") as first,
        runners.process(fresh_dsn, tmp_path, "--lease", "0.6"),
    ):
        outbox.start(connection, "job-1", task={"seconds": 2})
        runners.until(lambda: _value(connection) == "finished")
        assert len(first.notes()) == 1


def _value(connection: psycopg.Connection, instance_id: str = "job-1") -> object:
    return outbox.instance(connection, instance_id)["value"]
