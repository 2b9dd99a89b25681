"""`pgsm instance`: start instances, send to them, look at them, hold and end them."""

from __future__ import annotations

from typing import Any

import click

from .common import dsn_option, json_option
from .database import Connection, Row, call, connected, json_text, row, rows
from .instance_log import history, watch
from .options import instance_argument, limit_option, machine_option, warn_of_more
from .tables import (
    Columns,
    print_facts,
    print_line,
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


@click.group()
def instance() -> None:
    """Start instances, send events to them, look at them, hold and end them.

    \b
    Examples:
        pgsm instance start order order-42 --input '{"total": 12.50}'
        pgsm instance send order-42 accept '{"eta": 20}'
        pgsm instance history order-42
    """


instance.add_command(history)
instance.add_command(watch)


@instance.command()
@click.argument("machine", metavar="MACHINE")
@click.argument("instance_id", metavar="[ID]", required=False)
@click.option(
    "--input",
    "given",
    callback=json_text,
    default="{}",
    metavar="DATA",
    help='What it starts with: JSON, @FILE, or "-" for standard input.',
)
@click.option("--version", type=int, help="Of this version; default: the current one.")
@click.option(
    "--if-exists",
    type=click.Choice(["refuse", "return"]),
    default="refuse",
    show_default=True,
    help="What becomes of an id that is taken.",
)
@dsn_option
@json_option
def start(
    machine: str,
    instance_id: str | None,
    given: str,
    version: int | None,
    if_exists: str,
    dsn: str,
    as_json: bool,
) -> None:
    """Start an instance of a machine and run its first step.

    Without ID the database makes one up.

    \b
    Examples:
        pgsm instance start order order-42 --input '{"total": 12.50}'
        pgsm instance start order --input @order-42.json --json | jq -r .instance_id
    """
    query = """
        select * from pgsm.start_instance(
            %(machine)s,
            coalesce(%(instance_id)s, gen_random_uuid()::text),
            %(given)s::jsonb,
            version => %(version)s,
            if_exists => %(if_exists)s
        )
    """
    asked = {
        "machine": machine,
        "instance_id": instance_id,
        "given": given,
        "version": version,
        "if_exists": if_exists,
    }
    with connected(dsn) as connection:
        _say(call(connection, query, asked), as_json)


@instance.command()
@instance_argument
@click.argument("event", metavar="EVENT")
@click.argument("data", callback=json_text, default="{}", metavar="[DATA]")
@click.option("--event-id", metavar="ID", help="The same id is the same event: once.")
@click.option("--expected-revision", type=int, help="Refuse an instance that moved on.")
@click.option(
    "--on-unhandled",
    type=click.Choice(["ignore", "refuse"]),
    help="Whether an event that nothing takes is an error; default: as defined.",
)
@click.option("--post", is_flag=True, help="Queue it and do not wait for the instance.")
@click.option("--delay", metavar="SPAN", help="With --post: after this span of time.")
@dsn_option
@json_option
def send(
    instance_id: str,
    event: str,
    data: str,
    event_id: str | None,
    expected_revision: int | None,
    on_unhandled: str | None,
    post: bool,
    delay: str | None,
    dsn: str,
    as_json: bool,
) -> None:
    """Send an event and show what has become of the instance.

    DATA is JSON, @FILE, or "-" for standard input.  Exits with 1 when no transition
    takes the event (--on-unhandled ignore: with 0).

    \b
    Examples:
        pgsm instance send order-42 accept '{"eta": 20}'
        pgsm instance send order-42 payment.received - < payment.json
        pgsm instance send order-42 remind --post --delay "2 days"
    """
    asked = {
        "instance_id": instance_id,
        "event": event,
        "data": data,
        "event_id": event_id,
        "expected_revision": expected_revision,
        "on_unhandled": on_unhandled,
        "delay": delay,
    }
    if post and (expected_revision is not None or on_unhandled is not None):
        raise click.UsageError("a posted event has no --expected-revision or the like")
    if delay is not None and not post:
        raise click.UsageError("--delay goes with --post")
    with connected(dsn) as connection:
        if post:
            _say_posted(connection, asked, as_json)
            return
        done = call(connection, _SEND, asked)
    _say(done, as_json)
    if done["outcome"] in ("no_transition", "guarded") and on_unhandled != "ignore":
        raise click.exceptions.Exit(1)


_SEND = """
    select * from pgsm.send_event(
        %(instance_id)s,
        %(event)s,
        %(data)s::jsonb,
        event_id => %(event_id)s,
        expected_revision => %(expected_revision)s,
        on_unhandled => %(on_unhandled)s
    )
"""
_POST = """
    select pgsm.post_event(
        %(instance_id)s,
        %(event)s,
        %(data)s::jsonb,
        event_id => %(event_id)s,
        delay => %(delay)s::interval
    ) as timer_id
"""


def _say_posted(connection: Connection, asked: dict[str, Any], as_json: bool) -> None:
    done = call(connection, _POST, asked)
    if as_json:
        print_line({"instance_id": asked["instance_id"], **done})
    else:
        click.echo(f"queued as timer {done['timer_id']}")


@instance.command()
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
            *_head(found),
            ("parent", text(found.get("parent_id"))),
            ("tenant", text(found.get("tenant"))),
            ("started", text(found.get("started_at"))),
            ("changed", text(found.get("changed_at"))),
            ("finished", text(found.get("finished_at"))),
            ("events", "\n".join(map(_event, related["events"]))),
            ("timers", "\n".join(map(_timer, related["timers"]))),
            ("effects", "\n".join(map(_effect, related["effects"]))),
        ]
    )


def _head(found: Row) -> list[tuple[str, str]]:
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


def _say(done: Row, as_json: bool) -> None:
    """Show a snapshot that a call has returned."""
    if as_json:
        print_line(done)
        return
    reasons = (done["details"] or {}).get("refused_by")
    print_facts([("outcome", text(done["outcome"])), ("refused by", text(reasons))])
    print_facts(_head(done))


@instance.command("list")
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


@instance.command()
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


@instance.command()
@instance_argument
@dsn_option
@json_option
def pause(instance_id: str, dsn: str, as_json: bool) -> None:
    """Stop delivering events and timers to an instance until it is resumed.

    Sent events are refused meanwhile, posted ones and timers wait.

    \b
    Example:
        pgsm instance pause order-42
    """
    query = "select * from pgsm.pause_instance(%(instance_id)s)"
    with connected(dsn) as connection:
        _say(call(connection, query, {"instance_id": instance_id}), as_json)


@instance.command()
@instance_argument
@dsn_option
@json_option
def resume(instance_id: str, dsn: str, as_json: bool) -> None:
    """Let a paused instance go on.

    \b
    Example:
        pgsm instance resume order-42
    """
    query = "select * from pgsm.resume_instance(%(instance_id)s)"
    with connected(dsn) as connection:
        _say(call(connection, query, {"instance_id": instance_id}), as_json)


@instance.command()
@instance_argument
@click.option("--reason", metavar="TEXT", help="Why; kept in the history.")
@dsn_option
@json_option
def stop(instance_id: str, reason: str | None, dsn: str, as_json: bool) -> None:
    """End an instance where it stands, for good; no exit actions run.

    \b
    Example:
        pgsm instance stop order-42 --reason "ordered twice"
    """
    query = "select * from pgsm.stop_instance(%(instance_id)s, %(reason)s)"
    with connected(dsn) as connection:
        asked = {"instance_id": instance_id, "reason": reason}
        _say(call(connection, query, asked), as_json)
