"""`pgsm retention`: how long what has ended is kept, and removing what is older."""

from __future__ import annotations

from typing import Any

import click

from .common import dsn_option, json_option
from .database import Connection, Row, call, connected, row, rows
from .tables import Columns, print_line, print_rows, text

WHATS = ["log", "event_ids", "effects", "timers", "preimages", "instances", "archive"]
COLUMNS: Columns = [
    ("what", "what"),
    ("machine", lambda found: found["machine"] or "(all)"),
    ("kept", lambda found: found["keep"] or "for ever"),
    ("then", lambda found: found["action"] if found["keep"] else ""),
    ("set", lambda found: "" if found["is_default"] else found["set_at"]),
]

_SHOW = """
    select what, machine, keep::text as keep, action, is_default, set_at
    from pgsm.retention
    where %(machine)s::text is null or machine is null or machine = %(machine)s
    order by machine nulls first, array_position(%(whats)s, what)
"""
_SET = """
    select pgsm.set_retention(
        %(what)s, %(keep)s::interval, %(machine)s, %(action)s
    )
"""


@click.group()
def retention() -> None:
    """See and set how long what has ended is kept, and remove what is older.

    What there is: log (months of the event log, of all machines), event_ids (by which
    a repeated event is known), effects (that are over), timers (failed ones of
    instances that have ended), preimages (of upgrades that cannot be undone any more),
    instances (that have ended, with all that is theirs), archive (archived instances).

    \b
    Examples:
        pgsm retention show
        pgsm retention set effects "90 days"
        pgsm retention set instances "2 years" --machine order --archive
        pgsm retention run
    """


@retention.command()
@dsn_option
@click.option("--machine", metavar="NAME", help="Of this machine, and of all.")
@json_option
def show(dsn: str, machine: str | None, as_json: bool) -> None:
    """Show how long what is kept, and what the last run has removed.

    \b
    Examples:
        pgsm retention show
        pgsm retention show --machine order --json
    """
    with connected(dsn) as connection:
        found = rows(connection, _SHOW, {"machine": machine, "whats": WHATS})
        last = row(connection, "select * from pgsm.retention_runs", {})
    print_rows(found, COLUMNS, as_json)
    if not as_json:
        click.echo(_last(last))


@retention.command("set")
@click.argument("what", type=click.Choice(WHATS))
@click.argument("keep", metavar="SPAN")
@dsn_option
@click.option("--machine", metavar="NAME", help="For this machine, not for all.")
@click.option("--archive", is_flag=True, help="Archive instances, do not delete them.")
@json_option
def set_(
    what: str,
    keep: str,
    dsn: str,
    machine: str | None,
    archive: bool,
    as_json: bool,
) -> None:
    """Keep something for a span after it has ended.

    SPAN is an interval of PostgreSQL, "forever", or "default": for a machine what is
    set for all, for all what holds where nothing is set.

    \b
    Examples:
        pgsm retention set log "1 year"
        pgsm retention set effects forever --machine payment
        pgsm retention set effects default --machine payment
        pgsm retention set instances "2 years" --machine order --archive
    """
    asked = {
        "what": what,
        "keep": None if keep == "forever" else keep,
        "machine": machine,
        "action": "archive" if archive else "delete",
    }
    if archive and keep == "default":
        raise click.UsageError("--archive is of no use with default")
    with connected(dsn) as connection:
        if keep == "default":
            call(
                connection, "select pgsm.reset_retention(%(what)s, %(machine)s)", asked
            )
        else:
            call(connection, _SET, asked)
        now = _now(connection, asked)
    if as_json:
        print_line(now)
    else:
        of = f" of machine {text(machine)}" if machine else ""
        kept = f"kept for {now['keep']}" if now["keep"] else "kept for ever"
        then = ", then archived" if now["action"] == "archive" else ""
        click.echo(f"{what}{of}: {kept}{then}")


def _now(connection: Connection, asked: dict[str, Any]) -> Row:
    """What holds: the machine's own, else that of all."""
    query = """
        select what, machine, keep::text as keep, action, is_default
        from pgsm.retention
        where what = %(what)s and (machine is null or machine = %(machine)s)
        order by machine nulls last
        limit 1
    """
    return call(connection, query, asked)


@retention.command()
@dsn_option
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Rows in a transaction.",
)
@json_option
def run(dsn: str, batch: int, as_json: bool) -> None:
    """Make the log's months ahead, and remove what is older than it is kept for.

    A daily job does it where there is pg_cron, else a runner with --timers.  Others go
    on meanwhile.  Exits with 1 when it did not come to the end of all: months of the
    log could not be dropped because of long transactions.

    \b
    Examples:
        pgsm retention run
        pgsm retention run --batch 100 --json
    """
    query = "call pgsm.run_retention(batch => %(batch)s, duration => null)"
    with connected(dsn) as connection:
        done = call(connection, query, {"batch": batch})
        last = row(connection, "select * from pgsm.retention_runs", {})
    is_complete = bool(last and last["is_complete"])
    if as_json:
        print_line({**done, "is_complete": is_complete})
    else:
        click.echo(f"removed: {_removed(done['removed'])}")
    if not is_complete:
        click.echo("not all: months of the log are in use, run it again", err=True)
        raise click.exceptions.Exit(1)


def _removed(removed: dict[str, int]) -> str:
    names = {"log": "months of the log"}
    said = [f"{count} {names.get(what, what)}" for what, count in removed.items()]
    return ", ".join(said) or "nothing"


def _last(last: Row | None) -> str:
    if last is None:
        return "it has not run yet"
    if last["ended_at"] is None:
        return f"a run is on since {text(last['began_at'])}"
    end = "" if last["is_complete"] else ", and did not come to the end"
    return (
        f"last run {text(last['ended_at'])}: removed {_removed(last['removed'])}{end}"
    )
