"""Rows that an earlier release has written go on under this one, without draining.

Each directory of tests/fixtures/releases is a release's database.  Until there is one,
and always beside them, the present release is its own predecessor.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pgsm import programs, sqitch
from tests import releases, templates

RELEASES = sorted(path for path in releases.DIRECTORY.glob("*") if path.is_dir())


@pytest.fixture
def empty_dsn(server_dsn: str, template_dsn: str) -> Iterator[str]:
    """A database without pgsm, on a server that has its roles."""
    try:
        programs.find_server()
    except programs.SetupError as missing:
        pytest.skip(missing.message)
    name = sql.Identifier(f"pgsm_test_release_{uuid.uuid4().hex[:8]}")
    with psycopg.connect(server_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {} template template0").format(name))
        try:
            yield templates.in_database(server_dsn, name.as_string()[1:-1])
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(name))


def take_over(dsn: str) -> None:
    """Deploy what has come since; what was deployed then is the same to the letter."""
    was = sqitch.status(dsn)
    assert was.unknown == [], "a release's changes stay in the plan, with their order"
    assert was.modified == [], "use sqitch rework: these were deployed by a release"
    assert sqitch.deploy(dsn) == was.pending


@pytest.mark.parametrize(
    "release", [None, *RELEASES], ids=lambda path: path.name if path else "present"
)
def test_rows_of_a_release_go_on_under_the_present_one(
    release: Path | None, fresh_dsn: str, empty_dsn: str
) -> None:
    kept = releases.read(release) if release else releases.make(fresh_dsn)
    script, expected = kept
    releases.restore(empty_dsn, script)
    take_over(empty_dsn)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        assert releases.facts(connection) == expected["before"]
        releases.go_on(connection, datetime.fromisoformat(expected["at"]))
        assert releases.facts(connection) == expected["after"]


def test_all_of_a_fixture_goes_on(fresh_dsn: str) -> None:
    _, expected = releases.make(fresh_dsn)
    after = expected["after"]
    moved = {name for name, row in after.items() if row["version"] == 2}
    assert moved == set(releases.STARTED) - {"done"}
    stays = {"timer": "late", "paused": "late", "upgraded": "late", "noting": "noting",
             "away": {"group": "y"}, "done": "end"}  # fmt: skip
    for name in releases.STARTED:
        assert after[name]["value"] == stays.get(name, "over"), name
        assert after[name]["timers"] == []
        assert {status for _, status in after[name]["effects"]} <= {"succeeded"}


def test_each_tagged_release_has_its_fixture() -> None:
    plan = (sqitch.project_directory() / "sqitch.plan").read_text(encoding="utf-8")
    tagged = re.findall(r"^@v(\S+)", plan, re.MULTILINE)
    assert set(tagged) <= {path.name for path in RELEASES}, "make_release_fixture.py"
