"""upgrade_instances beside others: a second one, an event, a kill, a crash."""

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

from pgsm import devdb, sqitch
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
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[devdb.DevCluster]:
    with crashing.cluster(tmp_path_factory.mktemp("crash") / "cluster") as made:
        sqitch.deploy(made.dsn)
        yield made


def kill_session(cluster: devdb.DevCluster, session: Upgrading) -> None:
    os.kill(session.pid, signal.SIGKILL)


def kill_server(cluster: devdb.DevCluster, session: Upgrading) -> None:
    crashing.crash(cluster)


@pytest.mark.parametrize("kill", [kill_session, kill_server])
def test_crash_has_left_whole_batches_and_the_next_call_goes_on(
    cluster: devdb.DevCluster, kill: Any
) -> None:
    with psycopg.connect(cluster.dsn, autocommit=True) as admin:
        for table in ("timers", "instances", "event_log", "upgrade_preimages"):
            admin.execute(f"delete from pgsm_private.{table}".encode())
        admin.execute("select pgsm.disable_cron()")
        fill(admin)
        session = Upgrading(cluster.dsn)
        until_begun(admin)
    kill(cluster, session)
    session.join()
    assert session.error is not None
    with contextlib.closing(connected(cluster.dsn)) as admin:
        assert 0 < upgraded(admin) < INSTANCES
        assert upgraded(admin) % 10 == 0
        admin.execute(CALL)
        check_whole(admin)


def connected(dsn: str) -> Connection:
    """A connection, once the server has recovered."""
    for _ in range(600):
        with contextlib.suppress(psycopg.OperationalError):
            return psycopg.connect(dsn, autocommit=True)
        time.sleep(0.1)
    raise AssertionError("the server does not come back")
