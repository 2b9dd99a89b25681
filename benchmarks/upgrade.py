"""Upgrade many live instances, and say how many a second.

    python -m benchmarks.upgrade                         100,000 instances
    python -m benchmarks.upgrade --instances 1000000 --sessions 2

Each instance is in one of three states, has a timer, and goes through a map of its
states and a SQL function over its context.  What is measured: check_upgrade, a
preview of a sample, the run in batches (each session upgrades a part of its own),
and send_event on other instances beside it, against send_event alone.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from . import database

COUNT = {"type": "assign", "set": {"n": {"expr": "context.n + 1"}}}
OLD = {
    "initial": "a",
    "context": {"n": 0, "name": "x"},
    "on": {"count": {"actions": COUNT}},
    "states": {
        name: {"on": {"next": after}, "after": {"30 days": after}}
        for name, after in (("a", "b"), ("b", "c"), ("c", "a"))
    },
}
NEW = {
    **OLD,
    "initial": "one",
    "states": {
        name: {"on": {"next": after}, "after": {"30 days": after}}
        for name, after in (("one", "two"), ("two", "three"), ("three", "one"))
    },
}
FUNCTION = """
    create schema bench;
    grant usage on schema bench to pgsm_caller;
    create function bench.widen (id text, context jsonb, old text[], new text[])
      returns jsonb language sql immutable
    as $$ select context || jsonb_build_object('was', old) $$;
"""
BATCH = 1000


def fill(dsn: str, instances: int) -> None:
    """The machine in two versions, its instances, and others that get events."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(FUNCTION)
        for machine in ("busy", "moving"):
            connection.execute(
                "select pgsm.define_machine(%s, %s::json)", [machine, json.dumps(OLD)]
            )
        connection.execute(
            "select pgsm.define_machine('moving', %s::json)", [json.dumps(NEW)]
        )
        start = (
            "select count(*) from generate_series(%s::int, %s) as n cross join lateral"
            " pgsm.start_instance(%s, %s || lpad(n::text, 8, '0'), version => 1)"
        )
        connection.execute(start, [1, 2000, "busy", "busy-"])
        for first in range(1, instances + 1, 20_000):
            last = min(first + 19_999, instances)
            connection.execute(start, [first, last, "moving", "m-"])
        connection.execute(
            "select pgsm.define_upgrade('moving', 1, 2,"
            ' states => \'{"a": "one", "b": "two", "c": "three"}\','
            " context => 'bench.widen(text, jsonb, text[], text[])')"
        )
        connection.execute("vacuum analyze")


def timed(dsn: str, query: str) -> float:
    with psycopg.connect(dsn, autocommit=True) as connection:
        begin = time.monotonic()
        connection.execute(query)
        return time.monotonic() - begin


class Sender:
    """Sends events to other instances until it is stopped."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.sent = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while not self.over.is_set():
                name = f"busy-{self.sent % 2000 + 1:08d}"
                connection.execute("select pgsm.send_event(%s, 'count')", [name])
                self.sent += 1

    def during(self, work: Callable[[], Any]) -> float:
        """Events a second while some work is done."""
        self.thread.start()
        begin = time.monotonic()
        work()
        self.over.set()
        self.thread.join()
        return self.sent / (time.monotonic() - begin)


def run(dsn: str, instances: int, sessions: int) -> list[float]:
    """Upgrade them all; the durations of the batches."""
    durations: list[float] = []

    def part(number: int) -> None:
        first, last = (
            f"m-{instances * n // sessions:08d}" for n in (number, number + 1)
        )
        with psycopg.connect(dsn, autocommit=True) as connection:
            while first < last:
                begin = time.monotonic()
                row = connection.execute(
                    "select last_id from pgsm.upgrade_batch('moving', 2, %s, %s)",
                    [BATCH, first],
                ).fetchone()
                durations.append(time.monotonic() - begin)
                if row is None or row[0] is None:
                    break
                first = row[0]

    threads = [threading.Thread(target=part, args=[n]) for n in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return durations


def measure(dsn: str, instances: int, sessions: int) -> dict[str, float]:
    sample = min(1000, instances)
    alone = Sender(dsn).during(lambda: time.sleep(5))
    check = timed(dsn, "select * from pgsm.check_upgrade('moving', 1, 2)")
    preview = timed(dsn, f"select * from pgsm.preview_upgrades('moving', 2, {sample})")
    durations: list[float] = []
    sender = Sender(dsn)
    begin = time.monotonic()
    beside = sender.during(lambda: durations.extend(run(dsn, instances, sessions)))
    seconds = time.monotonic() - begin
    return {
        "check, instances/s": instances / check,
        "preview, instances/s": sample / preview,
        "run, instances/s": instances / seconds,
        "longest batch, s": max(durations),
        "send_event alone, 1/s": alone,
        "send_event beside it, 1/s": beside,
        "ratio": beside / alone,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=100_000)
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--dsn", help="an empty database with pgsm, else one is made")
    options = parser.parse_args()
    if options.dsn:
        fill(options.dsn, options.instances)
        found = measure(options.dsn, options.instances, options.sessions)
    else:
        with database.running() as dsn:
            fill(dsn, options.instances)
            found = measure(dsn, options.instances, options.sessions)
    for name, value in found.items():
        print(f"{name:28} {value:12,.2f}")


if __name__ == "__main__":
    main()
