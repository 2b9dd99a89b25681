"""`pgsm status`: who fires timers, how late they are, what is wrong."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from pgsm.cli import main
from tests.databases import Connect

from . import runners

MACHINE = '{"initial": "a", "states": {"a": {"after": {"1 hour": "b"}}, "b": {}}}'


@pytest.fixture
def connection(fresh_dsn: str, connect: Connect) -> psycopg.Connection[Any]:
    connection = connect(fresh_dsn)
    connection.execute("select pgsm.define_machine('m', %s)", [MACHINE])
    for n in (1, 2, 3):
        connection.execute("select pgsm.start_instance('m', %s)", [f"i-{n}"])
    return connection


def run(dsn: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["status", "--dsn", dsn, *options])


def timers(dsn: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(dsn, "--json").stdout)["timers"]
    return found


def test_status_of_quiet_timers(
    fresh_dsn: str, connection: psycopg.Connection[Any]
) -> None:
    said = run(fresh_dsn)
    assert said.exit_code == 0, said.output
    assert "nobody fires them" in said.stdout
    assert "none is due, the next at" in said.stdout
    assert "partitions for 4 months ahead" in said.stdout
    found = timers(fresh_dsn)
    assert (found["backlog"], found["lateness"], found["drivers"]) == (0, None, {})


def test_status_names_the_driver_that_is_alive(
    fresh_dsn: str, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("call pgsm.run_timers('0 s')")
    assert timers(fresh_dsn)["drivers"] == {}  # it said that it ended
    connection.execute("select pgsm.begin_timer_turn('cron/1', 'cron')")
    connection.execute("select pgsm.begin_timer_turn('here:1', 'runner')")
    assert timers(fresh_dsn)["drivers"] == {"cron": 1, "runner": 1}
    assert "fired by pg_cron, runner --timers" in run(fresh_dsn).stdout
    connection.execute(
        "update pgsm_private.timer_drivers set seen_at = seen_at - interval '20 s'"
    )
    assert timers(fresh_dsn)["drivers"] == {}
    connection.execute("select pgsm.stop_timers(true)")
    assert "stopped" in run(fresh_dsn).stdout


def test_runner_that_stops_drives_no_more(
    fresh_dsn: str, connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    with runners.process(fresh_dsn, tmp_path, "--timers") as runner:
        runners.until(lambda: timers(fresh_dsn)["drivers"] == {"runner": 1})
        runner.signal(signal.SIGTERM)
        runner.wait()
    assert timers(fresh_dsn)["drivers"] == {}


def test_status_counts_what_is_late_and_what_has_failed(
    fresh_dsn: str, connection: psycopg.Connection[Any]
) -> None:
    connection.execute(
        "update pgsm_private.timers set due_at = now() - interval '5 minutes'"
        " where instance_id <> 'i-1'"
    )
    connection.execute(
        "update pgsm_private.timers set status = 'failed' where instance_id = 'i-2'"
    )
    found = timers(fresh_dsn)
    assert (found["backlog"], found["failed"]) == (1, 1)
    assert 300 <= found["lateness"] < 400
    said = run(fresh_dsn).stdout
    assert "1 due, the first for 5 min" in said
    assert "1 failed, 0 undeliverable" in said


def test_status_fails_below_two_partitions_ahead(
    fresh_dsn: str, connection: psycopg.Connection[Any]
) -> None:
    months = connection.execute(
        "select inhrelid::regclass::text from pg_inherits"
        " where inhparent = 'pgsm_private.event_log'::regclass"
        " and inhrelid::regclass::text not like '%default' order by 1 desc limit 3"
    ).fetchall()
    for (name,) in months:
        connection.execute(f"drop table {name}".encode())
    said = run(fresh_dsn)
    assert said.exit_code == 1
    assert "select pgsm.make_log_partitions()" in said.stdout
    assert timers(fresh_dsn)["partitions_ahead"] == 1
    connection.execute("select pgsm.make_log_partitions()")
    assert run(fresh_dsn).exit_code == 0


def test_status_shows_the_oldest_snapshot(
    fresh_dsn: str, connection: psycopg.Connection[Any], connect: Connect
) -> None:
    old = connect(fresh_dsn)
    with old.transaction():
        old.execute("set transaction isolation level repeatable read")
        old.execute("select 1")
        assert timers(fresh_dsn)["oldest_snapshot"] > 0
        assert "oldest snapshot" in run(fresh_dsn).stdout
