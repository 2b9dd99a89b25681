"""`pgsm instance show`, `list` and `tree`: instances as they stand."""

from __future__ import annotations

import click

from ..engine.definition_events import is_reserved
from .common import dsn_option, json_option
from .database import Row, call, connected, row, rows
from .options import instance_argument, limit_option, machine_option, warn_of_more
from .tables import (
    Columns,
    print_facts,
    print_rows,
    print_value,
    safe,
    state,
    text,
    value_text,
)

COLUMNS: Columns = [
    ("instance", "instance_id"),
    ("machine", "machine"),
    ("version", "version"),
    ("status", "status"),
    ("state", lambda i: state(i["value"])),
    ("revision", "revision"),
    ("changed", "changed_at"),
]
STATUSES = ["active", "paused", "done", "stopped", "failed"]


@click.command()
@instance_argument
@dsn_option
@json_option
def show(instance_id: str, dsn: str, as_json: bool) -> None:
    """Show an instance: state, context, the events it takes, timers, open effects.

    \b
    Examples:
        pgsm instance show order-42
        pgsm instance show order-42 --json | jq .context
    """
    asked = {"instance_id": instance_id}
    with connected(dsn) as connection:
        found = call(
            connection, "select * from pgsm.get_instance(%(instance_id)s)", asked
        )
        more = row(connection, _TIMES, asked) or {}
        related = {what: rows(connection, q, asked) for what, q in _RELATED.items()}
    whole = {k: v for k, v in found.items() if k not in ("outcome", "details")}
    whole.update(more)
    if as_json:
        print_value({**whole, **related})
    else:
        _show(whole, related)


_TIMES = """
    select parent_id, tenant, started_at, changed_at, finished_at
    from pgsm.instances where instance_id = %(instance_id)s
"""
_RELATED = {
    "events": "select * from pgsm.enabled_events(%(instance_id)s)",
    "timers": """
        select timer_id, kind, event, status, due_at from pgsm.timers
        where instance_id = %(instance_id)s order by due_at, timer_id
    """,
    "effects": """
        select effect_id, name, status, is_open, attempt, error from pgsm.effects
        where instance_id = %(instance_id)s
            and (is_open or status in ('pending', 'running', 'retrying'))
        order by created_at, effect_id
    """,
}


def _show(found: Row, related: dict[str, list[Row]]) -> None:
    print_facts(
        [
            *head(found),
            ("parent", text(found.get("parent_id"))),
            ("tenant", text(found.get("tenant"))),
            ("started", text(found.get("started_at"))),
            ("changed", text(found.get("changed_at"))),
            ("finished", text(found.get("finished_at"))),
            ("events", "\n".join(map(_event, filter(_may_be_sent, related["events"])))),
            ("timers", "\n".join(map(_timer, related["timers"]))),
            ("effects", "\n".join(map(_effect, related["effects"]))),
        ]
    )


def head(found: Row) -> list[tuple[str, str]]:
    """What a snapshot says."""
    output = found["output"]
    return [
        ("instance", text(found["instance_id"])),
        ("machine", f"{text(found['machine'])} version {found['version']}"),
        ("status", f"{found['status']}, revision {found['revision']}"),
        ("state", state(found["value"])),
        ("tags", text(found["tags"])),
        ("context", value_text(found["context"])),
        ("output", "" if output is None else value_text(output)),
    ]


def _may_be_sent(found: Row) -> bool:
    return not is_reserved(found["event"])


def _event(found: Row) -> str:
    words = {"yes": "", "no": "  not now: its guards say no", "depends": "  depends"}
    return text(found["event"]) + words.get(found["enabled"], "")


def _timer(found: Row) -> str:
    return (
        f"{text(found['event'])} ({text(found['timer_id'])})"
        f" {found['status']}, due {text(found['due_at'])}"
    )


def _effect(found: Row) -> str:
    error = (found["error"] or {}).get("message")
    why = f": {text(error)}" if error else ""
    name, effect_id = text(found["name"]), text(found["effect_id"])
    return f"{name} ({effect_id}) {found['status']}{why}"


@click.command("list")
@dsn_option
@machine_option
@click.option("--state", "state_", metavar="PATH", help="In this state.")
@click.option("--status", type=click.Choice(STATUSES), help="Of this status only.")
@click.option("--version", type=int, help="Of this version only.")
@click.option("--after", metavar="ID", default="", help="After this one.")
@limit_option
@json_option
def list_(
    dsn: str,
    machine: str | None,
    state_: str | None,
    status: str | None,
    version: int | None,
    after: str,
    limit: int,
    as_json: bool,
) -> None:
    """List instances in the order of their ids.

    \b
    Examples:
        pgsm instance list --machine order --state fulfilling
        pgsm instance list --status paused
        pgsm instance list --machine order --json | jq -r .instance_id
    """
    query = """
        select * from pgsm.instances
        where instance_id > %(after)s
            and (%(machine)s::text is null or machine = %(machine)s)
            and (%(state)s::text is null or %(state)s = any (states))
            and (%(status)s::text is null or status = %(status)s)
            and (%(version)s::integer is null or version = %(version)s)
        order by instance_id
        limit %(limit)s + 1
    """
    asked = {
        "machine": machine,
        "state": state_,
        "status": status,
        "version": version,
        "after": after,
        "limit": limit,
    }
    with connected(dsn) as connection:
        found = rows(connection, query, asked)
    print_rows(found[:limit], COLUMNS, as_json, none="no instance")
    if len(found) > limit:
        last = safe(found[limit - 1]["instance_id"])
        warn_of_more(found, limit, f"--after {last} shows")


@click.command()
@instance_argument
@dsn_option
@json_option
def tree(instance_id: str, dsn: str, as_json: bool) -> None:
    """Show an instance and its descendants, each below its parent.

    \b
    Example:
        pgsm instance tree order-42
    """
    query = "select * from pgsm.instance_tree(%(instance_id)s)"
    with connected(dsn) as connection:
        found = rows(connection, query, {"instance_id": instance_id})
    columns: Columns = [
        ("instance", lambda i: "  " * i["depth"] + i["instance_id"]),
        ("invoke", "parent_invoke"),
        ("machine", lambda i: f"{i['machine']} version {i['version']}"),
        ("status", "status"),
        ("state", lambda i: state(i["value"])),
    ]
    print_rows(found, columns, as_json)
