"""Sweeps: one of them delivers, none is stopped by another, a crash or a bad row."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.databases import Connect

from . import outbox

ONE_ATTEMPT = {"retry": {"attempts": 1}}


@pytest.fixture
def expired(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    """Three jobs whose only attempt's lease is over."""
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job(ONE_ATTEMPT))
    outbox.start(connection, "job-1", "job-2", "job-3")
    assert len(outbox.claim(connection, lease="1 microsecond")) == 3
    return connection


def errors(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        "select instance_id from pgsm.event_log where event = 'error.invoke.work'"
        " order by instance_id"
    ).fetchall()
    return [instance_id for (instance_id,) in rows]


def test_two_sweeps_of_one_lease_deliver_once(
    expired: psycopg.Connection, fresh_dsn: str, connect: Connect
) -> None:
    other = connect(fresh_dsn)
    with expired.transaction():
        outbox.claim(expired)
        assert outbox.claim(other) == []
    outbox.claim(other)
    assert errors(other) == ["job-1", "job-2", "job-3"]


def test_a_sweep_that_was_cut_off_is_made_up_by_the_next_one(
    expired: psycopg.Connection, fresh_dsn: str, connect: Connect
) -> None:
    dying = connect(fresh_dsn)
    dying.execute("begin")
    outbox.claim(dying)
    pid = dying.info.backend_pid
    expired.execute("select pg_terminate_backend(%s, 5000)", [pid])
    outbox.claim(expired)
    assert errors(expired) == ["job-1", "job-2", "job-3"]


def test_an_instance_that_another_holds_waits_for_the_next_sweep(
    expired: psycopg.Connection, fresh_dsn: str, connect: Connect
) -> None:
    other = connect(fresh_dsn)
    with other.transaction():
        other.execute(
            "select from pgsm_private.instances where instance_id = 'job-2' for update"
        )
        outbox.claim(expired)
        assert errors(expired) == ["job-1", "job-3"]
    outbox.claim(expired)
    assert errors(expired) == ["job-1", "job-2", "job-3"]


def test_a_machine_that_refuses_the_error_does_not_stop_the_sweep(
    fresh_dsn: str, connect: Connect
) -> None:
    connection = connect(fresh_dsn)
    bad = outbox.job(ONE_ATTEMPT)
    bad["states"]["working"]["invoke"]["onError"]["guard"] = {"expr": "1 / 0 > 0"}
    outbox.define(connection, bad, "bad")
    outbox.define(connection, outbox.job(ONE_ATTEMPT))
    outbox.start(connection, "a-bad", machine="bad")
    outbox.start(connection, "job-1")
    assert len(outbox.claim(connection, lease="1 microsecond")) == 2
    outbox.claim(connection)
    assert errors(connection) == ["job-1"]
    query = "select error -> 'refused' is not null from pgsm.failed_effects"
    assert outbox.scalar(connection, query) is True


def test_a_machine_that_takes_too_long_does_not_stop_the_claims(
    fresh_dsn: str, connect: Connect
) -> None:
    connection = connect(fresh_dsn)
    outbox.make_slow(connection)
    slow = outbox.job(ONE_ATTEMPT)
    slow["states"]["working"]["invoke"]["onError"]["guard"] = {"sql": "shop.slow()"}
    outbox.define(connection, slow, "slow")
    outbox.define(connection, outbox.job(ONE_ATTEMPT))
    outbox.start(connection, "a-slow", machine="slow")
    outbox.start(connection, "job-1")
    assert len(outbox.claim(connection, lease="1 microsecond")) == 2
    outbox.start(connection, "job-2")
    connection.execute("set statement_timeout = '300 ms'")
    assert [c.instance_id for c in outbox.claim(connection)] == ["job-2"]
    # the timeout was used up: the next sweep goes on
    assert errors(connection) == []
    outbox.claim(connection)
    assert errors(connection) == ["job-1"]
    connection.execute("set statement_timeout = 0")
    outbox.make_quick(connection)
    connection.execute("select pgsm.fire_timers()")
    assert outbox.instance(connection, "a-slow")["value"] == "failed"
    assert outbox.scalar(connection, "select count(*) from pgsm.failed_effects") == 0


