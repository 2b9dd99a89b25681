"""`pgsm deploy` and `pgsm status`: the schema in any database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console

from .. import __version__, sqitch
from .common import console, dsn_option, json_option, print_json


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
    """Show what a database has of pgsm, and what is pending.

    Exits with 1 when changes are pending or were made by a newer release.

    \b
    Examples:
        pgsm status --dsn postgresql://postgres@db.example/shop
        pgsm status --json
    """
    found = sqitch.status(dsn)
    if as_json:
        print_json(found)
    else:
        show_status(console(), found)
    if found.pending or found.unknown:
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
    else:
        out.print(f"nothing to deploy, the last change is {before.change}")
    _warn_of_modified(out, before)


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
