"""`make bench-scaling`: what one event costs beside how much there is.

Each case is a database of its own in one cluster: 1,000 to 1,000,000 instances, a log
of 10,000,000 steps, 1,000,000 pending timers, 100,000 waiting effects.  The cases take
turns, for some rounds; each is compared with the first of the same machine.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import psycopg
from psycopg import conninfo, sql
from rich.console import Console
from rich.table import Table

from pgsm import sqitch
from pgsm.devdb import DevCluster
from pgsm.programs import SetupError

from . import database, machines, pgbench
from .run import RESULTS, describe_server

GOAL = 1.3  # cost of an event, at most, against that of the smallest
BASE = 1000
TEMPLATE = "scaling_template"
CHUNK = 100_000  # rows written in a transaction


@dataclass(frozen=True)
class Case:
    """`size` of what `kind` says, beside BASE instances (or of instances)."""

    kind: str
    size: int

    @property
    def name(self) -> str:
        return f"{self.size:,} {self.kind}" if self.size else f"no {self.kind}"

    @property
    def instances(self) -> int:
        return self.size if self.kind == "instances" else BASE

    @property
    def machine(self) -> str:
        return "flat" if self.kind in ("instances", "log rows") else "busy"

    @property
    def database(self) -> str:
        return f"scaling_{self.kind.split()[0]}_{self.size}"


@dataclass(frozen=True)
class Turn:
    case: str
    tps: float


@click.command()
@click.option("--instances", default="1000,10000,100000,1000000", show_default=True)
@click.option("--log", default=10_000_000, show_default=True, help="Steps; 0 for none.")
@click.option(
    "--timers", default=1_000_000, show_default=True, help="That are pending."
)
@click.option("--effects", default=100_000, show_default=True, help="That wait.")
@click.option("--clients", default=4, show_default=True, type=click.IntRange(min=1))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--seconds", default=5.0, show_default=True, help="Of each turn.")
def main(
    instances: str,
    log: int,
    timers: int,
    effects: int,
    clients: int,
    rounds: int,
    seconds: float,
) -> None:
    """Measure send_event beside many instances, steps, timers and effects.

    A run of a minute: --instances 1000,100000 --log 100000 --timers 100000
    --effects 10000 --rounds 2 --seconds 2
    """
    console = Console(highlight=False)
    cases = make_cases(
        [int(size) for size in instances.split(",")], log, timers, effects
    )
    try:
        with (
            running(cases) as dsn,
            tempfile.TemporaryDirectory() as directory,
        ):
            done = bench(console, dsn, cases, Path(directory), clients, rounds, seconds)
            facts = describe_server(dsn)
    except SetupError as problem:
        hint = f"\n{problem.hint}" if problem.hint else ""
        raise click.ClickException(problem.message + hint) from None
    console.print(as_table(cases, done))
    console.print(f"the goal: at most {GOAL} of the cost beside the fewest")
    path = keep(cases, done, facts, clients)
    console.print(f"kept in {path}")
    console.print(draw(cases, done, path.with_suffix(".svg")))


def make_cases(sizes: list[int], log: int, timers: int, effects: int) -> list[Case]:
    cases = [Case("instances", size) for size in sizes]
    if log:
        cases.append(Case("log rows", log))
    if timers or effects:
        cases.append(Case("pending timers", 0))
    if timers:
        cases.append(Case("pending timers", timers))
    if effects:
        cases.append(Case("waiting effects", effects))
    return cases


def bench(
    console: Console,
    dsn: str,
    cases: list[Case],
    directory: Path,
    clients: int,
    rounds: int,
    seconds: float,
) -> list[Turn]:
    """Make the databases, then let them take turns."""
    scripts = {}
    for case in cases:
        with console.status(f"making {case.name} …"):
            fill(dsn, case)
        scripts[case] = directory / case.database
        scripts[case].write_text(
            f"\\set id random(1, {case.instances})\n"
            "select * from pgsm.send_event('bench-' || :id, 'next');\n"
        )
    done = []
    with console.status("measuring …") as status:
        for case, turn in measure(dsn, scripts, clients, rounds, seconds):
            done.append(turn)
            status.update(f"{case.name}: {turn.tps:.0f} a second")
    return done


def in_database(dsn: str, case: Case) -> str:
    return conninfo.make_conninfo(dsn, dbname=case.database)


def measure(
    dsn: str, scripts: dict[Case, Path], clients: int, rounds: int, seconds: float
) -> Iterator[tuple[Case, Turn]]:
    """All turns after one that warms up; who comes first changes."""
    for case, script in scripts.items():
        pgbench.run(in_database(dsn, case), script, clients, min(seconds, 2))
    for number in range(rounds):
        order = list(scripts)[:: -1 if number % 2 else 1]
        for case in order:
            settle(in_database(dsn, case))
            found = pgbench.run(in_database(dsn, case), scripts[case], clients, seconds)
            yield case, Turn(case.name, found.tps)


def settle(dsn: str) -> None:
    """Leave the next turn nothing to clean up."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum pgsm_private.instances, pgsm_private.timers")
        connection.execute("checkpoint")


