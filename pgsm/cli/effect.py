"""`pgsm effect`: the outbox, what has failed for good, and doing it again."""

from __future__ import annotations

from typing import Any

import click

from .common import dsn_option, fail, json_option
from .database import Row, call, connected, row, rows
from .options import instance_argument, limit_option, machine_option, warn_of_more
from .tables import (
    Columns,
    print_facts,
    print_line,
    print_rows,
    print_value,
    text,
    value_text,
)

COLUMNS: Columns = [
    ("instance", "instance_id"),
    ("effect", "effect_id"),
    ("name", "name"),
    ("status", lambda e: f"{e['status']} (open)" if e["is_open"] else e["status"]),
    ("attempt", lambda e: f"{e['attempt']}/{e['attempts']}"),
    ("due", "due_at"),
    ("runner", "runner_id"),
    ("error", lambda e: (e["error"] or {}).get("message")),
]
FAILURES: Columns = [
    ("name", "name"),
    ("instance", "instance_id"),
    ("effect", "effect_id"),
    ("failed", "failed_at"),
    ("attempts", "attempts"),
    ("retry", "may_be_retried"),
    ("holds back", "holds_back"),
    ("message", "message"),
]
STATUSES = [
    "pending",
    "running",
    "retrying",
    "succeeded",
    "failed",
    "cancelled",
    "late",
]

effect_argument = click.argument("effect_id", metavar="EFFECT")
name_option = click.option("--name", metavar="NAME", help="Of this name only.")


@click.group()
def effect() -> None:
    """See effects, do failed ones again, cancel them.

    \b
    Examples:
        pgsm effect failures
        pgsm effect show order-42 3/0
        pgsm effect retry order-42 3/0
    """


