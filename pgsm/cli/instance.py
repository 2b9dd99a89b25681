"""`pgsm instance`: start instances, send to them, look at them, hold and end them."""

from __future__ import annotations

from typing import Any

import click

from .common import dsn_option, json_option
from .database import Connection, Row, call, connected, json_text
from .instance_log import history, watch
from .instance_look import head, list_, show, tree
from .options import instance_argument
from .tables import print_facts, print_line, text


@click.group()
def instance() -> None:
    """Start instances, send events to them, look at them, hold and end them.

    \b
    Examples:
        pgsm instance start order order-42 --input '{"total": 12.50}'
        pgsm instance send order-42 accept '{"eta": 20}'
        pgsm instance history order-42
    """


for command in (show, list_, tree, history, watch):
    instance.add_command(command)


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


def _say(done: Row, as_json: bool) -> None:
    """Show a snapshot that a call has returned."""
    if as_json:
        print_line(done)
        return
    reasons = (done["details"] or {}).get("refused_by")
    outcome = [("outcome", text(done["outcome"])), ("refused by", text(reasons))]
    print_facts([*outcome, *head(done)])


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