# -- filling ---------------------------------------------------------------------------


@contextmanager
def running(cases: list[Case]) -> Iterator[str]:
    """The DSN of a cluster with a database for each case, dropped afterwards."""
    cluster = DevCluster(database.DIRECTORY.with_name("bench-scaling"))
    cluster.up()
    try:
        with databases(cluster.dsn, cases):
            yield cluster.dsn
    finally:
        cluster.down()


@contextmanager
def databases(dsn: str, cases: list[Case]) -> Iterator[None]:
    """One for each case, copies of one that is deployed; dropped afterwards."""
    names = [sql.Identifier(name) for name in (TEMPLATE, *(c.database for c in cases))]
    drop = sql.SQL("drop database if exists {} with (force)")
    with psycopg.connect(dsn, autocommit=True) as admin:
        for name in names:
            admin.execute(drop.format(name))
        # pg_cron is connected to the cluster's first database: no template
        admin.execute(sql.SQL("create database {}").format(names[0]))
        sqitch.deploy(conninfo.make_conninfo(dsn, dbname=TEMPLATE))
        create = sql.SQL("create database {} template {}")
        for name in names[1:]:
            admin.execute(create.format(name, names[0]))
        try:
            yield
        finally:
            for name in names:
                admin.execute(drop.format(name))


def fill(dsn: str, case: Case) -> None:
    """Make one instance, and copies of its rows."""
    document = machines.flat() if case.machine == "flat" else machines.busy()
    with psycopg.connect(in_database(dsn, case), autocommit=True) as connection:
        connection.execute("select pgsm.adopt_database()")
        connection.execute("set synchronous_commit = off")
        connection.execute(
            "select pgsm.define_machine('bench', %s::json)", [json.dumps(document)]
        )
        connection.execute("select pgsm.start_instance('bench', 'bench-1')")
        for table in ("instances", "event_log", "timers", "effects"):
            copy(connection, table, {"instance_id": "'bench-' || n"}, 2, case.instances)
        if case.kind == "log rows":
            old = {
                "instance_id": f"'bench-' || 1 + n %% {BASE}",
                "revision": "-n",
                "recorded_at": "recorded_at - n * interval '1 microsecond'",
            }
            copy(connection, "event_log", old, 1, case.size)
        elif case.kind == "pending timers":
            copy(connection, "timers", {"instance_id": "'idle-' || n"}, 1, case.size)
        elif case.kind == "waiting effects":
            copy(connection, "effects", {"instance_id": "'idle-' || n"}, 1, case.size)
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def copy(
    connection: psycopg.Connection[Any],
    table: str,
    values: dict[str, str],
    first: int,
    last: int,
) -> None:
    """Rows n = first … last: the first instance's with other values."""
    names = [
        name
        for (name,) in connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass"
            " and attnum > 0 and not attisdropped",
            [f"pgsm_private.{table}"],
        ).fetchall()
    ]
    chosen = [
        sql.SQL(values[name]) if name in values else sql.Identifier(name)  # type: ignore[arg-type]
        for name in names
    ]
    query = sql.SQL(
        "insert into pgsm_private.{} ({}) select {} from pgsm_private.{},"
        " generate_series(%s::bigint, %s) as n where instance_id = 'bench-1' {}"
    ).format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(chosen),
        sql.Identifier(table),
        sql.SQL("and revision = 1" if table == "event_log" else ""),
    )
    for begin in range(first, last + 1, CHUNK):
        connection.execute(query, [begin, min(begin + CHUNK - 1, last)])


