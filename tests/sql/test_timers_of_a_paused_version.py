"""Timers of a version that is paused wait, with the others going on."""

from __future__ import annotations

from typing import Any

import psycopg

DOCUMENT = """
    {"initial": "a", "states": {"a": {"after": {"1 second": "b"}}, "b": {%s}}}
"""


def test_timers_of_a_paused_version_wait_and_others_fire(
    db: psycopg.Connection, advance: Any
) -> None:
    for version, tags in ((1, ""), (2, '"tags": ["new"]')):
        db.execute("select pgsm.define_machine('paused', %s::json)", [DOCUMENT % tags])
        db.execute("select pgsm.start_instance('paused', %s)", [f"paused-{version}"])
    db.execute(
        "update pgsm_private.machine_versions set paused = true"
        " where machine = 'paused' and version = 1"
    )
    advance(db, "2 seconds")

    assert _fired(db) == 1
    assert _states(db) == ["a", "b"]

    db.execute("update pgsm_private.machine_versions set paused = false")
    assert _fired(db) == 1
    assert _states(db) == ["b", "b"]


def _fired(db: psycopg.Connection) -> int:
    row = db.execute("select fired from pgsm.fire_timers()").fetchone()
    assert row is not None
    return int(row[0])


def _states(db: psycopg.Connection) -> list[str]:
    found = db.execute(
        "select value from pgsm.instances where machine = 'paused' order by instance_id"
    )
    return [value for (value,) in found]
