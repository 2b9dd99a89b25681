"""`make bench-bloat`: what many events on few instances do to the tables.

Hot instances get events as fast as a number of clients can send them; each event sets
and drops a timer and starts an effect that a worker completes.  Retention removes what
is over.  From time to time it is looked how large the tables and indexes are, how many
of their rows are dead, and how many updates were HOT since the look before.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import psycopg
from psycopg.types.json import Jsonb
from rich.console import Console
from rich.table import Table

from pgsm.programs import SetupError

from . import database, machines, pgbench
from .run import RESULTS, describe_server

GOAL = 0.9  # of the updates of instances are HOT
TABLES = ("instances", "timers", "effects", "event_ids")
LOOK = """
    select s.relname as table,
        pg_relation_size(s.relid) as bytes,
        pg_indexes_size(s.relid) as index_bytes,
        s.n_live_tup as live,
        s.n_dead_tup as dead,
        s.n_tup_upd as updates,
        s.n_tup_hot_upd as hot,
        s.autovacuum_count as vacuums
    from pg_stat_user_tables as s
    where s.schemaname = 'pgsm_private' and s.relname = any (%s)
"""


@dataclass(frozen=True)
class Look:
    """A table at one time; `hot` is the share of its updates since the last look."""

    events: int
    table: str
    bytes: int
    index_bytes: int
    live: int
    dead: int
    vacuums: int
    hot: float | None


@click.command()
@click.option("--instances", default=1000, show_default=True)
@click.option("--clients", default=4, show_default=True, type=click.IntRange(min=1))
@click.option("--looks", default=12, show_default=True, type=click.IntRange(min=2))
@click.option("--seconds", default=30.0, show_default=True, help="Between two looks.")
def main(instances: int, clients: int, looks: int, seconds: float) -> None:
    """Send events to a few hot instances and watch the tables.

    A run of a minute: --looks 6 --seconds 8.  An hour: --looks 60 --seconds 60
    """
    console = Console(highlight=False)
    place = database.DIRECTORY.with_name("bench-bloat")
    try:
        with (
            database.running(place) as dsn,
            tempfile.TemporaryDirectory() as directory,
            console.status("sending …") as status,
        ):
            script = fill(dsn, instances, Path(directory))
            found = []
            for number, several in enumerate(
                watch(dsn, script, clients, looks, seconds), 1
            ):
                found += several
                status.update(f"look {number} of {looks}: {several[0].events:,} events")
            facts = describe_server(dsn)
    except SetupError as problem:
        hint = f"\n{problem.hint}" if problem.hint else ""
        raise click.ClickException(problem.message + hint) from None
    console.print(as_table(found))
    console.print(f"the goal: {GOAL:.0%} of instances' updates are HOT")
    path = keep(found, facts, clients, seconds)
    console.print(f"kept in {path}")
    console.print(draw(found, path.with_suffix(".svg")))


def fill(dsn: str, instances: int, directory: Path) -> Path:
    """Make the instances; the script that sends to them."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "select pgsm.define_machine('bench', %s::json)",
            [json.dumps(machines.busy())],
        )
        connection.execute(
            "select count(*) from generate_series(1, %s) as n"
            " cross join lateral pgsm.start_instance('bench', 'bench-' || n)",
            [instances],
        )
        for what in ("effects", "event_ids"):
            connection.execute("select pgsm.set_retention(%s, '5 seconds')", [what])
        connection.execute("vacuum analyze")
        connection.execute("select pg_stat_reset()")
    script = directory / "hot"
    script.write_text(
        f"\\set id random(1, {instances})\n"
        "select * from pgsm.send_event('bench-' || :id, 'next',"
        " event_id => gen_random_uuid()::text);\n"
    )
    return script


def watch(
    dsn: str, script: Path, clients: int, looks: int, seconds: float
) -> Iterator[list[Look]]:
    """Send, and look after so many seconds, so many times."""
    events = 0
    before: dict[str, tuple[int, int]] = {}
    with working(dsn), psycopg.connect(dsn, autocommit=True) as connection:
        for _ in range(looks):
            events += pgbench.run(dsn, script, clients, seconds).transactions
            connection.execute("call pgsm.run_retention(batch => 10000)")
            yield look(connection, events, before)


