"""One timer through the real pg_cron."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import psycopg
import pytest

MACHINE = {
    "initial": "waiting",
    "states": {"waiting": {"after": {"1 second": "fired"}}, "fired": {}},
}


def row(connection: psycopg.Connection[Any], query: str, *values: Any) -> Any:
    return connection.execute(query, values).fetchone()  # type: ignore[arg-type]


@pytest.mark.slow
def test_timer_fires_under_the_cron_job(cron_dsn: str, record_property: Any) -> None:
    """pg_cron 1.4 begins a job at the minute: the first one may be a minute away."""
    with psycopg.connect(cron_dsn, autocommit=True) as connection:
        connection.execute("select pgsm.enable_cron()")
        connection.execute(
            "select pgsm.define_machine('cron', %s)", [json.dumps(MACHINE)]
        )
        job = row(
            connection,
            "select command, username from cron.job where jobname = 'pgsm_run_timers'",
        )
        assert job == ("call pgsm.run_timers()", "pgsm_scheduler")
        first = fire_one(connection, seconds=70)
        second = fire_one(connection, seconds=70)
    lateness = min(first, second)
    record_property("lateness_ms", round(lateness * 1000))
    print(f"fired {lateness * 1000:.0f} ms after it was due")
    assert lateness < 5


def names(connection: psycopg.Connection[Any]) -> list[str]:
    found = connection.execute("select jobname from cron.job order by jobname")
    return [name for (name,) in found.fetchall() if name.startswith("pgsm_run")]


def test_schedulers_are_as_many_as_asked_for(cron_dsn: str) -> None:
    with psycopg.connect(cron_dsn) as connection:
        one = ["pgsm_run_timers", "pgsm_run_timers_odd", "pgsm_run_retention"]
        two = [*one, "pgsm_run_timers_2", "pgsm_run_timers_2_odd"]
        for count, wanted in ((2, two), (1, one)):
            connection.execute("select pgsm.enable_cron(schedulers => %s)", [count])
            assert sorted(n for n in names(connection) if "@" not in n) == sorted(
                wanted
            )
        connection.execute("select pgsm.disable_cron()")
        assert [n for n in names(connection) if "@" not in n] == []
        connection.rollback()


def test_cron_s_log_of_our_jobs_is_purged_after_a_day(cron_dsn: str) -> None:
    with psycopg.connect(cron_dsn) as connection:
        connection.execute(
            "insert into cron.job_run_details (database, username, command, end_time)"
            " select current_database(), 'pgsm_scheduler', command,"
            "   now() - age::interval"
            " from (values ('call pgsm.run_timers()', '25 hours'),"
            "   ('call pgsm.run_timers()', '1 hour'), ('select 1', '25 hours')"
            " ) as v (command, age)"
        )
        purged = row(connection, "select pgsm.purge_cron_log()")
        assert purged is not None
        assert purged[0] >= 1
        left = row(
            connection,
            "select count(*) from cron.job_run_details"
            " where command like '%%pgsm.%%' and end_time < now() - interval '1 day'"
            " and username = 'pgsm_scheduler' and database = current_database()",
        )
        others = row(
            connection,
            "select count(*) from cron.job_run_details where command = 'select 1'",
        )
        assert (left, others) == ((0,), (1,))
        connection.rollback()


def fire_one(connection: psycopg.Connection[Any], seconds: float) -> float:
    """How late the timer of a new instance was, in seconds."""
    instance_id = str(uuid.uuid4())
    connection.execute("select pgsm.start_instance('cron', %s)", [instance_id])
    due = row(
        connection,
        "select due_at from pgsm.timers where instance_id = %s",
        instance_id,
    )
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        fired = row(
            connection,
            "select recorded_at from pgsm.event_log"
            " where instance_id = %s and origin = 'timer'",
            instance_id,
        )
        if fired:
            late: float = (fired[0] - due[0]).total_seconds()
            return late
        time.sleep(0.05)
    runs = connection.execute(
        "select status, return_message from cron.job_run_details order by runid desc"
        " limit 3"
    ).fetchall()
    raise AssertionError(f"not fired within {seconds} s; the last runs: {runs}")
