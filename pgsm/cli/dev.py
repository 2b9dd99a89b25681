"""`pgsm dev`: a private PostgreSQL for development."""

from __future__ import annotations

import dataclasses
import os
import shlex
from pathlib import Path

import click
from psycopg import pq

from .. import programs, sqitch
from ..devdb import DevCluster, Status
from .common import console, json_option, print_json
from .deploy import deploy_with_progress

directory_option = click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".pgsm"),
    show_default=True,
    help="Where the cluster lives.",
)


@click.group()
def dev() -> None:
    """Run a private PostgreSQL for development.

    \b
    Example:
        pgsm dev up
        psql "$(pgsm dev dsn)"
        pgsm dev down
    """


@dev.command()
@directory_option
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port on 127.0.0.1; default: the one it had, else a free one from 5440 on.",
)
@click.option("--fresh", is_flag=True, help="Start with an empty database.")
def up(directory: Path, port: int | None, fresh: bool) -> None:
    """Create or start the cluster, with pgsm deployed in the database pgsm.

    May be called at any time: it repairs what a crash has left, and does nothing when
    all is well.

    \b
    Examples:
        pgsm dev up
        pgsm dev up --dir /tmp/other --port 5555
    """
    programs.require_sqitch()
    cluster = DevCluster(directory)
    status = cluster.up(port)
    if fresh:
        cluster.empty_database()
    console().print(f"PostgreSQL {status.version} runs on port {status.port}")
    deploy_with_progress(cluster.dsn)
    if sqitch.status(cluster.dsn).modified:
        console().print("start with an empty database: pgsm dev up --fresh")


@dev.command()
@directory_option
@json_option
def status(directory: Path, as_json: bool) -> None:
    """Show whether the cluster runs, and where.  Exits with 1 when it does not.

    \b
    Examples:
        pgsm dev status
        pgsm dev status --json
    """
    found = DevCluster(directory).status()
    if as_json:
        print_json(dataclasses.asdict(found))
    else:
        _show(found)
    if not found.running:
        raise click.exceptions.Exit(1)


def _show(found: Status) -> None:
    out = console()
    if found.port is None:
        out.print(f"there is no cluster in {found.directory}")
        return
    out.print("running" if found.running else "stopped")
    for name in ("directory", "port", "version", "pid", "data", "log", "sockets"):
        value = getattr(found, name)
        if value is not None:
            out.print(f"{name + ':':<10} {value}")


@dev.command()
@directory_option
def dsn(directory: Path) -> None:
    """Print the connection string and nothing else.

    It holds the password of the cluster's superuser.

    \b
    Examples:
        psql "$(pgsm dev dsn)"
        export PGSM_DSN="$(pgsm dev dsn)"
    """
    click.echo(DevCluster(directory).dsn)


@dev.command()
@directory_option
def env(directory: Path) -> None:
    """Print libpq's environment for the cluster, for a shell to evaluate.

    psql, sqitch, pgsm and all that uses libpq then connect to it.

    \b
    Example:
        eval "$(pgsm dev env)"
        sqitch deploy db:pg:
    """
    for option in pq.Conninfo.parse(DevCluster(directory).dsn.encode()):
        if option.val is not None and option.envvar is not None:
            name, value = option.envvar.decode(), option.val.decode()
            click.echo(f"export {name}={shlex.quote(value)}")


@dev.command(context_settings={"ignore_unknown_options": True})
@directory_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(directory: Path, arguments: tuple[str, ...]) -> None:
    """Open psql on the database; further arguments are psql's.

    \b
    Examples:
        pgsm dev psql
        pgsm dev psql -- -c 'select * from pgsm.instances'
    """
    cluster = DevCluster(directory)
    environment = sqitch.environment(cluster.dsn)
    if not cluster.status().running:
        raise programs.SetupError("the cluster is stopped", "start it: pgsm dev up")
    try:
        os.execvpe("psql", ["psql", *arguments], environment)
    except FileNotFoundError:
        raise programs.SetupError(
            "psql is not installed", "apt-get install postgresql-client"
        ) from None


@dev.command()
@directory_option
@click.option("--delete", is_flag=True, help="Remove the cluster and all its data.")
def down(directory: Path, delete: bool) -> None:
    """Stop the cluster; its data stays.

    \b
    Examples:
        pgsm dev down
        pgsm dev down --delete
    """
    cluster = DevCluster(directory)
    stopped = cluster.down()
    if delete:
        cluster.delete()
    console().print(
        "removed" if delete else "stopped" if stopped else "was not running"
    )
