"""Upgrades beside others: a second one, events, a kill, a crash; in bulk and lazily."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pgsm import devdb
from tests.databases import Connect

from . import crashing

Connection = psycopg.Connection[Any]
INSTANCES = 300
OLD = {
    "initial": "a",
    "states": {"a": {"on": {"go": "b"}, "after": {"1 day": "b"}}, "b": {}},
}
NEW = {
    "initial": "c",
    "states": {"c": {"on": {"go": "d"}, "after": {"1 day": "d"}}, "d": {}},
}


def fill(connection: Connection, instances: int = INSTANCES) -> None:
    for document, current in ((OLD, True), (NEW, False)):
        connection.execute(
            "select pgsm.define_machine('m', %s, make_current => %s)",
            [json.dumps(document), current],
        )
    connection.execute(
        "select count(pgsm.start_instance('m', 'i-' || lpad(n::text, 4, '0')))"
        " from generate_series(1, %s) as n",
        [instances],
    )
    connection.execute(
        'select pgsm.define_upgrade(\'m\', 1, 2, \'{"a": "c", "b": "d"}\')'
    )


def upgraded(connection: Connection) -> int:
    row = connection.execute(
        "select count(*) from pgsm.instances where version = 2"
    ).fetchone()
    assert row is not None
    return int(row[0])


def check_whole(connection: Connection, instances: int = INSTANCES) -> None:
    """Each has gone once, with its one timer under its new name."""
    assert upgraded(connection) == instances
    rows = connection.execute(
        "select i.revision, i.value, t.event, p.revision from pgsm.instances as i"
        " join pgsm.timers as t using (instance_id)"
        " join pgsm_private.upgrade_preimages as p using (instance_id)"
    ).fetchall()
    assert rows == [(2, "c", "after.1 day.c", 2)] * instances


CALL = b"call pgsm.upgrade_instances('m', 2, batch => 10)"


class Upgrading:
    """A session of its own that upgrades, and may be ended by others."""

    def __init__(self, dsn: str) -> None:
        self.connection = psycopg.connect(dsn, autocommit=True)
        self.pid = self.connection.info.backend_pid
        self.error: psycopg.Error | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.connection.execute(CALL)
        except psycopg.Error as error:
            self.error = error

    def join(self) -> None:
        self.thread.join(60)
        assert not self.thread.is_alive()
        self.connection.close()


def until_begun(connection: Connection) -> None:
    deadline = time.monotonic() + 60
    while upgraded(connection) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_two_upgrades_at_the_same_time_move_each_instance_once(
    fresh_dsn: str, connect: Connect
) -> None:
    admin = connect(fresh_dsn)
    fill(admin)
    both = [Upgrading(fresh_dsn) for _ in range(2)]
    for one in both:
        one.join()
        assert one.error is None
    check_whole(admin)


def test_event_during_the_upgrade_of_its_instance_waits_and_finds_the_new_version(
    fresh_dsn: str, connect: Connect
) -> None:
    admin = connect(fresh_dsn)
    fill(admin, 1)
    upgrading = connect(fresh_dsn, autocommit=False)
    upgrading.execute("select pgsm.upgrade_instance('i-0001', 2)")
    values: list[Any] = []

    def send() -> None:
        with psycopg.connect(fresh_dsn, autocommit=True) as connection:
            query = "select value, version from pgsm.send_event('i-0001', 'go')"
            values.append(connection.execute(query).fetchone())

    sender = threading.Thread(target=send)
    sender.start()
    sender.join(0.3)
    assert sender.is_alive()
    upgrading.commit()
    sender.join(60)
    assert values == [("d", 2)]


def test_ended_session_has_left_whole_batches_and_the_next_call_goes_on(
    fresh_dsn: str, connect: Connect
) -> None:
    admin = connect(fresh_dsn)
    fill(admin)
    session = Upgrading(fresh_dsn)
    until_begun(admin)
    admin.execute("select pg_terminate_backend(%s)", [session.pid])
    session.join()
    assert session.error is not None
    assert 0 < upgraded(admin) < INSTANCES
    assert upgraded(admin) % 10 == 0
    admin.execute(CALL)
    check_whole(admin)


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, dsn: str
) -> Iterator[devdb.DevCluster]:
    with crashing.cluster(tmp_path_factory.mktemp("crash") / "cluster") as made:
        crashing.deploy(made, dsn)
        yield made


def kill_session(cluster: devdb.DevCluster, session: Upgrading) -> None:
    os.kill(session.pid, signal.SIGKILL)


def kill_server(cluster: devdb.DevCluster, session: Upgrading) -> None:
    crashing.crash(cluster)


@pytest.fixture
def emptied(cluster: devdb.DevCluster) -> devdb.DevCluster:
    with psycopg.connect(cluster.dsn, autocommit=True) as admin:
        for table in ("timers", "instances", "event_log", "upgrade_preimages"):
            admin.execute(f"delete from pgsm_private.{table}".encode())
        fill(admin)
    return cluster


@pytest.mark.parametrize("kill", [kill_session, kill_server])
def test_crash_has_left_whole_batches_and_the_next_call_goes_on(
    emptied: devdb.DevCluster, kill: Any
) -> None:
    with psycopg.connect(emptied.dsn, autocommit=True) as admin:
        session = Upgrading(emptied.dsn)
        until_begun(admin)
    kill(emptied, session)
    session.join()
    assert session.error is not None
    with contextlib.closing(connected(emptied.dsn)) as admin:
        assert 0 < upgraded(admin) < INSTANCES
        assert upgraded(admin) % 10 == 0
        admin.execute(CALL)
        check_whole(admin)


class Sending(Upgrading):
    """A session that sends each instance an event, before which it is upgraded."""

    def _run(self) -> None:
        try:
            for number in range(1, INSTANCES + 1):
                self.connection.execute(SEND, [f"i-{number:04}"])
        except psycopg.Error as error:
            self.error = error


SEND = "select pgsm.send_event(%s, 'go', event_id => 'once')"


def test_crash_amid_lazy_upgrades_has_left_each_instance_whole(
    emptied: devdb.DevCluster,
) -> None:
    with psycopg.connect(emptied.dsn, autocommit=True) as admin:
        admin.execute("select pgsm.set_current_version('m', 2)")
        admin.execute("select pgsm.set_upgrade_policy('m', 'lazy')")
        both = [Sending(emptied.dsn) for _ in range(2)]
        until_begun(admin)
    crashing.crash(emptied)
    for one in both:
        one.join()
        assert one.error is not None
    with contextlib.closing(connected(emptied.dsn)) as admin:
        assert 0 < upgraded(admin) < INSTANCES
        torn = admin.execute(
            "select instance_id from pgsm.instances where (version, value, revision)"
            " not in ((1, '\"a\"', 1), (2, '\"d\"', 3))"
        )
        assert torn.fetchall() == []
        again = Sending(emptied.dsn)
        again.join()
        assert again.error is None
        rows = admin.execute(
            "select i.version, i.value, i.revision, p.revision,"
            " array(select l.event from pgsm.event_log as l"
            "  where l.instance_id = i.instance_id order by l.revision),"
            " array(select t.event from pgsm.timers as t"
            "  where t.instance_id = i.instance_id)"
            " from pgsm.instances as i"
            " join pgsm_private.upgrade_preimages as p using (instance_id)"
        ).fetchall()
        steps = ["pgsm.start", "pgsm.upgrade", "go"]
        assert rows == [(2, "d", 3, 2, steps, [])] * INSTANCES


def test_event_that_is_posted_during_an_upgrade_outlives_its_undoing(
    fresh_dsn: str, connect: Connect
) -> None:
    admin = connect(fresh_dsn)
    fill(admin, 1)
    # the context function holds the upgrade up between its reading and its writing
    admin.execute(
        "create schema shop; grant usage on schema shop to pgsm_caller;"
        " create function shop.wait (a text, b jsonb, c text[], d text[])"
        " returns jsonb language plpgsql as"
        " $$ begin perform pg_advisory_xact_lock(7); return b; end $$"
    )
    admin.execute(
        'select pgsm.define_upgrade(\'m\', 1, 2, \'{"a": "c", "b": "d"}\','
        " context => 'shop.wait(text, jsonb, text[], text[])')"
    )
    gate = connect(fresh_dsn)
    gate.execute("select pg_advisory_lock(7)")
    upgrading = Upgrading(fresh_dsn)
    until_waiting(admin, upgrading.pid)
    admin.execute("select pgsm.post_event('i-0001', 'go')")
    gate.execute("select pg_advisory_unlock(7)")
    upgrading.join()
    assert upgrading.error is None
    admin.execute("select pgsm.undo_upgrade('i-0001')")
    admin.execute("select * from pgsm.fire_timers()")
    row = admin.execute("select version, value from pgsm.instances").fetchone()
    assert row == (1, "b")


def until_waiting(connection: Connection, pid: int) -> None:
    deadline = time.monotonic() + 60
    query = "select 1 from pg_locks where pid = %s and not granted"
    while connection.execute(query, [pid]).fetchone() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def connected(dsn: str) -> Connection:
    """A connection, once the server has recovered."""
    for _ in range(600):
        with contextlib.suppress(psycopg.OperationalError):
            return psycopg.connect(dsn, autocommit=True)
        time.sleep(0.1)
    raise AssertionError("the server does not come back")
