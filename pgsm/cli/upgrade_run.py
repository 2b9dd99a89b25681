"""`pgsm upgrade run`: batch by batch, each in a transaction of its own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import click
import psycopg
from rich import progress

from .common import console, dsn_option, json_option
from .database import Connection, Row, call, connected, rows
from .tables import print_line, safe, text
from .upgrade_look import count, machine_argument

INTERRUPTED = 130
_SHOWN = 5  # kinds of failures that a run names at its end


@dataclass
class Run:
    """What is asked of a run, and how far it has come."""

    machine: str
    version: int
    batch: int
    after: str
    instances: list[str] | None
    max_instances: int | None
    max_failures: int | None
    dry: bool
    total: int = 0
    tried: int = 0
    upgraded: int = 0
    failed: int = 0
    end: str = "done"

    def size(self) -> int:
        """How many the next batch may have."""
        if self.max_instances is None:
            return self.batch
        return min(self.batch, self.max_instances - self.tried)

    def take(self, turn: Row) -> None:
        """Add what a batch has done."""
        self.tried += turn["tried"]
        self.upgraded += turn["upgraded"]
        self.failed += turn["failed"]
        self.after = turn["last_id"]

    def facts(self) -> Row:
        """What a line of JSON says."""
        names = ("machine", "version", "tried", "upgraded", "failed", "total", "after")
        return {**{name: getattr(self, name) for name in names}, "dry_run": self.dry}


@click.command()
@machine_argument
@click.argument("version", type=int)
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Instances of a transaction.",
)
@click.option(
    "--max-instances",
    type=click.IntRange(min=1),
    metavar="N",
    help="No more than these: a canary.",
)
@click.option(
    "--instances",
    metavar="ID,…",
    help='These only; "@FILE" and "-" (standard input) have one a line.',
)
@click.option("--after", default="", metavar="ID", help="Those after this one only.")
@click.option(
    "--max-failures",
    type=click.IntRange(min=0),
    metavar="N",
    help="Stop after the batch in which more than these have failed.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Roll each batch back: finds all that would fail, and changes nothing.",
)
@dsn_option
@json_option
def run(
    machine: str,
    version: int,
    batch: int,
    max_instances: int | None,
    instances: str | None,
    after: str,
    max_failures: int | None,
    dry_run: bool,
    dsn: str,
    as_json: bool,
) -> None:
    """Upgrade a machine's running instances, batch by batch.

    Each batch is a transaction.  An instance that cannot go stays as it was and is
    listed by pgsm upgrade failures; the next run tries it again.  Ctrl-C stops after
    the batch (twice: at once, which undoes the batch); the same command goes on.

    A terminal gets a progress bar, anything else a line of JSON a batch.

    \b
    Examples:
        pgsm upgrade run order 2 --dry-run
        pgsm upgrade run order 2 --max-instances 100
        pgsm upgrade run order 2 --max-failures 50
        pgsm upgrade run order 2 --instances order-42,order-43

    Exit codes: 0 all went, 1 some could not, 2 wrong usage, 130 interrupted.
    """
    asked = Run(
        machine,
        version,
        batch,
        after,
        _ids(instances),
        max_instances,
        max_failures,
        dry_run,
    )
    failures: list[Row] = []
    as_lines = as_json or not console().is_terminal
    with connected(dsn) as connection, _interruptible(connection) as stop:
        asked.total = _total(connection, asked)
        try:
            with _shown(asked, as_lines) as show:
                for _ in _batches(connection, asked, failures):
                    show()
                    if stop:
                        asked.end = "interrupted"
                        break
        except psycopg.Error:
            if asked.tried and not dry_run:
                went = count(asked.upgraded, "instance")
                click.echo(f"broken off; {went} went before", err=True)
            raise
    _report(asked, failures, as_lines)


def _ids(given: str | None) -> list[str] | None:
    """The ids of an option: a list of them, or what a file has."""
    if given is None:
        return None
    if given == "-":
        lines = sys.stdin.read().splitlines()
    elif given.startswith("@"):
        try:
            lines = Path(given[1:]).read_text("utf-8").splitlines()
        except OSError as problem:
            raise click.BadParameter(str(problem), param_hint="--instances") from None
    else:
        lines = given.split(",")
    return [line.strip() for line in lines if line.strip()]


# ------------------------------------------------------------------------- the batches


def _total(connection: Connection, asked: Run) -> int:
    found = int(call(connection, _TOTAL, vars(asked))["total"])
    absent = len(set(asked.instances or ())) - found
    if asked.instances is not None and absent > 0:  # a slip in an id, perhaps
        what = f"{count(absent, 'id')} of those named"
        click.echo(f"note: {what} cannot be found on another version", err=True)
    return found if asked.max_instances is None else min(found, asked.max_instances)


_TOTAL = """
    select count(*) as total from pgsm.instances
    where machine = %(machine)s and version <> %(version)s
        and status in ('active', 'paused')
        and instance_id > %(after)s
        and (%(instances)s::text[] is null or instance_id = any (%(instances)s))
