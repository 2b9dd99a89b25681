"""The how-tos about scheduled events and messages do what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"

# the part of pg_cron that the page uses; the test is its clock
CRON = """
    create schema cron;
    create table cron.job (jobname text, schedule text, command text);
    create function cron.schedule (text, text, text) returns void
      language sql as 'insert into cron.job values ($1, $2, $3)';
"""


def blocks(page: str) -> list[str]:
    text = (HOW_TO / page).read_text("utf-8")
    return re.findall(r"^ *```sql\n(.*?)^ *```$", text, re.M | re.S)


def run(connection: psycopg.Connection[Any], block: str) -> list[tuple[Any, ...]]:
    """The rows of the block's last statement that has any."""
    cursor = connection.execute(block.encode())
    rows: list[tuple[Any, ...]] = []
    while True:
        if cursor.description:
            rows = cursor.fetchall()
        if not cursor.nextset():
            return rows


def settle(connection: psycopg.Connection[Any]) -> None:
    armed = "select from pgsm.timers where status = 'armed' and due_at <= now()"
    while connection.execute(armed).fetchone() is not None:
        connection.execute("select pgsm.fire_timers()")


def test_scheduled_event_comes_once_a_night(fresh_dsn: str) -> None:
    define, schedule, look, spread = blocks("schedule-events.md")
    nights = [(f"sub-{n}", 1) for n in (1, 2, 3)]
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        connection.execute(CRON)
        run(connection, define)
        run(connection, schedule)
        ((command,),) = connection.execute("select command from cron.job").fetchall()
        for _ in range(3):
            run(connection, command)
            settle(connection)
            assert sorted(run(connection, look)) == nights
        assert run(connection, spread) == [(3,)]
        settle(connection)
        assert sorted(run(connection, look)) == nights


def test_spread_events_are_due_within_the_hour(fresh_dsn: str) -> None:
    define, _, _, spread = blocks("schedule-events.md")
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        run(connection, define)
        run(connection, spread)
        found = connection.execute(
            "select count(distinct due_at), max(due_at) < now() + interval '1 hour'"
            " from pgsm.timers"
        ).fetchone()
    assert found == (3, True)


def values(connection: psycopg.Connection[Any]) -> list[Any]:
    found = connection.execute(
        "select value from pgsm.instances where machine = 'table' order by instance_id"
    )
    return [value for (value,) in found.fetchall()]


def test_instances_send_to_each_other(fresh_dsn: str) -> None:
    machines, post, send = blocks("send-between-instances.md")
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        run(connection, machines)
        settle(connection)
        assert values(connection) == ["eating", "hungry", "hungry"]
        run(connection, post)
        assert values(connection) == ["eating", "hungry", "hungry"]
        settle(connection)
        assert values(connection) == ["eating", "eating", "eating"]
        assert run(connection, send) == [("no_transition",)] * 3


def test_message_to_a_kitchen_that_is_not_there_comes_back(fresh_dsn: str) -> None:
    machines, *_ = blocks("send-between-instances.md")
    without = machines.replace(
        "select pgsm.start_instance('kitchen', 'kitchen-1');", ""
    )
    assert without != machines
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        run(connection, without)
        settle(connection)
        assert values(connection) == ["leaving", "hungry", "hungry"]
