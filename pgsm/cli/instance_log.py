"""`pgsm instance history` and `watch`: what an instance did, and what it does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from .common import dsn_option, json_option
from .database import Connection, Row, call, connected
from .options import instance_argument
from .steps import Reader, facts, title
from .tables import print_facts, print_line, state

ENDED = ("done", "stopped", "failed")


@click.command()
@instance_argument
@click.option("--revision", type=click.IntRange(min=1), help="This step only.")
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    metavar="N",
    help="So many steps, the last ones.",
)
@dsn_option
@json_option
def history(
    instance_id: str, revision: int | None, last: int, dsn: str, as_json: bool
) -> None:
    """Explain what an instance did, step by step.

    Of each step: the event and who sent it, the transitions that it took with the
    condition that let them, states, changes of the context, what SQL answered, and the
    effects and timers that it set going, as they are now.

    \b
    Examples:
        pgsm instance history order-42
        pgsm instance history order-42 --revision 3
        pgsm instance history order-42 --json | jq '.taken[].path'
    """
    with connected(dsn) as connection:
        now = _snapshot(connection, instance_id)
        after = now["revision"] - last if revision is None else revision - 1
        upto = now["revision"] if revision is None else revision
        # fewer where a month of the log has been dropped
        found = Reader(connection, instance_id).steps(after, upto, limit=last)
    for step in found:
        show_step(step, as_json)
    if not found and not as_json:
        click.echo("no such step in the log", err=True)


@click.command()
@instance_argument
@click.option(
    "--interval",
    type=click.FloatRange(min=0.05),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look.",
)
@click.option(
    "--since",
    type=click.IntRange(min=0),
    metavar="REVISION",
    help="Begin with the steps after this one; default: with the next.",
)
@dsn_option
@json_option
def watch(
    instance_id: str, interval: float, since: int | None, dsn: str, as_json: bool
) -> None:
    """Follow an instance: each step is shown when it is committed.

    Ends when the instance has ended, or with ctrl-C.

    \b
    Examples:
        pgsm instance watch order-42
        pgsm instance watch order-42 --since 0 --json | jq .event
    """
    try:
        with connected(dsn) as connection:
            try:
                _follow(connection, instance_id, interval, since, as_json)
            except KeyboardInterrupt:
                connection.close()  # a query may be under way: nothing to roll back
                raise
    except KeyboardInterrupt:
        click.echo(err=True)


def _follow(
    connection: Connection,
    instance_id: str,
    interval: float,
    since: int | None,
    as_json: bool,
) -> None:
    reader = Reader(connection, instance_id)
    now = _snapshot(connection, instance_id)
    seen = now["revision"] if since is None else since
    if not as_json:
        where = f"{state(now['value'])}, revision {now['revision']}, {now['status']}"
        click.echo(f"{instance_id} is in {where}")
    while True:
        # the snapshot first: what ends an instance is a step that is read after it
        now = _snapshot(connection, instance_id)
        while seen < now["revision"]:
            found = reader.steps(seen, now["revision"])
            for step in found:
                show_step(step, as_json)
            seen = found[-1]["revision"] if found else now["revision"]
        if now["status"] in ENDED:
            if not as_json:
                click.echo(f"{instance_id} is {now['status']}")
            return
        time.sleep(interval)


def _snapshot(connection: Connection, instance_id: str) -> Row:
    query = "select * from pgsm.get_instance(%(instance_id)s)"
    return call(connection, query, {"instance_id": instance_id})


def show_step(step: Mapping[str, Any], as_json: bool) -> None:
    """Print a step, as a line of JSON or as a paragraph."""
    if as_json:
        print_line(step)
        return
    click.secho(title(step), bold=True)
    print_facts(facts(step), indent=3)
