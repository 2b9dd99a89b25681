"""Timers of a version that is paused wait, with the others going on."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.databases import Connect

DOCUMENT = """
    {"initial": "a", "context": {"n": 0}, "states": {
        "a": {"after": {"1 second": "b"}, "on": {"go": {"actions": "count"}}},
        "b": {"on": {"go": {"actions": "count"}}, "tags": %s}
    }, "implementations": {"actions": {
        "count": {"type": "assign", "set": {"n": {"expr": "context.n + 1"}}}
    }}}
"""


@pytest.fixture
def paused(db: psycopg.Connection) -> psycopg.Connection:
    """Versions 1 and 2 of a machine, an instance of each, the first one paused."""
    _define(db)
    db.execute("select pgsm.pause_machine('paused', 1)")
    return db


def _define(db: psycopg.Connection) -> None:
    for version, tags in ((1, "[]"), (2, '["new"]')):
        db.execute("select pgsm.define_machine('paused', %s::json)", [DOCUMENT % tags])
        db.execute("select pgsm.start_instance('paused', %s)", [f"paused-{version}"])


def _fired(db: psycopg.Connection) -> int:
    row = db.execute("select fired from pgsm.fire_timers()").fetchone()
    assert row is not None
    return int(row[0])


def _states(db: psycopg.Connection) -> list[str]:
    return _all(
        db,
        "select value from pgsm.instances where machine = 'paused'"
        " order by instance_id",
    )


def _statuses(db: psycopg.Connection) -> list[str]:
    return _all(db, "select status from pgsm.timers order by instance_id, due_at")


def _all(db: psycopg.Connection, query: str) -> list[Any]:
    return [row[0] for row in db.execute(query.encode())]


def test_timers_of_a_paused_version_wait_and_others_fire(
    paused: psycopg.Connection, advance: Any
) -> None:
    advance(paused, "2 seconds")
    assert _fired(paused) == 1
    assert _states(paused) == ["a", "b"]

    paused.execute("select pgsm.resume_machine('paused', 1)")
    assert _fired(paused) == 1
    assert _states(paused) == ["b", "b"]


def test_no_turn_walks_over_timers_that_wait_for_their_version(
    paused: psycopg.Connection, advance: Any
) -> None:
    _copies(paused, 6000)
    advance(paused, "2 seconds")
    assert _fired(paused) == 1
    assert set(_statuses(paused)) == {"held"}
    due = _all(paused, "select due_at from pgsm.timers where instance_id = 'copy-7'")

    paused.execute("select pgsm.resume_machine('paused', 1)")
    assert _fired(paused) == 25
    assert set(_statuses(paused)) == {"armed"}
    assert due == _all(
        paused, "select due_at from pgsm.timers where instance_id = 'copy-7'"
    )
    _fired(paused)  # finds that none is left to be armed
    assert _all(
        paused,
        "select timers_held from pgsm_private.machine_versions"
        " where machine = 'paused' order by version",
    ) == [False, False]


def _copies(db: psycopg.Connection, count: int) -> None:
    for table in ("instances", "timers"):
        names = _all(
            db,
            "select string_agg(quote_ident(attname), ', ') from pg_attribute"
            f" where attrelid = 'pgsm_private.{table}'::regclass and attnum > 0"
            " and not attisdropped and attname <> 'instance_id'",
        )[0]
        db.execute(
            f"insert into pgsm_private.{table} (instance_id, {names})"
            f" select 'copy-' || n, {names} from pgsm_private.{table},"
            f" generate_series(1, {count}) as n"
            " where instance_id = 'paused-1'".encode()
        )


def test_what_was_posted_meanwhile_comes_in_its_place(
    paused: psycopg.Connection, advance: Any
) -> None:
    paused.execute("select pgsm.post_event('paused-1', 'go')")
    _fired(paused)
    assert _statuses(paused)[0] == "held"
    advance(paused, "2 seconds")
    _fired(paused)
    paused.execute("select pgsm.post_event('paused-1', 'go')")
    paused.execute("select pgsm.resume_machine('paused')")
    assert _fired(paused) == 3
    events = "select event from pgsm.event_log where instance_id = 'paused-1'"
    assert _all(paused, f"{events} order by revision") == [
        "pgsm.start",
        "go",
        "after.1 second.a",
        "go",
    ]


def test_instance_that_leaves_a_paused_version_has_its_timers(
    paused: psycopg.Connection, advance: Any
) -> None:
    advance(paused, "2 seconds")
    assert _fired(paused) == 1
    assert _statuses(paused) == ["held"]
    paused.execute("select pgsm.upgrade_instance('paused-1', 2)")
    assert _fired(paused) == 1
    assert _states(paused) == ["b", "b"]


def test_instances_that_leave_a_paused_version_in_bulk_have_their_timers(
    fresh_dsn: str, connect: Connect, advance: Any
) -> None:
    connection = connect(fresh_dsn)
    _define(connection)
    connection.execute("select pgsm.pause_machine('paused', 1)")
    advance(connection, "2 seconds")
    assert _fired(connection) == 1
    connection.execute("call pgsm.upgrade_instances('paused', 2)")
    assert _fired(connection) == 1
    assert _states(connection) == ["b", "b"]


def test_upgrade_out_of_a_paused_version_can_be_undone(
    paused: psycopg.Connection, advance: Any
) -> None:
    advance(paused, "2 seconds")
    _fired(paused)
    paused.execute("select pgsm.upgrade_instance('paused-1', 2)")
    paused.execute("select pgsm.undo_upgrade('paused-1')")
    assert _fired(paused) == 0
    paused.execute("select pgsm.resume_machine('paused', 1)")
    assert _fired(paused) == 1


def test_instance_that_is_paused_itself_waits_for_both(
    paused: psycopg.Connection, advance: Any
) -> None:
    paused.execute("select pgsm.pause_instance('paused-1')")
    advance(paused, "2 seconds")
    assert _fired(paused) == 1
    paused.execute("select pgsm.resume_instance('paused-1')")
    assert _fired(paused) == 0
    paused.execute("select pgsm.pause_instance('paused-1')")
    paused.execute("select pgsm.resume_machine('paused', 1)")
    assert _fired(paused) == 0
    paused.execute("select pgsm.resume_instance('paused-1')")
    assert _fired(paused) == 1


def test_message_to_an_instance_that_has_ended_is_told_though_its_version_is_paused(
    paused: psycopg.Connection,
) -> None:
    paused.execute("select pgsm.post_event('paused-1', 'go')")
    paused.execute("select pgsm.stop_instance('paused-1')")
    assert _fired(paused) == 0
    assert _statuses(paused) == ["undeliverable", "armed"]


def test_instance_that_is_locked_when_its_version_is_resumed_comes_later(
    fresh_dsn: str, connect: Connect, advance: Any
) -> None:
    connection, other = connect(fresh_dsn), connect(fresh_dsn)
    _define(connection)
    connection.execute("select pgsm.pause_machine('paused', 1)")
    advance(connection, "2 seconds")
    assert _fired(connection) == 1
    with other.transaction():
        other.execute(
            "select from pgsm_private.instances where instance_id = 'paused-1'"
            " for no key update"
        )
        connection.execute("select pgsm.resume_machine('paused', 1)")
        assert _fired(connection) == 0
        # armed, and due after what is held
        connection.execute("select pgsm.post_event('paused-1', 'go')")
        assert _fired(connection) == 0
    assert _fired(connection) == 2
    assert _states(connection) == ["b", "b"]
    events = "select event from pgsm.event_log where instance_id = 'paused-1'"
    assert _all(connection, f"{events} order by revision") == [
        "pgsm.start",
        "after.1 second.a",
        "go",
    ]


def test_driver_waits_for_nobody_who_pauses_or_resumes(
    fresh_dsn: str, connect: Connect, advance: Any
) -> None:
    connection, other = connect(fresh_dsn), connect(fresh_dsn)
    _define(connection)
    connection.execute("select pgsm.pause_machine('paused', 1)")
    advance(connection, "2 seconds")
    connection.execute("set lock_timeout = '100ms'")
    with other.transaction():
        other.execute("select pgsm.resume_machine('paused', 1)")
        assert _fired(connection) == 1  # the other version's
    assert _fired(connection) == 1
