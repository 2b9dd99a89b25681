"""`pgsm timer`: what is to come, and what has not come."""

from __future__ import annotations

import click

from .common import dsn_option, json_option
from .database import call, connected, rows
from .options import instance_argument, limit_option, machine_option, warn_of_more
from .tables import Columns, print_line, print_rows

COLUMNS: Columns = [
    ("instance", "instance_id"),
    ("timer", "timer_id"),
    ("kind", "kind"),
    ("event", "event"),
    ("state", "state"),
    ("status", "status"),
    ("due", "due_at"),
    ("attempts", "attempts"),
    ("error", "last_error"),
]
LATE: Columns = [
    ("instance", "instance_id"),
    ("timer", "timer_id"),
    ("kind", "kind"),
    ("event", "event"),
    ("status", "status"),
    ("due", "due_at"),
    ("late", "lateness"),
    ("attempts", "attempts"),
    ("error", "last_error"),
]
STATUSES = ["armed", "held", "deferred", "failed", "undeliverable"]

timer_argument = click.argument("timer_id", metavar="TIMER")


@click.group()
def timer() -> None:
    """See and mend timers: delayed transitions, posted events, messages.

    \b
    Examples:
        pgsm timer list --instance order-42
        pgsm timer late
        pgsm timer retry order-42 3/1
    """


@timer.command("list")
@dsn_option
@click.option("--instance", "instance_id", metavar="ID", help="Of this instance only.")
@machine_option
@click.option("--status", type=click.Choice(STATUSES), help="Of this status only.")
@click.option("--before", metavar="TIME", help="Due before this point in time.")
@limit_option
@json_option
def list_(
    dsn: str,
    instance_id: str | None,
    machine: str | None,
    status: str | None,
    before: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List what is to come, what is due first at the head.

    \b
    Examples:
        pgsm timer list --instance order-42
        pgsm timer list --machine order --before "tomorrow 12:00"
        pgsm timer list --status failed --json | jq -r .last_error
    """
    query = """
        select * from pgsm.timers
        where (%(instance_id)s::text is null or instance_id = %(instance_id)s)
            and (%(machine)s::text is null or machine = %(machine)s)
            and (%(status)s::text is null or status = %(status)s)
            and (%(before)s::timestamptz is null or due_at < %(before)s::timestamptz)
        order by due_at, instance_id, timer_id
        limit %(limit)s + 1
    """
    asked = {
        "instance_id": instance_id,
        "machine": machine,
        "status": status,
        "before": before,
        "limit": limit,
    }
    with connected(dsn) as connection:
        found = rows(connection, query, asked)
    print_rows(found[:limit], COLUMNS, as_json, none="no timer")
    warn_of_more(found, limit)


@timer.command()
@dsn_option
@machine_option
@limit_option
@json_option
def late(dsn: str, machine: str | None, limit: int, as_json: bool) -> None:
    """List timers that someone should look at.

    Those that have failed or could not be delivered, those that are tried again, and
    those that are due for more than ten seconds (does anybody fire them? pgsm status
    tells).

    \b
    Examples:
        pgsm timer late
        pgsm timer late --machine order --json
    """
    query = """
        select * from pgsm.late_timers
        where %(machine)s::text is null or machine = %(machine)s
        order by due_at, instance_id, timer_id
        limit %(limit)s + 1
    """
    with connected(dsn) as connection:
        found = rows(connection, query, {"machine": machine, "limit": limit})
    print_rows(found[:limit], LATE, as_json, none="no timer is late")
    warn_of_more(found, limit)


@timer.command()
@instance_argument
@timer_argument
@dsn_option
@json_option
def retry(instance_id: str, timer_id: str, dsn: str, as_json: bool) -> None:
    """Try a timer again that has failed: it is due now, with all its attempts.

    \b
    Example:
        pgsm timer retry order-42 3/1
    """
    query = "select pgsm.retry_timer(%(instance_id)s, %(timer_id)s) as status"
    asked = {"instance_id": instance_id, "timer_id": timer_id}
    with connected(dsn) as connection:
        _say({**asked, **call(connection, query, asked)}, as_json)


@timer.command()
@instance_argument
@timer_argument
@click.argument("when", metavar="WHEN")
@dsn_option
@json_option
def move(instance_id: str, timer_id: str, when: str, dsn: str, as_json: bool) -> None:
    """Make a timer due at another time; one that has failed is armed again.

    WHEN is a point in time as PostgreSQL reads it, or "+" and a span from now.

    \b
    Examples:
        pgsm timer move order-42 3/1 "2027-01-31 09:00 Europe/Madrid"
        pgsm timer move order-42 3/1 "+2 hours"
        pgsm timer move order-42 3/1 now
    """
    query = """
        select pgsm.move_timer(
            %(instance_id)s,
            %(timer_id)s,
            case when %(span)s::text is null then %(time)s::timestamptz
                else now() + %(span)s::interval end
        ) as status
    """
    asked = {"instance_id": instance_id, "timer_id": timer_id}
    is_span = when.startswith("+")
    at = {"span": when[1:] if is_span else None, "time": None if is_span else when}
    with connected(dsn) as connection:
        _say({**asked, **call(connection, query, {**asked, **at})}, as_json)


@timer.command()
@instance_argument
@timer_argument
@dsn_option
@json_option
def cancel(instance_id: str, timer_id: str, dsn: str, as_json: bool) -> None:
    """Drop a timer, a message or a deferred event: it never fires.

    \b
    Example:
        pgsm timer cancel order-42 3/1
    """
    query = "select pgsm.cancel_timer(%(instance_id)s, %(timer_id)s) as status"
    asked = {"instance_id": instance_id, "timer_id": timer_id}
    with connected(dsn) as connection:
        _say({**asked, **call(connection, query, asked)}, as_json)


def _say(done: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_line(done)
    else:
        click.echo(
            f"timer {done['timer_id']} of {done['instance_id']} is {done['status']}"
        )
