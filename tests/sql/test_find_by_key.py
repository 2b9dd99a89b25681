"""Instances are found, and sent to, by the values of their document's keys."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from pgsm import errors
from tests.databases import Connect

from .conftest import AsRole

DOCUMENT = {
    "initial": "open",
    "context": {"payment": {"expr": "get(input, 'payment')"}, "count": 0},
    "keys": {
        "tenant": {"expr": "get(input, 'tenant')"},
        "payment": {"expr": "context.payment"},
    },
    "states": {
        "open": {
            "on": {
                "move": {
                    "actions": {
                        "type": "assign",
                        "set": {"payment": {"expr": "event.data.to"}},
                    }
                },
                "count": {
                    "actions": {
                        "type": "assign",
                        "set": {"count": {"expr": "context.count + 1"}},
                    }
                },
                "end": "over",
            }
        },
        "over": {"type": "final"},
    },
}


@pytest.fixture
def keyed(db: psycopg.Connection) -> psycopg.Connection:
    """Three orders: two of one payment, one of another tenant."""
    db.execute("select pgsm.define_machine('keyed', %s)", [json.dumps(DOCUMENT)])
    for name, payment, tenant in (
        ("a", "p1", "north"),
        ("b", "p2", "north"),
        ("c", "p2", "süd 😀"),
    ):
        db.execute(
            "select pgsm.start_instance('keyed', %s, %s)",
            [name, json.dumps({"payment": payment, "tenant": tenant})],
        )
    return db


def found(connection: psycopg.Connection, *arguments: Any) -> list[str]:
    places = ", ".join(["%s"] * len(arguments))
    rows = connection.execute(
        f"select instance_id from pgsm.find_instances({places})",
        arguments,
    )
    return [name for (name,) in rows]


def send(connection: psycopg.Connection, *arguments: Any) -> tuple[Any, ...]:
    places = ", ".join(["%s"] * len(arguments))
    row = connection.execute(
        f"select instance_id, outcome, revision from pgsm.send_event_by_key({places})",
        arguments,
    ).fetchone()
    assert row is not None
    return row


def test_instances_are_found_by_key_and_by_tenant(keyed: psycopg.Connection) -> None:
    assert found(keyed, "keyed", "payment", "p1") == ["a"]
    assert found(keyed, "keyed", "payment", "p2") == ["b", "c"]
    assert found(keyed, "keyed", "tenant", "north") == ["a", "b"]
    assert found(keyed, "keyed", "tenant", "süd 😀") == ["c"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("keyed", "payment", ""),
        ("keyed", "payment", None),
        ("keyed", None, "p1"),
        (None, "payment", "p1"),
        ("keyed", "Payment", "p1"),
        ("keyed", "payment", "' or true --"),
        ("nothing", "payment", "p1"),
    ],
)
def test_what_nothing_has_finds_nothing(
    keyed: psycopg.Connection, arguments: tuple[Any, ...]
) -> None:
    assert found(keyed, *arguments) == []


def test_status_chooses_among_those_found(keyed: psycopg.Connection) -> None:
    keyed.execute("select pgsm.send_event('b', 'end')")
    keyed.execute("select pgsm.pause_instance('c')")
    assert found(keyed, "keyed", "payment", "p2", "done") == ["b"]
    assert found(keyed, "keyed", "payment", "p2", "paused") == ["c"]
    assert found(keyed, "keyed", "payment", "p2", "active") == []
    with pytest.raises(errors.BadOption):
        found(keyed, "keyed", "payment", "p2", "actve")


def test_key_that_changes_is_found_by_its_new_value_only(
    keyed: psycopg.Connection,
) -> None:
    keyed.execute("select pgsm.send_event('a', 'move', '{\"to\": \"p9\"}')")
    assert found(keyed, "keyed", "payment", "p1") == []
    assert found(keyed, "keyed", "payment", "p9") == ["a"]


def test_the_view_lists_the_keys_as_they_are(keyed: psycopg.Connection) -> None:
    rows = keyed.execute(
        "select name, value, tenant from pgsm.instance_keys"
        " where instance_id = 'a' order by name"
    ).fetchall()
    assert rows == [("payment", "p1", "north"), ("tenant", "north", "north")]


def test_event_goes_to_the_one_that_has_the_key(keyed: psycopg.Connection) -> None:
    assert send(keyed, "keyed", "payment", "p1", "count") == ("a", "taken", 2)
    assert send(keyed, "keyed", "tenant", "süd 😀", "count") == ("c", "taken", 2)


def test_one_that_is_not_over_is_preferred(keyed: psycopg.Connection) -> None:
    keyed.execute("select pgsm.send_event('b', 'end')")
    assert send(keyed, "keyed", "payment", "p2", "count") == ("c", "taken", 2)


def test_none_and_many_are_refused_by_codes_of_their_own(
    keyed: psycopg.Connection,
) -> None:
    with pytest.raises(errors.NoInstanceOfKey), keyed.transaction():
        send(keyed, "keyed", "payment", "p0", "count")
    with pytest.raises(errors.ManyInstancesOfKey) as many, keyed.transaction():
        send(keyed, "keyed", "payment", "p2", "count")
    assert many.value.diag.message_detail == "b, c"
    for name in ("b", "c"):
        keyed.execute("select pgsm.send_event(%s, 'end')", [name])
    with pytest.raises(errors.NoInstanceOfKey) as none, keyed.transaction():
        send(keyed, "keyed", "payment", "p2", "count")
    assert none.value.diag.message_detail == "2 that had it are over"


def test_the_only_one_is_over_and_says_so(keyed: psycopg.Connection) -> None:
    keyed.execute("select pgsm.send_event('a', 'end')")
    with pytest.raises(errors.InstanceEnded):
        send(keyed, "keyed", "payment", "p1", "count")


def test_repeated_event_id_finds_who_took_it_first(keyed: psycopg.Connection) -> None:
    first = send(keyed, "keyed", "payment", "p1", "count", "{}", "e1")
    keyed.execute("select pgsm.send_event('a', 'end')")
    keyed.execute("select pgsm.start_instance('keyed', 'd', '{\"payment\": \"p1\"}')")
    assert send(keyed, "keyed", "payment", "p1", "count", "{}", "e1") == first
    assert send(keyed, "keyed", "payment", "p1", "count", "{}", "e2")[0] == "d"


def test_options_are_those_of_send_event(keyed: psycopg.Connection) -> None:
    with pytest.raises(errors.RevisionMismatch), keyed.transaction():
        send(keyed, "keyed", "payment", "p1", "count", "{}", None, 7)
    with pytest.raises(errors.EventRefused), keyed.transaction():
        send(keyed, "keyed", "payment", "p1", "no", "{}", None, None, "refuse")


def test_key_that_went_to_another_while_the_lock_was_waited_for_is_no_surprise(
    connect: Connect, as_role: AsRole
) -> None:
    admin = connect()
    admin.execute("select pgsm.define_machine('raced', %s)", [json.dumps(DOCUMENT)])
    for name, payment in (("ra", "x"), ("rb", "y")):
        admin.execute(
            "select pgsm.start_instance('raced', %s, %s)",
            [name, json.dumps({"payment": payment})],
        )
    holder, sender = connect(autocommit=False), as_role("client")
    holder.execute("select pgsm.send_event('ra', 'move', '{\"to\": \"y\"}')")
    holder.execute("select pgsm.send_event('rb', 'move', '{\"to\": \"x\"}')")
    sender.execute("set lock_timeout = '50ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        send(sender, "raced", "payment", "x", "count")
    holder.commit()
    assert send(sender, "raced", "payment", "x", "count")[0] == "rb"
