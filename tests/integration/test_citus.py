"""sql/citus.sql on a real Citus: one node that is its own worker.

It takes an image of some hundred megabytes and packages from the network, so it runs
where it is asked for: PGSM_TEST_CITUS=1 with docker.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgsm import programs, sqitch

from .keeping import Connection, column, define, send, start

IMAGE = os.environ.get("PGSM_CITUS_IMAGE", "citusdata/citus:13.0")
SCRIPT = Path(__file__).resolve().parents[2] / "sql" / "citus.sql"
SETUP = """
    create extension citus;
    create extension plpython3u;
    create extension jsonb_plpython3u;
    select citus_set_coordinator_host('localhost', 5432);
    select citus_set_node_property('localhost', 5432, 'shouldhaveshards', true);
"""
COLOCATED = """
    select count(distinct colocationid)
    from pg_dist_partition
    where partmethod = 'h' and logicalrelid::text like 'pgsm_private.%'
"""

pytestmark = pytest.mark.skipif(
    not os.environ.get("PGSM_TEST_CITUS"), reason="PGSM_TEST_CITUS=1 asks for it"
)


@pytest.fixture(scope="module")
def citus() -> Iterator[str]:
    """The DSN of a database with Citus and pgsm, distributed."""
    containers = pytest.importorskip("testcontainers.core.container")
    container = (
        containers.DockerContainer(IMAGE)
        .with_env("POSTGRES_PASSWORD", "pgsm")
        .with_exposed_ports(5432)
    )
    try:
        container.start()
    except Exception as missing:  # no docker, no such image, no network
        pytest.skip(f"{IMAGE} is not to be had: {missing}")
    try:
        host = container.get_container_host_ip()
        port = container.get_exposed_port(5432)
        dsn = f"postgresql://postgres:pgsm@{host}:{port}/postgres"
        version = _version(dsn)
        install = f"apt-get update && apt-get install -y postgresql-plpython3-{version}"
        code, said = container.exec(["bash", "-c", install])
        if code != 0:
            pytest.skip(f"plpython3u is not to be had: {said.decode()[-300:]}")
        _distribute(dsn)
        yield dsn
    finally:
        container.stop()


def _version(dsn: str) -> int:
    """Of the server, when it answers."""
    deadline = time.monotonic() + 120
    while True:
        try:
            with psycopg.connect(dsn) as connection:
                return connection.info.server_version // 10000
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _distribute(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop extension if exists citus")
        for statement in SETUP.strip().split(";\n"):
            connection.execute(statement.encode())
    sqitch.deploy(dsn)
    psql = programs.find_server().program("psql")
    subprocess.run(
        [psql, "-Xq", "-v", "ON_ERROR_STOP=1", "-f", SCRIPT],
        env=sqitch.environment(dsn),
        check=True,
    )


@pytest.fixture(scope="module")
def node(citus: str) -> Iterator[Connection]:
    with psycopg.connect(citus, autocommit=True) as connection:
        define(connection)
        start(connection, *(f"i-{n}" for n in range(20)))
        yield connection


def test_big_tables_are_distributed_together_and_all_else_is_everywhere(
    node: Connection,
) -> None:
    assert column(node, COLOCATED) == [1]
    shards = "select count(distinct get_shard_id_for_distribution_column("
    shards += "'pgsm_private.instances', instance_id)) from pgsm.instances"
    (used,) = column(node, shards)
    assert used > 1


def test_events_are_taken_and_logged_on_every_shard(node: Connection) -> None:
    for n in range(20):
        assert send(node, f"i-{n}", "note", f"e-{n}") == ("taken", 2)
        assert send(node, f"i-{n}", "note", f"e-{n}") == ("taken", 2)
    logged = "select count(*) from pgsm.event_log where event = 'note'"
    assert column(node, logged) == [20]


def test_instances_end_and_are_found(node: Connection) -> None:
    send(node, "i-0", "end")
    ended = "select instance_id from pgsm.instances where status = 'done'"
    assert column(node, ended) == ["i-0"]
