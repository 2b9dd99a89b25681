"""The plugin as a user's project has it: a pytest of its own in a directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pgsm.testing import templates
from tests.docs import python_pages as pages

PAGE = "test-a-machine.md"


def run_pytest(directory: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code and what it prints; without the variables of this run's pytest."""
    variables = {k: v for k, v in os.environ.items() if k != "PGSM_TEST_DSN"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=directory,
        env={**variables, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the files of the how-to."""
    pages.write_files(PAGE, tmp_path)
    (document,) = pages.texts(PAGE, "json")
    (tmp_path / "order.json").write_text(document)
    return tmp_path


def test_how_to_s_tests_pass(project: Path, server_dsn: str, template_dsn: str) -> None:
    code, printed = run_pytest(project, "--pgsm-dsn", server_dsn)
    assert code == 0, printed
    assert "6 passed" in printed


def test_a_database_is_dropped_with_its_test(
    project: Path, server_dsn: str, template_dsn: str
) -> None:
    (project / "test_in_a_database.py").write_text(
        "def test_it(pgsm_database): print(pgsm_database.dsn)\n"
    )
    code, printed = run_pytest(project, "-s", PGSM_TEST_DSN=server_dsn)
    assert code == 0, printed
    (name,) = {w for w in printed.split() if w.startswith("dbname=")}
    assert name.startswith(f"dbname={templates.CLONE_PREFIX}")
    with templates.psycopg.connect(server_dsn) as connection:
        query = "select from pg_database where datname = %s"
        assert not connection.execute(query, [name[7:]]).rowcount


def test_without_a_server_tests_are_skipped_or_fail(project: Path) -> None:
    """PATH is empty and Debian's directory is not looked at: there is no server."""
    (project / "conftest.py").write_text("""
import pytest
from pgsm import devdb, programs


@pytest.fixture(scope="session", autouse=True)
def no_server():
    def find_server():
        raise programs.SetupError("there is no server", "install one")

    devdb.programs.find_server = find_server
""")
    test = "test_in_a_database.py::test_offer_expires"
    code, printed = run_pytest(project, test, "-rs", CI="")
    assert (code, "1 skipped" in printed) == (0, True), printed
    assert "there is no server; install one; or give --pgsm-dsn" in printed
    code, printed = run_pytest(project, test, CI="1")
    assert (code, "there is no server" in printed) == (1, True), printed


def test_machines_that_are_not_there_are_named(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\npgsm_machines = ["nowhere/*.json"]\n'
    )
    (project / "conftest.py").unlink()
    code, printed = run_pytest(project, "-k", "pgsm_world")
    assert code != 0
    assert "pgsm_machines: there is no nowhere/*.json" in printed


def test_the_plugin_is_cheap_where_it_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it(): assert not {'psycopg', 'pgsm.testing'} & set(sys.modules)\n"
    )
    code, printed = run_pytest(tmp_path)
    assert code == 0, printed
