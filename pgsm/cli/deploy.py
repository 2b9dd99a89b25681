"""`pgsm deploy` and `pgsm status`: the schema in any database."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console

from .. import __version__, cron, health, sqitch
from .common import console, dsn_option, json_option, print_json
from .health import show_health


@click.command()
@dsn_option
def deploy(dsn: str) -> None:
    """Bring a database to this release's schema.

    Needs a superuser, PostgreSQL 15 or later with plpython3u, and sqitch on this
    machine.  Deploying again does what is still to do; nothing when all is done.

    \b
    Examples:
        pgsm deploy --dsn postgresql://postgres@db.example/shop
        PGHOST=/run/postgresql PGDATABASE=shop pgsm deploy
    """
    deploy_with_progress(dsn)


@click.command()
@dsn_option
@json_option
def status(dsn: str, as_json: bool) -> None:
    """Show what a database has of pgsm, what is pending, and how the timers are.

    Who fires timers, how late they are and how many wait or have failed; for how many
    months the event log has partitions; the oldest snapshot that keeps dead rows.

    Exits with 1 when changes are pending or were made by a newer release, and when
    the event log has partitions for less than two months ahead.

    \b
    Examples:
        pgsm status --dsn postgresql://postgres@db.example/shop
        pgsm status --json
    """
    found = sqitch.status(dsn)
    state = health.read(dsn) if found.change else None
    if as_json:
        as_dict = state and dataclasses.asdict(state)
        print_json({**dataclasses.asdict(found), "timers": as_dict})
    else:
        show_status(console(), found)
        if state:
            show_health(console(), state)
    if found.pending or found.unknown or (state and state.problems()):
        raise click.exceptions.Exit(1)


def deploy_with_progress(dsn: str) -> None:
    """Deploy what is pending and tell the user how it goes."""
    out = console()
    before = sqitch.status(dsn)
    if before.unknown:
        out.print(f"[yellow]newer than pgsm {__version__}:[/] {before.unknown[-1]}")
    if before.pending:
        with _progress(out, len(before.pending)) as advance:
            done = sqitch.deploy(dsn, on_change=advance)
        out.print(f"deployed {len(done)} changes, the last is {done[-1]}")
        if cron.CHANGE in done:
            schedule_timers(out, dsn)
    else:
        out.print(f"nothing to deploy, the last change is {before.change}")
    _warn_of_modified(out, before)


def schedule_timers(out: Console, dsn: str) -> None:
    """Have pg_cron fire the timers where it lives in another database."""
    elsewhere = cron.elsewhere(dsn)
    if elsewhere is None:
        return
    problem = cron.schedule(dsn, elsewhere)
    if problem is None:
        out.print(f'timers are fired by the pg_cron of database "{elsewhere.database}"')
        return
    out.print(
        f'[yellow]pg_cron is in database "{elsewhere.database}":[/] {problem}\n'
        "there a superuser runs, or else a runner fires the timers (--timers):"
    )
    for statement in elsewhere.statements:
        out.print(f"  {statement}", markup=False)


@contextmanager
def _progress(out: Console, total: int) -> Iterator[sqitch.OnChange]:
    done = 0
    with out.status("deploying …") as line:

        def advance(change: str) -> None:
            nonlocal done
            done += 1
            line.update(f"deploying {done}/{total} {change}")

        yield advance


def _warn_of_modified(out: Console, found: sqitch.Status) -> None:
    if found.modified:
        out.print(
            f"[yellow]{len(found.modified)} deployed scripts read differently now:[/] "
            + ", ".join(found.modified)
        )


def show_status(out: Console, found: sqitch.Status) -> None:
    """Print the status in the words of people."""
    out.print(f"pgsm {__version__} on this machine")
    if found.change is None:
        out.print("not deployed in this database")
    else:
        version = found.version or "no tagged release"
        out.print(f"deployed: {version}, last change {found.change}")
        out.print(f"          {found.deployed_at:%Y-%m-%d %H:%M:%S %Z}")
    out.print(f"pending:  {len(found.pending) or 'nothing'}")
    for change in found.pending:
        out.print(f"  {change}")
    if found.unknown:
        out.print(f"[yellow]from a newer release:[/] {', '.join(found.unknown)}")
    _warn_of_modified(out, found)
