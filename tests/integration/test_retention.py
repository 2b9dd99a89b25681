"""What is removed when it is older than it is kept for, and what never is."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.databases import Connect

from . import runners
from .keeping import (
    MACHINE,
    Connection,
    age,
    column,
    complete,
    define,
    keep,
    run,
    send,
    start,
)


@pytest.fixture
def one(fresh_dsn: str, connect: Connect) -> Connection:
    connection = connect(fresh_dsn)
    define(connection)
    define(connection, name="other")
    return connection


def test_nothing_is_removed_that_nobody_asked_for(one: Connection) -> None:
    start(one, "a", "b")
    send(one, "a", "note")
    complete(one)
    send(one, "a", "end")
    one.execute("select pgsm.delete_instance('b')")
    for table, when in (
        ("event_log", "clock"),
        ("effects", "finished_at"),
        ("instances", "finished_at"),
    ):
        age(one, table, when, "10 years")
    assert run(one) == {}
    assert column(one, "select instance_id from pgsm_private.instances") == ["a", "b"]
    assert one.execute("select is_complete from pgsm.retention_runs").fetchone() == (
        True,
    )


def test_an_event_s_id_is_known_for_thirty_days_and_then_it_is_a_new_event(
    one: Connection,
) -> None:
    start(one, "a")
    first = send(one, "a", "note", "e-1")
    assert send(one, "a", "note", "e-1") == first
    age(one, "event_ids", "recorded_at", "29 days")
    assert run(one) == {}
    assert send(one, "a", "note", "e-1") == first
    age(one, "event_ids", "recorded_at", "2 days")
    assert run(one) == {"event_ids": 1}
    again = send(one, "a", "note", "e-1")
    assert again == ("taken", first[1] + 1)
    assert send(one, "a", "note", "e-1") == again


def test_a_machine_s_own_retention_goes_before_that_of_all(one: Connection) -> None:
    start(one, "a")
    start(one, "b", machine="other")
    for instance_id in ("a", "b"):
        send(one, instance_id, "note", "e-1")
    age(one, "event_ids", "recorded_at", "10 days")
    keep(one, "event_ids", "1 day", "other")
    assert run(one) == {"event_ids": 1}
    assert column(one, "select instance_id from pgsm_private.event_ids") == ["a"]
    keep(one, "event_ids", None, "m")
    keep(one, "event_ids", "1 day")
    assert run(one) == {}
    one.execute("select pgsm.reset_retention('event_ids', 'm')")
    assert run(one) == {"event_ids": 1}


def test_effects_that_are_over_go_and_open_ones_stay(one: Connection) -> None:
    start(one, "a")
    for _ in range(5):
        send(one, "a", "note")
    names = ["succeeded", "cancelled", "failed", "late", "pending"]
    for number, status in enumerate(names):
        one.execute(
            "update pgsm_private.effects set status = %s, finished_at = now()"
            " where effect_id like %s",
            [status, f"{number + 2}/%"],
        )
    assert len(column(one, "select 1 from pgsm.effects")) == 5
    keep(one, "effects", "90 days")
    assert run(one) == {}
    age(one, "effects", "finished_at")
    assert run(one) == {"effects": 2}
    left = "select status from pgsm.effects order by effect_id"
    assert column(one, left) == ["failed", "late", "pending"]
    one.execute(
        "update pgsm_private.effects set error = '{\"handled\": true}'"
        " where status = 'failed'"
    )
    assert run(one) == {"effects": 1}


def test_what_has_been_done_in_an_active_state_stays_known(one: Connection) -> None:
    """An upgrade would start it again."""
    document = {
        **MACHINE,
        "states": {
            "open": {"invoke": {"id": "w", "src": "note"}, "on": {"next": "on"}},
            "on": {},
            "over": {"type": "final"},
        },
    }
    define(one, document, name="waits")
    start(one, "w", machine="waits")
    complete(one)
    age(one, "effects", "finished_at")
    keep(one, "effects", "0")
    assert run(one) == {}
    send(one, "w", "next")
    assert run(one) == {"effects": 1}


def test_an_upgrade_can_be_undone_after_a_run(one: Connection) -> None:
    """Its pre-image stays, and what it cancelled."""
    busy = {"open": {"invoke": {"id": "w", "src": "note"}}, "over": {"type": "final"}}
    define(one, {**MACHINE, "states": busy}, name="moves")
    start(one, "u", machine="moves")
    define(one, MACHINE, name="moves")
    one.execute("select pgsm.define_upgrade('moves', 1, 2)")
    one.execute("select pgsm.upgrade_instance('u', 2)")
    assert column(one, "select status from pgsm.effects") == ["cancelled"]
    for what in ("effects", "preimages", "event_ids"):
        keep(one, what, "0")
    assert run(one) == {}
    one.execute("select pgsm.undo_upgrade('u')")
    assert column(one, "select status from pgsm.effects") == ["pending"]
    assert run(one) == {"preimages": 1}


def test_a_pre_image_goes_when_something_has_happened_since(one: Connection) -> None:
    define(one, {**MACHINE, "description": "two"})
    start(one, "u")
    one.execute("select pgsm.set_state('u', '{open}', reason => 'test')")
    age(one, "upgrade_preimages", "taken_at")
    assert run(one) == {}
    send(one, "u", "note")
    assert run(one) == {"preimages": 1}


def test_ended_instances_are_deleted_with_all_that_is_theirs(one: Connection) -> None:
    start(one, "a", "b", "c")
    for instance_id in ("a", "b"):
        send(one, instance_id, "note", "e")
    complete(one)
    send(one, "a", "end")
    one.execute("select pgsm.stop_instance('b')")
    one.execute("select pgsm.fire_timers()")
    keep(one, "instances", "1 year")
    assert run(one) == {}
    age(one, "instances", "finished_at", "2 years")
    assert run(one) == {"instances": 2}
    for table in ("instances", "event_log", "instance_keys"):
        ids = f"select distinct instance_id from pgsm_private.{table}"
        assert column(one, ids) == ["c"], table
    for table in ("effects", "event_ids", "archived_instances"):
        assert column(one, f"select 1 from pgsm_private.{table}") == [], table
    start(one, "a")  # the id is free again
    assert send(one, "a", "note") == ("taken", 2)


def test_an_ended_instance_of_which_something_is_open_stays(one: Connection) -> None:
    start(one, "a", "b", "c")
    send(one, "a", "note")
    one.execute(
        "select pgsm.fail_effect(instance_id, effect_id, lease_token,"
        " '{\"type\": \"x\"}', true) from pgsm.claim_effects('r', array['note'], 9)"
    )
    send(one, "b", "note")
    one.execute("select pgsm.post_event('c', 'note')")
    for instance_id in ("a", "b", "c"):
        send(one, instance_id, "end")
    one.execute("select pgsm.fire_timers()")
    age(one, "instances", "finished_at")
    keep(one, "instances", "0")
    assert run(one) == {}
    one.execute(
        "select pgsm.cancel_effect(instance_id, effect_id)"
        " from pgsm.effects where is_open"
    )
    complete(one)
    assert run(one) == {"instances": 2}
    keep(one, "timers", "0")  # the event that came too late
    assert run(one) == {"timers": 1, "instances": 1}


def test_a_family_goes_when_all_of_it_have_ended(one: Connection) -> None:
    kid = {
        "initial": "a",
        "states": {"a": {"on": {"end": "z"}}, "z": {"type": "final"}},
    }
    family = {
        "initial": "a",
        "states": {
            "a": {"invoke": {"id": "k", "machine": "kid"}, "on": {"end": "z"}},
            "z": {"type": "final"},
        },
    }
    define(one, kid, name="kid")
    define(one, family, name="family")
    start(one, "f", machine="family")
    (child,) = column(
        one, "select instance_id from pgsm.instances where parent_id = 'f'"
    )
    send(one, child, "end")
    one.execute("select pgsm.fire_timers()")
    keep(one, "instances", "0")
    assert run(one) == {}
    send(one, "f", "end")
    one.execute("select pgsm.fire_timers()")
    assert run(one) == {"instances": 2}


def test_an_instance_that_someone_has_locked_waits_for_the_next_run(
    one: Connection, fresh_dsn: str, connect: Connect
) -> None:
    start(one, "a", "b")
    send(one, "a", "end")
    send(one, "b", "end")
    keep(one, "instances", "0")
    holder = connect(fresh_dsn)
    with holder.transaction():
        holder.execute(
            "select from pgsm_private.instances where instance_id = 'a' for key share"
        )
        holder.execute(
            "select from pgsm_private.instances where instance_id = 'b'"
            " for no key update"
        )
        one.execute("set lock_timeout = '10s'")
        one.execute("set statement_timeout = '60s'")
        assert column(one, "select pgsm.prune('instances')") == [0]
    assert run(one) == {"instances": 2}


def test_batches_are_committed_one_by_one(one: Connection) -> None:
    start(one, "a")
    for number in range(7):
        send(one, "a", "note", f"e-{number}")
    age(one, "event_ids", "recorded_at")
    number_of = "select pg_current_xact_id()::text::bigint"
    (before,) = column(one, number_of)
    assert run(one, batch=2) == {"event_ids": 7}
    (after,) = column(one, number_of)
    assert after - before > 4


def test_a_run_that_was_cut_short_is_taken_up_again(one: Connection) -> None:
    start(one, "a")
    send(one, "a", "note", "e")
    age(one, "event_ids", "recorded_at")
    call = "call pgsm.run_retention(every => '20 hours', duration => %s)"
    row = one.execute(call, ["-1 second"]).fetchone()
    assert row == ({},)
    look = "select is_complete, removed from pgsm.retention_runs"
    assert one.execute(look).fetchone() == (False, {})
    assert one.execute(call, ["1 hour"]).fetchone() == ({"event_ids": 1},)
    assert one.execute(look).fetchone() == (True, {"event_ids": 1})
    age(one, "event_ids", "recorded_at")
    one.execute(call, ["1 hour"])  # not again today
    assert one.execute(look).fetchone() == (True, {"event_ids": 1})


def test_a_runner_that_fires_timers_does_it_too(
    one: Connection, fresh_dsn: str, tmp_path: Path
) -> None:
    start(one, "a")
    send(one, "a", "note", "e")
    age(one, "event_ids", "recorded_at")
    with runners.process(fresh_dsn, tmp_path, "--timers"):
        look = "select removed from pgsm.retention_runs where is_complete"
        runners.until(lambda: column(one, look) == [{"event_ids": 1}])


def test_tombstones_go_with_their_history(one: Connection) -> None:
    start(one, "a")
    one.execute("select pgsm.delete_instance('a')")
    assert run(one) == {}
    one.execute("delete from pgsm_private.event_log")
    assert run(one) == {"tombstones": 1}
    assert column(one, "select 1 from pgsm_private.instances") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("'everything', '1 day'", "SM121"),
        ("'effects', '-1 day'", "SM121"),
        ("'effects', '1 day', action => 'archive'", "SM121"),
        ("'effects', '1 day', action => 'burn'", "SM121"),
        ("'log', '1 day', 'm'", "SM121"),
        ("'effects', '1 day', 'unknown'", "SM002"),
        ("null, '1 day'", "SM121"),
    ],
)
def test_a_retention_that_cannot_be_is_refused(
    one: Connection, arguments: str, code: str
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        one.execute(f"select pgsm.set_retention({arguments})".encode())
    assert refusal.value.sqlstate == code


def test_the_view_says_what_is_set_and_what_holds_without(one: Connection) -> None:
    keep(one, "instances", "1 year", "m", "archive")
    keep(one, "event_ids", None)
    found = one.execute(
        "select what, machine, keep::text, action, is_default from pgsm.retention"
        " where what in ('instances', 'event_ids', 'preimages') order by 1, 2"
    ).fetchall()
    assert found == [
        ("event_ids", None, None, "delete", False),
        ("instances", "m", "1 year", "archive", False),
        ("instances", None, None, "delete", True),
        ("preimages", None, "30 days", "delete", True),
    ]
