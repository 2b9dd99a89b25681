"""A machine in two versions with instances on the first, for `pgsm upgrade`."""

from __future__ import annotations

import json
from typing import Any

import psycopg

OLD: dict[str, Any] = {
    "initial": "offered",
    "context": {"seconds": {"expr": "input.seconds"}},
    "states": {
        "offered": {"on": {"accept": "charging"}, "after": {"10 minutes": "gone"}},
        "charging": {"on": {"ok": "paid"}},
        "paid": {"type": "final"},
        "gone": {"type": "final"},
    },
}
NEW: dict[str, Any] = {
    **OLD,
    "states": {
        "offered": {"on": {"accept": "paying"}, "after": {"10 minutes": "gone"}},
        "paying": {"on": {"ok": "paid"}},
        "paid": {"type": "final"},
        "gone": {"type": "final"},
    },
}
MINUTES = {
    "set": {"minutes": {"expr": "context.seconds / 60"}},
    "remove": ["seconds"],
}


def define(dsn: str, machine: str, *documents: dict[str, Any]) -> None:
    """The versions, the first of which stays the current one."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for document in documents or (OLD, NEW):
            connection.execute(
                "select pgsm.define_machine(%s, %s::json, make_current => false)",
                [machine, json.dumps(document)],
            )
        connection.execute("select pgsm.set_current_version(%s, 1)", [machine])


def start(dsn: str, machine: str, number: int) -> list[str]:
    """Instances of the current version; their ids, in order."""
    ids = [f"{machine}-{n}" for n in range(1, number + 1)]
    with psycopg.connect(dsn, autocommit=True) as connection:
        for n, instance_id in enumerate(ids, start=1):
            given = {"seconds": "many" if n == 2 else 60 * n}
            connection.execute(
                "select pgsm.start_instance(%s, %s, %s)",
                [machine, instance_id, json.dumps(given)],
            )
    return ids


def declare(
    dsn: str,
    machine: str,
    context: dict[str, Any] | None = None,
    states: dict[str, Any] | None = None,
) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "select pgsm.define_upgrade(%s, 1, 2, states => %s, context => %s)",
            [
                machine,
                json.dumps({"charging": "paying"} if states is None else states),
                context and json.dumps(context),
            ],
        )


def versions(dsn: str, machine: str) -> dict[str, int]:
    """The version of each instance."""
    with psycopg.connect(dsn) as connection:
        return dict(
            connection.execute(
                "select instance_id, version from pgsm.instances where machine = %s",
                [machine],
            ).fetchall()
        )
