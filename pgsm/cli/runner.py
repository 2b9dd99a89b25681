"""`pgsm runner`: does the effects of machines."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
from typing import NoReturn

import click
import psycopg

from ..runner import log
from ..runner.database import Database
from ..runner.handlers import Registry
from ..runner.inputs import BadHintError
from ..runner.loading import LoadingError, load_handlers
from ..runner.runner import Runner, Settings
from .common import dsn_option

NO_CONNECTION = 3
NO_SCHEMA = 4
NO_IMPORT = 5
NO_HANDLERS = 6
NO_PERMISSION = 7

POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command()
@click.argument("modules", nargs=-1, required=True, metavar="MODULE…")
@dsn_option
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many effects run at once.",
)
@click.option(
    "--lease",
    type=POSITIVE,
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a killed runner's effects wait for another.",
)
@click.option(
    "--poll",
    type=POSITIVE,
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look when nobody says that there is something.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="How long running effects may take to finish when told to stop.",
)
@click.option(
    "--timers", is_flag=True, help="Fire timers, too, where pg_cron does not."
)
@click.option(
    "--log",
    "log_style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write the log, to standard error.",
)
@click.option("--id", "runner_id", help="The runner's name; default: host, process.")
def runner(
    modules: tuple[str, ...],
    dsn: str,
    concurrency: int,
    lease: float,
    poll: float,
    grace: float,
    timers: bool,
    log_style: str,
    runner_id: str | None,
) -> None:
    """Do the effects for which the modules have handlers.

    SIGTERM or ctrl-c: claims nothing more, finishes what it has, gives the rest back.
    A second one gives back at once.

    \b
    Examples:
        pgsm runner app.effects
        pgsm runner app.mail app.payment --concurrency 100 --log json

    \b
    Exit codes: 0 stopped, 1 failed, 2 wrong usage, 3 no connection, 4 pgsm is not
    deployed there, 5 a module does not import, 6 no handlers, 7 no permission.
    """
    log.configure(log_style)
    registry = _load(modules)
    settings = Settings(concurrency, lease, poll, grace, timers)
    database = Database(dsn, runner_id or _own_name(), concurrency)
    asyncio.run(_run(registry, database, settings))


def _load(modules: tuple[str, ...]) -> Registry:
    try:
        registry = load_handlers(modules)
    except LoadingError as problem:
        places = "\n".join(f"at {place}" for place in problem.places)
        _fail(NO_IMPORT, str(problem), places)
    except BadHintError as problem:
        _fail(NO_IMPORT, str(problem))
    if not len(registry):
        _fail(
            NO_HANDLERS,
            f"no handlers in {', '.join(modules)}",
            'hint: a handler is a function with @effects.handler("name") before it,'
            " after: from pgsm import effects",
        )
    return registry


async def _run(registry: Registry, database: Database, settings: Settings) -> None:
    try:
        await _start(registry, database)
        running = Runner(registry, database, settings)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.stop)
        await running.run()
    finally:
        await database.close()


async def _start(registry: Registry, database: Database) -> None:
    """Connect and register, or end with the code that says what is wrong."""
    try:
        await database.open()
    except psycopg.OperationalError as problem:
        _fail(NO_CONNECTION, f"cannot connect: {str(problem).strip()}")
    try:
        await database.register(registry.names)
        unhandled = await database.unhandled()
    except (
        psycopg.errors.InvalidSchemaName,
        psycopg.errors.UndefinedFunction,
        psycopg.errors.UndefinedTable,
    ) as problem:
        message = problem.diag.message_primary
        hint = "hint: pgsm deploy brings the schema to this release"
        _fail(NO_SCHEMA, f"pgsm is not deployed in this database: {message}", hint)
    except psycopg.errors.InsufficientPrivilege as problem:
        hint = "hint: grant pgsm_runner to the role that the runner connects as"
        _fail(NO_PERMISSION, str(problem.diag.message_primary), hint)
    for name, machines in unhandled.items():
        log.warning("effect_without_handler", name=name, machines=", ".join(machines))


def _own_name() -> str:
    """Unique: a restarted runner must not be taken for the one before it."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def _fail(code: int, message: str, hint: str | None = None) -> NoReturn:
    click.echo(click.style("error: ", fg="red", bold=True) + message, err=True)
    if hint:
        click.echo(hint, err=True)
    raise click.exceptions.Exit(code)
