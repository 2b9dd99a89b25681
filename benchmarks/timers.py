"""`make bench-timers`: how late timers fire, and how many a second.

Through pg_cron, on a cluster of its own with the server's settings for durability.
Lateness: a hundred timers a second fall due, beside a thousand, a hundred thousand and
a million that wait.  Burst: twenty thousand fall due at once, with one scheduler and
with two.  Idle: the processor time of a scheduler that has nothing to do.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import psycopg
from rich.console import Console
from rich.table import Table

from . import database
from .run import RESULTS, describe_server

MACHINE = {
    "initial": "waiting",
    "context": {"n": 0},
    "states": {
        "waiting": {
            "after": {
                "1 day": {
                    "target": "over",
                    "actions": "count",
                }
            }
        },
        "over": {},
    },
    "implementations": {
        "actions": {
            "count": {"type": "assign", "set": {"n": {"expr": "context.n + 1"}}}
        }
    },
}
PER_SECOND = 100
TICKS = os.sysconf("SC_CLK_TCK")
Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Lateness:
    """In milliseconds; `load` is the machine's load average meanwhile."""

    pending: int
    timers: int
    p50: float
    p99: float
    most: float
    load: float


@dataclass(frozen=True)
class Burst:
    """`cpu` is the schedulers' processor time in seconds; the rates are per second.

    `per_core` is what they would have fired with a core for each to themselves.
    """

    schedulers: int
    timers: int
    seconds: float
    rate: float
    cpu: float
    per_core: float
    load: float


@click.command()
@click.option("--pending", default="1000,100000,1000000", show_default=True)
@click.option("--seconds", default=30, show_default=True, help="Of each rate.")
@click.option("--burst", default=20_000, show_default=True, help="Timers due at once.")
@click.option("--idle", default=20, show_default=True, help="Seconds of idling.")
def main(pending: str, seconds: int, burst: int, idle: int) -> None:
    """Measure timers through pg_cron."""
    console = Console(highlight=False)
    counts = [int(count) for count in pending.split(",")]
    with database.running() as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "select pgsm.define_machine('timer', %s)", [json.dumps(MACHINE)]
        )
        console.print("waiting for pg_cron's minute …")
        use_schedulers(connection, 1)
        idled = idle_share(connection, idle)
        console.print(f"an idle scheduler takes {idled:.2%} of a core")
        late = []
        for count in counts:
            console.print(f"{PER_SECOND} a second for {seconds} s, {count} pending …")
            late.append(measure_lateness(connection, count, seconds))
        bursts = []
        for schedulers in (1, 2):
            use_schedulers(connection, schedulers)
            console.print(f"{burst} at once, schedulers: {schedulers} …")
            bursts.append(measure_burst(connection, schedulers, burst))
        connection.execute("select pgsm.disable_cron()")
        facts = describe_server(dsn)
    console.print(lateness_table(late))
    console.print(burst_table(bursts))
    console.print(f"idle: {idled:.2%} of a core (the target is under 1 %)")
    console.print(f"kept in {keep(late, bursts, idled, facts)}")


# -- the schedulers


def use_schedulers(connection: Connection, count: int) -> None:
    """So many loops of pg_cron, no more and no less."""
    connection.execute("select pgsm.enable_cron(schedulers => %s)", [count])
    wait(lambda: len(schedulers(connection)) == count, seconds=150)


def schedulers(connection: Connection) -> list[int]:
    """The processes of the loops; at the turn of a minute they are twice as many."""
    found = connection.execute(
        "select pid from pgsm.timer_drivers where kind = 'cron' and is_alive"
    )
    return [pid for (pid,) in found.fetchall()]


def idle_share(connection: Connection, seconds: int) -> float:
    """Of a core, that a loop takes which finds nothing."""
    while datetime.now(timezone.utc).second not in range(3, 57 - seconds):
        time.sleep(0.5)
    (pid,) = schedulers(connection)
    before = cpu_seconds(pid)
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds


def cpu_seconds(pid: int) -> float:
    """The time that a process of this machine has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def wait(condition: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds} seconds")
        time.sleep(0.5)


# -- measuring


def measure_lateness(connection: Connection, pending: int, seconds: int) -> Lateness:
    fill(connection, "pending", pending)
    timers = seconds * PER_SECOND
    fill(connection, "rate", timers)
    arm(connection, f"interval '2 seconds' + n * interval '1 second' / {PER_SECOND}")
    wait_until_fired(connection, timers, seconds + 120)
    row = connection.execute(
        "select percentile_cont(array[0.5, 0.99, 1]) within group ("
        "   order by 1000 * extract(epoch from l.recorded_at - d.due_at)::float8)"
        " from bench.due as d join pgsm.event_log as l using (instance_id)"
        " where l.revision = 2"
    ).fetchone()
    assert row is not None
    p50, p99, most = row[0]
    return Lateness(pending, timers, p50, p99, most, os.getloadavg()[0])


def measure_burst(connection: Connection, count: int, timers: int) -> Burst:
    fill(connection, "burst", timers)
    arm(connection, "interval '1 second'")
    cpu = CpuMeter(connection)
    wait_until_fired(connection, timers, 300, cpu.read)
    row = connection.execute(
        "select extract(epoch from max(l.recorded_at) - min(d.due_at))::float8"
        " from bench.due as d join pgsm.event_log as l using (instance_id)"
        " where l.revision = 2"
    ).fetchone()
    assert row is not None
    used = cpu.used()
    return Burst(
        schedulers=count,
        timers=timers,
        seconds=row[0],
        rate=timers / row[0],
        cpu=used,
        per_core=count * timers / used,
        load=os.getloadavg()[0],
    )


class CpuMeter:
    """Sums up the schedulers' processor time, also when one ends and another begins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._first: dict[int, float] = {}
        self._last: dict[int, float] = {}
        self.read()

    def read(self) -> None:
        for pid in schedulers(self._connection):
            try:
                now = cpu_seconds(pid)
            except FileNotFoundError:
                continue
            self._first.setdefault(pid, now if not self._last else 0.0)
            self._last[pid] = now

    def used(self) -> float:
        return sum(self._last[pid] - self._first[pid] for pid in self._last)


