"""`make bench`: send_event, and send_events by the thousand, against the floor.

They alternate, on the same cluster with the server's own settings for durability, for
some rounds at each number of clients; the medians are compared.
"""

from __future__ import annotations

import dataclasses
import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import psycopg
from rich.console import Console
from rich.table import Table

from pgsm.programs import SetupError

from . import database, machines, pgbench
from .pgbench import Round

GOAL = 0.5
LEAST = 0.4
BULK_GOAL = 1.0
RESULTS = Path(__file__).resolve().parent / "results"


@click.command()
@click.option("--clients", default="1,4,16", show_default=True)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--seconds", default=4.0, show_default=True, help="Of each round.")
@click.option("--instances", default=5000, show_default=True)
def main(clients: str, rounds: int, seconds: float, instances: int) -> None:
    """Measure send_event against the floor."""
    counts = [int(count) for count in clients.split(",")]
    try:
        bench(Console(highlight=False), counts, rounds, seconds, instances)
    except SetupError as problem:
        hint = f"\n{problem.hint}" if problem.hint else ""
        raise click.ClickException(problem.message + hint) from None


def bench(
    console: Console, counts: list[int], rounds: int, seconds: float, instances: int
) -> None:
    """Make the database, measure, check, show and keep."""
    with database.running() as dsn, tempfile.TemporaryDirectory() as directory:
        with console.status(f"making {instances} instances …"):
            scripts = database.fill(dsn, machines.flat(), instances, Path(directory))
        before = database.revisions(dsn)
        done = []
        with console.status("measuring …") as status:
            for one in measure(dsn, scripts, counts, rounds, seconds):
                done.append(one)
                status.update(f"{one.clients} clients, {one.script}: {one.tps:.0f} tps")
        check(done, before, database.revisions(dsn))
        facts = describe_server(dsn)
    console.print(as_table(done, counts))
    console.print(
        f"the goals: {GOAL} of the floor for send_event ({LEAST} is the least),"
        f" {BULK_GOAL} for send_events, at each number of clients"
    )
    console.print(f"kept in {keep(done, counts, facts)}")


def measure(
    dsn: str, scripts: dict[str, Path], counts: list[int], rounds: int, seconds: float
) -> Iterator[Round]:
    """All rounds; who comes first changes, so that neither has the warmer caches."""
    for clients in counts:
        for number in range(rounds):
            database.settle(dsn)
            for name in sorted(scripts, reverse=bool(number % 2)):
                yield pgbench.run(dsn, scripts[name], clients, seconds)


def check(done: list[Round], before: int, after: int) -> None:
    """Every event that pgbench counted was taken, and made one revision."""
    events = {"send_event": 1, "send_events": database.BULK}
    sent = sum(events.get(one.script, 0) * one.transactions for one in done)
    if after - before != sent:
        raise SystemExit(f"{sent} events were sent, but {after - before} were taken")


def medians(done: list[Round], clients: int) -> dict[str, float]:
    """By script, in events per second."""
    found: dict[str, list[float]] = {}
    for one in done:
        if one.clients == clients:
            each = database.BULK if one.script == "send_events" else 1
            found.setdefault(one.script, []).append(one.tps * each)
    return {script: statistics.median(tps) for script, tps in found.items()}


def as_table(done: list[Round], counts: list[int]) -> Table:
    table = Table(title="events per second, medians", title_justify="left")
    for column in ("clients", "floor", "send_event", "ratio", "send_events", "ratio"):
        table.add_column(column, justify="right")
    for clients in counts:
        median = medians(done, clients)
        floor = median["floor"]
        table.add_row(
            str(clients),
            f"{floor:.0f}",
            f"{median['send_event']:.0f}",
            coloured(median["send_event"] / floor, GOAL, LEAST),
            f"{median['send_events']:.0f}",
            coloured(median["send_events"] / floor, BULK_GOAL, BULK_GOAL),
        )
    return table


def coloured(ratio: float, goal: float, least: float) -> str:
    """A ratio for a table: green from the goal on, red below the least."""
    colour = "green" if ratio >= goal else "yellow" if ratio >= least else "red"
    return f"[{colour}]{ratio:.2f}"


def describe_server(dsn: str) -> dict[str, Any]:
    settings = ("server_version", "fsync", "synchronous_commit", "shared_buffers")
    with psycopg.connect(dsn) as connection:
        facts = {}
        for setting in settings:
            row = connection.execute("select current_setting(%s)", [setting]).fetchone()
            facts[setting] = row[0] if row else None
    return {**facts, "cpus": os.cpu_count()}


def keep(done: list[Round], counts: list[int], facts: dict[str, Any]) -> Path:
    """Write all rounds and the medians as JSON; the file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    path = RESULTS / f"{now:%Y%m%dT%H%M%S}.json"
    result = {
        "measured_at": now.isoformat(timespec="seconds"),
        "server": facts,
        "medians": {clients: medians(done, clients) for clients in counts},
        "rounds": [dataclasses.asdict(one) for one in done],
    }
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path


if __name__ == "__main__":
    main()
