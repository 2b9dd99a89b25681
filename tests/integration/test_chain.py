"""The fixture chain, on pgsm itself."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import psycopg
import pytest

from tests.databases import Connect

NOON = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)


def test_clock_of_a_test_database_stands_still(
    fresh_dsn: str, connect: Connect, set_clock: Any, advance: Any
) -> None:
    connection = connect(fresh_dsn)
    set_clock(connection, NOON)
    query = "select pgsm_private.now()"
    assert connection.execute(query).fetchone() == (NOON,)
    assert connection.execute(query).fetchone() == (advance(connection, "0 s"),)


@pytest.mark.parametrize("_turn", [1, 2])
def test_what_a_test_does_through_db_is_rolled_back(
    db: psycopg.Connection, _turn: int
) -> None:
    db.execute("create table left_behind (id int)")


def test_connections_are_open_in_autocommit_mode(connect: Connect) -> None:
    one, two = connect(), connect()
    one.execute("create table seen_at_once (id int)")
    assert two.execute("select * from seen_at_once").fetchall() == []


def test_pg_cron_runs_in_the_cron_database(cron_dsn: str, connect: Connect) -> None:
    connection = connect(cron_dsn)
    loaded = "select 1 from pg_extension where extname = 'pg_cron'"
    assert connection.execute(loaded).fetchone() == (1,)
    there = "select to_regproc('pgsm.enable_cron') is not null"
    assert connection.execute(there).fetchone() == (True,)


def test_drivers_may_run_in_a_clone(dsn: str, connect: Connect) -> None:
    may_run = connect(dsn).execute("select pgsm_private.drivers_may_run()")
    assert may_run.fetchone() == (True,)
