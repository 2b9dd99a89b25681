"""The pytest plugin: machines in tests, in memory or in a database of the test's own.

It is active wherever pgsm is installed.  Fixtures:

===============  ========  =========================================================
pgsm_world       function  a `pgsm.testing.World`: in memory, on a clock of its own
pgsm_database    function  a `pgsm.testing.database.Database`: the same in PostgreSQL,
                           a fresh copy of a template
pgsm_machines    session   the files of the option of that name; override it
pgsm_setup       session   None; override it by a function that is given the DSN of the
                           template before it is copied: your schema and functions
pgsm_server      session   the DSN of a superuser on the tests' server
pgsm_template    session   the DSN of the template; nobody may be connected to it
===============  ========  =========================================================

The server is that of `--pgsm-dsn` or PGSM_TEST_DSN; else a private cluster, which is
started where PostgreSQL's server programs are installed; else the tests are skipped,
or fail where CI is set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # nothing is imported before a test asks for it
    from pgsm.testing import World
    from pgsm.testing.database import Database

Setup = Callable[[str], object] | None


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pgsm", "machines of pgsm")
    group.addoption(
        "--pgsm-dsn",
        metavar="DSN",
        help="Superuser's connection string of the server for the fixture"
        " pgsm_database; default: PGSM_TEST_DSN, else a private cluster.",
    )
    parser.addini(
        "pgsm_machines",
        "Files with machines that pgsm_world and pgsm_database have defined; patterns"
        " such as machines/*.json, seen from the directory of the configuration.",
        type="args",
        default=[],
    )


@pytest.fixture(scope="session")
def pgsm_machines(pytestconfig: pytest.Config) -> list[Path]:
    """The files of the option `pgsm_machines`."""
    found: list[Path] = []
    for pattern in pytestconfig.getini("pgsm_machines"):
        files = sorted(pytestconfig.rootpath.glob(pattern))
        if not files:
            raise pytest.UsageError(f"pgsm_machines: there is no {pattern}")
        found += files
    return found


@pytest.fixture
def pgsm_world(pgsm_machines: list[Path]) -> World:
    """A world in memory, at noon of 2030-01-01, with the machines of the option."""
    from pgsm.testing import World

    world = World()
    for path in pgsm_machines:
        world.define(path)
    return world


@pytest.fixture(scope="session")
def pgsm_setup() -> Setup:
    """Override it: a function of the template's DSN that makes what machines need."""
    return None


@pytest.fixture(scope="session")
def pgsm_server(pytestconfig: pytest.Config) -> Iterator[str]:
    """The DSN of a superuser on the tests' server, database `postgres`."""
    from pgsm.programs import SetupError
    from pgsm.testing import servers

    given = pytestconfig.getoption("--pgsm-dsn") or os.environ.get("PGSM_TEST_DSN")
    try:
        with servers.running(given, pytestconfig.rootpath / ".pgsm-test") as dsn:
            yield dsn
    except SetupError as missing:
        reason = f"{missing.message}; {missing.hint}; or give --pgsm-dsn"
        if os.environ.get("CI"):  # there, skipped tests would pass for run ones
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def pgsm_template(
    pgsm_server: str, pgsm_setup: Setup, pgsm_machines: list[Path]
) -> Iterator[str]:
    """The DSN of a database with pgsm, what pgsm_setup makes, and the machines."""
    from pgsm import sqitch
    from pgsm.testing import templates
    from pgsm.testing.database import Database

    with (
        templates.template(pgsm_server, sqitch.project_directory()) as name,
        templates.clone(pgsm_server, name) as dsn,
    ):
        if pgsm_setup is not None:
            pgsm_setup(dsn)
        if pgsm_machines:
            database = Database(dsn, None)
            for path in pgsm_machines:
                database.define(path)
            database.close()
        yield dsn


@pytest.fixture
def pgsm_database(pgsm_server: str, pgsm_template: str) -> Iterator[Database]:
    """A database of the test's own, at noon of 2030-01-01; dropped afterwards."""
    from psycopg import conninfo

    from pgsm.testing import templates
    from pgsm.testing.database import Database

    template = str(conninfo.conninfo_to_dict(pgsm_template)["dbname"])
    with templates.clone(pgsm_server, template) as dsn:
        database = Database(dsn)
        yield database
        database.close()
