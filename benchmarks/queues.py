"""`make bench-queues`: effects beside the tasks of other queues in Postgres.

Tasks that do nothing wait; a worker does them all (claim, run, complete); what is
measured is from its start until none is left.  With pgsm each completion is an event
that a machine takes ("invoke"), or nobody awaits it ("action").  And the latency of one
task at a time, in a system that idles: from before it is made to its handler.

Each is the product's own worker with its own client, in a process and a database of its
own, all in one cluster; they take turns, for some rounds.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from rich.console import Console
from rich.table import Table

from pgsm.programs import SetupError

from . import database
from .peers import environment
from .peers.environment import Peers
from .run import RESULTS, describe_server


@dataclass(frozen=True)
class Contender:
    """A worker: the script that runs it, its settings, and its share of the tasks."""

    name: str
    script: str
    settings: dict[str, Any] = field(default_factory=dict)
    share: float = 1.0
    mode: str = "drain"

    @property
    def database(self) -> str:
        return self.script.partition(".")[0]


CONTENDERS = [
    Contender("pgsm, invoke and transition", "queue_pgsm", {"answers": True}),
    Contender("pgsm, action", "queue_pgsm", {"answers": False}),
    Contender("graphile-worker", "queue_graphile.mjs"),
    Contender("procrastinate", "queue_procrastinate.py", share=0.5),
    Contender("absurd", "queue_absurd.mjs", share=0.5),
    Contender("DBOS, steps", "queue_dbos.py", share=0.2, mode="steps"),
    Contender("DBOS, queue", "queue_dbos.py", share=0.1),
]
TARGETS = [
    ("pgsm, invoke and transition", "DBOS, steps", 5.0),
    ("pgsm, invoke and transition", "procrastinate", 1.0),
    ("pgsm, invoke and transition", "absurd", 1.0),
    ("pgsm, action", "graphile-worker", 1.0),
]


@dataclass(frozen=True)
class Turn:
    contender: str
    concurrency: int
    tasks: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.tasks / self.seconds


@click.command()
@click.option("--tasks", default=5000, show_default=True, help="Of each turn.")
@click.option("--concurrency", default="1,10,50", show_default=True)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--samples", default=100, show_default=True, help="Of the latency.")
def main(tasks: int, concurrency: str, rounds: int, samples: int) -> None:
    """Measure effects beside graphile-worker, procrastinate, absurd and DBOS."""
    console = Console(highlight=False)
    counts = [int(count) for count in concurrency.split(",")]
    done: list[Turn] = []
    try:
        with console.status("installing the peers …") as status:
            peers = environment.install()
            with database.running() as dsn:
                dsns = prepare(dsn, peers)
                for turn in measure(dsns, peers, tasks, counts, rounds):
                    done.append(turn)
                    status.update(f"{turn.contender}: {turn.rate:.0f}/s")
                status.update("latency …")
                latencies = dict(measure_latency(dsns, peers, samples))
                facts = describe_server(dsn)
    except SetupError as problem:
        hint = f"\n{problem.hint}" if problem.hint else ""
        raise click.ClickException(problem.message + hint) from None
    console.print(rate_table(done, counts))
    console.print(target_table(done, counts))
    console.print(latency_table(latencies))
    console.print(f"kept in {keep(done, latencies, facts)}")


def prepare(dsn: str, peers: Peers) -> dict[str, str]:
    """A database for each peer beside pgsm's; their DSNs by script."""
    dsns = {}
    for name in sorted({one.database for one in CONTENDERS}):
        dsns[name] = dsn
        if name != "queue_pgsm":
            dsns[name] = make_conninfo(dsn, dbname=name)
            with psycopg.connect(dsn, autocommit=True) as connection:
                quoted = sql.Identifier(name)
                connection.execute(sql.SQL("drop database if exists {}").format(quoted))
                connection.execute(sql.SQL("create database {}").format(quoted))
    url = _url(dsns["queue_absurd"])
    environment.run_program(peers, "absurdctl", "init", "-d", url)
    dsns["queue_dbos"] = _url(dsns["queue_dbos"])
    return dsns


