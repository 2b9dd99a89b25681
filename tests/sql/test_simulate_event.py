"""What an event would do is said, and not done."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from pgsm import errors
from tests.databases import Connect

from .conftest import AsRole

CALL = {
    "type": "call",
    "function": "shop.note(text)",
    "args": ["called"],
    "assign": "noted",
}
DOCUMENT = {
    "initial": "open",
    "context": {"count": 0, "noted": None},
    "keys": {"noted": {"expr": "context.noted"}},
    "states": {
        "open": {
            "tags": ["early"],
            "on": {
                "go": {
                    "target": "busy",
                    "guard": {"expr": "event.data.ok"},
                    "actions": [
                        {
                            "type": "assign",
                            "set": {"count": {"expr": "context.count + 1"}},
                        },
                        {"type": "effect", "name": "mail", "input": {"to": "ada"}},
                        {"type": "send", "to": {"instance": "other"}, "event": "hi"},
                    ],
                },
                "call": {"actions": CALL},
                "end": "over",
                "fail": {
                    "actions": {"type": "assign", "set": {"x": {"expr": "1 / 0"}}}
                },
            },
            "defer": ["later"],
        },
        "busy": {
            "tags": ["late"],
            "invoke": [{"id": "job", "src": "job"}, {"id": "kid", "machine": "kid"}],
            "after": {"1 hour": "open"},
        },
        "over": {"type": "final"},
    },
    "output": {"count": {"expr": "context.count"}},
    "implementations": {"effects": {"mail": {}, "job": {}}},
}
SECOND = {**DOCUMENT, "initial": "fresh", "states": {**DOCUMENT["states"]}}  # type: ignore[dict-item]
SECOND["states"] = {
    "fresh": {"on": {"go": "over", "new": {"actions": CALL}}},
    "over": {"type": "final"},
}
TABLES = "instances event_log timers effects instance_keys event_ids upgrade_preimages"


@pytest.fixture(scope="module", autouse=True)
def machines(dsn: str) -> None:
    with psycopg.connect(dsn) as admin:
        admin.execute(
            "create schema shop; grant usage on schema shop to pgsm_caller;"
            "create table shop.notes (note text);"
            "grant insert on shop.notes to pgsm_caller;"
            "create function shop.note (text) returns text language sql as $$"
            " insert into shop.notes values ($1) returning 'noted' $$"
        )
        for name, document in (
            ("kid", {"initial": "a", "states": {"a": {}}}),
            ("sim", SECOND),
            ("sim", DOCUMENT),
        ):
            admin.execute(
                "select pgsm.define_machine(%s, %s)", [name, json.dumps(document)]
            )
        admin.execute(
            "select pgsm.define_upgrade('sim', 2, 1, %s)",
            [json.dumps({"open": "fresh", "busy": None})],
        )
        admin.execute("select pgsm.start_instance('sim', 'one')")


def everything(connection: psycopg.Connection) -> list[Any]:
    queries = [
        f"select t::text from pgsm_private.{name} as t" for name in TABLES.split()
    ]
    queries.append("select note from shop.notes")
    return [sorted(connection.execute(query).fetchall()) for query in queries]


def simulate(connection: psycopg.Connection, *arguments: Any) -> Any:
    places = ", ".join(["%s"] * len(arguments))
    with connection.cursor(row_factory=psycopg.rows.namedtuple_row) as cursor:
        return cursor.execute(
            f"select * from pgsm.simulate_event({places})",
            arguments,
        ).fetchone()


@pytest.fixture
def same(db: psycopg.Connection) -> Any:
    before = everything(db)
    yield db
    assert everything(db) == before


def test_all_that_the_event_would_write_is_there(same: psycopg.Connection) -> None:
    found = simulate(same, "one", "go", '{"ok": true}')
    assert (found.outcome, found.revision, found.value) == ("taken", 2, "busy")
    assert (found.states, found.tags, found.status) == (["busy"], ["late"], "active")
    assert found.context == {"count": 1, "noted": None}
    assert found.changes == {"set": {"/count": 1}}
    assert [effect["name"] for effect in found.effects] == ["mail", "job"]
    assert found.effects[0]["input"] == {"to": "ada"}
    (timer,) = found.timers
    assert (timer["kind"], timer["state"]) == ("after", "busy")
    due = same.execute("select %s::timestamptz - now()", [timer["due_at"]]).fetchone()
    assert due is not None
    assert abs(due[0] - timedelta(hours=1)) < timedelta(minutes=5)
    (message,) = found.messages
    assert (message["to"], message["event"]) == ("other", "hi")
    (child,) = found.children
    assert (child["id"], child["machine"]) == ("kid", "kid")


def test_it_is_what_send_event_gives_then(db: psycopg.Connection) -> None:
    told = simulate(db, "one", "go", '{"ok": true}')
    with db.cursor(row_factory=psycopg.rows.namedtuple_row) as cursor:
        given = cursor.execute(
            "select * from pgsm.send_event('one', 'go', '{\"ok\": true}')"
        ).fetchone()
    assert given is not None
    assert told[: len(given)] == given


def test_what_nothing_takes_is_an_outcome(same: psycopg.Connection) -> None:
    assert simulate(same, "one", "no")[9:11] == (1, "no_transition")
    guarded = simulate(same, "one", "go", '{"ok": false}')
    assert guarded.outcome == "guarded"
    assert len(guarded.details["refused_by"]) == 1
    deferred = simulate(same, "one", "later")
    assert (deferred.outcome, deferred.revision) == ("deferred", 2)


def test_the_end_is_told(same: psycopg.Connection) -> None:
    found = simulate(same, "one", "end")
    assert (found.status, found.output) == ("done", {"count": 0})


def test_calls_run_and_are_undone(same: psycopg.Connection) -> None:
    assert simulate(same, "one", "call").context["noted"] == "noted"


def test_another_version_is_upgraded_to_first_and_that_is_undone(
    same: psycopg.Connection,
) -> None:
    found = simulate(same, "one", "new", "{}", 1)
    assert (found.version, found.value, found.outcome) == (1, "fresh", "taken")
    assert found.context["noted"] == "noted"
    assert simulate(same, "one", "end", "{}", 2).version == 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("nobody", "go"), errors.UnknownInstance),
        ((None, "go"), errors.UnknownInstance),
        (("one", None), errors.BadEvent),
        (("one", ""), errors.BadEvent),
        (("one", "after.x"), errors.BadEvent),
        (("one", "go", "[]"), errors.BadEvent),
        (("one", "go", None), errors.BadEvent),
        (("one", "go", "{}", 9), errors.UnknownVersion),
        (("one", "fail"), errors.EventFailed),
    ],
)
def test_what_would_be_refused_is_refused(
    same: psycopg.Connection, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    with pytest.raises(error), same.transaction():
        simulate(same, *arguments)


def test_paused_and_ended_instances_refuse_it(db: psycopg.Connection) -> None:
    db.execute("select pgsm.pause_instance('one')")
    with pytest.raises(errors.InstancePaused), db.transaction():
        simulate(db, "one", "go")
    db.execute("select pgsm.stop_instance('one')")
    with pytest.raises(errors.InstanceEnded), db.transaction():
        simulate(db, "one", "go", "{}", 1)


def test_it_waits_for_nobody(connect: Connect, as_role: AsRole) -> None:
    holder, client = connect(autocommit=False), as_role("client")
    holder.execute("select pgsm.send_event('one', 'call')")
    client.execute("set lock_timeout = '50ms'")
    assert simulate(client, "one", "end").status == "done"
    holder.rollback()


def test_viewer_may_not(as_role: AsRole) -> None:
    """Calls may do what a rollback does not undo."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        simulate(as_role("viewer"), "one", "end")
