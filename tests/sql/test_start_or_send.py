"""An event that starts its instance where there is none yet."""

from __future__ import annotations

import json
import threading
from concurrent import futures
from typing import Any

import psycopg
import pytest

from pgsm import errors
from tests.databases import Connect

DOCUMENT = {
    "initial": "open",
    "context": {"first": {"expr": "get(input, 'first')"}, "count": 0},
    "states": {
        "open": {
            "on": {
                "add": {
                    "actions": {
                        "type": "assign",
                        "set": {"count": {"expr": "context.count + 1"}},
                    }
                },
                "fail": {
                    "actions": {"type": "assign", "set": {"x": {"expr": "1 / 0"}}}
                },
                "end": "over",
            }
        },
        "over": {"type": "final"},
    },
}


@pytest.fixture(scope="module", autouse=True)
def machines(dsn: str) -> None:
    with psycopg.connect(dsn) as admin:
        for name in ("cart", "other"):
            admin.execute(
                "select pgsm.define_machine(%s, %s)", [name, json.dumps(DOCUMENT)]
            )


def send(connection: psycopg.Connection, *arguments: Any) -> tuple[Any, ...]:
    places = ", ".join(["%s"] * len(arguments))
    row = connection.execute(
        "select revision, outcome, context ->> 'first', context ->> 'count'"
        f" from pgsm.start_or_send({places})",
        arguments,
    ).fetchone()
    assert row is not None
    return row


def test_first_event_starts_and_the_next_only_sends(db: psycopg.Connection) -> None:
    assert send(db, "cart", "c1", "add", "{}", '{"first": "me"}') == (
        2,
        "taken",
        "me",
        "1",
    )
    assert send(db, "cart", "c1", "add", "{}", '{"first": "not me"}') == (
        3,
        "taken",
        "me",
        "2",
    )


def test_refused_event_starts_nothing(db: psycopg.Connection) -> None:
    for event, options in (("fail", []), ("no", ["{}", "{}", None, "refuse"])):
        with pytest.raises(errors.PgsmError), db.transaction():
            send(db, "cart", "c2", event, *options)
    assert db.execute(
        "select count(*) from pgsm.instances where instance_id = 'c2'"
    ).fetchone() == (0,)


def test_ended_instance_is_not_started_anew(db: psycopg.Connection) -> None:
    send(db, "cart", "c3", "end", "{}", "{}", "e1")
    with pytest.raises(errors.InstanceEnded), db.transaction():
        send(db, "cart", "c3", "add")
    assert send(db, "cart", "c3", "end", "{}", "{}", "e1")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("nothing", "x", "add"), errors.UnknownMachine),
        ((None, "x", "add"), errors.UnknownMachine),
        (("cart", None, "add"), errors.BadInstanceId),
        (("cart", "", "add"), errors.BadInstanceId),
        (("cart", "x", None), errors.BadEvent),
        (("cart", "x", "pgsm.stop"), errors.BadEvent),
        (("cart", "x", "add", "[]"), errors.BadEvent),
        (("cart", "x", "add", None), errors.BadEvent),
        (("cart", "x", "add", "{}", "[]"), errors.BadInput),
        (("cart", "x", "add", "{}", "{}", None, None, 7), errors.UnknownVersion),
    ],
)
def test_what_may_not_be_is_refused(
    db: psycopg.Connection, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        send(db, *arguments)


def test_id_of_another_machine_is_refused(db: psycopg.Connection) -> None:
    db.execute("select pgsm.start_instance('other', 'taken')")
    with pytest.raises(errors.InstanceExists):
        send(db, "cart", "taken", "add")


def test_many_sessions_start_one_instance_and_each_event_counts(
    dsn: str, connect: Connect
) -> None:
    sessions, names = 6, [f"race {number}" for number in range(8)]
    start = threading.Barrier(sessions)

    def work(_: int) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            start.wait()
            for name in names:
                send(connection, "cart", name, "add")

    with futures.ThreadPoolExecutor(sessions) as pool:
        list(pool.map(work, range(sessions)))
    rows = connect().execute(
        "select context ->> 'count', revision from pgsm.instances"
        " where instance_id = any (%s)",
        [names],
    )
    assert set(rows.fetchall()) == {(str(sessions), sessions + 1)}
