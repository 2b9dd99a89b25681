"""A machine that waits for one effect, and the calls that a runner makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, dict_row

NAME = "test.work"


@dataclass(frozen=True)
class Claimed:
    """What the tests look at of a row of `pgsm.claim_effects`."""

    instance_id: str
    effect_id: str
    name: str
    key: str
    input: Any
    attempt: int
    attempts: int
    lease_token: UUID

    def lease(self, **fields: Any) -> dict[str, Any]:
        return {
            "instance_id": self.instance_id,
            "effect_id": self.effect_id,
            "lease_token": str(self.lease_token),
            **fields,
        }


def job(policy: dict[str, Any] | None = None, name: str = NAME) -> dict[str, Any]:
    """working → done with the effect's output, or failed with its error."""
    keep_output = {"type": "assign", "set": {"result": {"expr": "event.output"}}}
    keep_error = {"type": "assign", "set": {"error": {"expr": "event.error"}}}
    return {
        "initial": "working",
        "context": {"task": {"expr": "input"}, "result": None, "error": None},
        "states": {
            "working": {
                "invoke": {
                    "id": "work",
                    "src": name,
                    "input": {"expr": "context.task"},
                    "onDone": {"target": "finished", "actions": keep_output},
                    "onError": {"target": "failed", "actions": keep_error},
                },
                "on": {"leave": "left"},
            },
            "finished": {},
            "failed": {"on": {"again": "working"}},
            "left": {"on": {"again": "working"}},
        },
        "implementations": {"effects": {name: policy or {}}},
    }


def define(
    connection: psycopg.Connection, document: dict[str, Any], machine: str = "job"
) -> None:
    connection.execute(
        "select pgsm.define_machine(%s, %s::json)", [machine, json.dumps(document)]
    )


def start(
    connection: psycopg.Connection,
    *instance_ids: str,
    machine: str = "job",
    task: Any = None,
) -> None:
    for instance_id in instance_ids:
        connection.execute(
            "select pgsm.start_instance(%s, %s, %s::jsonb)",
            [machine, instance_id, json.dumps(task or {})],
        )


def send(connection: psycopg.Connection, instance_id: str, event: str) -> None:
    connection.execute("select pgsm.send_event(%s, %s)", [instance_id, event])


def claim(
    connection: psycopg.Connection,
    at_most: int = 10,
    names: tuple[str, ...] = (NAME,),
    runner: str = "runner-1",
    lease: str = "30 seconds",
) -> list[Claimed]:
    columns = ", ".join(Claimed.__dataclass_fields__)
    with connection.cursor(row_factory=class_row(Claimed)) as cursor:
        cursor.execute(
            f"select {columns} from pgsm.claim_effects(%s, %s, %s, %s::interval)",
            [runner, list(names), at_most, lease],
        )
        return cursor.fetchall()


def complete(
    connection: psycopg.Connection, *claims: Claimed, output: Any = None
) -> list[str]:
    """The outcome of each, in the order of the claims."""
    completions = [claimed.lease(output=output) for claimed in claims]
    return complete_each(connection, completions)


def complete_each(
    connection: psycopg.Connection, completions: list[dict[str, Any]]
) -> list[str]:
    rows = connection.execute(
        "select lease_token, outcome from pgsm.complete_effects(%s::jsonb)",
        [json.dumps(completions)],
    ).fetchall()
    outcomes = dict(rows)
    return [outcomes[completion["lease_token"]] for completion in completions]


def fail(
    connection: psycopg.Connection,
    claimed: Claimed,
    *,
    error: Any = None,
    permanent: bool = False,
    retry_after: str | None = None,
) -> str:
    row = connection.execute(
        "select pgsm.fail_effect(%s, %s, %s, %s::jsonb, %s, %s::interval)",
        [
            claimed.instance_id,
            claimed.effect_id,
            claimed.lease_token,
            json.dumps(error or {"type": "Trouble", "message": "it broke"}),
            permanent,
            retry_after,
        ],
    ).fetchone()
    assert row is not None
    return str(row[0])


def scalar(connection: psycopg.Connection, query: str, *parameters: Any) -> Any:
    """The one column of the one row."""
    row = connection.execute(query, parameters).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def effect(connection: psycopg.Connection, instance_id: str) -> dict[str, Any]:
    """The instance's newest effect, as the view shows it."""
    return _row(
        connection,
        "select * from pgsm.effects where instance_id = %s"
        " order by created_at desc limit 1",
        instance_id,
    )


def statuses(connection: psycopg.Connection, instance_id: str) -> list[str]:
    """Of all effects of the instance, in the order in which they were made."""
    rows = connection.execute(
        "select status from pgsm.effects where instance_id = %s"
        " order by split_part(effect_id, '/', 1)::int,"
        " split_part(effect_id, '/', 2)::int",
        [instance_id],
    ).fetchall()
    return [status for (status,) in rows]


def instance(connection: psycopg.Connection, instance_id: str) -> dict[str, Any]:
    return _row(
        connection, "select * from pgsm.instances where instance_id = %s", instance_id
    )


def _row(connection: psycopg.Connection, query: str, *ids: str) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query, ids).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row


def make_slow(connection: psycopg.Connection) -> None:
    """`shop.slow()`, for a guard that takes longer than any statement may."""
    connection.execute(
        "create schema shop; grant usage on schema shop to pgsm_caller;"
        " create function shop.slow () returns boolean language plpgsql stable"
        " as 'begin perform pg_sleep(60); return true; end';"
        " grant execute on function shop.slow () to pgsm_caller"
    )


def make_quick(connection: psycopg.Connection) -> None:
    connection.execute(
        "create or replace function shop.slow () returns boolean language sql stable"
        " return true"
    )


@contextmanager
def timeout(connection: psycopg.Connection, time: str) -> Iterator[None]:
    """Each statement may take so long."""
    connection.execute("select set_config('statement_timeout', %s, false)", [time])
    yield
    connection.execute("set statement_timeout = 0")