@effect.command("list")
@dsn_option
@click.option("--instance", "instance_id", metavar="ID", help="Of this instance only.")
@name_option
@machine_option
@click.option("--status", type=click.Choice(STATUSES), help="Of this status only.")
@click.option("--open", "only_open", is_flag=True, help="Failures nobody dealt with.")
@limit_option
@json_option
def list_(
    dsn: str,
    instance_id: str | None,
    name: str | None,
    machine: str | None,
    status: str | None,
    only_open: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List effects, the newest first.

    \b
    Examples:
        pgsm effect list --instance order-42
        pgsm effect list --name email.send --status retrying
        pgsm effect list --open --json | jq -r .error.message
    """
    query = """
        select * from pgsm.effects
        where (%(instance_id)s::text is null or instance_id = %(instance_id)s)
            and (%(name)s::text is null or name = %(name)s)
            and (%(machine)s::text is null or machine = %(machine)s)
            and (%(status)s::text is null or status = %(status)s)
            and (not %(only_open)s or is_open)
        order by created_at desc, instance_id, effect_id
        limit %(limit)s + 1
    """
    asked = {
        "instance_id": instance_id,
        "name": name,
        "machine": machine,
        "status": status,
        "only_open": only_open,
        "limit": limit,
    }
    with connected(dsn) as connection:
        found = rows(connection, query, asked)
    print_rows(found[:limit], COLUMNS, as_json, none="no effect")
    warn_of_more(found, limit)


@effect.command()
@instance_argument
@effect_argument
@dsn_option
@json_option
def show(instance_id: str, effect_id: str, dsn: str, as_json: bool) -> None:
    """Show one effect: its input, attempts, result or error.

    \b
    Examples:
        pgsm effect show order-42 3/0
        pgsm effect show order-42 3/0 --json | jq .error
    """
    query = """
        select * from pgsm.effects
        where instance_id = %(instance_id)s and effect_id = %(effect_id)s
    """
    asked = {"instance_id": instance_id, "effect_id": effect_id}
    with connected(dsn) as connection:
        found = row(connection, query, asked)
    if found is None:
        fail(
            f'effect "{effect_id}" of instance "{instance_id}" does not exist (SM300)',
            f"pgsm effect list --instance {instance_id}",
        )
    elif as_json:
        print_value(found)
    else:
        _show(found)


def _show(found: Row) -> None:
    open_ = ", open: retry or cancel it" if found["is_open"] else ""
    held = ", behind an earlier one" if found.get("is_held_back") else ""
    by = f" by {text(found['runner_id'])}" if found["runner_id"] else ""
    print_facts(
        [
            ("effect", f"{text(found['effect_id'])} of {text(found['instance_id'])}"),
            ("name", text(found["name"])),
            ("machine", f"{text(found['machine'])} version {found['version']}"),
            ("kind", text(found["kind"])),
            ("state", text(found["state"])),
            ("status", f"{found['status']}{open_}{held}"),
            ("attempt", f"{found['attempt']} of {found['attempts']}{by}"),
            ("key", text(found["key"])),
            ("created", text(found["created_at"])),
            ("due", text(found["due_at"])),
            ("deadline", text(found["deadline_at"])),
            ("lease until", text(found["lease_until"])),
            ("finished", text(found["finished_at"])),
            ("input", value_text(found["input"])),
            *(
                (what, value_text(found[what]))
                for what in ("progress", "output", "error", "policy")
                if found[what]
            ),
        ]
    )


@effect.command()
@click.argument("instance_id", metavar="[ID", required=False)
@click.argument("effect_id", metavar="EFFECT]", required=False)
@dsn_option
@click.option("--name", metavar="NAME", help="All open failures of this name.")
@click.option("--machine", metavar="NAME", help="With --name: of this machine only.")
@click.option("--older-than", metavar="SPAN", help="With --name: failed so long ago.")
@click.option(
    "--spread",
    metavar="SPAN",
    help="With --name: over how long they are spread; 10 minutes.",
)
@click.option(
    "--max",
    "at_most",
    type=click.IntRange(min=1),
    help="With --name: how many, the oldest first; 10000.",
)
@json_option
def retry(
    instance_id: str | None,
    effect_id: str | None,
    dsn: str,
    name: str | None,
    machine: str | None,
    older_than: str | None,
    spread: str | None,
    at_most: int | None,
    as_json: bool,
) -> None:
    """Do a failed effect again in place, or all of a name after an outage.

    The idempotency key stays the same.  Where the work was done and the machine
    refused the event, only the event is delivered again; exits with 1 when the machine
    refuses it once more.

    \b
    Examples:
        pgsm effect retry order-42 3/0
        pgsm effect retry --name email.send --older-than "1 hour" --spread "30 minutes"
    """
    bulk: dict[str, Any] = {
        "machine": machine,
        "older_than": older_than,
        "spread": spread,
        "at_most": at_most,
    }
    if name is not None and instance_id is None:
        _retry_all(dsn, {"name": name, **bulk}, as_json)
    elif instance_id is None or effect_id is None or name is not None:
        raise click.UsageError("name one effect, ID EFFECT, or many by --name NAME")
    elif any(value is not None for value in bulk.values()):
        raise click.UsageError("--machine, --older-than and so on go with --name")
    else:
        query = "select pgsm.retry_effect(%(instance_id)s, %(effect_id)s) as status"
        _act(dsn, query, instance_id, effect_id, as_json)


def _retry_all(dsn: str, asked: dict[str, Any], as_json: bool) -> None:
    query = """
        select pgsm.retry_effects(
            %(name)s,
            machine => %(machine)s,
            older_than => %(older_than)s::interval,
            spread => coalesce(%(spread)s, '10 minutes')::interval,
            max => coalesce(%(at_most)s, 10000)
        ) as retried
    """
    with connected(dsn) as connection:
        done = call(connection, query, asked)
    if as_json:
        print_line({"name": asked["name"], **done})
    else:
        click.echo(f"{done['retried']} of {asked['name']} are tried again")


@effect.command()
@instance_argument
@effect_argument
@dsn_option
@json_option
def cancel(instance_id: str, effect_id: str, dsn: str, as_json: bool) -> None:
    """Stop an effect, or close one that has failed.  Its machine gets no event.

    One that waits never runs, a running one is asked to stop.

    \b
    Example:
        pgsm effect cancel order-42 3/0
    """
    query = "select pgsm.cancel_effect(%(instance_id)s, %(effect_id)s) as status"
    _act(dsn, query, instance_id, effect_id, as_json)


def _act(dsn: str, query: Any, instance_id: str, effect_id: str, as_json: bool) -> None:
    asked = {"instance_id": instance_id, "effect_id": effect_id}
    with connected(dsn) as connection:
        done = call(connection, query, asked)
    if as_json:
        print_line({**asked, **done})
    else:
        click.echo(f"effect {effect_id} of {instance_id} is {done['status']}")
    if done["status"] == "refused":
        raise click.exceptions.Exit(1)


@effect.command()
@dsn_option
@name_option
@machine_option
@click.option("--summary", is_flag=True, help="Count them by name and message.")
@limit_option
@json_option
def failures(
    dsn: str,
    name: str | None,
    machine: str | None,
    summary: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List the open incidents: failed for good, and no transition took that.

    The newest first.  Their instances stay where they are until someone retries or
    cancels the effect.

    \b
    Examples:
        pgsm effect failures
        pgsm effect failures --summary
        pgsm effect failures --name email.send --json | jq -r .message
    """
    asked = {"name": name, "machine": machine, "limit": limit}
    columns: Columns = FAILURES
    if summary:
        columns = [(c, c) for c in ("name", "count", "oldest", "newest", "message")]
    with connected(dsn) as connection:
        found = rows(connection, _SUMMARY if summary else _FAILURES, asked)
    print_rows(found[:limit], columns, as_json, none="no open failure")
    warn_of_more(found, limit)


_FAILURES = """
    select * from pgsm.failed_effects
    where (%(name)s::text is null or name = %(name)s)
        and (%(machine)s::text is null or machine = %(machine)s)
    order by failed_at desc, instance_id, effect_id
    limit %(limit)s + 1
"""
_SUMMARY = """
    select
        name, message, count(*), min(failed_at) as oldest, max(failed_at) as newest
    from pgsm.failed_effects
    where (%(name)s::text is null or name = %(name)s)
        and (%(machine)s::text is null or machine = %(machine)s)
    group by name, message
    order by count(*) desc, name, message
    limit %(limit)s + 1
"""
