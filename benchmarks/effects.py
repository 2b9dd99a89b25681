"""`make bench-effects`: how many effects a second, beside how many that wait.

Each size is a machine of its own, whose instances wait for one effect each and, when
it is done, for the next: so many wait all the time.  The sizes take turns, for some
rounds; in a turn each client claims a batch and completes it, over and over.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from rich.console import Console
from rich.table import Table

from pgsm.programs import SetupError

from . import database
from .run import RESULTS, describe_server


@dataclass(frozen=True)
class Turn:
    waiting: int
    clients: int
    effects: int
    seconds: float

    @property
    def rate(self) -> float:
        """Effects a second, claimed and completed."""
        return self.effects / self.seconds


@click.command()
@click.option("--waiting", default="10,1000,1000000", show_default=True)
@click.option("--clients", default="1,4", show_default=True)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--seconds", default=3.0, show_default=True, help="Of each turn.")
@click.option("--batch", default=10, show_default=True, type=click.IntRange(1, 50))
def main(waiting: str, clients: str, rounds: int, seconds: float, batch: int) -> None:
    """Measure claims and completions beside 10, 1,000 and 1,000,000 that wait."""
    console = Console(highlight=False)
    sizes = [int(size) for size in waiting.split(",")]
    counts = [int(count) for count in clients.split(",")]
    try:
        with database.running() as dsn:
            with console.status("making instances …"):
                for size in sizes:
                    fill(dsn, size)
            done = []
            with console.status("measuring …") as status:
                for turn in measure(dsn, sizes, counts, rounds, seconds, batch):
                    done.append(turn)
                    status.update(f"{turn.waiting} waiting: {turn.rate:.0f}/s")
            check(dsn, sizes)
            facts = describe_server(dsn)
    except SetupError as problem:
        hint = f"\n{problem.hint}" if problem.hint else ""
        raise click.ClickException(problem.message + hint) from None
    console.print(as_table(done, sizes, counts))
    console.print(f"kept in {keep(done, facts, batch)}")


def name_of(size: int) -> str:
    return f"bench.{size}"


def fill(dsn: str, size: int) -> None:
    """`size` instances that wait for an effect: one that is started, and copies."""
    name = name_of(size)
    document = {
        "initial": "working",
        "states": {
            "working": {
                "invoke": {
                    "id": "work",
                    "src": name,
                    "onDone": {"target": "working", "reenter": True},
                }
            }
        },
        "implementations": {"effects": {name: {}}},
    }
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "select pgsm.define_machine(%s, %s::json)", [name, json.dumps(document)]
        )
        connection.execute("select pgsm.start_instance(%s, %s)", [name, f"{name} 1"])
        for table in ("instances", "effects"):
            _copy(connection, table, name, size)
        connection.execute("vacuum analyze pgsm_private.instances")
        connection.execute("vacuum analyze pgsm_private.effects")


def _copy(
    connection: psycopg.Connection[Any], table: str, name: str, size: int
) -> None:
    """Make the rows of the other instances after that of the first."""
    columns = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass"
        " and attnum > 0 and not attisdropped and attname <> 'instance_id'",
        [f"pgsm_private.{table}"],
    ).fetchall()
    listed = sql.SQL(", ").join(sql.Identifier(column) for (column,) in columns)
    connection.execute(
        sql.SQL(
            "insert into pgsm_private.{table} (instance_id, {listed})"
            " select %s || n, {listed}"
            " from pgsm_private.{table}, generate_series(2, %s) as n"
            " where instance_id = %s || 1"
        ).format(table=sql.Identifier(table), listed=listed),
        [f"{name} ", size, f"{name} "],
    )


def measure(
    dsn: str,
    sizes: list[int],
    counts: list[int],
    rounds: int,
    seconds: float,
    batch: int,
) -> Iterator[Turn]:
    """All turns; who comes first changes, so that none has the warmer caches."""
    for clients in counts:
        for number in range(rounds):
            for size in sorted(sizes, reverse=bool(number % 2)):
                yield turn(dsn, size, clients, seconds, batch)


def turn(dsn: str, size: int, clients: int, seconds: float, batch: int) -> Turn:
    done: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: done.append(_work(dsn, name_of(size), seconds, batch))
        )
        for _ in range(clients)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Turn(size, clients, sum(done), time.perf_counter() - began)


def _work(dsn: str, name: str, seconds: float, batch: int) -> int:
    """How many effects one client has claimed and completed."""
    done = 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            claims = connection.execute(
                "select jsonb_build_object('instance_id', instance_id, 'effect_id',"
                " effect_id, 'lease_token', lease_token, 'output', null)"
                " from pgsm.claim_effects('bench', array[%s], %s)",
                [name, batch],
            ).fetchall()
            outcomes = connection.execute(
                "select outcome from pgsm.complete_effects(%s)",
                [Jsonb([claimed for (claimed,) in claims])],
            ).fetchall()
            done += sum(outcome == "succeeded" for (outcome,) in outcomes)
    return done


def check(dsn: str, sizes: list[int]) -> None:
    """Each machine's instances all wait, as in the beginning."""
    with psycopg.connect(dsn) as connection:
        for size in sizes:
            row = connection.execute(
                "select count(*) from pgsm.effects"
                " where name = %s and status in ('pending', 'running')",
                [name_of(size)],
            ).fetchone()
            if row != (size,):
                raise SystemExit(f"{row} effects wait, and not {size}")


def medians(done: list[Turn], clients: int) -> dict[int, float]:
    found: dict[int, list[float]] = {}
    for one in done:
        if one.clients == clients:
            found.setdefault(one.waiting, []).append(one.rate)
    return {waiting: statistics.median(rates) for waiting, rates in found.items()}


def as_table(done: list[Turn], sizes: list[int], counts: list[int]) -> Table:
    title = "effects claimed and completed a second, medians"
    table = Table(title=title, title_justify="left")
    table.add_column("clients", justify="right")
    for size in sizes:
        table.add_column(f"{size:,} waiting", justify="right")
    table.add_column("last / first", justify="right")
    for clients in counts:
        found = medians(done, clients)
        rates = [f"{found[size]:.0f}" for size in sizes]
        ratio = found[sizes[-1]] / found[sizes[0]]
        table.add_row(str(clients), *rates, f"{ratio:.2f}")
    return table


def keep(done: list[Turn], facts: dict[str, Any], batch: int) -> Path:
    """Write all turns as JSON; the file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    path = RESULTS / f"effects-{now:%Y%m%dT%H%M%S}.json"
    result = {
        "measured_at": now.isoformat(timespec="seconds"),
        "server": facts,
        "batch": batch,
        "medians": {
            clients: medians(done, clients)
            for clients in sorted({one.clients for one in done})
        },
        "turns": [asdict(one) for one in done],
    }
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path


if __name__ == "__main__":
    main()