"""
_BATCH = """
    select tried, upgraded, last_id, failed from pgsm.upgrade_batch(
        %(machine)s, %(version)s, %(size)s, %(after)s, %(instances)s
    )
"""
_FAILED = """
    select code, replace(message, format('"%%s"', instance_id), '"…"') as message,
        count(*) as instances, min(instance_id) as example
    from pgsm.upgrade_failures
    where machine = %(machine)s and to_version = %(version)s
        and instance_id > %(before)s and instance_id <= %(after)s
        and (%(instances)s::text[] is null or instance_id = any (%(instances)s))
    group by 1, 2
"""


def _batches(connection: Connection, asked: Run, failures: list[Row]) -> Iterator[None]:
    """Do them; after each the caller may end it.  `failures` gets those of all."""
    while asked.size() > 0:
        before = asked.after
        with connection.transaction(force_rollback=asked.dry):
            turn = call(connection, _BATCH, {**vars(asked), "size": asked.size()})
            if turn["tried"]:
                asked.take(turn)
            if turn["failed"]:
                values = {**vars(asked), "before": before}
                _merge(failures, rows(connection, _FAILED, values))
        if not turn["tried"]:
            return
        yield
        if asked.max_failures is not None and asked.failed > asked.max_failures:
            asked.end = "max_failures"
            return


def _merge(failures: list[Row], found: list[Row]) -> None:
    for each in found:
        for known in failures:
            if (known["code"], known["message"]) == (each["code"], each["message"]):
                known["instances"] += each["instances"]
                break
        else:
            failures.append(each)


@contextmanager
def _interruptible(connection: Connection) -> Iterator[list[int]]:
    """A list that is empty until someone interrupts; a second time ends the query."""
    stop: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if stop:
            raise KeyboardInterrupt
        stop.append(number)
        click.echo("\nstopping after this batch; once more stops at once", err=True)

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, note) for number in signals]
    try:
        yield stop
    except KeyboardInterrupt:
        connection.close()
        click.echo("stopped: the batch is undone, those before it stay", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


# ----------------------------------------------------------------------------- showing


@contextmanager
def _shown(asked: Run, as_lines: bool) -> Iterator[Any]:
    """What is to be called after each batch."""
    if as_lines:
        yield lambda: print_line(asked.facts())
        return
    with _bar() as bar:
        what = f"{asked.machine} → {asked.version}"
        task = bar.add_task(safe(what), total=asked.total, failed="")

        def show() -> None:
            failed = f"{asked.failed} failed" if asked.failed else ""
            # who was started or has ended since it began may make it more or less
            total = max(asked.total, asked.tried)
            bar.update(task, completed=asked.tried, total=total, failed=failed)

        yield show


def _bar() -> progress.Progress:
    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("[red]{task.fields[failed]}"),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
        console=console(),
    )


def _report(asked: Run, failures: list[Row], as_lines: bool) -> None:
    """Say how it went, how to go on, and end with the exit code."""
    failures.sort(key=lambda each: -each["instances"])
    if as_lines:
        print_line({**asked.facts(), "end": asked.end, "failures": failures})
    else:
        click.echo(_words(asked))
    for each in failures[:_SHOWN]:
        example = f", {text(each['example'])} for example"
        what = f"{text(each['message'])} ({each['code']})"
        click.echo(
            f"  {count(each['instances'], 'instance')}{example}: {what}", err=True
        )
    for hint in _hints(asked, len(failures)):
        click.echo(click.style("hint: ", bold=True) + hint, err=True)
    if asked.end == "interrupted":
        raise click.exceptions.Exit(INTERRUPTED)
    if asked.failed:
        raise click.exceptions.Exit(1)


def _words(asked: Run) -> str:
    if not asked.tried:
        return f"nothing to bring to version {asked.version}"
    verb = "would go" if asked.dry else "went"
    went = f"{asked.upgraded} of {count(asked.tried, 'instance')} {verb}"
    failed = f", {asked.failed} could not" if asked.failed else ""
    return f"{went} to version {asked.version}{failed}"


def _hints(asked: Run, kinds: int) -> Iterator[str]:
    machine = safe(asked.machine)
    left = max(asked.total - asked.tried, 0)
    if asked.end == "interrupted" and not asked.dry:
        yield f"interrupted with {left} to go: the same command goes on"
    elif asked.end == "max_failures":
        failed = count(asked.failed, "failure")
        yield (
            f"stopped after {failed} with {left} to go: mend the map and run it again,"
            f" or pass them over with --after {safe(asked.after)}"
        )
    if asked.failed and not asked.dry:
        yield f"pgsm upgrade failures --machine {machine} lists them"
    elif kinds > _SHOWN:
        yield "--json has all kinds of failures"
