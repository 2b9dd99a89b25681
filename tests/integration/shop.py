"""Somebody's own sqitch project, as `pgsm machine add` finds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg

PLAN = """\
%syntax-version=1.0.0
%project=shop

schema 2026-01-01T00:00:00Z Ada <ada@example.com> # The schema
notes [schema] 2026-01-01T00:00:01Z Ada <ada@example.com> # Notes
"""
SCHEMA = """\
begin;
create schema shop;
grant usage on schema shop to pgsm_caller;
commit;
"""
NOTES = """\
begin;
create table shop.notes (note text);
Create or Replace
Function shop.note (text) returns void language sql security definer
set search_path = pg_catalog, pg_temp as 'insert into shop.notes values ($1)';
commit;
"""
CONF = "[core]\n\tengine = pg\n[deploy]\n\tverify = true\n"


def waiting(target: str) -> dict[str, Any]:
    """A state whose transition calls a function of the project."""
    call = {"type": "call", "function": "shop.note(text)", "args": ["it's paid"]}
    return {"on": {"ok": {"target": target, "actions": call}}}


OLD: dict[str, Any] = {
    "initial": "offered",
    "states": {
        "offered": {"on": {"accept": "waiting"}, "after": {"10 minutes": "gone"}},
        "waiting": waiting("paid"),
        "paid": {"type": "final"},
        "gone": {"type": "final"},
    },
}
NEW: dict[str, Any] = {
    "initial": "offered",
    "context": {"eta": 5, "by": {"expr": "input.by"}},
    "states": {
        "offered": {"on": {"accept": "kitchen"}, "after": {"20 minutes": "gone"}},
        "kitchen": {"on": {"ready": "delivery.waiting"}},
        "delivery": {"initial": "waiting", "states": {"waiting": waiting("#paid")}},
        "paid": {"id": "paid", "type": "final"},
        "gone": {"type": "final"},
    },
}


def project(directory: Path) -> Path:
    """A project of two changes."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sqitch.plan").write_text(PLAN)
    (directory / "sqitch.conf").write_text(CONF)
    for kind in ("deploy", "revert", "verify"):
        (directory / kind).mkdir()
        for change in ("schema", "notes"):
            (directory / kind / f"{change}.sql").write_text("select 1;\n")
    (directory / "deploy" / "schema.sql").write_text(SCHEMA)
    (directory / "deploy" / "notes.sql").write_text(NOTES)
    return directory


def write(path: Path, document: Any) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2))
    return str(path)


def start(dsn: str, *instance_ids: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for instance_id in instance_ids:
            connection.execute("select pgsm.start_instance('order', %s)", [instance_id])


def send(dsn: str, instance_id: str, event: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pgsm.send_event(%s, %s)", [instance_id, event])


def where(dsn: str) -> dict[str, tuple[int, Any]]:
    """Version and state of each instance."""
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "select instance_id, version, value from pgsm.instances"
        ).fetchall()
    return {instance_id: (version, value) for instance_id, version, value in found}
