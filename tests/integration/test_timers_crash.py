"""Servers and sessions that are killed in a burst: each timer fires once."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgsm import devdb, postmaster, programs, sqitch

from . import burst, runners

Connection = psycopg.Connection[Any]
INSTANCES = 400
# to deploy into a server of their own takes minutes on a busy machine
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[devdb.DevCluster]:
    """A server of this module's own, to be crashed; its commits are durable."""
    try:
        programs.find_server()
    except programs.SetupError as missing:
        pytest.skip(missing.message)
    directory = tmp_path_factory.mktemp("crash") / "cluster"
    made = devdb.DevCluster(directory, settings={"fsync": "off"})
    made.up()
    try:
        sqitch.deploy(made.dsn)
        yield made
    finally:
        made.delete()


def crash(cluster: devdb.DevCluster) -> None:
    """Immediate shutdown, as of a server that is killed, and a new start."""
    data = Path(str(cluster.status().data))
    pid = postmaster.running_pid(data)
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    runners.until(lambda: postmaster.running_pid(data) is None)
    cluster.up()


def clear(connection: Connection) -> None:
    """What another test of this module has left."""
    connection.execute("select pgsm.disable_cron()")
    connection.execute("select pgsm.stop_timers(false)")
    for table in ("timers", "instances", "event_log", "timer_drivers"):
        connection.execute(f"delete from pgsm_private.{table}".encode())


def until_fired(connection: Connection, timers: int) -> None:
    runners.until(lambda: burst.fired(connection) >= timers, seconds=60)


def drive(dsn: str, until: Callable[[Connection], bool]) -> None:
    """Two schedulers until the condition holds."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pgsm.stop_timers(false)")
        sessions = [burst.Scheduler(dsn), burst.Scheduler(dsn)]
        runners.until(lambda: until(connection), seconds=60)
        connection.execute("select pgsm.stop_timers(true)")
    for session in sessions:
        session.join(10)


def test_server_that_is_killed_in_a_burst_fires_each_timer_once(
    cluster: devdb.DevCluster,
) -> None:
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        clear(connection)
        burst.start(connection, INSTANCES)
    for part in (1, 2, 3):
        sessions = [burst.Scheduler(cluster.dsn), burst.Scheduler(cluster.dsn)]
        with psycopg.connect(cluster.dsn, autocommit=True) as connection:
            until_fired(connection, part * INSTANCES // 4)
            assert burst.left(connection) > 0
        crash(cluster)
        for session in sessions:
            session.join(10)
            assert isinstance(session.problem, psycopg.OperationalError)
    drive(cluster.dsn, lambda connection: burst.left(connection) == 0)
    with psycopg.connect(cluster.dsn) as connection:
        burst.check(connection, INSTANCES)


def test_scheduler_sessions_that_are_killed_lose_and_double_nothing(
    fresh_dsn: str,
) -> None:
    chance = random.Random(5)
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        burst.start(connection, INSTANCES)
        sessions = [burst.Scheduler(fresh_dsn) for _ in range(3)]
        end = time.monotonic() + 90
        while burst.left(connection) and time.monotonic() < end:
            time.sleep(chance.uniform(0.01, 0.3))
            victim = chance.choice(sessions)
            connection.execute("select pg_terminate_backend(%s, 5000)", [victim.pid])
            victim.join(10)
            sessions.remove(victim)
            sessions.append(burst.Scheduler(fresh_dsn))
            # what a dead turn has noted waits a little, and so does an attempt
            connection.execute(
                "update pgsm_private.timers set due_at = now() where due_at > now()"
            )
        connection.execute("select pgsm.stop_timers(true)")
        for session in sessions:
            session.join(10)
        burst.check(connection, INSTANCES)


def test_call_that_hangs_until_the_statement_timeout_holds_up_nobody_for_long(
    fresh_dsn: str,
) -> None:
    hang = {"type": "call", "function": "app.hang()"}
    document = {"after": {"1 hour": {"actions": hang}}}
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        connection.execute(
            "create schema app; grant usage on schema app to public;"
            " create function app.hang () returns void language sql"
            " as 'select pg_sleep(600)'"
        )
        connection.execute(
            "select pgsm.define_machine('hanging', %s)", [json.dumps(document)]
        )
        connection.execute("select pgsm.start_instance('hanging', 'hangs')")
        connection.execute(
            "update pgsm_private.timers set due_at = now() - interval '1 hour'"
        )
        burst.start(connection, 20)
        ends = []
        for _ in range(4):  # as pg_cron begins one when the last has ended
            timeout = "-c statement_timeout=2s"
            session = burst.Scheduler(fresh_dsn, seconds=1, options=timeout)
            session.join(20)
            ends.append(type(session.problem))
        found = connection.execute(
            "select attempts, last_error ->> 'code', due_at > now()"
            " from pgsm.timers where instance_id = 'hangs'"
        ).fetchone()
        assert found == (1, "SM204", True)
        assert ends[:2] == [psycopg.errors.QueryCanceled] * 2
        assert ends[-1] is type(None)
        connection.execute("delete from pgsm_private.timers where kind = 'after'")
        connection.execute(
            "delete from pgsm_private.instances where machine = 'hanging'"
        )
        connection.execute(
            "delete from pgsm_private.event_log where machine = 'hanging'"
        )
        burst.check(connection, 20)


def test_runner_fires_timers_where_pg_cron_is_dead(
    cluster: devdb.DevCluster, tmp_path: Path
) -> None:
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        clear(connection)
        connection.execute("select pgsm.enable_cron()")
        launcher = (
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where backend_type = 'pg_cron launcher'"
        )
        assert connection.execute(launcher).fetchall() == [(True,)]
        burst.start(connection, 50)
        with runners.process(cluster.dsn, tmp_path, "--timers"):
            runners.until(lambda: burst.left(connection) == 0)
            drivers = connection.execute("select drivers from pgsm.timer_status()")
            assert drivers.fetchone() == ({"runner": 1},)
        burst.check(connection, 50)
    crash(cluster)  # only a restart brings the launcher back


@pytest.mark.slow
def test_pg_cron_that_was_stopped_for_a_while_fires_each_timer_once(
    cluster: devdb.DevCluster,
) -> None:
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        clear(connection)
        connection.execute("select pgsm.enable_cron(schedulers => 2)")
        alive = (
            "select count(*) from pgsm.timer_drivers where is_alive and kind = 'cron'"
        )
        runners.until(lambda: connection.execute(alive).fetchone() == (2,), seconds=90)
        burst.start(connection, INSTANCES, late=INSTANCES // 2)
        until_fired(connection, 1)
        connection.execute("select pgsm.disable_cron()")
        loops = "select from pg_stat_activity where usename = 'pgsm_scheduler'"
        runners.until(lambda: connection.execute(loops).fetchone() is None)
        connection.execute("update pgsm_private.timers set due_at = now()")
        stood = burst.fired(connection)
        time.sleep(1)
        assert burst.fired(connection) == stood
        assert burst.left(connection) > 0
        connection.execute("select pgsm.enable_cron()")
        runners.until(lambda: burst.left(connection) == 0, seconds=120)
        burst.check(connection, INSTANCES)
        connection.execute("select pgsm.disable_cron()")
