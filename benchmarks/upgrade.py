"""`make bench-upgrade`: many live instances through a state map and a SQL function.

Each instance is in one of three states and has a timer.  Measured are `check_upgrade`,
`preview_upgrades` of a sample, and the batches of `upgrade_instances`: instances a
second, the longest transaction, the memory of the backends that run them, and what
`send_event` on other instances does beside them.  The run is cut into windows (batches
alone, batches beside events, events alone, in turn), so that all of them see the same
machine.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import psycopg
from rich.console import Console
from rich.table import Table

from . import database
from .run import RESULTS, describe_server

Connection = psycopg.Connection[Any]

COUNT = {"type": "assign", "set": {"n": {"expr": "context.n + 1"}}}
BUSY = 2000
SAMPLE = 1000
GOAL = 5000
TICKS = os.sysconf("SC_CLK_TCK")
WINDOWS = ("batches", "both", "events")
ANONYMOUS = re.compile(r"^RssAnon:\s+(\d+) kB", re.MULTILINE)


def document(*names: str) -> dict[str, Any]:
    """A ring of three states, each with a timer."""
    around = zip(names, (*names[1:], names[0]), strict=True)
    return {
        "initial": names[0],
        "context": {"n": 0, "name": "x"},
        "on": {"count": {"actions": COUNT}},
        "states": {
            name: {"on": {"next": after}, "after": {"30 days": after}}
            for name, after in around
        },
    }


FUNCTION = """
    create schema bench;
    grant usage on schema bench to pgsm_caller;
    create function bench.widen (id text, context jsonb, old text[], new text[])
      returns jsonb language sql immutable
    as $$ select context || jsonb_build_object('was', old) $$;
"""
DECLARE = """
    select pgsm.define_upgrade('moving', 1, 2,
        states => '{"a": "one", "b": "two", "c": "three"}',
        context => 'bench.widen(text, jsonb, text[], text[])')
"""

# Copies of three instances, row by row: starting a million takes a quarter of an hour.
COPY = """
    with pattern as (
        select t, row_number() over (order by instance_id) - 1 as kind
        from pgsm_private.{table} as t
        where instance_id in ('m-a', 'm-b', 'm-c'){more}
    )
    insert into pgsm_private.{table}
    select c.*
    from generate_series(%(first)s::int, %(last)s::int) as n
    join pattern as p on p.kind = n %% 3
    cross join lateral jsonb_populate_record(
        p.t, jsonb_build_object('instance_id', 'm-' || lpad(n::text, 8, '0'))) as c
"""


def fill(dsn: str, instances: int) -> None:
    """The machine in two versions, its instances, and others that get events."""
    start = (
        "select count(pgsm.start_instance(%s, %s || n)) from unnest(%s::text[]) as n"
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(FUNCTION)
        for machine, names in (("busy", "abc"), ("moving", "abc")):
            connection.execute(
                "select pgsm.define_machine(%s, %s::json)",
                [machine, json.dumps(document(*names))],
            )
        numbers = [f"{number:08d}" for number in range(BUSY)]
        connection.execute(start, ["busy", "busy-", numbers])
        connection.execute(start, ["moving", "m-", ["a", "b", "c"]])
        for name in ("m-b", "m-c", "m-c"):
            connection.execute("select pgsm.send_event(%s, 'next')", [name])
        for first in range(1, instances + 1, 50_000):
            last = {"first": first, "last": min(first + 49_999, instances)}
            for table, more in (
                ("instances", ""),
                ("timers", ""),
                ("event_log", " and event = 'pgsm.start'"),
            ):
                query = COPY.format(table=table, more=more)
                connection.execute(query.encode(), last)
        connection.execute(
            "select pgsm.define_machine('moving', %s::json)",
            [json.dumps(document("one", "two", "three"))],
        )
        connection.execute(DECLARE)
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


@dataclass
class Part:
    """A session's share of the instances, by id, and what it has seen."""

    after: str
    last: str
    batch: int
    tried: int = 0
    durations: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    processor: float = 0.0
    is_over: bool = False

    def upgrade(self, connection: Connection) -> None:
        """One batch."""
        pid = connection.info.backend_pid
        begin, processor = time.monotonic(), computed(pid)
        row = connection.execute(
            "select tried, last_id from pgsm.upgrade_batch('moving', 2, %s, %s)",
            [self.batch, self.after],
        ).fetchone()
        self.durations.append(time.monotonic() - begin)
        assert row is not None
        self.tried += row[0]
        self.is_over = row[0] == 0 or row[1] >= self.last
        self.after = row[1] or self.last
        self.processor += computed(pid) - processor
        if (found := anonymous(pid)) is not None:
            self.memory.append(found)


