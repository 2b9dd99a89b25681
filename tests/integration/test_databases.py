"""The fixtures themselves, on a tiny project."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest

from tests import clock, templates

from . import tiny

NOON = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_project(
        tmp_path_factory.mktemp("project"),
        view="""
            create view tiny.seen as select id from tiny.things;
            create schema pgsm;
            create table pgsm.adopted (oid oid);
            create function pgsm.adopt_database () returns void language sql
                as 'insert into pgsm.adopted select oid from pg_database
                    where datname = current_database()';
            create schema pgsm_private;
            create function pgsm_private.now () returns timestamptz language sql
                as 'select clock_timestamp()';
        """,
    )


@pytest.fixture(scope="module")
def template(server_dsn: str, project: Path) -> Iterator[str]:
    with templates.template(server_dsn, project, "pgsm_tiny_template_") as name:
        yield name


@pytest.fixture
def tiny_dsn(server_dsn: str, template: str) -> Iterator[str]:
    with templates.clone(server_dsn, template) as dsn:
        yield dsn


def test_clone_is_deployed_and_adopted(tiny_dsn: str) -> None:
    with psycopg.connect(tiny_dsn) as connection:
        here = connection.execute(
            "select oid from pg_database where datname = current_database()"
        ).fetchone()
        assert connection.execute("select * from tiny.seen").fetchall() == []
        assert connection.execute("select * from pgsm.adopted").fetchall() == [here]


def test_clone_is_gone_afterwards(server_dsn: str, template: str) -> None:
    with templates.clone(server_dsn, template) as dsn:
        left_open = psycopg.connect(dsn)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(dsn)
    left_open.close()


def test_template_is_built_once(server_dsn: str, template: str, project: Path) -> None:
    with psycopg.connect(server_dsn) as connection:
        query = "select oid from pg_database where datname = %s"
        before = connection.execute(query, [template]).fetchone()
        with templates.template(server_dsn, project, "pgsm_tiny_template_") as again:
            assert again == template
        assert connection.execute(query, [template]).fetchone() == before


def test_template_follows_the_scripts(
    server_dsn: str, template: str, project: Path
) -> None:
    script = project / "sql" / "verify" / "view.sql"
    text = script.read_text()
    script.write_text(text + "-- changed\n")
    try:
        assert templates.project_hash(project) not in template
        with (
            templates.template(server_dsn, project, "pgsm_tiny_template_") as other,
            templates.clone(server_dsn, template),  # in use: kept beside the other
        ):
            assert other != template
    finally:
        script.write_text(text)


def test_clock_stands_where_it_is_set_and_moves_when_told(tiny_dsn: str) -> None:
    with psycopg.connect(tiny_dsn, autocommit=True) as connection:
        clock.set_clock(connection, NOON)
        assert _now(connection) == NOON
        clock.advance(connection, "1 day")
        assert clock.advance(connection, timedelta(minutes=1)) == _now(connection)
        assert _now(connection) == NOON + timedelta(days=1, minutes=1)
        clock.set_clock(connection, None)
        assert abs(_now(connection) - datetime.now(timezone.utc)) < timedelta(minutes=1)


def test_every_role_reads_the_clock(tiny_dsn: str) -> None:
    with psycopg.connect(tiny_dsn, autocommit=True) as connection:
        clock.set_clock(connection, NOON)
        connection.execute("grant usage on schema pgsm_private to pg_monitor")
        connection.execute("set role pg_monitor")
        assert _now(connection) == NOON


def _now(connection: psycopg.Connection) -> datetime:
    row = connection.execute("select pgsm_private.now()").fetchone()
    assert row is not None
    found: datetime = row[0]
    return found
