"""The database that is measured: instances of a ring machine, and the floor's tables.

The floor is what an application pays that keeps a state and a history by hand: one
update and one insert, of rows of the same sizes, in tables of the same shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from pgsm import sqitch
from pgsm.devdb import DevCluster

DIRECTORY = Path(__file__).resolve().parent.parent / ".pgsm" / "bench"
BULK = 1000


@contextmanager
def running(directory: Path = DIRECTORY) -> Iterator[str]:
    """The DSN of a fresh database in a cluster of its own, stopped afterwards."""
    cluster = DevCluster(directory)
    cluster.up()
    try:
        cluster.empty_database()
        sqitch.deploy(cluster.dsn)
        with psycopg.connect(cluster.dsn, autocommit=True) as connection:
            # the timers' loop would take part of two cores from both sides
            connection.execute("select pgsm.disable_cron()")
        # a launcher of pg_cron that looked while its extension was away looks no more
        cluster.down()
        cluster.up()
        yield cluster.dsn
    finally:
        cluster.down()


def fill(
    dsn: str, document: dict[str, Any], instances: int, directory: Path
) -> dict[str, Path]:
    """Make the instances bench-1 … and the floor's copy; the pgbench scripts."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "select pgsm.define_machine('bench', %s::json)", [json.dumps(document)]
        )
        connection.execute(
            "select count(*) from generate_series(1, %s) as n"
            " cross join lateral pgsm.start_instance('bench', 'bench-' || n)",
            [instances],
        )
        # a first round of events, so that nothing is measured that is done once
        connection.execute(
            "select count(*) from generate_series(1, %s) as n"
            " cross join lateral pgsm.send_event('bench-' || n, 'next')",
            [instances],
        )
        _make_floor(connection)
        scripts = {
            "send_event": _send_script(instances),
            "send_events": _bulk_script(instances),
            "floor": _floor_script(connection, instances),
        }
    return {name: _write(directory / name, text) for name, text in scripts.items()}


def revisions(dsn: str) -> int:
    """The sum of all revisions: it grows by one with each event that is taken."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select sum(revision) from pgsm.instances where machine = 'bench'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def settle(dsn: str) -> None:
    """Leave the next round nothing to clean up."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum pgsm_private.instances, floor.instances")
        connection.execute("checkpoint")


def _make_floor(connection: psycopg.Connection[Any]) -> None:
    connection.execute("create schema floor")
    for table in ("instances", "event_log"):
        name = sql.Identifier(table)
        create = "create table floor.{0} (like pgsm_private.{0} including all)"
        connection.execute(sql.SQL(create).format(name))
        # "like" leaves the fillfactor and autovacuum's settings out
        for (option,) in connection.execute(
            "select unnest(reloptions) from pg_class where oid = %s::regclass",
            [f"pgsm_private.{table}"],
        ).fetchall():
            set_option = sql.SQL("alter table floor.{} set ({})")
            connection.execute(set_option.format(name, sql.SQL(option)))
    connection.execute(
        "insert into floor.instances select * from pgsm_private.instances"
    )
    connection.execute("vacuum analyze")


def _send_script(instances: int) -> str:
    return (
        f"\\set id random(1, {instances})\n"
        "select * from pgsm.send_event('bench-' || :id, 'next');\n"
    )


def _bulk_script(instances: int) -> str:
    """One call for BULK instances that follow each other, from anywhere on."""
    return (
        f"\\set first random(1, {max(1, instances - BULK + 1)})\n"
        "select count(*) from pgsm.send_events((select jsonb_agg(jsonb_build_object("
        "'instance_id', 'bench-' || n, 'event', 'next'))"
        f" from generate_series(:first, :first + {BULK - 1}) as n));\n"
    )


def _floor_script(connection: psycopg.Connection[Any], instances: int) -> str:
    """The script that writes what a real event wrote, with other ids and times."""
    changed = _literals(connection, "instances", "instance_id = 'bench-1'")
    logged = _literals(
        connection, "event_log", "instance_id = 'bench-1' and revision = 2"
    )
    changed["revision"] = "revision + 1"
    changed["clock"] = logged["recorded_at"] = logged["clock"] = "clock_timestamp()"
    logged["instance_id"] = "'bench-' || :id"
    logged["revision"] = ":revision"
    written = ("revision", "clock", "states", "value", "tags", "history", "status")
    sets = ", ".join(f"{name} = {changed[name]}" for name in (*written, "context"))
    return (
        f"\\set id random(1, {instances})\n"
        "\\set revision random(1, 1000000)\n"
        "begin;\n"
        f"update floor.instances set {sets} where instance_id = 'bench-' || :id;\n"
        f"insert into floor.event_log ({', '.join(logged)})"
        f" values ({', '.join(logged.values())});\n"
        "commit;\n"
    )


def _literals(
    connection: psycopg.Connection[Any], table: str, where: str
) -> dict[str, str]:
    """A row as SQL literals by column."""
    named = sql.Identifier("pgsm_private", table)
    names = [
        column.name
        for column in connection.execute(
            sql.SQL("select * from {} limit 0").format(named)
        ).description
        or ()
    ]
    quoted = sql.SQL(", ").join(
        sql.SQL("quote_nullable({}::text)").format(sql.Identifier(name))
        for name in names
    )
    row = connection.execute(
        sql.SQL("select {} from {} where {}").format(quoted, named, sql.SQL(where))
    ).fetchone()
    assert row is not None
    return dict(zip(names, row, strict=True))


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
