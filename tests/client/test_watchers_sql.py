"""Steps notify while somebody watches, and only then."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg import errors

import pgsm
from tests.databases import Connect

WATCH = "select pgsm.watch_instance(%s, %s)"


@pytest.fixture
def listener(shop_dsn: str, connect: Connect) -> Callable[[], list[str]]:
    """Whose steps have notified since the last call.

    A notification of one's own marks the end: they arrive in the order of commits.
    """
    connection = connect(shop_dsn)
    connection.execute("listen pgsm_watch")

    def heard() -> list[str]:
        connection.execute("notify pgsm_watch, 'the end'")
        found: list[str] = []
        for notified in connection.notifies(timeout=60):
            if notified.payload == "the end":
                break
            found.append(notified.payload)
        return found

    return heard


def watch(connection: psycopg.Connection, order: str, seconds: float = 60) -> float:
    row = connection.execute(WATCH, [order, seconds]).fetchone()
    assert row is not None
    return float(row[0])


def test_step_notifies_who_watches(
    client: pgsm.Client, order: str, connect: Connect, listener: Callable[[], list[str]]
) -> None:
    client.send(order, "accept", {"eta": 1})
    assert listener() == []
    assert 0 < watch(connect(), order) <= 60
    client.send(order, "back")
    assert listener() == [order]


def test_step_of_another_instance_does_not(
    client: pgsm.Client,
    order: str,
    other: Callable[[], str],
    connect: Connect,
    listener: Callable[[], list[str]],
) -> None:
    watch(connect(), order)
    client.send(other(), "accept", {"eta": 1})
    assert listener() == []


def test_events_in_bulk_notify(
    client: pgsm.Client,
    order: str,
    other: Callable[[], str],
    connect: Connect,
    listener: Callable[[], list[str]],
) -> None:
    orders = [order, *(other() for _ in range(6))]
    watch(connect(), order)
    client.send_many(
        [{"instance_id": o, "event": "accept", "data": {"eta": 1}} for o in orders]
    )
    assert listener() == [order]


def test_what_an_operator_does_notifies(
    client: pgsm.Client, order: str, connect: Connect, listener: Callable[[], list[str]]
) -> None:
    watch(connect(), order)
    for act in (client.pause, client.resume, client.stop):
        act(order)
        assert listener() == [order]


def test_notify_can_be_off(
    order: str, connect: Connect, listener: Callable[[], list[str]]
) -> None:
    connection = connect()
    watch(connection, order)
    connection.execute("set pgsm.notify = off")
    connection.execute("select pgsm.send_event(%s, 'accept', '{\"eta\": 1}')", [order])
    assert listener() == []


def test_a_watch_that_is_over_costs_no_notification(
    client: pgsm.Client, order: str, connect: Connect, listener: Callable[[], list[str]]
) -> None:
    assert watch(connect(), order, 0) == 0
    client.send(order, "accept", {"eta": 1})
    assert listener() == []


def test_registration_does_not_wait_for_a_step(order: str, connect: Connect) -> None:
    sender = connect(autocommit=False)
    sender.execute("select pgsm.send_event(%s, 'accept', '{\"eta\": 1}')", [order])
    watcher = connect(options="-c lock_timeout=1")
    assert watch(watcher, order) == 0
    sender.commit()
    assert watch(watcher, order) > 0


def test_of_many_watchers_one_writes(order: str, connect: Connect) -> None:
    connection = connect()
    watch(connection, order, 60)
    where = "select ctid from pgsm_private.instances where instance_id = %s"
    before = connection.execute(where, [order]).fetchone()
    watch(connection, order, 60)
    watch(connection, order, 20)
    assert connection.execute(where, [order]).fetchone() == before


def test_a_watch_is_kept_where_a_step_is_under_way(
    order: str, connect: Connect
) -> None:
    watcher = connect()
    watch(watcher, order, 60)
    sender = connect(autocommit=False)
    sender.execute("select pgsm.send_event(%s, 'accept', '{\"eta\": 1}')", [order])
    assert 0 < watch(watcher, order, 600) <= 60


def test_what_is_not_there_cannot_be_watched(connect: Connect) -> None:
    with pytest.raises(pgsm.errors.UnknownInstance):
        watch(connect(), "nobody")


def test_viewers_may_watch_and_others_not(order: str, connect: Connect) -> None:
    connection = connect()
    connection.execute("set role pgsm_viewer")
    assert watch(connection, order) > 0
    connection.execute("set role pgsm_runner")
    with pytest.raises(errors.InsufficientPrivilege):
        watch(connection, order)