def anonymous(pid: int) -> int | None:
    """What a process has of its own, in kB; None where it cannot be read."""
    try:
        found = ANONYMOUS.search(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return None
    return int(found[1]) if found else None


def computed(pid: int) -> float:
    """The seconds of processor time that a process has had; 0 where unreadable."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


class Window:
    """Work of several connections at once, for some seconds."""

    def __init__(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self.begun = time.monotonic()
        self.events = 0
        self.threads: list[threading.Thread] = []

    def add(self, work: Callable[..., None], *arguments: Any) -> None:
        self.threads.append(threading.Thread(target=work, args=arguments))

    def send(self, connection: Connection, names: itertools.cycle[str]) -> None:
        while time.monotonic() < self.until:
            name = next(names)
            connection.execute("select pgsm.send_event(%s, 'count')", [name])
            self.events += 1

    def upgrade(self, connection: Connection, part: Part) -> None:
        while time.monotonic() < self.until and not part.is_over:
            part.upgrade(connection)

    def run(self) -> float:
        """Until all are done; how long it was."""
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join()
        return time.monotonic() - self.begun


def windows(
    dsn: str, parts: list[Part], seconds: float
) -> dict[str, list[tuple[float, float]]]:
    """Upgrade them all; by kind of window, instances and events a second."""
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in WINDOWS}
    names = itertools.cycle([f"busy-{number:08d}" for number in range(BUSY)])
    sender = psycopg.connect(dsn, autocommit=True)
    runners = [psycopg.connect(dsn, autocommit=True) for _ in parts]
    for kind in itertools.cycle(WINDOWS):
        if all(part.is_over for part in parts):
            break
        before = sum(part.tried for part in parts)
        window = Window(seconds)
        if kind != "events":
            for runner, part in zip(runners, parts, strict=True):
                window.add(window.upgrade, runner, part)
        if kind != "batches":
            window.add(window.send, sender, names)
        took = window.run()
        tried = sum(part.tried for part in parts) - before
        # the last one, in which they came to an end, says nothing
        if not all(part.is_over for part in parts):
            found[kind].append((tried / took, window.events / took))
    for connection in (sender, *runners):
        connection.close()
    return found


def timed(dsn: str, query: str) -> float:
    with psycopg.connect(dsn, autocommit=True) as connection:
        begin = time.monotonic()
        connection.execute(query.encode())
        return time.monotonic() - begin


def measure(
    dsn: str, instances: int, sessions: int, batch: int, seconds: float
) -> dict[str, Any]:
    sample = min(SAMPLE, instances)
    check = timed(dsn, "select * from pgsm.check_upgrade('moving', 1, 2)")
    preview = timed(dsn, f"select * from pgsm.preview_upgrades('moving', 2, {sample})")
    bounds = [f"m-{instances * part // sessions:08d}" for part in range(sessions + 1)]
    parts = [Part(first, last, batch) for first, last in itertools.pairwise(bounds)]
    found = windows(dsn, parts, seconds)
    durations = [one for part in parts for one in part.durations]
    memory = [part.memory for part in parts if part.memory]
    middle = {
        kind: [statistics.median(column) for column in zip(*rows, strict=True)]
        for kind, rows in found.items()
        if rows
    }
    result = {
        "check_rate": instances / check,
        "preview_rate": sample / preview,
        "run_rate": middle["batches"][0],
        "run_rate_beside_events": middle["both"][0] if "both" in middle else None,
        "events_alone": middle["events"][1] if "events" in middle else None,
        "events_beside": middle["both"][1] if "both" in middle else None,
        "longest_transaction_s": max(durations),
        "median_transaction_s": statistics.median(durations),
        "memory_first_kb": max((one[0] for one in memory), default=None),
        "memory_peak_kb": max((max(one) for one in memory), default=None),
        "memory_last_kb": max((one[-1] for one in memory), default=None),
        "processor_us": 1e6
        * sum(part.processor for part in parts)
        / sum(part.tried for part in parts),
        "load": os.getloadavg()[0],
        "windows": found,
    }
    if result["events_alone"] and result["events_beside"]:
        result["events_kept"] = result["events_beside"] / result["events_alone"]
    return result


def table(found: dict[str, Any]) -> Table:
    lines = (
        ("check_upgrade, instances/s", "check_rate", ",.0f"),
        ("preview_upgrades, instances/s", "preview_rate", ",.0f"),
        (f"batches, instances/s (goal {GOAL:,})", "run_rate", ",.0f"),
        ("batches beside send_event, instances/s", "run_rate_beside_events", ",.0f"),
        ("processor time of an instance, µs", "processor_us", ",.0f"),
        ("longest transaction, s", "longest_transaction_s", ".3f"),
        ("median transaction, s", "median_transaction_s", ".3f"),
        ("memory after the first batch, kB", "memory_first_kb", ",d"),
        ("memory, most, kB", "memory_peak_kb", ",d"),
        ("memory after the last batch, kB", "memory_last_kb", ",d"),
        ("send_event alone, 1/s", "events_alone", ",.0f"),
        ("send_event beside batches, 1/s", "events_beside", ",.0f"),
        ("of its throughput it keeps (goal 0.70)", "events_kept", ".2f"),
        ("load average at the end", "load", ".1f"),
    )
    made = Table(title="upgrade of live instances", title_justify="left")
    made.add_column("what")
    made.add_column("measured", justify="right")
    for what, name, form in lines:
        value = found.get(name)
        made.add_row(what, "not measured" if value is None else format(value, form))
    return made


@click.command()
@click.option("--instances", default=100_000, show_default=True)
@click.option("--sessions", default=1, show_default=True, help="That run batches.")
@click.option("--batch", default=1000, show_default=True)
@click.option("--seconds", default=2.0, show_default=True, help="Of each window.")
@click.option("--dsn", help="An empty database with pgsm; else a cluster is made.")
def main(
    instances: int, sessions: int, batch: int, seconds: float, dsn: str | None
) -> None:
    """Measure upgrades of many live instances."""
    if dsn is not None:
        bench(dsn, instances, sessions, batch, seconds)
        return
    with database.running() as made:
        bench(made, instances, sessions, batch, seconds)


def bench(dsn: str, instances: int, sessions: int, batch: int, seconds: float) -> None:
    fill(dsn, instances)
    found = measure(dsn, instances, sessions, batch, seconds)
    Console(highlight=False).print(table(found))
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    path = RESULTS / f"upgrade-{now:%Y%m%dT%H%M%S}.json"
    facts = {
        "measured_at": now.isoformat(timespec="seconds"),
        "server": describe_server(dsn),
        "instances": instances,
        "sessions": sessions,
        "batch": batch,
    }
    path.write_text(json.dumps({**facts, **found}, indent=2) + "\n")
    print(path)


if __name__ == "__main__":
    main()