def fill(connection: Connection, prefix: str, count: int) -> None:
    """Exactly so many instances, each with a timer that is due in a day.

    One is started; the others are copies of its rows: to start a million takes long.
    """
    connection.execute(
        "delete from pgsm_private.timers where instance_id ~ %s", [f"^{prefix}-"]
    )
    connection.execute(
        "delete from pgsm_private.instances where instance_id ~ %s", [f"^{prefix}-"]
    )
    connection.execute("truncate pgsm_private.event_log")
    connection.execute("select pgsm.start_instance('timer', %s)", [f"{prefix}-1"])
    for table in ("instances", "timers"):
        copy_rows(connection, table, prefix, count)
    connection.execute("create schema if not exists bench")
    connection.execute("drop table if exists bench.due")
    connection.execute(
        "create table bench.due as"
        " select instance_id, row_number() over () as n, due_at"
        " from pgsm_private.timers where instance_id ~ %s",
        [f"^{prefix}-"],
    )
    for table in ("instances", "timers"):
        connection.execute(f"vacuum analyze pgsm_private.{table}".encode())
    connection.execute("vacuum analyze bench.due")
    connection.execute("checkpoint")


def copy_rows(connection: Connection, table: str, prefix: str, count: int) -> None:
    found = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass"
        " and attnum > 0 and not attisdropped and attgenerated = ''"
        " and attname <> 'instance_id'",
        [f"pgsm_private.{table}"],
    )
    columns = ", ".join(f'"{name}"' for (name,) in found.fetchall())
    connection.execute(
        f"insert into pgsm_private.{table} (instance_id, {columns})"
        f" select %(prefix)s || n, {columns} from pgsm_private.{table},"
        " generate_series(2, %(count)s) as n"
        " where instance_id = %(prefix)s || 1".encode(),
        {"prefix": f"{prefix}-", "count": count},
    )


def arm(connection: Connection, after: str) -> None:
    """Let the timers of bench.due fall due, so long from now."""
    connection.execute(f"update bench.due set due_at = now() + {after}".encode())
    connection.execute(
        "update pgsm_private.timers as t set due_at = d.due_at"
        " from bench.due as d where d.instance_id = t.instance_id"
    )


def wait_until_fired(
    connection: Connection,
    timers: int,
    seconds: float,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Return when all have fired; each has made one step."""
    query = "select count(*) from pgsm.event_log where origin = 'timer'"

    def all_fired() -> bool:
        meanwhile()
        return connection.execute(query).fetchone() == (timers,)

    wait(all_fired, seconds)
    wrong = connection.execute(
        "select count(*)"
        " from bench.due as d join pgsm.instances as i using (instance_id)"
        " where i.revision <> 2"
    ).fetchone()
    if wrong != (0,):
        raise SystemExit(f"{wrong} instances are not at their second revision")


# -- showing


def lateness_table(found: list[Lateness]) -> Table:
    table = Table(
        title=f"lateness in ms, {PER_SECOND} timers a second due", title_justify="left"
    )
    for column in ("pending", "timers", "p50", "p99", "max", "load"):
        table.add_column(column, justify="right")
    for one in found:
        colour = "green" if one.p99 < 500 else "red"
        table.add_row(
            f"{one.pending:,}",
            f"{one.timers:,}",
            f"{one.p50:.0f}",
            f"[{colour}]{one.p99:.0f}",
            f"{one.most:.0f}",
            f"{one.load:.1f}",
        )
    return table


def burst_table(found: list[Burst]) -> Table:
    table = Table(title="all due at once", title_justify="left")
    names = (
        "schedulers",
        "timers",
        "seconds",
        "per second",
        "cpu seconds",
        "with free cores",
        "load",
    )
    for column in names:
        table.add_column(column, justify="right")
    for one in found:
        table.add_row(
            str(one.schedulers),
            f"{one.timers:,}",
            f"{one.seconds:.1f}",
            f"{one.rate:.0f}",
            f"{one.cpu:.1f}",
            f"{one.per_core:.0f}",
            f"{one.load:.1f}",
        )
    return table


def keep(
    late: list[Lateness], bursts: list[Burst], idled: float, facts: dict[str, Any]
) -> Path:
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    path = RESULTS / f"timers-{now:%Y%m%dT%H%M%S}.json"
    result = {
        "measured_at": now.isoformat(timespec="seconds"),
        "server": facts,
        "lateness": [asdict(one) for one in late],
        "burst": [asdict(one) for one in bursts],
        "idle": idled,
    }
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path


if __name__ == "__main__":
    main()