# -- showing ---------------------------------------------------------------------------


def medians(cases: list[Case], done: list[Turn]) -> dict[Case, float]:
    """Events a second, by case."""
    return {
        case: statistics.median(one.tps for one in done if one.case == case.name)
        for case in cases
    }


def costs(cases: list[Case], done: list[Turn]) -> dict[Case, float]:
    """The cost of an event against that of the first case of the same machine."""
    found = medians(cases, done)
    first: dict[str, float] = {}
    for case in cases:
        first.setdefault(case.machine, found[case])
    return {case: first[case.machine] / found[case] for case in cases}


def as_table(cases: list[Case], done: list[Turn]) -> Table:
    table = Table(title="send_event beside what there is", title_justify="left")
    for column in ("beside", "machine", "events/s", "ms × clients", "cost"):
        right = column not in ("beside", "machine")
        table.add_column(column, justify="right" if right else "left")
    found, cost = medians(cases, done), costs(cases, done)
    for case in cases:
        colour = "green" if cost[case] <= GOAL else "red"
        table.add_row(
            case.name,
            case.machine,
            f"{found[case]:.0f}",
            f"{1000 / found[case]:.3f}",
            f"[{colour}]{cost[case]:.2f}",
        )
    return table


def keep(
    cases: list[Case], done: list[Turn], facts: dict[str, Any], clients: int
) -> Path:
    """Write all turns and the medians as JSON; the file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    path = RESULTS / f"scaling-{now:%Y%m%dT%H%M%S}.json"
    cost = costs(cases, done)
    result = {
        "measured_at": now.isoformat(timespec="seconds"),
        "server": facts,
        "clients": clients,
        "cases": [
            {**asdict(case), "machine": case.machine, "tps": tps, "cost": cost[case]}
            for case, tps in medians(cases, done).items()
        ],
        "turns": [asdict(one) for one in done],
    }
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path


def draw(cases: list[Case], done: list[Turn], path: Path) -> str:
    """Draw the cost over the instances, and beside the rest; what was done."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        return "no plot: pip install '.[bench]' brings matplotlib"
    matplotlib.use("svg")
    from matplotlib import pyplot

    cost = costs(cases, done)
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6), width_ratios=(3, 2))
    sizes = [case for case in cases if case.kind == "instances"]
    left.semilogx(
        [case.size for case in sizes], [cost[case] for case in sizes], marker="o"
    )
    left.set_xlabel("instances")
    left.set_ylabel("cost of an event, relative")
    others = [case for case in cases if case.kind != "instances" and case.size]
    right.barh([case.name for case in others], [cost[case] for case in others])
    right.set_xlabel("cost beside them, relative")
    for axes, line in ((left, "axhline"), (right, "axvline")):
        getattr(axes, line)(GOAL, linestyle="--", color="grey", linewidth=1)
    left.set_ylim(bottom=0)
    figure.tight_layout()
    figure.savefig(path)
    return f"drawn in {path}"


if __name__ == "__main__":
    main()
