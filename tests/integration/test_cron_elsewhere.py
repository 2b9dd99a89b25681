"""pg_cron works in one database of a cluster, and pgsm may be in another."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import conninfo
from rich.console import Console

from pgsm import cron, errors
from pgsm.cli import deploy
from tests.databases import Connect

Connection = psycopg.Connection[Any]


def statements(connection: Connection, schedulers: int = 1) -> list[str]:
    found = connection.execute("select pgsm.cron_statements(%s)", [schedulers])
    return [statement for (statement,) in found.fetchall()]


def test_enable_cron_says_what_a_superuser_runs_elsewhere(connect: Connect) -> None:
    connection = connect()
    with pytest.raises(errors.CronMissing) as refusal:
        connection.execute("select pgsm.enable_cron(schedulers => 2)")
    hint = refusal.value.diag.message_hint or ""
    wanted = statements(connection, schedulers=2)
    assert len(wanted) == 7
    assert [statement for statement in wanted if statement not in hint] == []
    first = wanted[0].replace("_odd", "")
    assert first == (
        "select cron.schedule_in_database("
        f"'pgsm_run_timers@{connection.info.dbname}', '*/2 * * * *',"
        f" 'call pgsm.run_timers()', '{connection.info.dbname}', 'pgsm_scheduler');"
    )


@pytest.fixture
def cron_connection(
    server_dsn: str, dsn: str, connect: Connect
) -> Iterator[Connection]:
    """To pg_cron's database; this database's jobs are gone afterwards."""
    there = cron.elsewhere(dsn)
    if there is None:
        pytest.skip("the server does not load pg_cron")
    target = connect(conninfo.make_conninfo(server_dsn, dbname=there.database))
    yield target
    name = conninfo.conninfo_to_dict(dsn)["dbname"]
    target.execute(
        "select cron.unschedule(jobid) from cron.job where jobname like '%%@' || %s",
        [name],
    )


def test_statements_schedule_the_jobs_of_this_database(
    dsn: str, cron_connection: Connection
) -> None:
    there = cron.elsewhere(dsn)
    assert there is not None
    for _ in range(2):  # a second time changes nothing
        assert cron.schedule(dsn, there) is None
        jobs = cron_connection.execute(
            "select split_part(jobname, '@', 1), command ~ 'pgsm.', database, username"
            " from cron.job where jobname like '%%@' || %s order by 1",
            [conninfo.conninfo_to_dict(dsn)["dbname"]],
        ).fetchall()
        here = conninfo.conninfo_to_dict(dsn)["dbname"]
        assert jobs == [
            ("pgsm_make_log_partitions", True, here, "pgsm_scheduler"),
            ("pgsm_purge_cron_log", True, there.database, "postgres"),
            ("pgsm_run_retention", True, here, "pgsm_scheduler"),
            ("pgsm_run_timers", True, here, "pgsm_scheduler"),
            ("pgsm_run_timers_odd", True, here, "pgsm_scheduler"),
        ]


def test_deploy_says_that_pg_cron_fires_the_timers(
    dsn: str, cron_connection: Connection
) -> None:
    said = io.StringIO()
    deploy.schedule_timers(Console(file=said, width=200), dsn)
    assert said.getvalue().startswith("timers are fired by the pg_cron of database")


def test_purge_elsewhere_deletes_old_rows_of_this_database(
    dsn: str, cron_connection: Connection, connect: Connect
) -> None:
    purge = statements(connect())[-1]
    here = conninfo.conninfo_to_dict(dsn)["dbname"]
    with cron_connection.transaction(force_rollback=True):
        cron_connection.execute(
            "insert into cron.job_run_details (database, username, command, end_time)"
            " values (%(here)s, 'pgsm_scheduler', 'a', now() - interval '25 hours'),"
            "   (%(here)s, 'pgsm_scheduler', 'b', now()),"
            "   (%(here)s, 'someone', 'c', now() - interval '25 hours'),"
            "   ('other', 'pgsm_scheduler', 'd', now() - interval '25 hours')",
            {"here": here},
        )
        cron_connection.execute(purge.encode())
        command = cron_connection.execute(
            "select command from cron.job where jobname = %s",
            [f"pgsm_purge_cron_log@{here}"],
        ).fetchone()
        assert command is not None
        cron_connection.execute(command[0].encode())
        left = cron_connection.execute(
            "select string_agg(command, '' order by command) from cron.job_run_details"
            " where length(command) = 1"
        ).fetchone()
        assert left == ("bcd",)


def test_place_that_cannot_be_reached_is_said(dsn: str) -> None:
    there = cron.Elsewhere("there is no such database", ["select 1"])
    problem = cron.schedule(dsn, there)
    assert problem is not None
    assert "does not exist" in problem
