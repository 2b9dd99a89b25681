"""What drivers lock, and what they wait for: nothing."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.databases import Connect

from . import burst

SENDER = {
    "on": {
        "send": {
            "actions": {
                "type": "send",
                "to": {"instance": "receiver"},
                "event": "hello",
                "id": "greeting",
                "delay": "1 hour",
            }
        },
        "cancel": {"actions": {"type": "cancel", "id": "greeting"}},
    },
}
RECEIVER = {
    "initial": "a",
    "states": {
        "a": {"on": {"hello": "b", "end": "over"}},
        "b": {},
        "over": {"type": "final"},
    },
}
Connection = psycopg.Connection[Any]


@pytest.fixture
def one(fresh_dsn: str, connect: Connect) -> Connection:
    """A session that waits for nobody; a message to `receiver` is due."""
    connection = connect(fresh_dsn, options="-c lock_timeout=2s")
    for name, document in (("sender", SENDER), ("receiver", RECEIVER)):
        connection.execute(
            "select pgsm.define_machine(%s, %s)", [name, json.dumps(document)]
        )
        connection.execute("select pgsm.start_instance(%s, %s)", [name, name])
    connection.execute("select pgsm.send_event('sender', 'send')")
    connection.execute("update pgsm_private.timers set due_at = now()")
    return connection


@pytest.fixture
def other(fresh_dsn: str, connect: Connect) -> Connection:
    return connect(fresh_dsn)


def turn(connection: Connection) -> Any:
    return connection.execute("select fired, failed from pgsm.fire_timers()").fetchone()


def messages(connection: Connection) -> list[tuple[str, int]]:
    return connection.execute("select status, attempts from pgsm.timers").fetchall()


def test_message_that_its_sender_is_cancelling_is_left_alone(
    one: Connection, other: Connection
) -> None:
    with other.transaction():
        other.execute("select pgsm.send_event('sender', 'cancel')")
        assert turn(one) == (0, 0)
        raise psycopg.Rollback
    assert messages(one) == [("armed", 0)]
    assert turn(one) == (1, 0)


def test_message_that_was_cancelled_is_never_delivered(
    one: Connection, other: Connection
) -> None:
    with other.transaction():
        other.execute("select pgsm.send_event('sender', 'cancel')")
        assert turn(one) == (0, 0)
    assert turn(one) == (0, 0)
    found = one.execute("select value from pgsm.get_instance('receiver')").fetchone()
    assert found == ("a",)


@pytest.mark.parametrize(
    ("status", "wanted"), [("paused", "held"), ("stopped", "undeliverable")]
)
def test_driver_waits_for_no_sender_where_the_receiver_cannot_take_it(
    one: Connection, other: Connection, status: str, wanted: str
) -> None:
    # as if the receiver had ended or been paused after the message was found due
    one.execute(
        "update pgsm_private.instances set status = %s where instance_id = 'receiver'",
        [status],
    )
    with other.transaction():
        other.execute("select pgsm.send_event('sender', 'cancel')")
        assert turn(one) == (0, 0)
        raise psycopg.Rollback
    assert messages(one) == [("armed", 0)]
    turn(one)
    assert messages(one) == [(wanted, 0)]


def test_timers_that_have_fired_cost_the_next_turn_nothing(
    fresh_dsn: str, connect: Connect
) -> None:
    """Their entries of the index of due timers are killed, at the second look."""
    connection = connect(fresh_dsn)
    burst.start(connection, 300)
    connection.execute("vacuum pgsm_private.timers")
    while turn(connection) != (0, 0):
        pass
    burst.check(connection, 300)
    read = [pages_read(connection) for _ in range(3)]
    assert read[-1] < 30


def pages_read(connection: Connection) -> int:
    row = connection.execute(
        "explain (analyze, buffers, format json)"
        " select instance_id from pgsm_private.timers"
        " where status = 'armed' and due_at <= now() order by due_at limit 1"
    ).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


# -- a sender that is about to cancel, and an operator


@pytest.mark.parametrize("undone", [True, False])
def test_pause_and_resume_wait_for_no_sender_that_cancels(
    one: Connection, other: Connection, undone: bool
) -> None:
    """To wait might be a deadlock: the sender's transaction may want this instance."""
    with other.transaction(force_rollback=undone):
        other.execute("select pgsm.send_event('sender', 'cancel')")
        one.execute("select pgsm.pause_instance('receiver')")
    assert turn(one) == (0, 0)
    with other.transaction(force_rollback=undone):
        other.execute("select pgsm.send_event('sender', 'cancel')")
        one.execute("select pgsm.resume_instance('receiver')")
    assert turn(one) == ((1, 0) if undone else (0, 0))
    assert turn(one) == (0, 0)
    state = one.execute("select value from pgsm.get_instance('receiver')").fetchone()
    assert state == ("b" if undone else "a",)


def test_resume_of_a_version_waits_for_no_sender_that_cancels(
    one: Connection, other: Connection
) -> None:
    one.execute("select pgsm.pause_machine('receiver')")
    assert turn(one) == (0, 0)
    with other.transaction(force_rollback=True):
        other.execute("select pgsm.send_event('sender', 'cancel')")
        one.execute("select pgsm.resume_machine('receiver')")
        assert turn(one) == (0, 0)
    assert turn(one) == (1, 0)


def test_stop_waits_for_no_sender_that_cancels(
    one: Connection, other: Connection
) -> None:
    one.execute("select pgsm.pause_instance('receiver')")
    with other.transaction(force_rollback=True):
        other.execute("select pgsm.send_event('sender', 'cancel')")
        one.execute("select pgsm.stop_instance('receiver')")
    assert turn(one) == (0, 0)
    found = one.execute("select status, event from pgsm.late_timers").fetchall()
    assert found == [("undeliverable", "hello")]