def test_an_error_that_waited_is_dropped_when_its_state_was_left(
    db: psycopg.Connection,
) -> None:
    outbox.define(db, outbox.job(ONE_ATTEMPT))
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    db.execute("update pgsm_private.machine_versions set paused = true")
    assert outbox.fail(db, claimed) == "failed"
    db.execute("update pgsm_private.machine_versions set paused = false")
    for event in ("leave", "again"):
        outbox.send(db, "job-1", event)
    db.execute("select pgsm.fire_timers()")
    assert outbox.instance(db, "job-1")["value"] == "working"


def test_a_lease_that_a_heartbeat_made_longer_is_not_swept(
    fresh_dsn: str, connect: Connect
) -> None:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    outbox.start(connection, "job-1")
    (claimed,) = outbox.claim(connection, lease="1 microsecond")
    query = "select * from pgsm.heartbeat_effects('r', %s::jsonb, '1 hour')"
    lease = Jsonb([claimed.lease()])
    assert connection.execute(query, [lease]).fetchall() == []
    assert outbox.claim(connection, runner="other") == []
    assert outbox.complete(connection, claimed) == ["succeeded"]


# -- marks: where claims begin to look while an old snapshot is open -------------------


def test_a_mark_is_used_and_forgotten_when_the_queue_is_fast_again(
    fresh_dsn: str, connect: Connect
) -> None:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    outbox.start(connection, "before")
    _mark(connection, outbox.NAME, "clock_timestamp()")
    outbox.start(connection, "after")
    assert [c.instance_id for c in outbox.claim(connection)] == ["after"]
    connection.execute(
        "update pgsm_private.effect_marks set noted_at = noted_at - interval '1 minute'"
    )
    assert [c.instance_id for c in outbox.claim(connection)] == ["before"]
    # unless this machine was very slow just now
    marks = connection.execute("select noted_at from pgsm_private.effect_marks")
    assert len(marks.fetchall()) <= 1


def test_a_mark_of_the_sweep_is_renewed(expired: psycopg.Connection) -> None:
    _mark(expired, "", "clock_timestamp()")
    outbox.claim(expired)
    assert errors(expired) == []
    expired.execute(
        "update pgsm_private.effect_marks set noted_at = noted_at - interval '1 minute'"
    )
    outbox.claim(expired)
    assert len(errors(expired)) == 3


def test_a_mark_that_another_claim_renews_is_used_meanwhile(
    fresh_dsn: str, connect: Connect
) -> None:
    one, other = connect(fresh_dsn), connect(fresh_dsn)
    outbox.define(one, outbox.job())
    outbox.start(one, "before")
    _mark(one, outbox.NAME, "clock_timestamp() - interval '1 minute'")
    one.execute("update pgsm_private.effect_marks set due_at = clock_timestamp()")
    with one.transaction():
        one.execute("select from pgsm_private.effect_marks for update")
        assert outbox.claim(other) == []
    assert len(outbox.claim(other)) == 1


def test_a_claim_that_notes_a_mark_waits_for_no_other_that_does(
    fresh_dsn: str, connect: Connect
) -> None:
    one, other = connect(fresh_dsn), connect(fresh_dsn)
    other.execute("set lock_timeout = '100 ms'")
    note = "select pgsm_private.note_effect_marks('{work}', '{}', '[]', '1 second')"
    with one.transaction():
        one.execute(note)
        other.execute(note)
    marks = "select count(*) from pgsm_private.effect_marks where name = 'work'"
    assert outbox.scalar(other, marks) == 1
    other.execute("truncate pgsm_private.effect_marks")
    other.execute(note)
    assert outbox.scalar(other, marks) == 1


def _mark(connection: psycopg.Connection, name: str, noted_at: str) -> None:
    connection.execute(
        "insert into pgsm_private.effect_marks (name, due_at, noted_at)"
        f" values (%s, clock_timestamp(), {noted_at})",  # type: ignore[arg-type]
        [name],
    )