def look(
    connection: psycopg.Connection[Any], events: int, before: dict[str, tuple[int, int]]
) -> list[Look]:
    """The tables as they are; `before` is what was counted at the last look."""
    # a backend hands its counts on when it is idle, or ends
    connection.execute("select pg_stat_force_next_flush()")
    found = []
    for name, size, indexes, live, dead, updates, hot, vacuums in connection.execute(
        LOOK, [list(TABLES)]
    ):
        updated, were_hot = before.get(name, (0, 0))
        share = (hot - were_hot) / (updates - updated) if updates > updated else None
        before[name] = (updates, hot)
        found.append(Look(events, name, size, indexes, live, dead, vacuums, share))
    return sorted(found, key=lambda one: TABLES.index(one.table))


@contextmanager
def working(dsn: str) -> Iterator[None]:
    """Effects are claimed and completed meanwhile."""
    over = threading.Event()
    thread = threading.Thread(target=_work, args=[dsn, over])
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _work(dsn: str, over: threading.Event) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        while not over.is_set():
            claims = connection.execute(
                "select jsonb_build_object('instance_id', instance_id, 'effect_id',"
                " effect_id, 'lease_token', lease_token, 'output', null)"
                " from pgsm.claim_effects('bench', array['bench.work'], 50)"
            ).fetchall()
            connection.execute(
                "select outcome from pgsm.complete_effects(%s)",
                [Jsonb([claimed for (claimed,) in claims])],
            )
            over.wait(0 if claims else 0.05)


# -- showing ---------------------------------------------------------------------------


def levels(found: list[Look], table: str) -> float:
    """The largest of table and indexes in the last third, against the middle one."""
    sizes = [one.bytes + one.index_bytes for one in found if one.table == table]
    third = max(1, len(sizes) // 3)
    return max(sizes[-third:]) / max(1, *sizes[third:-third])


def hot_share(found: list[Look], table: str) -> float | None:
    """The mean share of HOT updates over all looks."""
    shares = [one.hot for one in found if one.table == table and one.hot is not None]
    return sum(shares) / len(shares) if shares else None


def as_table(found: list[Look]) -> Table:
    table = Table(title="tables under events on hot instances", title_justify="left")
    for column in ("events", "table", "MB", "indexes MB", "live", "dead", "HOT"):
        table.add_column(column, justify="left" if column == "table" else "right")
    for one in found:
        colour = "" if one.hot is None or one.table != "instances" else "[green]"
        if colour and one.hot is not None and one.hot < GOAL:
            colour = "[red]"
        table.add_row(
            f"{one.events:,}",
            one.table,
            f"{one.bytes / 1e6:.1f}",
            f"{one.index_bytes / 1e6:.1f}",
            f"{one.live:,}",
            f"{one.dead:,}",
            "" if one.hot is None else f"{colour}{one.hot:.1%}",
        )
    for name in TABLES:
        share = hot_share(found, name)
        table.add_row(
            "last third / middle",
            name,
            f"{levels(found, name):.2f}",
            *[""] * 3,
            "" if share is None else f"{share:.1%}",
        )
    return table


def keep(
    found: list[Look], facts: dict[str, Any], clients: int, seconds: float
) -> Path:
    """Write all looks as JSON; the file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    path = RESULTS / f"bloat-{now:%Y%m%dT%H%M%S}.json"
    result = {
        "measured_at": now.isoformat(timespec="seconds"),
        "server": facts,
        "clients": clients,
        "seconds": seconds,
        "hot_share": {name: hot_share(found, name) for name in TABLES},
        "last_third_to_middle": {name: levels(found, name) for name in TABLES},
        "looks": [asdict(one) for one in found],
    }
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path


def draw(found: list[Look], path: Path) -> str:
    """Draw sizes and the share of HOT updates over the events; what was done."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        return "no plot: pip install '.[bench]' brings matplotlib"
    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6))
    for name in TABLES:
        looks = [one for one in found if one.table == name]
        events = [one.events for one in looks]
        sizes = [(one.bytes + one.index_bytes) / 1e6 for one in looks]
        left.plot(events, sizes, marker=".", label=name)
        shares = [(one.events, one.hot) for one in looks if one.hot is not None]
        if shares:
            right.plot(*zip(*shares, strict=True), marker=".", label=name)
    left.set_ylabel("MB with indexes")
    right.set_ylabel("HOT updates")
    right.set_ylim(0, 1)
    for axes in (left, right):
        axes.set_xlabel("events")
        axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    return f"drawn in {path}"


if __name__ == "__main__":
    main()
