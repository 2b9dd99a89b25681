"""The fixtures that give a test its database.

==============  ========  ==========================================================
fixture         scope     what it is
==============  ========  ==========================================================
server_dsn      session   a superuser on the tests' server, database `postgres`
template_dsn    session   the deployed template; nobody can connect to it
dsn             module    a copy of the template for this module's tests
fresh_dsn       function  a copy for this test alone
db              function  a connection to `dsn` in a transaction that is rolled back
connect         function  connections by the dozen, closed at the end: connect(dsn)
pgsm_server     session   server_dsn, for the fixtures of pgsm/pytest_plugin.py
cron_dsn        session   the database that pg_cron runs in, deployed
set_clock       function  tests/clock.py's functions
advance
==============  ========  ==========================================================
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import conninfo

from pgsm import sqitch

from . import clock, servers, templates

Connect = Callable[..., psycopg.Connection]


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    with servers.running_server() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def pgsm_server(server_dsn: str) -> str:
    """The server of pgsm's own pytest plugin."""
    return server_dsn


@pytest.fixture(scope="session")
def template_dsn(server_dsn: str) -> Iterator[str]:
    with templates.template(server_dsn, sqitch.project_directory()) as name:
        yield templates.in_database(server_dsn, name)


@pytest.fixture(scope="module")
def dsn(server_dsn: str, template_dsn: str) -> Iterator[str]:
    with _clone(server_dsn, template_dsn) as clone:
        yield clone


@pytest.fixture
def fresh_dsn(server_dsn: str, template_dsn: str) -> Iterator[str]:
    with _clone(server_dsn, template_dsn) as clone:
        yield clone


def _clone(server: str, template: str) -> contextlib.AbstractContextManager[str]:
    name = conninfo.conninfo_to_dict(template)["dbname"]
    return templates.clone(server, str(name))


@pytest.fixture
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """connect() goes to `dsn`, connect(other) elsewhere; in autocommit mode."""
    with contextlib.ExitStack() as connections:

        def open_connection(
            to: str | None = None, **options: Any
        ) -> psycopg.Connection:
            target = to or request.getfixturevalue("dsn")
            connection = psycopg.connect(target, **{"autocommit": True, **options})
            connections.callback(connection.close)
            return connection

        yield open_connection


@pytest.fixture
def db(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="session")
def cron_dsn(server_dsn: str) -> str:
    with psycopg.connect(server_dsn) as connection:
        preloaded = connection.execute(
            "select current_setting('cron.database_name', true)"
        ).fetchone()
    if preloaded == (None,):
        pytest.skip("the server of PGSM_TEST_DSN does not preload pg_cron")
    return templates.deploy_to_cron_database(server_dsn, sqitch.project_directory())


@pytest.fixture
def set_clock() -> Callable[..., None]:
    return clock.set_clock


@pytest.fixture
def advance() -> Callable[..., Any]:
    return clock.advance
