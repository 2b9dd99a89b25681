"""A database that was dumped and restored: the same, and quiet until adopted."""

from __future__ import annotations

import re
import subprocess
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from pgsm import programs, sqitch
from tests import templates

from .conftest import AsRole

MACHINE = """{
    "initial": "a",
    "states": {"a": {
        "invoke": {"id": "work", "src": "work", "onDone": "b"},
        "after": {"0": {"actions": {"type": "log", "message": "ticked"}}},
        "on": {"go": "b"}
    }, "b": {}},
    "implementations": {"effects": {"work": {}}}
}"""


def run(dsn: str, program: str, *arguments: str, given: str = "") -> str:
    """What a program of PostgreSQL says; it may not complain."""
    try:
        server = programs.find_server()
    except programs.SetupError:
        pytest.skip("there is no pg_dump here")
    done = subprocess.run(
        [server.program(program), *arguments],
        env=sqitch.environment(dsn),
        input=given,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout


def schema(dsn: str) -> str:
    said = run(dsn, "pg_dump", "--schema-only", "--exclude-schema=sqitch")
    # each dump has a key of its own
    return re.sub(r"^\\(un)?restrict .*", "", said, flags=re.MULTILINE)


@pytest.fixture
def restored_dsn(dsn: str, server_dsn: str) -> Iterator[str]:
    """What pg_dump makes of `dsn` with a machine and an instance, restored."""
    with psycopg.connect(dsn) as connection:
        connection.execute("select pgsm.define_machine('dumped', %s)", [MACHINE])
        connection.execute("select pgsm.start_instance('dumped', 'dumped')")
    name = f"pgsm_test_restored_{uuid.uuid4().hex[:8]}"
    restored = templates.in_database(server_dsn, name)
    with psycopg.connect(server_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            script = run(dsn, "pg_dump")
            run(restored, "psql", "-Xq", "-v", "ON_ERROR_STOP=1", given=script)
            yield restored
        finally:
            admin.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            )


def test_restored_database_is_the_same_and_acts_when_it_was_adopted(
    dsn: str, restored_dsn: str, as_role: AsRole
) -> None:
    assert schema(restored_dsn) == schema(dsn)

    scheduler = as_role("scheduler", restored_dsn)
    runner = as_role("runner", restored_dsn)
    claim = "select name, key from pgsm.claim_effects('r', '{work}', 1)"
    fire = "select fired, stopped from pgsm.fire_timers()"
    assert scheduler.execute(fire).fetchone() == (0, True)
    with pytest.raises(psycopg.DatabaseError) as refusal:
        runner.execute(claim)
    assert refusal.value.sqlstate == "SM302"

    as_role("operator", restored_dsn).execute("select pgsm.adopt_database()")
    assert scheduler.execute(fire).fetchone() == (1, False)
    assert (runner.execute(claim).fetchone() or ())[0] == "work"
    sent = as_role("client", restored_dsn).execute(
        "select states, revision from pgsm.send_event('dumped', 'go')"
    )
    assert sent.fetchone() == (["b"], 3)
