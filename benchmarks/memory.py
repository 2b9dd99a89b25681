"""`make bench-memory`: a connection's first event, and a backend's memory.

The first call of a connection loads Python and the interpreter, and the first one of
each machine that machine.  Memory is what the backend's process has of its own (private
and dirty); what it shares with the others, the shared buffers too, is not in it.
"""

from __future__ import annotations

import itertools
import json
import re
import statistics
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import psycopg
from rich.console import Console
from rich.table import Table

from pgsm.programs import SetupError

from . import database, machines
from .run import RESULTS, describe_server

GOAL_MS = 100.0
SEND = "select * from pgsm.send_event(%s, 'next')"
PRIVATE = re.compile(r"^Private_Dirty:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class First:
    """One new connection; in milliseconds.

    `cpu` is what the backend has computed until the first event is done, without the
    time that others had the processor; None where the system does not tell.
    """

    connect: float
    first: float
    second: float
    cpu: float | None


@dataclass(frozen=True)
class Memory:
    """Of a backend that has sent to so many machines; in kB, None where unreadable."""

    machines: int
    kb: int | None


@click.command()
@click.option("--connections", default=15, show_default=True, type=click.IntRange(1))
@click.option("--machines", "counts", default="0,1,10,100", show_default=True)
def main(connections: int, counts: str) -> None:
    """Measure the first call of a connection and what a backend keeps in memory."""
    console = Console(highlight=False)
    numbers = [int(count) for count in counts.split(",")]
    try:
        place = database.DIRECTORY.with_name("bench-memory")
        with database.running(place) as dsn, console.status("measuring …"):
            define(dsn, max(numbers))
            firsts = [first_calls(dsn) for _ in range(connections)]
            memories = memory(dsn, numbers)
            facts = describe_server(dsn)
    except SetupError as problem:
        hint = f"\n{problem.hint}" if problem.hint else ""
        raise click.ClickException(problem.message + hint) from None
    console.print(first_table(firsts))
    console.print(memory_table(memories))
    console.print(f"kept in {keep(firsts, memories, facts)}")


def define(dsn: str, count: int) -> None:
    """So many machines that differ, and an instance of each."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for number in range(1, count + 1):
            document = {**machines.make("tree", 200), "id": f"m{number}"}
            connection.execute(
                "select pgsm.define_machine(%s, %s::json)",
                [f"m{number}", json.dumps(document)],
            )
            connection.execute("select pgsm.start_instance(%s, %s)", [f"m{number}"] * 2)


def first_calls(dsn: str) -> First:
    times = [time.perf_counter()]
    with psycopg.connect(dsn, autocommit=True) as connection:
        times.append(time.perf_counter())
        connection.execute(SEND, ["m1"])
        times.append(time.perf_counter())
        cpu = cpu_ms(connection.info.backend_pid)
        connection.execute(SEND, ["m1"])
        times.append(time.perf_counter())
    connect, first, second = (
        (after - before) * 1000 for before, after in itertools.pairwise(times)
    )
    return First(connect, first, second, cpu)


def cpu_ms(pid: int) -> float | None:
    """What a process has computed."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
    except (OSError, ValueError, IndexError):
        return None


def memory(dsn: str, counts: list[int]) -> list[Memory]:
    """Of one backend that sends to more and more machines."""
    found = []
    sent = 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select count(*) from pgsm.machines")
        for count in sorted(counts):
            for number in range(sent + 1, count + 1):
                for _ in range(2):
                    connection.execute(SEND, [f"m{number}"])
            sent = max(sent, count)
            found.append(Memory(count, private_kb(connection.info.backend_pid)))
    return found


def private_kb(pid: int) -> int | None:
    """None where the system does not tell, or tells root only."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    found = PRIVATE.search(text)
    return int(found[1]) if found else None


def first_table(firsts: list[First]) -> Table:
    table = Table(title="a new connection, ms", title_justify="left")
    for column in ("", "connect", "first event", "second event", "its CPU, first"):
        table.add_column(column, justify="right" if column else "left")
    for name, of in (("median", statistics.median), ("max", max)):
        values = [
            of([getattr(one, field) for one in firsts])
            for field in ("connect", "first", "second")
        ]
        colour = "[green]" if values[1] < GOAL_MS else "[red]"
        cells = [f"{value:.1f}" for value in values]
        computed = [one.cpu for one in firsts if one.cpu is not None]
        cpu = f"{of(computed):.1f}" if computed else ""
        table.add_row(name, cells[0], f"{colour}{cells[1]}", cells[2], cpu)
    return table


def memory_table(memories: list[Memory]) -> Table:
    table = Table(title="a backend's own memory", title_justify="left")
    for column in ("machines", "MB", "kB a machine"):
        table.add_column(column, justify="right")
    one = next((m for m in memories if m.machines == 1), None)
    for found in memories:
        each = ""
        if one and one.kb and found.kb and found.machines > 1:
            each = f"{(found.kb - one.kb) / (found.machines - 1):.0f}"
        size = "not readable" if found.kb is None else f"{found.kb / 1024:.1f}"
        table.add_row(str(found.machines), size, each)
    return table


def keep(firsts: list[First], memories: list[Memory], facts: dict[str, Any]) -> Path:
    """Write what was measured as JSON; the file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    path = RESULTS / f"memory-{now:%Y%m%dT%H%M%S}.json"
    result = {
        "measured_at": now.isoformat(timespec="seconds"),
        "server": facts,
        "connections": [asdict(one) for one in firsts],
        "memory": [asdict(one) for one in memories],
    }
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path


if __name__ == "__main__":
    main()
