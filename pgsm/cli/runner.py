"""`pgsm runner`: does the effects of machines."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
from pathlib import Path
from typing import NoReturn

import click
import psycopg

from .. import __version__
from ..runner import ending, log, reloading
from ..runner.database import Database
from ..runner.handlers import Registry
from ..runner.health import StatusServer
from ..runner.inputs import BadHintError
from ..runner.loading import BUILTIN, LoadingError, load_handlers
from ..runner.observer import Observer
from ..runner.runner import Runner, Settings
from .common import dsn_option

NO_CONNECTION = 3
NO_SCHEMA = 4
NO_IMPORT = 5
NO_HANDLERS = 6
NO_PERMISSION = 7
NO_PORT = 8

POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command()
@click.argument("modules", nargs=-1, metavar="MODULE…")
@dsn_option
@click.option(
    "--listen-dsn",
    envvar="PGSM_LISTEN_DSN",
    metavar="DSN",
    help="For notifications, where --dsn goes through a pooler; default: --dsn.",
)
@click.option(
    "--builtin",
    is_flag=True,
    help="Handle http.request, email.send and sql.notify, too.",
)
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
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    help="Serve /metrics, /healthz and /readyz there.",
)
@click.option(
    "--metrics-host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where to serve them; 0.0.0.0 in a container.",
)
@click.option("--id", "runner_id", help="The runner's name; default: host, process.")
@click.option(
    "--reload", is_flag=True, help="Start anew when a file of the handlers changes."
)
def runner(
    modules: tuple[str, ...],
    dsn: str,
    listen_dsn: str | None,
    builtin: bool,
    concurrency: int,
    lease: float,
    poll: float,
    grace: float,
    timers: bool,
    log_style: str,
    metrics_port: int | None,
    metrics_host: str,
    runner_id: str | None,
    reload: bool,
) -> None:
    """Do the effects for which the modules have handlers.

    SIGTERM or ctrl-c: claims nothing more, finishes what it has, gives the rest back.
    A second one gives back at once.

    \b
    Examples:
        pgsm runner app.effects
        pgsm runner app.mail app.payment --concurrency 100 --log json
        pgsm runner --builtin --metrics-port 9187

    \b
    Exit codes: 0 stopped, 1 failed, 2 wrong usage, 3 no connection, 4 pgsm is not
    deployed there or in a release that does not fit, 5 a module does not import,
    6 no handlers, 7 no permission, 8 the port for metrics is taken.
    """
    log.configure(log_style)
    if builtin:
        modules = (*modules, BUILTIN)
    if not modules:
        raise click.UsageError("name a module with handlers, or --builtin")
    registry = _load(modules, reload)
    settings = Settings(concurrency, lease, poll, grace, timers)
    database = Database(dsn, runner_id or _own_name(), concurrency, listen_dsn)
    observer = Observer()
    status = _serve_status(observer, metrics_host, metrics_port)
    running = Runner(registry, database, settings, observer)
    watch = reloading.Watch(modules) if reload else None
    ending.run(_run(registry, database, running, watch))
    if status is not None:
        status.close()
    if watch is not None and watch.changed():
        reloading.start_anew()


def _serve_status(
    observer: Observer, host: str, port: int | None
) -> StatusServer | None:
    if port is None:
        return None
    try:
        server = StatusServer(observer.health, observer, host, port)
    except OSError as problem:
        _fail(NO_PORT, f"cannot listen on {host}:{port}: {problem.strerror}")
    log.info("status_served", host=host, port=server.port)
    return server


def _load(modules: tuple[str, ...], reload: bool) -> Registry:
    try:
        registry = load_handlers(modules)
    except LoadingError as problem:
        places = "\n".join(f"at {place}" for place in problem.places)
        if reload:
            _say(str(problem), places)
            files = [Path(place.rpartition(", line ")[0]) for place in problem.places]
            reloading.Watch(modules, files).wait()
            reloading.start_anew()
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


async def _run(
    registry: Registry,
    database: Database,
    running: Runner,
    watch: reloading.Watch | None,
) -> None:
    tasks = []
    try:
        await _start(registry, database)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.stop)
        if watch is not None:
            tasks.append(asyncio.create_task(_stop_on_change(running, watch)))
        await running.run()
    finally:
        for task in tasks:
            task.cancel()
        await database.close()


async def _stop_on_change(running: Runner, watch: reloading.Watch) -> None:
    while (path := watch.changed()) is None:
        await asyncio.sleep(reloading.POLL_SECONDS)
    log.info("runner_reloading", file=str(path))
    running.stop()
    running.stop()  # what runs is given back and begun again by the new one


async def _start(registry: Registry, database: Database) -> None:
    """Connect and register, or end with the code that says what is wrong."""
    try:
        await database.open()
    except (psycopg.OperationalError, psycopg.ProgrammingError) as problem:
        # the second one is a connection string that is none
        _fail(NO_CONNECTION, f"cannot connect: {str(problem).strip()}")
    try:
        _check_release(await database.release_of_schema())
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


def _check_release(found: str) -> None:
    """A schema of this release or of the next: a deploy comes before its runners."""
    ours, theirs = _release(__version__), _release(found)
    versions = f"the schema is of release {found}, this runner of {__version__}"
    if theirs < ours:
        _fail(
            NO_SCHEMA, versions, "hint: pgsm deploy brings the schema to this release"
        )
    if theirs > (ours[0], ours[1] + 1):
        _fail(NO_SCHEMA, versions, "hint: install the pgsm package of that release")
    if theirs > ours:
        log.warning("runner_is_old", schema=found, runner=__version__)


def _release(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)


def _own_name() -> str:
    """Unique: a restarted runner must not be taken for the one before it."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def _fail(code: int, message: str, hint: str | None = None) -> NoReturn:
    _say(message, hint)
    raise click.exceptions.Exit(code)


def _say(message: str, hint: str | None) -> None:
    click.echo(click.style("error: ", fg="red", bold=True) + message, err=True)
    if hint:
        click.echo(hint, err=True)