def _url(dsn: str) -> str:
    """The DSN in the form of an address, which not all clients can do without."""
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    return "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**parts)


def measure(
    dsns: dict[str, str], peers: Peers, tasks: int, counts: list[int], rounds: int
) -> Iterator[Turn]:
    """All turns; who comes first changes."""
    for concurrency in counts:
        for number in range(rounds):
            for place, one in enumerate(CONTENDERS[:: -1 if number % 2 else 1]):
                found = _run(
                    peers,
                    one,
                    dsns,
                    mode=one.mode,
                    tasks=int(tasks * one.share),
                    concurrency=concurrency,
                    queue=f"q{concurrency}_{number}_{place}",
                    pause=0,
                )
                yield Turn(one.name, concurrency, found["done"], found["seconds"])


def measure_latency(
    dsns: dict[str, str], peers: Peers, samples: int
) -> Iterator[tuple[str, list[float]]]:
    for one in CONTENDERS:
        if one.mode == "drain":
            found = _run(
                peers,
                one,
                dsns,
                mode="latency",
                tasks=samples,
                concurrency=10,
                queue="q_latency",
                pause=20,
            )
            yield one.name, found["milliseconds"]


def _run(
    peers: Peers, one: Contender, dsns: dict[str, str], **settings: Any
) -> dict[str, Any]:
    if one.script == "queue_pgsm":
        command = [sys.executable, "-m", "benchmarks.peers.queue_pgsm"]
    else:
        command = peers.command(one.script)
    return environment.run(command, dsns[one.database], **settings, **one.settings)


def medians(done: list[Turn], concurrency: int) -> dict[str, float]:
    """Tasks a second, by contender."""
    found: dict[str, list[float]] = {}
    for turn in done:
        if turn.concurrency == concurrency:
            found.setdefault(turn.contender, []).append(turn.rate)
    return {name: statistics.median(rates) for name, rates in found.items()}


def rate_table(done: list[Turn], counts: list[int]) -> Table:
    table = _table("tasks a second, medians", "concurrency", counts)
    by_count = [medians(done, count) for count in counts]
    for one in CONTENDERS:
        table.add_row(one.name, *(f"{found[one.name]:.0f}" for found in by_count))
    return table


def target_table(done: list[Turn], counts: list[int]) -> Table:
    table = _table("ratios", "concurrency", counts)
    by_count = [medians(done, count) for count in counts]
    for ours, other, target in TARGETS:
        ratios = [found[ours] / found[other] for found in by_count]
        cells = [f"[{'green' if r >= target else 'red'}]{r:.1f}" for r in ratios]
        table.add_row(f"{ours} / {other} (target {target:g})", *cells)
    return table


def _table(title: str, first: str, counts: list[int]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for count in counts:
        table.add_column(str(count), justify="right")
    return table


def latency_table(latencies: dict[str, list[float]]) -> Table:
    title = "latency when idle, milliseconds (target: p50 10, p99 50)"
    table = Table(title=title, title_justify="left")
    for column in ("", "p50", "p99", "max"):
        table.add_column(column, justify="right" if column else "left")
    for name, found in latencies.items():
        row = [*percentiles(found), max(found)]
        table.add_row(name, *(f"{value:.1f}" for value in row))
    return table


def percentiles(found: list[float]) -> list[float]:
    """The 50th and the 99th."""
    cuts = statistics.quantiles(found, n=100, method="inclusive")
    return [cuts[49], cuts[98]]


def keep(
    done: list[Turn], latencies: dict[str, list[float]], facts: dict[str, Any]
) -> Path:
    """Write all turns, the medians and the latencies as JSON; the file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    path = RESULTS / f"queues-{now:%Y%m%dT%H%M%S}.json"
    result = {
        "measured_at": now.isoformat(timespec="seconds"),
        "server": facts,
        "peers": environment.versions(),
        "medians": {
            count: medians(done, count)
            for count in sorted({turn.concurrency for turn in done})
        },
        "turns": [turn.__dict__ for turn in done],
        "latency_ms": latencies,
    }
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path


if __name__ == "__main__":
    main()
