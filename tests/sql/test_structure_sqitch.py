"""The sqitch project: its plan and files, and there and back again."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from pgsm import sqitch
from tests.databases import Connect

PROJECT = sqitch.project_directory()
PLANNED = sqitch.planned(PROJECT)


def files(kind: str) -> dict[str, Path]:
    directory = PROJECT / "sql" / kind
    return {
        path.relative_to(directory).with_suffix("").as_posix(): path
        for path in directory.rglob("*.sql")
    }


@pytest.mark.parametrize("kind", ["deploy", "revert", "verify"])
def test_each_change_has_its_script_and_each_script_its_change(kind: str) -> None:
    assert sorted(files(kind)) == sorted(PLANNED)


@pytest.mark.parametrize("kind", ["deploy", "revert", "verify"])
def test_each_script_names_its_change(kind: str) -> None:
    begins = {"deploy": "Deploy", "revert": "Revert", "verify": "Verify"}[kind]
    for change, path in files(kind).items():
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert re.match(rf"-- {begins} pgsm:{change}( (to|from|on) pg)?$", first), path


def test_each_verify_script_asks_for_something() -> None:
    for change, path in files("verify").items():
        statements = re.sub(r"--.*", "", path.read_text(encoding="utf-8")).strip()
        assert statements, change


def test_requirements_of_a_script_are_those_of_the_plan() -> None:
    lines = (PROJECT / "sqitch.plan").read_text(encoding="utf-8").splitlines()
    required = {}
    for line in lines:
        if found := re.match(r"(\S+/\S+) (?:\[([^\]]*)\] )?\d{4}-", line):
            required[found[1]] = sorted((found[2] or "").split())
    for change, path in files("deploy").items():
        head = re.findall(
            r"^-- requires: (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE
        )
        if change != "engine/v0_1" or head:
            assert sorted(head) == required[change], change


def schemas(connection: psycopg.Connection) -> set[str]:
    found = connection.execute(
        "select nspname from pg_namespace where nspname ~ '^pgsm(_|$)'"
    )
    return {name for (name,) in found}


@pytest.mark.slow
@pytest.mark.timeout(900)  # all changes four times, on a busy machine
def test_deploy_verify_revert_and_deploy_again(
    fresh_dsn: str, connect: Connect
) -> None:
    """The database is a copy of one that was just deployed."""
    roles = "select array_agg(rolname order by rolname) from pg_roles"
    roles += " where rolname ~ '^pgsm_(?!test)'"
    had = connect().execute(roles).fetchone()
    assert sqitch.status(fresh_dsn, PROJECT).pending == []
    assert sqitch.verify(fresh_dsn, PROJECT) == PLANNED

    assert sqitch.revert(fresh_dsn, PROJECT) == PLANNED[::-1]
    with psycopg.connect(fresh_dsn) as connection:
        assert schemas(connection) == set()
        left = connection.execute(
            "select d.classid::regclass::text, d.objid from pg_shdepend as d"
            " join pg_roles as r on r.oid = d.refobjid"
            " where d.refclassid = 'pg_authid'::regclass and r.rolname ~ '^pgsm_'"
            " and d.dbid = (select oid from pg_database"
            "     where datname = current_database())"
        )
        assert left.fetchall() == []
    # roles belong to the cluster, and to its other databases with pgsm
    assert connect().execute(roles).fetchone() == had
    connect().execute("select pgsm.fire_timers()")

    assert sqitch.deploy(fresh_dsn, PROJECT) == PLANNED
    with psycopg.connect(fresh_dsn) as connection:
        assert schemas(connection) == {"pgsm", "pgsm_private", "pgsm_engine"}
        connection.execute(
            """select pgsm.define_machine(
                'door', '{"initial": "a", "states": {"a": {"on": {"go": "a"}}}}')"""
        )
        connection.execute("select pgsm.start_instance('door', 'again')")
        sent = "select outcome from pgsm.send_event('again', 'go')"
        assert connection.execute(sent).fetchone() == ("taken",)
