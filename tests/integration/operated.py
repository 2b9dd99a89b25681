"""A machine with something of everything, and the command that operates it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
from click.testing import CliRunner, Result

from pgsm.cli import main
from pgsm.engine import exact

ORDER: dict[str, Any] = {
    "id": "order",
    "initial": "offered",
    "context": {"total": {"expr": "input.total"}, "eta": None},
    "implementations": {"effects": {"card.charge": {"retry": {"attempts": 1}}}},
    "states": {
        "offered": {
            "on": {
                "accept": {
                    "target": "charging",
                    "guard": {"expr": "event.data.eta <= 60"},
                    "actions": [
                        {"type": "assign", "set": {"eta": {"expr": "event.data.eta"}}},
                        {"type": "log", "message": "accepted"},
                        {"type": "emit", "event": "order.accepted"},
                    ],
                },
                "cancel": "cancelled",
            },
            "after": {"10 minutes": "cancelled"},
        },
        "charging": {
            "invoke": {
                "id": "charge",
                "src": "card.charge",
                "input": {"amount": {"expr": "context.total"}},
                "onDone": "paid",
            },
            "on": {"cancel": "cancelled"},
        },
        "paid": {"type": "final"},
        "cancelled": {"type": "final"},
    },
}


def run(dsn: str, *arguments: str, given: str | None = None) -> Result:
    """What `pgsm …` prints about the database, and its exit code."""
    return CliRunner().invoke(main, [*arguments], input=given, env={"PGSM_DSN": dsn})


def done(dsn: str, *arguments: str, given: str | None = None) -> str:
    """What is printed; the command has to end with 0."""
    result = run(dsn, *arguments, given=given)
    assert result.exit_code == 0, result.output
    return result.stdout


def lines(dsn: str, *arguments: str) -> list[Any]:
    """The values of a command's lines of JSON."""
    return [exact.loads(line) for line in done(dsn, *arguments, "--json").splitlines()]


def refused(dsn: str, *arguments: str) -> str:
    """What the command says on standard error, ending with 1."""
    result = run(dsn, *arguments)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return result.stderr


def define(dsn: str, document: dict[str, Any] = ORDER) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "select pgsm.define_machine(%s, %s::json)",
            [document["id"], json.dumps(document)],
        )


def start(dsn: str, *instance_ids: str) -> None:
    for instance_id in instance_ids:
        given = '{"total": 12.50}'
        done(dsn, "instance", "start", "order", instance_id, "--input", given)


def fail_effect(dsn: str, instance_id: str) -> str:
    """Bring an order to an effect that has failed for good; returns its id."""
    start(dsn, instance_id)
    done(dsn, "instance", "send", instance_id, "accept", '{"eta": 20}')
    with psycopg.connect(dsn, autocommit=True) as connection:
        claimed = connection.execute(
            "select instance_id, effect_id, lease_token from"
            " pgsm.claim_effects('tests', '{card.charge}', 10)"
        ).fetchall()
        for row in claimed:
            connection.execute(
                "select pgsm.fail_effect(%s, %s, %s, %s)",
                [*row, '{"type": "Declined", "message": "no money"}'],
            )
    ((_, effect_id, _),) = [row for row in claimed if row[0] == instance_id]
    return str(effect_id)


def write(directory: Path, document: Any, name: str) -> str:
    path = directory / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)
