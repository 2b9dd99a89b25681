"""Rows that are old, and the runs that remove them."""

from __future__ import annotations

import json
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]

MACHINE = {
    "initial": "open",
    "context": {"name": {"expr": "input.name"}},
    "keys": {"tenant": "acme", "name": {"expr": "context.name"}},
    "on": {
        "note": {"actions": {"type": "effect", "name": "note"}},
        "end": ".over",
        "tell": {"actions": {"type": "send", "to": {"instance": "gone"}, "event": "x"}},
    },
    "states": {"open": {}, "over": {"type": "final"}},
    "output": {"name": {"expr": "context.name"}},
    "implementations": {"effects": {"note": {"retry": {"attempts": 1}}}},
}


def define(
    connection: Connection, document: dict[str, Any] | None = None, name: str = "m"
) -> None:
    connection.execute(
        "select pgsm.define_machine(%s, %s)", [name, json.dumps(document or MACHINE)]
    )


def start(connection: Connection, *ids: str, machine: str = "m") -> None:
    for instance_id in ids:
        connection.execute(
            "select pgsm.start_instance(%s, %s, %s)",
            [machine, instance_id, json.dumps({"name": f"Ada of {instance_id}"})],
        )


def send(
    connection: Connection, instance_id: str, event: str, event_id: str | None = None
) -> Any:
    return connection.execute(
        "select outcome, revision from pgsm.send_event(%s, %s, event_id => %s)",
        [instance_id, event, event_id],
    ).fetchone()


def complete(connection: Connection) -> None:
    """Do all effects that wait."""
    connection.execute(
        "select * from pgsm.complete_effects((select jsonb_agg(jsonb_build_object("
        "'instance_id', instance_id, 'effect_id', effect_id,"
        " 'lease_token', lease_token, 'output', null))"
        " from pgsm.claim_effects('r', array['note'], 50)))"
    )


def keep(connection: Connection, what: str, span: str | None, *more: Any) -> None:
    holes = ", %s" * len(more)
    connection.execute(
        f"select pgsm.set_retention(%s, %s{holes})".encode(), [what, span, *more]
    )


def age(connection: Connection, table: str, column: str, by: str = "100 days") -> None:
    connection.execute(
        f"update pgsm_private.{table} set {column} = {column} - %s::interval".encode(),
        [by],
    )


def run(connection: Connection, batch: int = 1000) -> dict[str, int]:
    """How many of what a run removes."""
    row = connection.execute("call pgsm.run_retention(batch => %s)", [batch]).fetchone()
    assert row is not None
    removed: dict[str, int] = row[0]
    return removed


def column(connection: Connection, query: str, *values: Any) -> list[Any]:
    return [value for (value,) in connection.execute(query.encode(), values)]
