"""Thousands of effects, runners that are killed or stalled, and totals to the row.

PGSM_CHAOS_EFFECTS is how many (2,000 unless it is set).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration import outbox, runners

Connect = Callable[..., psycopg.Connection]
EFFECTS = int(os.environ.get("PGSM_CHAOS_EFFECTS", "2000"))
CONCURRENCY = 100
LEASE = 2.0
MEMORY = 120 * 1024  # kB
KILLS = 4

# 5 in a hundred fail at first, 1 in a hundred for good.
HANDLERS = """
import asyncio
import os
import random

from pgsm import effects


@effects.handler("test.work", concurrency=100)
async def work(effect, input: dict):
    line = f"{effect.instance_id} {effect.attempt} {os.getpid()}\\n"
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(line)
    await asyncio.sleep(random.expovariate(50))
    number = input["n"]
    if number % 100 == 7:
        raise effects.PermanentFailure("no such card", code="card")
    if number % 20 == 3 and effect.attempt == 1:
        raise ConnectionError("try again")
    return {"attempt": effect.attempt, "pid": os.getpid()}
"""
POLICY = {"retry": {"attempts": 20, "backoff": "200 ms", "max": "1 s"}}


@pytest.fixture
def connection(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job(POLICY))
    return connection


class Fleet:
    """Runners that come and go."""

    def __init__(self, dsn: str, directory: Path) -> None:
        self._stack = contextlib.ExitStack()
        self._start = lambda: self._stack.enter_context(
            runners.process(dsn, directory, *OPTIONS, handlers=HANDLERS)
        )
        self.living = [self._start(), self._start()]
        self.all = list(self.living)
        self.memory = 0

    def kill(self, victim: runners.Process) -> None:
        self.look()
        victim.kill()
        self.living.remove(victim)
        self.living.append(self._start())
        self.all.append(self.living[-1])

    def look(self) -> None:
        """At the most memory that a living one has ever had."""
        for runner in self.living:
            status = Path(f"/proc/{runner.pid}/status").read_text()
            (line,) = [x for x in status.splitlines() if x.startswith("VmHWM")]
            self.memory = max(self.memory, int(line.split()[1]))

    def close(self) -> None:
        self._stack.close()


OPTIONS = ("--concurrency", str(CONCURRENCY), "--lease", str(LEASE), "--poll", "0.2")


@pytest.fixture
def fleet(fresh_dsn: str, tmp_path: Path) -> Iterator[Fleet]:
    started = Fleet(fresh_dsn, tmp_path)
    try:
        yield started
    finally:
        started.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_totals_balance_to_the_row(
    connection: psycopg.Connection, fleet: Fleet, record_property: Any
) -> None:
    chance = random.Random(11)
    begun = time.monotonic()
    parts = [EFFECTS * part // (KILLS + 1) for part in range(KILLS + 2)]
    for first, end in pairwise(parts[:-1]):
        victim = chance.choice(fleet.living)
        _begin(connection, first, end)
        goal = first + (end - first) * chance.random() / 2
        _wait_for_work(connection, victim, goal)
        fleet.kill(victim)
    stalled = fleet.living[0]
    _begin(connection, *parts[-2:])
    _wait_for_work(connection, stalled, 0)
    stalled.signal(signal.SIGSTOP)
    runners.until(lambda: _running(connection, stalled) == 0, 300)
    stalled.signal(signal.SIGCONT)
    runners.until(lambda: _done(connection) == EFFECTS, 300)
    seconds = time.monotonic() - begun
    fleet.look()
    for runner in fleet.living:
        runner.signal(signal.SIGTERM)
        assert runner.wait() == 0

    _check_effects(connection)
    _check_instances(connection)
    _check_calls(connection, fleet)
    assert fleet.memory < MEMORY
    figures = {
        "effects": EFFECTS,
        "seconds": round(seconds, 1),
        "calls": len(fleet.living[0].notes()),
        "memory_mb": round(fleet.memory / 1024),
        "lost_leases": _lost(fleet),
    }
    record_property("chaos", figures)
    print(json.dumps(figures))


def _begin(connection: psycopg.Connection, first: int, end: int) -> None:
    connection.execute(
        "select count(*) from generate_series(%s::int, %s::int) as n cross join lateral"
        " pgsm.start_instance('job', 'job-' || n, jsonb_build_object('n', n))",
        [first + 1, end],
    )


def _wait_for_work(
    connection: psycopg.Connection, runner: runners.Process, done: float
) -> None:
    """Until so many are done and this runner has some in hand."""
    runners.until(
        lambda: _done(connection) >= done and _running(connection, runner) > 0, 300
    )


def _done(connection: psycopg.Connection) -> int:
    query = "select count(*) from pgsm.effects where finished_at is not null"
    return int(outbox.scalar(connection, query))


def _running(connection: psycopg.Connection, runner: runners.Process) -> int:
    query = "select count(*) from pgsm.effects where runner_id like %s"
    return int(outbox.scalar(connection, query, f"%:{runner.pid}:%"))


def _check_effects(connection: psycopg.Connection) -> None:
    """One effect for each instance, and each is over as it must be."""
    rows = connection.execute(
        "select status, error ->> 'code', count(*), count(distinct instance_id)"
        " from pgsm.effects group by 1, 2 order by 1"
    ).fetchall()
    bad = sum(number % 100 == 7 for number in range(1, EFFECTS + 1))
    good = EFFECTS - bad
    assert rows == [("failed", "card", bad, bad), ("succeeded", None, good, good)]
    assert outbox.scalar(connection, "select count(*) from pgsm.timers") == 0
    assert outbox.scalar(connection, "select count(*) from pgsm.runners") <= KILLS


def _check_instances(connection: psycopg.Connection) -> None:
    """Each has had one event, of the attempt that the effect's row names."""
    wrong = connection.execute(
        "select e.instance_id from pgsm.effects as e"
        " join pgsm.instances as i using (instance_id)"
        " where i.revision <> 2"
        " or i.value <> case e.status when 'failed' then '\"failed\"'::jsonb"
        "     else '\"finished\"' end"
        " or e.status = 'succeeded'"
        "     and (i.context #>> '{result,attempt}')::int <> e.attempt"
        " or e.status = 'failed'"
        "     and (i.context #>> '{error,attempts}')::int <> e.attempt"
    ).fetchall()
    assert wrong == []
    events = connection.execute(
        "select event, count(*), count(distinct instance_id) from pgsm.event_log"
        " where event like '%.invoke.work' group by event"
    ).fetchall()
    assert sum(count for _, count, _ in events) == EFFECTS
    assert all(count == instances for _, count, instances in events)


def _check_calls(connection: psycopg.Connection, fleet: Fleet) -> None:
    """No attempt was begun twice, and none but a counted one."""
    calls = fleet.living[0].notes()
    begun = Counter((instance, attempt) for instance, attempt, _ in calls)
    assert max(begun.values()) == 1
    attempts = dict(
        connection.execute("select instance_id, attempt from pgsm.effects").fetchall()
    )
    assert all(attempt <= attempts[instance] for instance, attempt in begun)
    # the attempt that was recorded has really been
    assert all((instance, n) in begun for instance, n in attempts.items())
    late = {
        (line["instance"], line["attempt"])
        for runner in fleet.all
        for line in runner.log()
        if line["event"] in ("lease_lost", "effect_lease_lost")
    }
    assert late, "the stalled runner has noticed"
    recorded = set(attempts.items())
    assert not late & recorded


def _lost(fleet: Fleet) -> int:
    events = [event for runner in fleet.all for event in runner.events()]
    return events.count("lease_lost") + events.count("effect_lease_lost")
